//! Steps down the gradient, in place.

use crate::kernel::{PIECE, vectorised};
use crate::on_device::{self, Memories};
use crate::{Error, Gradients, Parameter, Parameters, Result, Role};
use candle_core::{CpuStorage, InplaceOp2, Layout, Tensor};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use std::sync::{Mutex, PoisonError};

/// How a step follows from a gradient `g`, which weight decay `d` has made `g + d w`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Rule {
    /// Kingma14, Algorithm 1: `m = beta1 m + (1 - beta1) g`, `v = beta2 v + (1 - beta2) g^2`,
    /// `w -= rate m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + epsilon)`.
    Adam {
        /// Memory of the mean.
        beta1: f64,
        /// Memory of the mean square.
        beta2: f64,
        /// Added to the deviation.
        epsilon: f64,
    },
    /// `u = momentum u + g`, `w -= rate u`.
    Sgd {
        /// Memory of the step.
        momentum: f64,
    },
    /// `u = momentum u + g`, `w -= rate (g + momentum u)`.
    Nesterov {
        /// Memory of the step.
        momentum: f64,
    },
}

impl Rule {
    /// Adam with the constants of its paper.
    pub const ADAM: Self = Self::Adam { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

    fn n_slots(self) -> usize {
        if matches!(self, Self::Adam { .. }) { 2 } else { 1 }
    }
}

/// A rule and what differs between parameters.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptimiserSettings {
    /// How a step follows from a gradient.
    pub rule: Rule,
    /// Factor of the weights added to their gradients; kernels and matrices alone, not biases nor normalisations.
    pub weight_decay: f64,
    /// Learning rate of biases over that of all else; 2 in Lin21.
    pub bias_rate_factor: f64,
}

impl OptimiserSettings {
    /// A rule without weight decay and with one rate for all.
    pub fn plain(rule: Rule) -> Self {
        Self { rule, weight_decay: 0.0, bias_rate_factor: 1.0 }
    }
}

/// What an optimiser remembers of one parameter: its moments, as long as the parameter each.
pub type Slots = Vec<Vec<f32>>;

/// Moves the parameters of one network. Its memory follows the parameters to their device.
#[derive(Debug)]
pub struct Optimiser {
    settings: OptimiserSettings,
    n_steps: u64,
    memories: Memories,
}

impl Optimiser {
    /// One that has not stepped yet.
    ///
    /// # Errors
    /// When a number of the settings is outside of its domain.
    pub fn new(settings: OptimiserSettings, parameters: &Parameters) -> Result<Self> {
        check(&settings)?;
        let zeros = |parameter: &Parameter| vec![vec![0.0; parameter.n_elements()]; settings.rule.n_slots()];
        Ok(Self { settings, n_steps: 0, memories: Memories::new(parameters.trained().map(zeros).collect()) })
    }

    /// Steps taken so far.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// What it remembers, parameter by parameter in the order of [`Parameters::trained`], copied to the host.
    ///
    /// # Errors
    /// When a device cannot be read.
    pub fn slots(&self) -> Result<Vec<Slots>> {
        self.memories.slots()
    }

    /// Goes on from where another of the same settings and network stood.
    ///
    /// # Errors
    /// When the slots are not those of this network.
    pub fn restore(&mut self, n_steps: u64, slots: Vec<Slots>) -> Result<()> {
        let lengths =
            |slots: &[Slots]| -> Vec<Vec<usize>> { slots.iter().map(|s| s.iter().map(Vec::len).collect()).collect() };
        if lengths(&slots) != lengths(&self.slots()?) {
            return Err(Error::Setting {
                what: "the optimiser's memory",
                value: format!("of {} parameters", slots.len()),
                must: "that of the same network and rule",
            });
        }
        (self.n_steps, self.memories) = (n_steps, Memories::new(slots));
        Ok(())
    }

    /// One step. Parameters without a gradient stay.
    ///
    /// # Errors
    /// When a gradient has another shape than its parameter.
    pub fn step(&mut self, parameters: &Parameters, gradients: &Gradients, rate: f64) -> Result<()> {
        self.n_steps += 1;
        if parameters.trained().next().is_some_and(|first| on_device::is_elsewhere(&first.tensor())) {
            return self.step_on_device(parameters, gradients, rate);
        }
        for (parameter, slots) in parameters.trained().zip(self.memories.on_host()?) {
            let Some(gradient) = gradients.of_leaf(parameter.id()) else { continue };
            let step = Step::new(&self.settings, parameter.role(), self.n_steps, rate);
            parameter.tensor().inplace_op2(gradient, &InPlace { step, slots: Mutex::new(slots) })?;
        }
        Ok(())
    }

