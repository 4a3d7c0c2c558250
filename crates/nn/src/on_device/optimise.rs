//! Steps of the optimisers, and norms of gradients.
//!
//! Parameters are joined to long vectors first: each launch of a kernel costs as much as some 10,000 numbers do.

use super::normalise::row_sums;
use crate::Result;
use crate::floats::to_vec;
use crate::optimise::Slots;
use candle_core::{DType, Device, Tensor};

/// Columns and rows that sums of long vectors are cut into.
const COLUMNS: usize = 1024;
const ROWS: usize = 256;

/// What an optimiser remembers: of each parameter on the host, and of the members of groups, newer, on a device.
#[derive(Debug)]
pub(crate) struct Memories {
    host: Vec<Slots>,
    groups: Vec<Group>,
}

/// Some parameters by number, one behind the other in each slot.
#[derive(Debug)]
pub(crate) struct Group {
    members: Vec<usize>,
    pub(crate) slots: Vec<Tensor>,
}

impl Memories {
    pub(crate) fn new(host: Vec<Slots>) -> Self {
        Self { host, groups: Vec::new() }
    }

    /// A copy on the host.
    pub(crate) fn slots(&self) -> Result<Vec<Slots>> {
        let mut all = self.host.clone();
        for group in &self.groups {
            let flat = group.slots.iter().map(|slot| to_vec("an optimiser's memory", slot));
            let flat = flat.collect::<Result<Vec<_>>>()?;
            let mut begin = 0;
            for &member in &group.members {
                let end = begin + all[member][0].len();
                for (slot, flat) in all[member].iter_mut().zip(&flat) {
                    slot.copy_from_slice(&flat[begin..end]);
                }
                begin = end;
            }
        }
        Ok(all)
    }

    /// All of it on the host, moved there if need be.
    pub(crate) fn on_host(&mut self) -> Result<&mut Vec<Slots>> {
        if !self.groups.is_empty() {
            *self = Self::new(self.slots()?);
        }
        Ok(&mut self.host)
    }

    /// In groups on a device, moved there if need be, which is at the first step alone.
    pub(crate) fn on_device(&mut self, members: &[Vec<usize>], device: &Device) -> Result<&mut [Group]> {
        let lies_there = |group: &Group| group.slots.iter().all(|slot| slot.device().same_device(device));
        let is_there = self.groups.len() == members.len()
            && self.groups.iter().zip(members).all(|(group, members)| group.members == *members && lies_there(group));
        if !is_there {
            let host = self.on_host()?;
            let group = |members: &Vec<usize>| -> Result<Group> {
                let slot = |i: usize| {
                    let flat: Vec<f32> = members.iter().flat_map(|&member| &host[member][i]).copied().collect();
                    let n = flat.len();
                    Tensor::from_vec(flat, n, device)
                };
                let n_slots = members.first().map_or(0, |&member| host[member].len());
                let slots = (0..n_slots).map(slot).collect::<candle_core::Result<_>>()?;
                Ok(Group { members: members.clone(), slots })
            };
            self.groups = members.iter().map(group).collect::<Result<_>>()?;
        }
        Ok(&mut self.groups)
    }
}

/// Tensors as one vector.
pub(crate) fn joined<'a>(tensors: impl Iterator<Item = &'a Tensor>) -> candle_core::Result<Tensor> {
    let flat = tensors.map(|tensor| tensor.flatten_all()?.contiguous()).collect::<candle_core::Result<Vec<_>>>()?;
    Tensor::cat(&flat, 0)
}

/// The gradient with weight decay.
fn decayed(w: &Tensor, g: &Tensor, decay: f32) -> candle_core::Result<Tensor> {
    if decay == 0.0 { Ok(g.clone()) } else { g + (w * f64::from(decay))? }
}

/// Weights after one step of Adam, whose slots are moved; `constants` are beta1, beta2, epsilon and `1 / (1 - beta2^t)`, `rate`
/// has the other correction.
pub(crate) fn adam(
    w: &Tensor,
    g: &Tensor,
    slots: &mut Vec<Tensor>,
    [rate, decay]: [f32; 2],
    constants: [f64; 4],
) -> candle_core::Result<Tensor> {
    let [beta1, beta2, epsilon, second_correction] = constants;
    let g = decayed(w, g, decay)?;
    let m = ((&slots[0] * beta1)? + (&g * (1.0 - beta1))?)?;
    let v = ((&slots[1] * beta2)? + (g.sqr()? * (1.0 - beta2))?)?;
    let deviation = ((&v * second_correction)?.sqrt()? + epsilon)?;
    let step = ((&m * f64::from(rate))? / deviation)?;
    *slots = vec![m, v];
    w - step
}

/// Weights after one step of `u = momentum u + g`, `w -= rate (mix_u u + mix_g g)`, with `u` the slot, which is moved.
pub(crate) fn momentum(
    w: &Tensor,
    g: &Tensor,
    slots: &mut Vec<Tensor>,
    [rate, decay]: [f32; 2],
    [momentum, mix_u, mix_g]: [f64; 3],
) -> candle_core::Result<Tensor> {
    let g = decayed(w, g, decay)?;
    let u = ((&slots[0] * momentum)? + &g)?;
    let step = if mix_g == 0.0 { (&u * mix_u)? } else { ((&u * mix_u)? + (g * mix_g)?)? };
    *slots = vec![u];
    w - (step * f64::from(rate))?
}

/// Sum of the squares of all elements, as a number on the device, in f64.
pub(crate) fn sum_of_squares(tensors: &[&Tensor]) -> candle_core::Result<Tensor> {
    let all = joined(tensors.iter().copied())?;
    let n = all.elem_count();
    // Whole rows in a number that is easily cut.
    let rows = n.div_ceil(COLUMNS);
    let rows = if rows > ROWS { rows.next_multiple_of(ROWS) } else { rows };
    let whole = all.pad_with_zeros(0, 0, rows * COLUMNS - n)?.sqr()?.reshape((1, rows, COLUMNS))?;
    row_sums(&whole)?.to_dtype(DType::F64)?.sum_all()
}
