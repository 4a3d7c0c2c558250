//! The U-Net of Zbontar18 in its two published forms, for one view or several.
//!
//! Both: blocks of two 3x3 convolutions, each with instance normalisation and a rectifier, on four halvings of the size,
//! and back with the block's output of equal size concatenated.
//!
//! - [`UNetForm::Zbontar2018`]: ReLU, convolutions with bias, max pooling, bilinear upsampling, three 1x1 convolutions at the
//!   end; 3.35 million parameters at width 32.
//! - [`UNetForm::TransposeConv`], its successor in the same code: LeakyReLU of slope 0.2, no bias, mean pooling, transposed
//!   convolutions with normalisation and LeakyReLU, one 1x1 convolution at the end; 7.76 million.
//!
//! Names of tensors are those of the public code, whose checkpoints open here. Views are channels of the input. Instance
//! normalisation removes the amplitude of each view, and a constant channel as well, so what the answer's scale
//! depends on is given as numbers beside the image that enter the last convolutions ([`UNetConfig::n_scales`]).

use super::{Network, check_images, check_positive};
use crate::layers::{Bias, Channels, Conv, TransposeConv};
use crate::ops::{
    ConvOptions, append_vector, avg_pool2d, concat, instance_norm, leaky_relu, max_pool2d, relu, upsample_bilinear2,
};
use crate::{Builder, Error, Init, Parameters, Pass, Result, Value};
use candle_core::Tensor;

/// Added to the variance of an instance normalisation: PyTorch's default.
const EPSILON: f64 = 1e-5;
/// Slope of the later form's LeakyReLU below zero.
const LEAKY_SLOPE: f32 = 0.2;

/// Which of the two published forms.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UNetForm {
    /// That of the paper of 2018, which Andres et al. cite for their mass maps.
    #[default]
    Zbontar2018,
    /// The later one with transposed convolutions.
    TransposeConv,
}

/// What a [`UNet`] is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct UNetConfig {
    /// Views of the input.
    pub n_views: usize,
    /// Maps of the output.
    pub out_channels: usize,
    /// Channels of the first block; 32 in the paper.
    pub width: usize,
    /// Halvings of the size; 4 in the paper.
    pub n_pools: usize,
    /// Which form.
    pub form: UNetForm,
    /// Numbers given with each image; none in the paper.
    pub n_scales: usize,
    /// Of the first weights.
    pub seed: u64,
}

impl Default for UNetConfig {
    fn default() -> Self {
        Self { n_views: 1, out_channels: 1, width: 32, n_pools: 4, form: UNetForm::Zbontar2018, n_scales: 0, seed: 0 }
    }
}

/// The network. Images `[n, h, w, views]` with sides that are multiples of `2^n_pools` to `[n, h, w, out]`.
///
/// ```
/// use arcmin_nn::networks::{UNet, UNetConfig};
/// use arcmin_nn::{Pass, Value};
/// use candle_core::{DType, Device, Tensor};
///
/// // Compton y, X-rays and stars, each with the logarithm of its total.
/// let network = UNet::new(&UNetConfig { n_views: 3, n_scales: 3, width: 4, ..Default::default() })?;
/// let views = Value::constant(Tensor::ones((1, 80, 80, 3), DType::F32, &Device::Cpu)?);
/// let totals = Tensor::zeros((1, 3), DType::F32, &Device::Cpu)?;
/// assert_eq!(network.forward_with_scales(&views, &totals, &Pass::evaluation())?.dims(), [1, 80, 80, 1]);
/// # Ok::<(), arcmin_nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct UNet {
    config: UNetConfig,
    down: Vec<Block>,
    bottom: Block,
    up: Vec<Up>,
    head: Vec<Conv>,
    parameters: Parameters,
}

/// Two convolutions, each normalised and rectified.
#[derive(Clone, Debug)]
struct Block {
    convs: [Conv; 2],
    form: UNetForm,
}

impl Block {
    fn new(builder: &Builder, channels: Channels, form: UNetForm) -> Result<Self> {
        let bias = if form == UNetForm::Zbontar2018 { Bias::With } else { Bias::Without };
        // Between the two convolutions stand normalisation, rectifier and dropout, which count in the public names.
        let conv = |name: &str, channels| {
            Conv::new(&builder.part(format_args!("layers.{name}")), 3, channels, bias, ConvOptions::same3(1))
        };
        Ok(Self { convs: [conv("0", channels)?, conv("4", Channels::new(channels.output, channels.output))?], form })
    }

    fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        let inside = rectified(&self.convs[0].forward(x, pass)?, self.form)?;
        rectified(&self.convs[1].forward(&inside, pass)?, self.form)
    }
}

/// Normalised, then rectified.
fn rectified(x: &Value, form: UNetForm) -> Result<Value> {
    let x = instance_norm(x, EPSILON)?;
    match form {
        UNetForm::Zbontar2018 => relu(&x),
        UNetForm::TransposeConv => leaky_relu(&x, LEAKY_SLOPE),
    }
}

/// Doubling of the size and the block after it.
#[derive(Clone, Debug)]
struct Up {
    transpose: Option<TransposeConv>,
    block: Block,
}

impl Up {
    fn forward(&self, x: &Value, kept: &Value, pass: &Pass) -> Result<Value> {
        let x = match &self.transpose {
            Some(transpose) => rectified(&transpose.forward(x, pass)?, self.block.form)?,
            None => upsample_bilinear2(x)?,
        };
        self.block.forward(&concat(&x, kept)?, pass)
    }
}

