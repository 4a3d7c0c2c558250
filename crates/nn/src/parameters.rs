//! Named weights of a network, and how they are first drawn.

use crate::graph::{LeafId, Value};
use crate::random::{self, Stream};
use crate::{Pass, Result};
use candle_core::{Device, Tensor, Var};
use rand_distr::{Distribution, Normal, Uniform};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, PoisonError, RwLock};

/// What a tensor is in its layer: decides its layout in files, its first values, and whether it is trained and decays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Kernel of a convolution, `[kh, kw, ci, co]` here, `[co, ci, kh, kw]` in files.
    ConvWeight,
    /// Kernel of a transposed convolution, `[ci, kh, kw, co]` here, `[ci, co, kh, kw]` in files.
    TransposeConvWeight,
    /// Matrix of a linear layer, `[in, out]` here, `[out, in]` in files.
    LinearWeight,
    /// An added vector.
    Bias,
    /// Scale of a normalisation.
    Scale,
    /// Shift of a normalisation.
    Shift,
    /// Running mean of a batch normalisation; not trained.
    RunningMean,
    /// Running variance of a batch normalisation; not trained.
    RunningVariance,
}

impl Role {
    /// Whether an optimiser moves it.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::RunningMean | Self::RunningVariance)
    }

    /// Whether weight decay shrinks it: kernels and matrices alone.
    pub fn decays(self) -> bool {
        matches!(self, Self::ConvWeight | Self::TransposeConvWeight | Self::LinearWeight)
    }

    /// Order of our axes in files: axis `i` of a file is our axis `axes_in_file()[i]`.
    pub(crate) fn axes_in_file(self) -> Option<&'static [usize]> {
        match self {
            Self::ConvWeight => Some(&[3, 2, 0, 1]),
            Self::TransposeConvWeight => Some(&[0, 3, 1, 2]),
            Self::LinearWeight => Some(&[1, 0]),
            _ => None,
        }
    }

    /// Order of a file's axes here.
    pub(crate) fn axes_here(self) -> Option<&'static [usize]> {
        match self {
            Self::ConvWeight => Some(&[2, 3, 1, 0]),
            Self::TransposeConvWeight => Some(&[0, 2, 3, 1]),
            Self::LinearWeight => Some(&[1, 0]),
            _ => None,
        }
    }
}

/// How kernels and matrices are first drawn; `fan_in` and `fan_out` are the products that enter and leave one unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Init {
    /// Normal of variance `1 / fan_in`, which SELU networks need (Klambauer et al. 2017).
    LecunNormal,
    /// Normal of variance `2 / fan_in` for ReLU (He et al. 2015).
    HeNormal,
    /// Normal of variance `2 / fan_out`, as the published ResNets.
    HeNormalFanOut,
    /// Uniform of variance `2 / (fan_in + fan_out)`, the default of Keras (Glorot & Bengio 2010).
    GlorotUniform,
    /// Uniform within `1 / sqrt(fan_in)`, the default of PyTorch.
    Torch,
}

impl Init {
    fn draw(self, n: usize, fan_in: usize, fan_out: usize, stream: &mut Stream) -> Vec<f32> {
        let (fan_in, fan_out) = (fan_in as f64, fan_out as f64);
        let normal = |variance: f64, stream: &mut Stream| {
            let normal = Normal::new(0.0, variance.sqrt()).expect("a variance above zero");
            (0..n).map(|_| normal.sample(stream) as f32).collect()
        };
        let uniform = |bound: f64, stream: &mut Stream| {
            let uniform = Uniform::new(-bound, bound).expect("a bound above zero");
            (0..n).map(|_| uniform.sample(stream) as f32).collect()
        };
        match self {
            Self::LecunNormal => normal(1.0 / fan_in, stream),
            Self::HeNormal => normal(2.0 / fan_in, stream),
            Self::HeNormalFanOut => normal(2.0 / fan_out, stream),
            Self::GlorotUniform => uniform((6.0 / (fan_in + fan_out)).sqrt(), stream),
            Self::Torch => uniform(1.0 / fan_in.sqrt(), stream),
        }
    }
}

/// One named tensor of a network. A clone is the same tensor, not a copy of it.
#[derive(Clone, Debug)]
pub struct Parameter {
    name: String,
    role: Role,
    id: LeafId,
    n_elements: usize,
    /// Replaced when the parameter moves to another device.
    var: Arc<RwLock<Var>>,
}

impl Parameter {
    /// Full name with dots, as PyTorch's `state_dict` has it.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is in its layer.
    pub fn role(&self) -> Role {
        self.role
    }

    /// Under which its gradient is found.
    pub fn id(&self) -> LeafId {
        self.id
    }

    /// How many numbers it holds.
    pub fn n_elements(&self) -> usize {
        self.n_elements
    }

    /// Its present value, in our layout.
    pub fn tensor(&self) -> Tensor {
        self.var.read().unwrap_or_else(PoisonError::into_inner).as_detached_tensor()
    }

    /// Overwrites it, where it lies, with a value that may lie elsewhere.
    ///
    /// # Errors
    /// When the shapes differ.
    pub fn set(&self, value: &Tensor) -> Result<()> {
        let var = self.var.read().unwrap_or_else(PoisonError::into_inner);
        Ok(var.set(&value.to_device(var.device())?)?)
    }

    fn to_device(&self, device: &Device) -> Result<()> {
        let mut var = self.var.write().unwrap_or_else(PoisonError::into_inner);
        if !var.device().same_device(device) {
            *var = Var::from_tensor(&var.as_detached_tensor().to_device(device)?)?;
        }
        Ok(())
    }

