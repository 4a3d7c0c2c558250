//! Batch normalisation with running statistics.

use crate::floats::{tensor, to_vec};
use crate::ops::{BatchStatistics, batch_norm, channel_affine, inverse_deviation};
use crate::{Builder, Mode, Parameter, Pass, Result, Role, Value, on_device};

/// Constants of a batch normalisation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNormSettings {
    /// Added to the variance.
    pub epsilon: f64,
    /// Share of a batch in the running statistics: `running = (1 - momentum) running + momentum batch`.
    pub momentum: f64,
}

impl Default for BatchNormSettings {
    /// PyTorch's defaults.
    fn default() -> Self {
        Self { epsilon: 1e-5, momentum: 0.1 }
    }
}

/// Batch normalisation (Ioffe15) with tensors `weight`, `bias`, `running_mean` and `running_var`.
///
/// In training it takes mean and variance of the batch and moves its running ones (the variance unbiased, as PyTorch); in
/// use it takes the running ones.
#[derive(Clone, Debug)]
pub struct BatchNorm {
    scale: Parameter,
    shift: Parameter,
    running_mean: Parameter,
    running_variance: Parameter,
    settings: BatchNormSettings,
}

impl BatchNorm {
    /// Scale 1, shift 0, running mean 0 and variance 1.
    ///
    /// # Errors
    /// When the tensors cannot be made.
    pub fn new(builder: &Builder, n_channels: usize, settings: BatchNormSettings) -> Result<Self> {
        Ok(Self {
            scale: builder.filled("weight", Role::Scale, 1.0, n_channels)?,
            shift: builder.filled("bias", Role::Shift, 0.0, n_channels)?,
            running_mean: builder.filled("running_mean", Role::RunningMean, 0.0, n_channels)?,
            running_variance: builder.filled("running_var", Role::RunningVariance, 1.0, n_channels)?,
            settings,
        })
    }

    /// Input and output `[.., c]`.
    ///
    /// # Errors
    /// When the input has another number of channels, or in training a single value a channel.
    pub fn forward(&self, x: &Value, pass: &Pass) -> Result<Value> {
        self.run(x, None, pass)
    }

    /// The same plus `residual`, in one pass over memory.
    ///
    /// # Errors
    /// As [`BatchNorm::forward`], and when the residual has another shape.
    pub fn forward_and_add(&self, x: &Value, residual: &Value, pass: &Pass) -> Result<Value> {
        self.run(x, Some(residual), pass)
    }

    fn run(&self, x: &Value, residual: Option<&Value>, pass: &Pass) -> Result<Value> {
        let (scale, shift) = (self.scale.value(pass), self.shift.value(pass));
        match pass.mode() {
            Mode::Train => {
                let (y, statistics) = batch_norm(x, &scale, &shift, residual, self.settings.epsilon)?;
                self.remember(&statistics)?;
                Ok(y)
            }
            Mode::Evaluate => {
                let running = [&self.running_mean.tensor(), &self.running_variance.tensor()];
                channel_affine(x, &scale, &shift, residual, running, self.settings.epsilon)
            }
        }
    }

    /// Factor and summand of each channel in use: `y = a x + b`.
    pub(crate) fn factors(&self) -> Result<(Vec<f32>, Vec<f32>)> {
        let variance = to_vec("a running variance", &self.running_variance.tensor())?;
        let inverse_deviation = inverse_deviation(&variance, self.settings.epsilon);
        let mean = to_vec("a running mean", &self.running_mean.tensor())?;
        let scale = to_vec("a scale", &self.scale.tensor())?;
        let shift = to_vec("a shift", &self.shift.tensor())?;
        let a: Vec<f32> = scale.iter().zip(inverse_deviation).map(|(scale, inverse)| scale * inverse).collect();
        let b = shift.iter().zip(mean).zip(&a).map(|((shift, mean), a)| shift - mean * a).collect();
        Ok((a, b))
    }

    fn remember(&self, batch: &BatchStatistics) -> Result<()> {
        for (running, batch) in [(&self.running_mean, &batch.mean), (&self.running_variance, &batch.variance)] {
            let share = self.settings.momentum as f32;
            let present = running.tensor();
            if on_device::is_elsewhere(&present) {
                running.set(&(&present + ((batch - &present)? * f64::from(share))?)?)?;
                continue;
            }
            let mut values = to_vec("running statistics", &present)?;
            let batch = to_vec("statistics of a batch", batch)?;
            values.iter_mut().zip(batch).for_each(|(value, batch)| *value += share * (batch - *value));
            let n = values.len();
            running.set(&tensor(values, &[n])?)?;
        }
        Ok(())
    }
}
