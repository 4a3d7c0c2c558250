//! A convolution made ready: geometry, an algorithm for each pass, and the scratch they need.

use crate::activation::{Activation, Finish, differentiate};
use crate::choice::{Algorithm, AlgorithmChoice};
use crate::direct::DirectRows;
use crate::direct_weight::DirectWeight;
use crate::error::Error;
use crate::geometry::ConvGeometry;
use crate::pack::{WeightView, Weights};
use crate::simd::Isa;
use crate::winograd::{WinogradRows, WinogradWeight};

/// One of the three products that a convolution and its gradients are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pass {
    /// Output from input and weight.
    Forward,
    /// Gradient of the input from that of the output, and the weight.
    InputGradient,
    /// Gradient of the weight from the input and the output's gradient.
    WeightGradient,
}

impl Pass {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Forward, Self::InputGradient, Self::WeightGradient];
}

/// A convolution made ready to run.
#[derive(Clone, Debug)]
pub struct Plan {
    geometry: ConvGeometry,
    isa: Isa,
    forward: Rows,
    input_gradient: Rows,
    weight_gradient: Weight,
}

/// Forward pass or input gradient.
#[derive(Clone, Debug)]
enum Rows {
    Direct(DirectRows),
    Winograd(WinogradRows),
}

/// Weight gradient.
#[derive(Clone, Debug)]
enum Weight {
    Direct(DirectWeight),
    Winograd(WinogradWeight),
}

impl Rows {
    fn new(geometry: &ConvGeometry, view: WeightView, algorithm: Algorithm) -> Result<Self, Error> {
        Ok(match algorithm.form() {
            None => Self::Direct(DirectRows::new(geometry, view)),
            Some(form) => Self::Winograd(WinogradRows::new(geometry, view, form)?),
        })
    }

    fn scratch_len(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.scratch_len(),
            Self::Winograd(winograd) => winograd.scratch_len(),
        }
    }

    fn run(
        &self,
        isa: Isa,
        source: &[f32],
        weights: &Weights<'_>,
        finish: Finish<'_>,
        result: &mut [f32],
        scratch: &mut [f32],
    ) {
        match self {
            Self::Direct(direct) => direct.run(isa, source, weights, finish, result, scratch),
            Self::Winograd(winograd) => winograd.run(isa, source, weights, finish, result, scratch),
        }
    }
}

impl Weight {
    fn new(geometry: &ConvGeometry, algorithm: Algorithm) -> Result<Self, Error> {
        Ok(match algorithm.form() {
            None => Self::Direct(DirectWeight::new(geometry)),
            Some(form) => Self::Winograd(WinogradWeight::new(geometry, form)?),
        })
    }

    fn scratch_len(&self) -> usize {
        match self {
            Self::Direct(direct) => direct.scratch_len(),
            Self::Winograd(winograd) => winograd.scratch_len(),
        }
    }

    fn run(&self, isa: Isa, input: &[f32], output: &[f32], weight: &mut [f32], scratch: &mut [f32]) {
        match self {
            Self::Direct(direct) => direct.run(isa, input, output, weight, scratch),
            Self::Winograd(winograd) => winograd.run(isa, input, output, weight, scratch),
        }
    }
}

impl Plan {
    /// Plans a convolution with the fastest instruction set of this processor.
    ///
    /// # Errors
    /// If the algorithm asked for does not serve the geometry.
    pub fn new(geometry: ConvGeometry, choice: AlgorithmChoice) -> Result<Self, Error> {
        Self::with_isa(geometry, choice, Isa::best())
    }

    /// Plans a convolution with a given instruction set.
    ///
    /// # Errors
    /// As [`Plan::new`].
    pub fn with_isa(geometry: ConvGeometry, choice: AlgorithmChoice, isa: Isa) -> Result<Self, Error> {
        let algorithm = |pass| choice.algorithm(&geometry, pass);
        Ok(Self {
            geometry,
            isa,
            forward: Rows::new(&geometry, WeightView::Forward, algorithm(Pass::Forward))?,
            input_gradient: Rows::new(&geometry, WeightView::Transposed, algorithm(Pass::InputGradient))?,
            weight_gradient: Weight::new(&geometry, algorithm(Pass::WeightGradient))?,
        })
    }

    /// The geometry planned for.
    pub fn geometry(&self) -> &ConvGeometry {
        &self.geometry
    }

    /// Numbers of scratch that a pass needs when run by the current number of threads. With fewer it is refused.
    pub fn scratch_len(&self, pass: Pass) -> usize {
        match pass {
            Pass::Forward => self.forward.scratch_len(),
            Pass::InputGradient => self.input_gradient.scratch_len(),
            Pass::WeightGradient => self.weight_gradient.scratch_len(),
        }
    }

