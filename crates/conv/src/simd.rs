//! Vectors of `f32`, one trait for all instruction sets, and the choice among them at run time.
//!
//! Kernels are generic over [`Simd`] and implement [`Kernel`]; [`Isa::run`] enters them through a function compiled for
//! the instruction set. All of a kernel must be `#[inline(always)]`, or parts of it are compiled for the baseline.

use crate::error::Error;

/// Arithmetic on vectors of one instruction set. A value of the type is proof that the processor has it.
pub(crate) trait Simd: Copy + Send + Sync + 'static {
    /// A vector of `LANES` numbers.
    type V: Copy;
    /// Numbers in a vector.
    const LANES: usize;
    /// Vectors side by side in the micro-kernel: as many as leave its six rows in registers.
    const MAX_VECTORS: usize;

    fn splat(self, value: f32) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    /// `a b + c`, in one rounding where the instruction set has it.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;

    /// # Safety
    /// `from` must be valid for reading `LANES` numbers.
    unsafe fn load(self, from: *const f32) -> Self::V;

    /// # Safety
    /// `to` must be valid for writing `LANES` numbers.
    unsafe fn store(self, to: *mut f32, value: Self::V);

    #[inline(always)]
    fn zero(self) -> Self::V {
        self.splat(0.0)
    }
}

