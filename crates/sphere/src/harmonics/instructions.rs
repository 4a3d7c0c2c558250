//! Which vector instructions a transform is computed with.

use pulp::Arch;

/// A set of instructions; [`HarmonicTransform::new`](super::HarmonicTransform::new) takes the widest that there is.
///
/// Results differ by rounding between sets, and on one machine they are the same bits every time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Instructions {
    /// One number at a time: every processor has these.
    Scalar,
    /// Four numbers: AVX2 with fused multiplication and addition.
    Avx2,
    /// Eight numbers: AVX-512.
    Avx512,
    /// The widest that this processor has, whichever they are.
    Widest,
}

impl Instructions {
    /// The sets of this processor, of those that can be named.
    pub fn available() -> Vec<Self> {
        let all = [Self::Scalar, Self::Avx2, Self::Avx512, Self::Widest];
        all.into_iter().filter(|set| set.arch().is_some()).collect()
    }

    /// How `pulp` calls them; `None` where this processor does not have them.
    pub(super) fn arch(self) -> Option<Arch> {
        match self {
            Self::Scalar => Some(Arch::Scalar),
            Self::Widest => Some(Arch::new()),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx2 => pulp::x86::V3::try_new().map(Arch::V3),
            #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
            Self::Avx512 => pulp::x86::V4::try_new().map(Arch::V4),
            #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
            Self::Avx2 | Self::Avx512 => None,
        }
    }
}
