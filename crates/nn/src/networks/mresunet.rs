//! The residual U-Net with dilated convolutions of Gupta20, which paints masses and lensing maps.
//!
//! Four encoder boxes of four sub-stages (3x3 convolution, SELU, batch normalisation; dilation 1, 2, 3, 4), at full, half,
//! quarter and eighth size with `width`, 2, 4 and 8 times `width` channels; a 3x3 convolution to half of the channels;
//! three decoder boxes of dilation 4, 3, 2, 1 after doubling the size by nearest neighbours. The encoder's outputs of
//! dilation 4 and 2 are concatenated to the inputs of the decoder's sub-stages of those dilations. The decoder's last
//! sub-stage of a box halves the channels; that of the last box is the linear convolution that gives the answer.
//!
//! The paper gives about 16 million parameters and no table of layers; with `width` 64 these are 16,385,153. Where a
//! sub-stage keeps the shape, its input is added to its output. A public re-implementation forgets that (its test of the
//! shapes never holds), so [`Residuals::Cut`] exists: tests show that the connections carry something.

use super::sub_stage::{Residuals, SubStage};
use super::{Network, check_images, check_positive};
use crate::layers::{Bias, Channels, Conv};
use crate::ops::{Activation, ConvOptions, concat, dropout, upsample_nearest2};
use crate::{Builder, Init, Parameters, Pass, Result, Value};

/// Dilations of an encoder box; a decoder box has them in reverse.
const DILATIONS: [usize; 4] = [1, 2, 3, 4];
/// Encoder boxes; the size is halved between them.
const N_BOXES: usize = 4;

/// In which half features are dropped: Gupta20 names the decoder in its section 2 and the encoder in its section 3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropoutPlace {
    /// Before each convolution of the decoder.
    #[default]
    Decoder,
    /// Before each convolution of the encoder but the first.
    Encoder,
}

/// What an [`MResUNet`] is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct MResUNetConfig {
    /// Bands of the input.
    pub in_channels: usize,
    /// Maps of the output.
    pub out_channels: usize,
    /// Channels of the first box; 64 in the paper. Even.
    pub width: usize,
    /// Probability that a feature is dropped in training; 0.3 in Gupta20.
    pub dropout_rate: f32,
    /// Where features are dropped.
    pub dropout_place: DropoutPlace,
    /// Whether inputs of sub-stages are added to their outputs.
    pub residuals: Residuals,
    /// Of the first weights.
    pub seed: u64,
}

impl Default for MResUNetConfig {
    fn default() -> Self {
        Self {
            in_channels: 1,
            out_channels: 1,
            width: 64,
            dropout_rate: 0.3,
            dropout_place: DropoutPlace::Decoder,
            residuals: Residuals::Added,
            seed: 0,
        }
    }
}

/// The network. Images `[n, h, w, in]` with sides that are multiples of 8 to `[n, h, w, out]`.
///
/// ```
/// use arcmin_nn::networks::{MResUNet, MResUNetConfig, Network};
/// use arcmin_nn::{Pass, Value};
/// use candle_core::{Device, Tensor};
///
/// let network = MResUNet::new(&MResUNetConfig { width: 4, ..Default::default() })?;
/// let sky = Value::constant(Tensor::zeros((2, 40, 40, 1), candle_core::DType::F32, &Device::Cpu)?);
/// let mass_map = network.forward(&sky, &Pass::evaluation())?;
/// assert_eq!(mass_map.dims(), [2, 40, 40, 1]);
/// # Ok::<(), arcmin_nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct MResUNet {
    config: MResUNetConfig,
    encoder: Vec<Vec<SubStage>>,
    bridge: Conv,
    decoder: Vec<Vec<SubStage>>,
    last: Conv,
    parameters: Parameters,
}