    /// Its value in a pass: a leaf where gradients are recorded.
    pub(crate) fn value(&self, pass: &Pass) -> Value {
        match pass.records() && self.role.is_trained() {
            true => Value::leaf(self.tensor(), self.id),
            false => Value::constant(self.tensor()),
        }
    }
}

/// All tensors of a network, in the order of its layers.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<Parameter>);

impl Parameters {
    /// One after the other.
    pub fn iter(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter()
    }

    /// Those that an optimiser moves.
    pub fn trained(&self) -> impl Iterator<Item = &Parameter> {
        self.0.iter().filter(|p| p.role.is_trained())
    }

    /// How many numbers are trained.
    pub fn n_trained(&self) -> usize {
        self.trained().map(Parameter::n_elements).sum()
    }

    /// Where they lie: the CPU, until [`Parameters::to_device`] has moved them.
    pub fn device(&self) -> Device {
        self.0.first().map_or(Device::Cpu, |parameter| parameter.tensor().device().clone())
    }

    /// Moves the network to a device: every layer then works there, on images that lie there.
    ///
    /// # Errors
    /// When the device has no room.
    pub fn to_device(&self, device: &Device) -> Result<()> {
        self.0.iter().try_for_each(|parameter| parameter.to_device(device))
    }

    /// The one of a name.
    pub fn named(&self, name: &str) -> Option<&Parameter> {
        self.0.iter().find(|p| p.name == name)
    }
}

/// Makes the tensors of a network under their names, each from a random stream of its own.
#[derive(Clone)]
pub struct Builder {
    prefix: String,
    seed: u64,
    init: Init,
    made: Rc<RefCell<Vec<Parameter>>>,
}

impl Builder {
    /// Nothing made yet; the first values follow from `seed` and the names alone.
    pub fn new(seed: u64, init: Init) -> Self {
        Self { prefix: String::new(), seed, init, made: Rc::default() }
    }

    /// The builder of a part: its names begin with `name` and a dot.
    pub fn part(&self, name: impl std::fmt::Display) -> Self {
        Self { prefix: format!("{}{name}.", self.prefix), ..self.clone() }
    }

    /// The same builder with another way to draw kernels.
    pub fn with_init(&self, init: Init) -> Self {
        Self { init, ..self.clone() }
    }

    /// A kernel or matrix of our layout, drawn; `fan_in` and `fan_out` as [`Init`] says.
    pub(crate) fn weight(&self, role: Role, shape: &[usize], fan_in: usize, fan_out: usize) -> Result<Parameter> {
        let mut stream = random::stream(self.seed, &format!("{}weight", self.prefix), 0);
        self.make("weight", role, self.init.draw(shape.iter().product(), fan_in, fan_out, &mut stream), shape)
    }

    /// A bias: zero, or drawn where PyTorch's default is asked for, which does so.
    pub(crate) fn bias(&self, n: usize, fan_in: usize) -> Result<Parameter> {
        let mut stream = random::stream(self.seed, &format!("{}bias", self.prefix), 0);
        let values = match self.init {
            Init::Torch => Init::Torch.draw(n, fan_in, n, &mut stream),
            _ => vec![0.0; n],
        };
        self.make("bias", Role::Bias, values, &[n])
    }

    /// A vector of one value.
    pub(crate) fn filled(&self, name: &str, role: Role, value: f32, n: usize) -> Result<Parameter> {
        self.make(name, role, vec![value; n], &[n])
    }

    fn make(&self, name: &str, role: Role, values: Vec<f32>, shape: &[usize]) -> Result<Parameter> {
        let var = Var::from_vec(values, shape, &Device::Cpu)?;
        let parameter = Parameter {
            name: format!("{}{name}", self.prefix),
            role,
            id: LeafId::fresh(),
            n_elements: var.elem_count(),
            var: Arc::new(RwLock::new(var)),
        };
        self.made.borrow_mut().push(parameter.clone());
        Ok(parameter)
    }

    /// All that was made by this builder and its parts.
    pub fn finish(self) -> Parameters {
        Parameters(self.made.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats::to_vec;

    #[test]
    fn first_values_follow_from_seed_and_name() -> Result<()> {
        let draw = |seed, name: &str| -> Result<Vec<f32>> {
            let builder = Builder::new(seed, Init::LecunNormal).part(name);
            to_vec("", &builder.weight(Role::LinearWeight, &[40, 50], 40, 50)?.tensor())
        };
        assert_eq!(draw(1, "a")?, draw(1, "a")?);
        assert_ne!(draw(1, "a")?, draw(2, "a")?);
        assert_ne!(draw(1, "a")?, draw(1, "b")?);
        Ok(())
    }

    #[test]
    fn drawn_variance_is_the_named_one() -> Result<()> {
        let cases = [
            (Init::LecunNormal, 1.0 / 100.0),
            (Init::HeNormal, 2.0 / 100.0),
            (Init::HeNormalFanOut, 2.0 / 300.0),
            (Init::GlorotUniform, 2.0 / 400.0),
            (Init::Torch, 1.0 / 300.0),
        ];
        for (init, expected) in cases {
            let values = init.draw(30_000, 100, 300, &mut random::stream(5, "variance", 0));
            let variance = values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>() / values.len() as f64;
            // The variance of 30,000 normals scatters by 0.8 %: 4 % is five sigma, and the seed is fixed.
            assert!((variance / expected - 1.0).abs() < 0.04, "{init:?}: {variance} instead of {expected}");
        }
        Ok(())
    }
}