/// Asks for a cache line that will be touched soon. Nothing where the architecture has no such hint.
#[inline(always)]
pub(crate) fn prefetch(soon: *const f32) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the hint belongs to the baseline of the architecture, and reads nothing whatever the address.
    unsafe {
        std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(soon.cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = soon;
}

/// Work that is compiled once for each instruction set.
pub(crate) trait Kernel {
    /// Must be `#[inline(always)]`.
    ///
    /// # Safety
    /// As the kernel's own documentation asks.
    unsafe fn run<S: Simd>(self, simd: S);
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

impl Isa {
    /// Plain Rust, which every processor runs.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// All that this processor has, fastest first.
    pub fn available() -> Vec<Self> {
        let mut found = Vec::new();
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl") && has_avx2() {
                found.push(Self(Kind::Avx512));
            }
            if has_avx2() {
                found.push(Self(Kind::Avx2));
            }
        }
        #[cfg(target_arch = "aarch64")]
        if std::arch::is_aarch64_feature_detected!("neon") {
            found.push(Self(Kind::Neon));
        }
        found.push(Self::PORTABLE);
        found
    }

    /// The fastest that this processor has.
    pub fn best() -> Self {
        static BEST: std::sync::OnceLock<Isa> = std::sync::OnceLock::new();
        *BEST.get_or_init(|| Self::available()[0])
    }

    /// The instruction set of a name: `avx512`, `avx2`, `neon` or `portable`.
    ///
    /// # Errors
    /// If the name is none of these or the processor lacks it.
    pub fn named(name: &str) -> Result<Self, Error> {
        let available = Self::available();
        let listed = || available.iter().map(|isa| isa.name()).collect::<Vec<_>>().join(", ");
        let found = available.iter().find(|isa| isa.name() == name);
        found.copied().ok_or_else(|| Error::InstructionSet { name: name.to_owned(), available: listed() })
    }

    /// Its name, as [`Isa::named`] takes it.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx512 => "avx512",
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "avx2",
            #[cfg(target_arch = "aarch64")]
            Kind::Neon => "neon",
            Kind::Portable => "portable",
        }
    }

    /// Runs a kernel compiled for this instruction set.
    ///
    /// # Safety
    /// As the kernel's own documentation asks.
    pub(crate) unsafe fn run(self, kernel: impl Kernel) {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of this kind is made by `available` alone, which found the processor to have it; the caller
            // vouches for the kernel.
            Kind::Avx512 => unsafe { x86::run_avx512(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kind::Avx2 => unsafe { x86::run_avx2(kernel) },
            #[cfg(target_arch = "aarch64")]
            // SAFETY: as above.
            Kind::Neon => unsafe { neon::run_neon(kernel) },
            // SAFETY: the caller vouches for the kernel.
            Kind::Portable => unsafe { kernel.run(portable::Portable) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")
}

/// Implements [`Simd`] by the intrinsics of one instruction set.
macro_rules! simd_by_intrinsics {
    ($token:ident, $v:ty, $lanes:literal x $vectors:literal, $splat:ident, $add:ident, $sub:ident, $mul:ident,
     |$a:ident, $b:ident, $c:ident| $mul_add:expr, $load:ident, $store:ident) => {
        impl Simd for $token {
            type V = $v;
            const LANES: usize = $lanes;
            const MAX_VECTORS: usize = $vectors;

            #[inline(always)]
            fn splat(self, value: f32) -> $v {
                // SAFETY: `self` exists only where the processor has the instruction.
                unsafe { $splat(value) }
            }
            #[inline(always)]
            fn add(self, a: $v, b: $v) -> $v {
                // SAFETY: as in `splat`.
                unsafe { $add(a, b) }
            }
            #[inline(always)]
            fn sub(self, a: $v, b: $v) -> $v {
                // SAFETY: as in `splat`.
                unsafe { $sub(a, b) }
            }
            #[inline(always)]
            fn mul(self, a: $v, b: $v) -> $v {
                // SAFETY: as in `splat`.
                unsafe { $mul(a, b) }
            }
            #[inline(always)]
            fn mul_add(self, $a: $v, $b: $v, $c: $v) -> $v {
                // SAFETY: as in `splat`.
                unsafe { $mul_add }
            }
            #[inline(always)]
            unsafe fn load(self, from: *const f32) -> $v {
                // SAFETY: the processor has the instruction, which takes any alignment; the caller vouches for `from`.
                unsafe { $load(from) }
            }
            #[inline(always)]
            unsafe fn store(self, to: *mut f32, value: $v) {
                // SAFETY: as in `load`, for `to`.
                unsafe { $store(to, value) }
            }
        }
    };
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use super::{Kernel, Simd};
    use std::arch::x86_64::*;

    /// AVX-512 F and VL. Made in [`run_avx512`] alone.
    #[derive(Clone, Copy)]
    struct Avx512(());

    /// AVX2 with FMA. Made in [`run_avx2`] alone.
    #[derive(Clone, Copy)]
    struct Avx2(());

    simd_by_intrinsics!(Avx512, __m512, 16 x 4, _mm512_set1_ps, _mm512_add_ps, _mm512_sub_ps, _mm512_mul_ps,
        |a, b, c| _mm512_fmadd_ps(a, b, c), _mm512_loadu_ps, _mm512_storeu_ps);
    simd_by_intrinsics!(Avx2, __m256, 8 x 2, _mm256_set1_ps, _mm256_add_ps, _mm256_sub_ps, _mm256_mul_ps,
        |a, b, c| _mm256_fmadd_ps(a, b, c), _mm256_loadu_ps, _mm256_storeu_ps);

    #[target_feature(enable = "avx512f,avx512vl,avx2,fma")]
    pub(super) unsafe fn run_avx512(kernel: impl Kernel) {
        // SAFETY: the caller vouches for the kernel.
        unsafe { kernel.run(Avx512(())) };
    }

    #[target_feature(enable = "avx2,fma")]
    pub(super) unsafe fn run_avx2(kernel: impl Kernel) {
        // SAFETY: the caller vouches for the kernel.
        unsafe { kernel.run(Avx2(())) };
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    use super::{Kernel, Simd};
    use std::arch::aarch64::*;

    /// NEON. Made in [`run_neon`] alone.
    #[derive(Clone, Copy)]
    struct Neon(());

    simd_by_intrinsics!(Neon, float32x4_t, 4 x 4, vdupq_n_f32, vaddq_f32, vsubq_f32, vmulq_f32,
        |a, b, c| vfmaq_f32(c, a, b), vld1q_f32, vst1q_f32);

    #[target_feature(enable = "neon")]
    pub(super) unsafe fn run_neon(kernel: impl Kernel) {
        // SAFETY: the caller vouches for the kernel.
        unsafe { kernel.run(Neon(())) };
    }
}

mod portable {
    use super::Simd;

    const LANES: usize = 8;

    /// Arrays that the compiler turns into what vectors the baseline has.
    ///
    /// `mul_add` rounds twice: without the instruction, the fused one is a slow call of the C library.
    #[derive(Clone, Copy)]
    pub(super) struct Portable;

    #[inline(always)]
    fn each(f: impl Fn(usize) -> f32) -> [f32; LANES] {
        std::array::from_fn(f)
    }

    impl Simd for Portable {
        type V = [f32; LANES];
        const LANES: usize = LANES;
        const MAX_VECTORS: usize = 2;

        #[inline(always)]
        fn splat(self, value: f32) -> Self::V {
            [value; LANES]
        }
        #[inline(always)]
        fn add(self, a: Self::V, b: Self::V) -> Self::V {
            each(|i| a[i] + b[i])
        }
        #[inline(always)]
        fn sub(self, a: Self::V, b: Self::V) -> Self::V {
            each(|i| a[i] - b[i])
        }
        #[inline(always)]
        fn mul(self, a: Self::V, b: Self::V) -> Self::V {
            each(|i| a[i] * b[i])
        }
        #[inline(always)]
        fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            each(|i| a[i] * b[i] + c[i])
        }
        #[inline(always)]
        unsafe fn load(self, from: *const f32) -> Self::V {
            // SAFETY: the caller vouches for `LANES` numbers; an array of `f32` has the alignment of one.
            unsafe { from.cast::<Self::V>().read_unaligned() }
        }
        #[inline(always)]
        unsafe fn store(self, to: *mut f32, value: Self::V) {
            // SAFETY: as in `load`.
            unsafe { to.cast::<Self::V>().write_unaligned(value) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Arithmetic<'a>(&'a mut Vec<f32>);

    impl Kernel for Arithmetic<'_> {
        #[inline(always)]
        unsafe fn run<S: Simd>(self, simd: S) {
            let numbers: Vec<f32> = (0..S::LANES).map(|i| i as f32 - 2.5).collect();
            self.0.resize(S::LANES, 0.0);
            // SAFETY: both vectors have `LANES` elements.
            unsafe {
                let x = simd.load(numbers.as_ptr());
                let y = simd.mul_add(x, simd.splat(3.0), simd.sub(simd.mul(x, x), simd.add(x, simd.splat(1.0))));
                simd.store(self.0.as_mut_ptr(), y);
            }
        }
    }

    #[test]
    fn every_instruction_set_computes_the_same_polynomial() {
        for isa in Isa::available() {
            let mut out = Vec::new();
            // SAFETY: the kernel works on vectors of its own.
            unsafe { isa.run(Arithmetic(&mut out)) };
            for (i, &y) in out.iter().enumerate() {
                let x = i as f32 - 2.5;
                assert_eq!(y, x * 3.0 + x * x - (x + 1.0), "{} lane {i}", isa.name());
            }
        }
    }

    #[test]
    fn an_unknown_instruction_set_is_refused_with_those_at_hand() {
        let message = Isa::named("sse9").unwrap_err().to_string();
        assert!(message.contains("sse9") && message.contains("portable"), "{message}");
        assert_eq!(Isa::named("portable"), Ok(Isa::PORTABLE));
    }
}
