//! In which numbers a CUDA device multiplies.

/// Rounding of the factors of each product on a CUDA device. Sums are `f32` in all; a CPU always takes [`Precision::Fp32`].
///
/// With inputs of independent errors a convolution's relative error is about `2^-11 sqrt(2 / 3)` in TF32 and eight times
/// that in bf16, whatever the length of the sum: both factors are off by up to half of their last bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Precision {
    /// `f32`, no tensor cores.
    #[default]
    Fp32,
    /// Factors of 10 bits of mantissa (TF32) on tensor cores; compute capability 8.0.
    Tf32,
    /// Factors of 7 bits of mantissa (bfloat16) on tensor cores; compute capability 8.0.
    Bf16,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Fp32, Self::Tf32, Self::Bf16];

    /// As in the kernels' names.
    pub fn name(self) -> &'static str {
        match self {
            Self::Fp32 => "fp32",
            Self::Tf32 => "tf32",
            Self::Bf16 => "bf16",
        }
    }
}
