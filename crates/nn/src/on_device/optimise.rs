//! Steps of the optimisers, and norms of gradients.

use super::normalise::row_sums;
use crate::floats::to_vec;
use crate::optimise::Slots;
use crate::{Parameter, Result};
use candle_core::{DType, Tensor};

/// What an optimiser remembers of one parameter, where the parameter lies.
#[derive(Debug)]
pub(crate) enum Memory {
    /// For the kernels on slices.
    Host(Slots),
    /// Of the parameter's shape and device.
    Device(Vec<Tensor>),
}

impl Memory {
    /// A copy on the host.
    pub(crate) fn slots(&self) -> Result<Slots> {
        match self {
            Self::Host(slots) => Ok(slots.clone()),
            Self::Device(tensors) => tensors.iter().map(|tensor| to_vec("an optimiser's memory", tensor)).collect(),
        }
    }

    /// On the host, moved there if need be.
    pub(crate) fn on_host(&mut self) -> Result<&mut Slots> {
        if let Self::Device(_) = self {
            *self = Self::Host(self.slots()?);
        }
        match self {
            Self::Host(slots) => Ok(slots),
            Self::Device(_) => unreachable!("moved above"),
        }
    }

    /// On the parameter's device, moved there if need be.
    pub(crate) fn beside(&mut self, parameter: &Tensor) -> Result<&mut Vec<Tensor>> {
        let lies_there = |tensors: &[Tensor]| tensors.iter().all(|t| t.device().same_device(parameter.device()));
        let is_there = matches!(self, Self::Device(tensors) if lies_there(tensors));
        if !is_there {
            let moved = |slot: &Vec<f32>| Tensor::from_slice(slot, parameter.dims(), parameter.device());
            *self = Self::Device(self.slots()?.iter().map(moved).collect::<candle_core::Result<_>>()?);
        }
        match self {
            Self::Device(tensors) => Ok(tensors),
            Self::Host(_) => unreachable!("moved above"),
        }
    }
}

/// The gradient with weight decay.
fn decayed(w: &Tensor, g: &Tensor, decay: f32) -> candle_core::Result<Tensor> {
    if decay == 0.0 { Ok(g.clone()) } else { g + (w * f64::from(decay))? }
}

/// One step of Adam; `constants` are beta1, beta2, epsilon and `1 / (1 - beta2^t)`, `rate` has the other correction.
pub(crate) fn adam(
    parameter: &Parameter,
    gradient: &Tensor,
    memory: &mut Memory,
    [rate, decay]: [f32; 2],
    constants: [f64; 4],
) -> Result<()> {
    let [beta1, beta2, epsilon, second_correction] = constants;
    let w = parameter.tensor();
    let g = decayed(&w, gradient, decay)?;
    let memory = memory.beside(&w)?;
    let m = ((&memory[0] * beta1)? + (&g * (1.0 - beta1))?)?;
    let v = ((&memory[1] * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
    let deviation = ((&v * second_correction)?.sqrt()? + epsilon)?;
    let step = ((&m * f64::from(rate))? / deviation)?;
    *memory = vec![m, v];
    parameter.set(&(w - step)?)
}

/// One step of `u = momentum u + g`, `w -= rate (mix_u u + mix_g g)`.
pub(crate) fn momentum(
    parameter: &Parameter,
    gradient: &Tensor,
    memory: &mut Memory,
    [rate, decay]: [f32; 2],
    [momentum, mix_u, mix_g]: [f64; 3],
) -> Result<()> {
    let w = parameter.tensor();
    let g = decayed(&w, gradient, decay)?;
    let memory = memory.beside(&w)?;
    let u = ((&memory[0] * momentum)? + &g)?;
    let step = match mix_g {
        0.0 => (&u * mix_u)?,
        _ => ((&u * mix_u)? + (g * mix_g)?)?,
    };
    *memory = vec![u];
    parameter.set(&(w - (step * f64::from(rate))?)?)
}

/// Sum of squares, as a number on the device, in f64.
pub(crate) fn sum_of_squares(x: &Tensor) -> candle_core::Result<Tensor> {
    let c = x.dims().last().copied().unwrap_or(1);
    let rows = x.sqr()?.contiguous()?.reshape((1, x.elem_count() / c, c))?;
    row_sums(&rows)?.to_dtype(DType::F64)?.sum_all()
}