impl MResUNet {
    /// With first weights drawn from the seed.
    ///
    /// # Errors
    /// When a size of the configuration is zero or the width odd.
    pub fn new(config: &MResUNetConfig) -> Result<Self> {
        check_positive("in_channels", config.in_channels)?;
        check_positive("out_channels", config.out_channels)?;
        check_positive("width", config.width / 2)?;
        let builder = Builder::new(config.seed, Init::LecunNormal);
        let width = |box_idx: usize| config.width << box_idx;
        let mut encoder = Vec::new();
        let mut n_channels = config.in_channels;
        for box_idx in 0..N_BOXES {
            encoder.push(encoder_box(&builder.part(format_args!("encoder.{box_idx}")), n_channels, box_idx, config)?);
            n_channels = width(box_idx);
        }
        let settings = ConvOptions::same3(1).then(Activation::Selu);
        let bridge =
            Conv::new(&builder.part("bridge"), 3, Channels::new(n_channels, n_channels / 2), Bias::With, settings)?;
        let decoder = (0..N_BOXES - 1)
            .map(|i| decoder_box(&builder.part(format_args!("decoder.{i}")), N_BOXES - 2 - i, config))
            .collect::<Result<_>>()?;
        let channels = Channels::new(config.width, config.out_channels);
        let last = Conv::new(&builder.part("last"), 3, channels, Bias::With, ConvOptions::same3(1))?;
        Ok(Self { config: config.clone(), encoder, bridge, decoder, last, parameters: builder.finish() })
    }

    fn dropped(&self, x: &Value, place: DropoutPlace, pass: &Pass) -> Result<Value> {
        if self.config.dropout_place == place { dropout(x, self.config.dropout_rate, pass) } else { Ok(x.clone()) }
    }
}

fn encoder_box(builder: &Builder, n_input: usize, box_idx: usize, config: &MResUNetConfig) -> Result<Vec<SubStage>> {
    let width = config.width << box_idx;
    let stage = |i: usize, &dilation: &usize| {
        let channels = Channels::new(if i == 0 { n_input } else { width }, width);
        let stride = if i == 0 && box_idx > 0 { 2 } else { 1 };
        SubStage::new(&builder.part(i), channels, dilation, stride, config.residuals)
    };
    DILATIONS.iter().enumerate().map(|(i, dilation)| stage(i, dilation)).collect()
}

/// The sub-stages of dilation 4, 3, 2 and 1; the box of full size leaves the last of them to the linear convolution.
fn decoder_box(builder: &Builder, level: usize, config: &MResUNetConfig) -> Result<Vec<SubStage>> {
    let width = config.width << level;
    let stage = |(i, &dilation): (usize, &usize)| {
        let n_input = if dilation.is_multiple_of(2) { 2 * width } else { width };
        let n_output = if dilation == 1 { width / 2 } else { width };
        SubStage::new(&builder.part(i), Channels::new(n_input, n_output), dilation, 1, config.residuals)
    };
    let n_stages = if level == 0 { DILATIONS.len() - 1 } else { DILATIONS.len() };
    DILATIONS.iter().rev().enumerate().take(n_stages).map(stage).collect()
}

impl Network for MResUNet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn forward(&self, images: &Value, pass: &Pass) -> Result<Value> {
        check_images(images, self.config.in_channels, 1 << (N_BOXES - 1), 1 << (N_BOXES - 1))?;
        let mut x = images.clone(); // [n, h, w, in]
        let mut kept = Vec::new();
        for (box_idx, stages) in self.encoder.iter().enumerate() {
            for (i, stage) in stages.iter().enumerate() {
                let first = box_idx == 0 && i == 0;
                let dropped = if first { x.clone() } else { self.dropped(&x, DropoutPlace::Encoder, pass)? };
                x = stage.forward(&x, &dropped, pass)?; // [n, h / 2^box, w / 2^box, width 2^box]
                if DILATIONS[i].is_multiple_of(2) && box_idx + 1 < N_BOXES {
                    kept.push(x.clone());
                }
            }
        }
        x = self.bridge.forward(&x, pass)?; // [n, h / 8, w / 8, 4 width]
        for stages in &self.decoder {
            x = upsample_nearest2(&x)?;
            for (stage, dilation) in stages.iter().zip(DILATIONS.iter().rev()) {
                if dilation.is_multiple_of(2) {
                    x = concat(&x, &kept.pop().expect("the encoder keeps two outputs for each decoder box"))?;
                }
                x = stage.forward(&x, &self.dropped(&x, DropoutPlace::Decoder, pass)?, pass)?;
            }
        }
        self.last.forward(&self.dropped(&x, DropoutPlace::Decoder, pass)?, pass) // [n, h, w, out]
    }
}
