//! What the mResUNet and the cell network are built of.

use crate::layers::{BatchNorm, BatchNormSettings, Bias, Channels, Conv};
use crate::ops::{Activation, ConvOptions};
use crate::{Builder, Pass, Result, Value};

/// Whether inputs are added to outputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Residuals {
    /// They are, as the paper says.
    #[default]
    Added,
    /// They are not: for comparison.
    Cut,
}

/// Convolution, SELU, batch normalisation, and the residual connection where the shape stays.
#[derive(Clone, Debug)]
pub(super) struct SubStage {
    conv: Conv,
    norm: BatchNorm,
    residual: bool,
}

impl SubStage {
    pub(super) fn new(
        builder: &Builder,
        channels: Channels,
        dilation: usize,
        stride: usize,
        residuals: Residuals,
    ) -> Result<Self> {
        let settings = ConvOptions { stride, ..ConvOptions::same3(dilation).then(Activation::Selu) };
        Ok(Self {
            conv: Conv::new(&builder.part("conv"), 3, channels, Bias::With, settings)?,
            norm: BatchNorm::new(&builder.part("norm"), channels.output, BatchNormSettings::default())?,
            residual: residuals == Residuals::Added && stride == 1 && channels.input == channels.output,
        })
    }

    /// `dropped` is the input after dropout, which the residual connection goes around.
    pub(super) fn forward(&self, x: &Value, dropped: &Value, pass: &Pass) -> Result<Value> {
        let features = self.conv.forward(dropped, pass)?;
        match self.residual {
            true => self.norm.forward_and_add(&features, x, pass),
            false => self.norm.forward(&features, pass),
        }
    }
}