    /// The same where the parameters do not lie on the CPU, those of one rate and decay together.
    fn step_on_device(&mut self, parameters: &Parameters, gradients: &Gradients, rate: f64) -> Result<()> {
        let mut groups: Vec<(Step, Members<'_>)> = Vec::new();
        for (i, parameter) in parameters.trained().enumerate() {
            let Some(gradient) = gradients.of_leaf(parameter.id()) else { continue };
            let tensor = parameter.tensor();
            on_device::holds("a gradient", gradient)?;
            if gradient.dims() != tensor.dims() {
                let what = format!("the gradient of {}", parameter.name());
                return Err(Error::Shape {
                    what,
                    expected: format!("{:?}", tensor.dims()),
                    got: gradient.dims().to_vec(),
                });
            }
            let step = Step::new(&self.settings, parameter.role(), self.n_steps, rate);
            match groups.iter_mut().find(|(other, _)| (other.rate, other.decay) == (step.rate, step.decay)) {
                Some((_, members)) => members.push((i, parameter, gradient)),
                None => groups.push((step, vec![(i, parameter, gradient)])),
            }
        }
        let numbers: Vec<Vec<usize>> =
            groups.iter().map(|(_, members)| members.iter().map(|(i, _, _)| *i).collect()).collect();
        let memories = self.memories.on_device(&numbers, &parameters.device())?;
        for ((step, members), memory) in groups.into_iter().zip(memories) {
            let tensors: Vec<Tensor> = members.iter().map(|(_, parameter, _)| parameter.tensor()).collect();
            let w = on_device::joined(tensors.iter())?;
            let g = on_device::joined(members.iter().map(|(_, _, gradient)| *gradient))?;
            let moved = step.run_on_device(&w, &g, &mut memory.slots)?;
            let mut begin = 0;
            for ((_, parameter, _), tensor) in members.iter().zip(&tensors) {
                let n = parameter.n_elements();
                parameter.set(&moved.narrow(0, begin, n)?.reshape(tensor.dims())?)?;
                begin += n;
            }
        }
        Ok(())
    }
}

/// Parameters by number, with their gradients.
type Members<'a> = Vec<(usize, &'a Parameter, &'a Tensor)>;

fn check(settings: &OptimiserSettings) -> Result<()> {
    let memories = match settings.rule {
        Rule::Adam { beta1, beta2, .. } => vec![("beta1", beta1), ("beta2", beta2)],
        Rule::Sgd { momentum } | Rule::Nesterov { momentum } => vec![("momentum", momentum)],
    };
    for (what, value) in memories {
        if !(0.0..1.0).contains(&value) {
            return Err(Error::Setting { what, value: value.to_string(), must: "in 0..1" });
        }
    }
    let not_negative = [("weight_decay", settings.weight_decay), ("bias_rate_factor", settings.bias_rate_factor)];
    for (what, value) in not_negative {
        if !(value >= 0.0 && value.is_finite()) {
            return Err(Error::Setting { what, value: value.to_string(), must: "zero or above" });
        }
    }
    Ok(())
}

/// One step of one parameter, its constants worked out.
#[derive(Clone, Copy)]
struct Step {
    rule: Rule,
    rate: f32,
    decay: f32,
    /// `1 / (1 - beta2^t)` of Adam.
    second_correction: f32,
}

impl Step {
    fn new(settings: &OptimiserSettings, role: Role, t: u64, rate: f64) -> Self {
        let decay = if role.decays() { settings.weight_decay as f32 } else { 0.0 };
        let rate = if role == Role::Bias { rate * settings.bias_rate_factor } else { rate };
        let t = i32::try_from(t).unwrap_or(i32::MAX);
        let (rate, second_correction) = match settings.rule {
            Rule::Adam { beta1, beta2, .. } => (rate / (1.0 - beta1.powi(t)), 1.0 / (1.0 - beta2.powi(t))),
            _ => (rate, 1.0),
        };
        Self { rule: settings.rule, rate: rate as f32, decay, second_correction: second_correction as f32 }
    }