    /// `output = activation(conv(input, weight) + bias)`.
    ///
    /// `input [n, height, width, in_channels]`, `weight [kernel, kernel, in_channels, out_channels]`,
    /// `bias [out_channels]`, `output [n, out_height, out_width, out_channels]`; the scratch may hold anything.
    ///
    /// # Errors
    /// If a slice has not the length of its shape, or the scratch is too short.
    pub fn forward(
        &self,
        input: &[f32],
        weight: &[f32],
        bias: Option<&[f32]>,
        activation: Activation,
        output: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), Error> {
        check_len("input", self.geometry.input_shape(), input)?;
        let weights = self.weights(weight, WeightView::Forward)?;
        check_len("output", self.geometry.output_shape(), output)?;
        if let Some(bias) = bias {
            check_len("bias", [self.geometry.sizes().out_channels], bias)?;
        }
        self.check_scratch(Pass::Forward, scratch)?;
        self.forward.run(self.isa, input, &weights, Finish::new(bias, activation), output, scratch);
        Ok(())
    }

    /// Gradient of the input: the transpose of the forward pass without bias and activation.
    ///
    /// `output_gradient [n, out_height, out_width, out_channels]`, `weight [kernel, kernel, in_channels, out_channels]`,
    /// `input_gradient [n, height, width, in_channels]`.
    ///
    /// # Errors
    /// As [`Plan::forward`].
    pub fn input_gradient(
        &self,
        output_gradient: &[f32],
        weight: &[f32],
        input_gradient: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), Error> {
        check_len("output gradient", self.geometry.output_shape(), output_gradient)?;
        let weights = self.weights(weight, WeightView::Transposed)?;
        check_len("input gradient", self.geometry.input_shape(), input_gradient)?;
        self.check_scratch(Pass::InputGradient, scratch)?;
        self.input_gradient.run(self.isa, output_gradient, &weights, Finish::NOTHING, input_gradient, scratch);
        Ok(())
    }

    /// Gradient of the weight, without bias and activation.
    ///
    /// `input [n, height, width, in_channels]`, `output_gradient [n, out_height, out_width, out_channels]`,
    /// `weight_gradient [kernel, kernel, in_channels, out_channels]`.
    ///
    /// # Errors
    /// As [`Plan::forward`].
    pub fn weight_gradient(
        &self,
        input: &[f32],
        output_gradient: &[f32],
        weight_gradient: &mut [f32],
        scratch: &mut [f32],
    ) -> Result<(), Error> {
        check_len("input", self.geometry.input_shape(), input)?;
        check_len("output gradient", self.geometry.output_shape(), output_gradient)?;
        check_len("weight gradient", self.geometry.weight_shape(), weight_gradient)?;
        self.check_scratch(Pass::WeightGradient, scratch)?;
        self.weight_gradient.run(self.isa, input, output_gradient, weight_gradient, scratch);
        Ok(())
    }

    /// Steps back over activation and bias: `behind = activation'(output) gradient` and the gradient of the bias, its sum
    /// over pixels.
    ///
    /// `output`, `output_gradient` and `behind` are `[n, out_height, out_width, out_channels]`, `bias_gradient
    /// [out_channels]`. The derivative is taken from the output alone.
    ///
    /// # Errors
    /// If a slice has not the length of its shape.
    pub fn activation_gradient(
        &self,
        output: &[f32],
        output_gradient: &[f32],
        activation: Activation,
        behind: &mut [f32],
        bias_gradient: &mut [f32],
    ) -> Result<(), Error> {
        check_len("output", self.geometry.output_shape(), output)?;
        check_len("output gradient", self.geometry.output_shape(), output_gradient)?;
        check_len("gradient behind the activation", self.geometry.output_shape(), behind)?;
        check_len("bias gradient", [self.geometry.sizes().out_channels], bias_gradient)?;
        differentiate(self.isa, output, output_gradient, activation, behind, bias_gradient);
        Ok(())
    }

    fn weights<'a>(&self, values: &'a [f32], view: WeightView) -> Result<Weights<'a>, Error> {
        check_len("weight", self.geometry.weight_shape(), values)?;
        let sizes = self.geometry.sizes();
        Ok(Weights { values, in_channels: sizes.in_channels, out_channels: sizes.out_channels, view })
    }

    /// Scratch for one thread always suffices to run, so fewer threads than at the call of `scratch_len` are no error.
    fn check_scratch(&self, pass: Pass, scratch: &[f32]) -> Result<(), Error> {
        let (expected, found) = (self.scratch_len(pass), scratch.len());
        if found < expected { Err(Error::Scratch { expected, found }) } else { Ok(()) }
    }
}

fn check_len<const N: usize>(what: &'static str, shape: [usize; N], slice: &[f32]) -> Result<(), Error> {
    let (expected, found) = (shape.iter().product(), slice.len());
    if expected == found { Ok(()) } else { Err(Error::Length { what, shape: shape.to_vec(), expected, found }) }
}
