//! The small convolutional network of Andres22, which weighs Planck clusters on Compton-y cutouts.
//!
//! Three 3x3 convolutions without padding of 16, 32 and 64 channels, each with ReLU and 2x2 max pooling (96 pixels become
//! 47, 22, 10), the mean over pixels, and layers of 200, 100 and 20 with ReLU to one number; features are dropped before the
//! first two. 58,437 parameters. The published networks answer `log10(M500 h / Msun)` to `(y - mu) / sigma`.

use super::{Network, check_positive};
use crate::floats::tensor;
use crate::layers::{Bias, Channels, Conv, Linear};
use crate::ops::{Activation, ConvOptions, dropout, global_avg_pool, max_pool2d};
use crate::{Builder, Error, Init, Parameters, Pass, Result, Value};

/// Convolutions.
const N_CONVS: usize = 3;
/// Outputs of the layers behind the mean.
const HIDDEN: [usize; 3] = [200, 100, 20];
/// Smallest side that leaves a pixel after three valid convolutions and poolings.
const LEAST_SIDE: usize = 22;

/// What a [`PlanckVgg`] is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct PlanckVggConfig {
    /// Maps of the input; 1 in the paper.
    pub in_channels: usize,
    /// Channels of the first convolution; 16 in the published networks. The second and third have 2 and 4 times as many.
    pub width: usize,
    /// Probability that a feature is dropped in training; 0.1 in the published networks.
    pub dropout_rate: f32,
    /// Of the first weights.
    pub seed: u64,
}

impl Default for PlanckVggConfig {
    fn default() -> Self {
        Self { in_channels: 1, width: 16, dropout_rate: 0.1, seed: 0 }
    }
}

/// The network. Cutouts `[n, h, w, in]` of at least 22 pixels a side (96 in the paper) to `[n, 1]`.
///
/// ```
/// use arcmin_nn::networks::{Network, PlanckVgg, PlanckVggConfig};
/// use arcmin_nn::{Pass, Value};
/// use candle_core::{DType, Device, Tensor};
///
/// let network = PlanckVgg::new(&PlanckVggConfig::default())?;
/// assert_eq!(network.parameters().n_trained(), 58_437);
/// let cutouts = Value::constant(Tensor::zeros((2, 96, 96, 1), DType::F32, &Device::Cpu)?);
/// assert_eq!(network.forward(&cutouts, &Pass::evaluation())?.dims(), [2, 1]);
/// # Ok::<(), arcmin_nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct PlanckVgg {
    config: PlanckVggConfig,
    convs: Vec<Conv>,
    hidden: Vec<Linear>,
    last: Linear,
    parameters: Parameters,
}

impl PlanckVgg {
    /// With first weights drawn from the seed.
    ///
    /// # Errors
    /// When a size of the configuration is zero.
    pub fn new(config: &PlanckVggConfig) -> Result<Self> {
        check_positive("in_channels", config.in_channels)?;
        check_positive("width", config.width)?;
        let builder = Builder::new(config.seed, Init::GlorotUniform);
        let (mut convs, mut hidden) = (Vec::new(), Vec::new());
        let mut n_channels = config.in_channels;
        for i in 0..N_CONVS {
            let channels = Channels::new(n_channels, config.width << i);
            let settings = ConvOptions::default().then(Activation::Relu);
            convs.push(Conv::new(&builder.part(format_args!("conv.{i}")), 3, channels, Bias::With, settings)?);
            n_channels = channels.output;
        }
        for (i, n_output) in HIDDEN.into_iter().enumerate() {
            let channels = Channels::new(n_channels, n_output);
            hidden.push(Linear::new(&builder.part(format_args!("dense.{i}")), channels, Bias::With, Activation::Relu)?);
            n_channels = n_output;
        }
        let part = builder.part(format_args!("dense.{}", HIDDEN.len()));
        let last = Linear::new(&part, Channels::new(n_channels, 1), Bias::With, Activation::None)?;
        Ok(Self { config: config.clone(), convs, hidden, last, parameters: builder.finish() })
    }

    /// Sets all weights from one run of numbers in the order of the layers, kernel before bias, kernels `[kh, kw, ci, co]` and
    /// matrices `[in, out]`: the order in which Keras keeps the published networks.
    ///
    /// # Errors
    /// When there are not as many numbers as the network has, or one of them is not finite.
    pub fn set_flat(&self, weights: &[f32]) -> Result<()> {
        let n = self.parameters.n_trained();
        if weights.len() != n {
            return Err(Error::Shape {
                what: "the flat weights of planck_vgg".to_owned(),
                expected: format!("[{n}]"),
                got: vec![weights.len()],
            });
        }
        if let Some(bad) = weights.iter().find(|weight| !weight.is_finite()) {
            return Err(Error::Setting { what: "a flat weight", value: bad.to_string(), must: "finite" });
        }
        let mut rest = weights;
        for parameter in self.parameters.iter() {
            let (values, after) = rest.split_at(parameter.n_elements());
            parameter.set(&tensor(values.to_vec(), parameter.tensor().dims())?)?;
            rest = after;
        }
        Ok(())
    }

    /// What leaves each pooling, `[n, h, w, c]`.
    ///
    /// # Errors
    /// When the images are smaller than 22 pixels or have another number of channels.
    pub fn blocks(&self, images: &Value, pass: &Pass) -> Result<Vec<Value>> {
        let (c, least) = (self.config.in_channels, LEAST_SIDE);
        super::check_images(images, c, 1, least)?;
        let mut blocks: Vec<Value> = Vec::new();
        for conv in &self.convs {
            blocks.push(max_pool2d(&conv.forward(blocks.last().unwrap_or(images), pass)?, 2)?);
        }
        Ok(blocks)
    }
}

impl Network for PlanckVgg {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn forward(&self, images: &Value, pass: &Pass) -> Result<Value> {
        let blocks = self.blocks(images, pass)?;
        let mut x = global_avg_pool(blocks.last().expect("there are three convolutions"))?; // [n, c]
        for (i, layer) in self.hidden.iter().enumerate() {
            if i < 2 {
                x = dropout(&x, self.config.dropout_rate, pass)?;
            }
            x = layer.forward(&x, pass)?;
        }
        self.last.forward(&x, pass) // [n, 1]
    }
}