    fn run(self, w: &mut [f32], g: &[f32], slots: &mut Slots) {
        match (self.rule, slots.as_mut_slice()) {
            (Rule::Adam { beta1, beta2, epsilon }, [m, v]) => {
                let constants = [beta1, 1.0 - beta1, beta2, 1.0 - beta2, epsilon].map(|x| x as f32);
                let pieces = w.par_chunks_mut(PIECE).zip(g.par_chunks(PIECE));
                let pieces = pieces.zip(m.par_chunks_mut(PIECE)).zip(v.par_chunks_mut(PIECE));
                pieces.for_each(|(((w, g), m), v)| self.adam(w, g, m, v, constants));
            }
            (Rule::Sgd { momentum }, [u]) => self.sgd(w, g, u, momentum as f32, [1.0, 0.0]),
            (Rule::Nesterov { momentum }, [u]) => self.sgd(w, g, u, momentum as f32, [momentum as f32, 1.0]),
            _ => unreachable!("slots are made for the rule"),
        }
    }

    /// Weights after the step; the slots are moved.
    fn run_on_device(self, w: &Tensor, g: &Tensor, slots: &mut Vec<Tensor>) -> candle_core::Result<Tensor> {
        let amounts = [self.rate, self.decay];
        match self.rule {
            Rule::Adam { beta1, beta2, epsilon } => {
                let constants = [beta1, beta2, epsilon, f64::from(self.second_correction)];
                on_device::adam(w, g, slots, amounts, constants)
            }
            Rule::Sgd { momentum } => on_device::momentum(w, g, slots, amounts, [momentum, 1.0, 0.0]),
            Rule::Nesterov { momentum } => on_device::momentum(w, g, slots, amounts, [momentum, momentum, 1.0]),
        }
    }

    fn adam(self, w: &mut [f32], g: &[f32], m: &mut [f32], v: &mut [f32], constants: [f32; 5]) {
        let [beta1, rest1, beta2, rest2, epsilon] = constants;
        vectorised(
            #[inline(always)]
            || {
                for (((w, g), m), v) in w.iter_mut().zip(g).zip(m).zip(v) {
                    let g = g + self.decay * *w;
                    *m = beta1 * *m + rest1 * g;
                    *v = beta2 * *v + rest2 * g * g;
                    *w -= self.rate * *m / ((*v * self.second_correction).sqrt() + epsilon);
                }
            },
        );
    }

    /// `mix` holds the factors of the momentum and of the gradient in the step.
    fn sgd(self, w: &mut [f32], g: &[f32], u: &mut [f32], momentum: f32, mix: [f32; 2]) {
        let pieces = w.par_chunks_mut(PIECE).zip(g.par_chunks(PIECE)).zip(u.par_chunks_mut(PIECE));
        pieces.for_each(|((w, g), u)| {
            vectorised(
                #[inline(always)]
                || {
                    for ((w, g), u) in w.iter_mut().zip(g).zip(u) {
                        let g = g + self.decay * *w;
                        *u = momentum * *u + g;
                        *w -= self.rate * (mix[0] * *u + mix[1] * g);
                    }
                },
            );
        });
    }
}

struct InPlace<'a> {
    step: Step,
    slots: Mutex<&'a mut Slots>,
}

impl InplaceOp2 for InPlace<'_> {
    fn name(&self) -> &'static str {
        "optimiser step"
    }

    fn cpu_fwd(&self, w: &mut CpuStorage, lw: &Layout, g: &CpuStorage, lg: &Layout) -> candle_core::Result<()> {
        if lw.dims() != lg.dims() {
            candle_core::bail!("a gradient of shape {:?} came for a parameter of {:?}", lg.dims(), lw.dims());
        }
        let (Some((w0, w1)), Some((g0, g1))) = (lw.contiguous_offsets(), lg.contiguous_offsets()) else {
            candle_core::bail!("parameters and their gradients must be contiguous");
        };
        let CpuStorage::F32(w) = w else { candle_core::bail!("parameters must be f32") };
        let g = &g.as_slice::<f32>()?[g0..g1];
        self.step.run(&mut w[w0..w1], g, &mut self.slots.lock().unwrap_or_else(PoisonError::into_inner));
        Ok(())
    }
}