impl UNet {
    /// With first weights drawn from the seed.
    ///
    /// # Errors
    /// When a size of the configuration is zero.
    pub fn new(config: &UNetConfig) -> Result<Self> {
        check_positive("n_views", config.n_views)?;
        check_positive("out_channels", config.out_channels)?;
        check_positive("width", config.width / 2)?;
        check_positive("n_pools", config.n_pools)?;
        let builder = Builder::new(config.seed, Init::Torch);
        let UNetConfig { width, n_pools, form, .. } = *config;
        let mut down = Vec::new();
        let mut n_channels = config.n_views;
        for i in 0..n_pools {
            let channels = Channels::new(n_channels, width << i);
            down.push(Block::new(&builder.part(format_args!("down_sample_layers.{i}")), channels, form)?);
            n_channels = channels.output;
        }
        let n_bottom = if form == UNetForm::Zbontar2018 { n_channels } else { 2 * n_channels };
        let bottom = Block::new(&builder.part("conv"), Channels::new(n_channels, n_bottom), form)?;
        let up = (0..n_pools).map(|i| Self::up(&builder, i, config)).collect::<Result<_>>()?;
        let head = Self::head(&builder, config)?;
        Ok(Self { config: config.clone(), down, bottom, up, head, parameters: builder.finish() })
    }

    fn up(builder: &Builder, i: usize, config: &UNetConfig) -> Result<Up> {
        let level = config.n_pools - 1 - i;
        let n_kept = config.width << level;
        match config.form {
            UNetForm::Zbontar2018 => {
                let n_output = if level == 0 { n_kept } else { n_kept / 2 };
                let part = builder.part(format_args!("up_sample_layers.{i}"));
                let block = Block::new(&part, Channels::new(2 * n_kept, n_output), config.form)?;
                Ok(Up { transpose: None, block })
            }
            UNetForm::TransposeConv => {
                let channels = Channels::new(2 * n_kept, n_kept);
                let part = builder.part(format_args!("up_transpose_conv.{i}.layers.0"));
                let transpose = Some(TransposeConv::new(&part, channels)?);
                let last = if level == 0 { ".0" } else { "" };
                let block = Block::new(&builder.part(format_args!("up_conv.{i}{last}")), channels, config.form)?;
                Ok(Up { transpose, block })
            }
        }
    }

    fn head(builder: &Builder, config: &UNetConfig) -> Result<Vec<Conv>> {
        let n_input = config.width + config.n_scales;
        let conv =
            |name: String, channels| Conv::new(&builder.part(name), 1, channels, Bias::With, ConvOptions::default());
        let out = config.out_channels;
        match config.form {
            UNetForm::Zbontar2018 => {
                let widths = [n_input, config.width / 2, out, out];
                (0..3).map(|i| conv(format!("conv2.{i}"), Channels::new(widths[i], widths[i + 1]))).collect()
            }
            UNetForm::TransposeConv => {
                Ok(vec![conv(format!("up_conv.{}.1", config.n_pools - 1), Channels::new(n_input, out))?])
            }
        }
    }

    /// The answer to images and the numbers `[n, n_scales]` that go with them.
    ///
    /// # Errors
    /// When the images or the numbers have a shape that the network does not take.
    pub fn forward_with_scales(&self, images: &Value, scales: &Tensor, pass: &Pass) -> Result<Value> {
        let expected = [images.dims()[0], self.config.n_scales];
        if scales.dims() != expected {
            return Err(Error::Shape {
                what: "the scales given with images".to_owned(),
                expected: format!("{expected:?}"),
                got: scales.dims().to_vec(),
            });
        }
        let features = append_vector(&self.features(images, pass)?, scales)?;
        self.answer(features, pass)
    }

    fn features(&self, images: &Value, pass: &Pass) -> Result<Value> {
        // Below the last pooling an instance must keep more than one pixel, or its normalisation leaves nothing.
        check_images(images, self.config.n_views, 1 << self.config.n_pools, 2 << self.config.n_pools)?;
        let mut kept: Vec<Value> = Vec::new();
        let mut x = images.clone();
        for block in &self.down {
            let features = block.forward(&x, pass)?;
            x = match self.config.form {
                UNetForm::Zbontar2018 => max_pool2d(&features, 2)?,
                UNetForm::TransposeConv => avg_pool2d(&features, 2)?,
            };
            kept.push(features);
        }
        x = self.bottom.forward(&x, pass)?;
        for (up, kept) in self.up.iter().zip(kept.iter().rev()) {
            x = up.forward(&x, kept, pass)?;
        }
        Ok(x) // [n, h, w, width]
    }

    fn answer(&self, features: Value, pass: &Pass) -> Result<Value> {
        self.head.iter().try_fold(features, |x, conv| conv.forward(&x, pass))
    }
}

impl Network for UNet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn forward(&self, images: &Value, pass: &Pass) -> Result<Value> {
        if self.config.n_scales > 0 {
            return Err(Error::Setting {
                what: "n_scales",
                value: self.config.n_scales.to_string(),
                must: "0 for `forward`; call `forward_with_scales`",
            });
        }
        let features = self.features(images, pass)?;
        self.answer(features, pass)
    }
}
