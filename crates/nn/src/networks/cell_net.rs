//! A fully convolutional network that answers for every cell of two by two pixels of a map, whatever the map's size.
//!
//! A 3x3 convolution to half of the channels, one of stride 2 to all of them, then residual sub-stages (3x3 convolution with a
//! dilation, SELU, batch normalisation) at the size of the cells, and two 1x1 convolutions to the answer. No layer knows where it is:
//! a cell's answer depends on the pixels within [`CellNet::reach_pixels`] alone, so that a map may be shown whole or in overlapping
//! pieces. Dilations make the reach grow faster than the work.

use super::sub_stage::{Residuals, SubStage};
use super::{Network, check_images, check_positive};
use crate::layers::{Bias, Channels, Conv};
use crate::ops::{Activation, ConvOptions};
use crate::{Builder, Init, Parameters, Pass, Result, Value};

/// What a [`CellNet`] is made from.
#[derive(Clone, Debug, PartialEq)]
pub struct CellNetConfig {
    /// Channels of the map.
    pub in_channels: usize,
    /// Numbers that a cell is answered with.
    pub out_channels: usize,
    /// Channels at the size of the cells. Even.
    pub width: usize,
    /// Dilations of the sub-stages at that size, one after the other.
    pub dilations: Vec<usize>,
    /// Of the first weights.
    pub seed: u64,
}

/// The network. Maps `[n, h, w, in]` with even sides to `[n, h / 2, w / 2, out]`.
///
/// ```
/// use arcmin_nn::networks::{CellNet, CellNetConfig, Network};
/// use arcmin_nn::{Pass, Value};
/// use candle_core::{DType, Device, Tensor};
///
/// let config = CellNetConfig { in_channels: 3, out_channels: 1, width: 4, dilations: vec![1, 2, 4], seed: 0 };
/// let network = CellNet::new(&config)?;
/// let map = Value::constant(Tensor::zeros((1, 64, 96, 3), DType::F32, &Device::Cpu)?);
/// assert_eq!(network.forward(&map, &Pass::evaluation())?.dims(), [1, 32, 48, 1]);
/// # Ok::<(), arcmin_nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct CellNet {
    config: CellNetConfig,
    stages: Vec<SubStage>,
    hidden: Conv,
    last: Conv,
    parameters: Parameters,
}

impl CellNet {
    /// With first weights drawn from the seed.
    ///
    /// # Errors
    /// When a size of the configuration is zero or the width odd.
    pub fn new(config: &CellNetConfig) -> Result<Self> {
        check_positive("in_channels", config.in_channels)?;
        check_positive("out_channels", config.out_channels)?;
        check_positive("width", config.width / 2)?;
        let width = config.width;
        let builder = Builder::new(config.seed, Init::LecunNormal);
        let first = [(config.in_channels, width / 2, 1, 1), (width / 2, width, 1, 2)];
        let rest = config.dilations.iter().map(|&dilation| (width, width, dilation, 1));
        let stage = |(i, (n_input, n_output, dilation, stride)): (usize, (usize, usize, usize, usize))| {
            check_positive("a dilation", dilation)?;
            let channels = Channels::new(n_input, n_output);
            SubStage::new(&builder.part(format_args!("stages.{i}")), channels, dilation, stride, Residuals::Added)
        };
        let stages = first.into_iter().chain(rest).enumerate().map(stage).collect::<Result<_>>()?;
        let point = |name: &str, n_output, activation| {
            let settings = ConvOptions::default().then(activation);
            Conv::new(&builder.part(name), 1, Channels::new(width, n_output), Bias::With, settings)
        };
        Ok(Self {
            config: config.clone(),
            stages,
            hidden: point("hidden", width, Activation::Selu)?,
            last: point("last", config.out_channels, Activation::None)?,
            parameters: builder.finish(),
        })
    }

    /// How many pixels beyond its own a cell's answer depends on, at most.
    pub fn reach_pixels(&self) -> usize {
        2 + 2 * self.config.dilations.iter().sum::<usize>()
    }
}

impl Network for CellNet {
    fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    fn forward(&self, images: &Value, pass: &Pass) -> Result<Value> {
        check_images(images, self.config.in_channels, 2, 2)?;
        let mut x = images.clone();
        for stage in &self.stages {
            x = stage.forward(&x, &x, pass)?; // [n, h / 2, w / 2, width] from the second on
        }
        self.last.forward(&self.hidden.forward(&x, pass)?, pass)
    }
}
