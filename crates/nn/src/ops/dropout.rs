//! Dropout with its own random stream.

use crate::floats::{tensor, with_floats};
use crate::kernel::{PIECE, vectorised};
use crate::{Error, Mode, Pass, Result, Value, on_device};
use rayon::prelude::*;

/// Sets each element to zero with probability `rate` and divides the others by `1 - rate`, in training alone.
///
/// Which elements fall follows from the pass's seed and step, the place of the layer in the pass, and the element's
/// index, so the bits do not depend on the number of threads nor on the device. On the CPU the mask is not kept: the backward
/// pass draws it again. For another device the host draws it and hands it over, a byte an element.
///
/// # Errors
/// When the rate is outside of `0..1`.
pub fn dropout(x: &Value, rate: f32, pass: &Pass) -> Result<Value> {
    if !(0.0..1.0).contains(&rate) {
        return Err(Error::Setting { what: "dropout rate", value: rate.to_string(), must: "in 0..1" });
    }
    if pass.mode() == Mode::Evaluate || rate == 0.0 {
        return Ok(x.clone());
    }
    let mask = Mask::new(pass.next_key(), rate);
    if on_device::holds("dropout", x.tensor())? {
        return on_device::dropout(x, mask.bytes(x.tensor().elem_count()), mask.scale);
    }
    let output = tensor(with_floats("dropout", x.tensor(), |x| mask.apply(x))?, x.dims())?;
    Ok(Value::operation(&[x], output, move |gradient| {
        let result = with_floats("dropout", &gradient, |gradient| mask.apply(gradient))?;
        Ok(vec![Some(tensor(result, gradient.dims())?)])
    }))
}

/// Which elements fall.
#[derive(Clone, Copy)]
struct Mask {
    key: [u32; 2],
    threshold: u32,
    scale: f32,
}

impl Mask {
    fn new(key: u64, rate: f32) -> Self {
        let threshold = (f64::from(rate) * 2f64.powi(32)).round().min(f64::from(u32::MAX)) as u32;
        Self { key: [key as u32, (key >> 32) as u32], threshold, scale: 1.0 / (1.0 - rate) }
    }

    /// A hash of the element's index: two rounds of multiply and shift (the finaliser of MurmurHash3, keyed twice).
    #[inline(always)]
    fn factor(self, index: u32) -> f32 {
        let mut h = index ^ self.key[0];
        h = (h ^ (h >> 16)).wrapping_mul(0x85eb_ca6b);
        h = (h ^ (h >> 13)).wrapping_mul(0xc2b2_ae35) ^ self.key[1];
        h = (h ^ (h >> 16)).wrapping_mul(0x7feb_352d);
        h = (h ^ (h >> 15)).wrapping_mul(0x846c_a68b);
        h ^= h >> 16;
        if h < self.threshold { 0.0 } else { self.scale }
    }

    /// 1 for each element that stays.
    fn bytes(self, n: usize) -> Vec<u8> {
        let mut out = vec![0; n];
        out.par_chunks_mut(PIECE).enumerate().for_each(|(piece, out)| {
            let first = (piece * PIECE) as u32;
            vectorised(
                #[inline(always)]
                || {
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = u8::from(self.factor(first.wrapping_add(i as u32)) > 0.0);
                    }
                },
            );
        });
        out
    }

    fn apply(self, x: &[f32]) -> Vec<f32> {
        let mut out = vec![0.0; x.len()];
        out.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).enumerate().for_each(|(piece, (out, x))| {
            let first = (piece * PIECE) as u32;
            vectorised(
                #[inline(always)]
                || {
                    for (i, (out, x)) in out.iter_mut().zip(x).enumerate() {
                        *out = x * self.factor(first.wrapping_add(i as u32));
                    }
                },
            );
        });
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::floats::to_vec;

    fn dropped(seed: u64, step: u64) -> Result<Vec<f32>> {
        let x = Value::constant(tensor(vec![1.0; 100_000], &[100_000])?);
        to_vec("", dropout(&x, 0.3, &Pass::training(seed, step))?.tensor())
    }

    #[test]
    fn the_rate_holds_and_the_mean_is_kept() -> Result<()> {
        let out = dropped(1, 0)?;
        let n_zero = out.iter().filter(|x| **x == 0.0).count() as f64;
        // 30,000 +- 145: five sigma, with a fixed seed.
        assert!((n_zero - 30_000.0).abs() < 725.0, "{n_zero} of 100,000 dropped at a rate of 0.3");
        assert!(out.iter().all(|x| *x == 0.0 || (*x - 1.0 / 0.7).abs() < 1e-6));
        Ok(())
    }

    #[test]
    fn neighbours_fall_independently() -> Result<()> {
        let out = dropped(3, 5)?;
        for lag in [1, 2, 64, 128] {
            let both = out.iter().zip(&out[lag..]).filter(|(a, b)| **a == 0.0 && **b == 0.0).count() as f64;
            // 9,000 +- 90 pairs (1.3 x the binomial error for overlapping pairs): five sigma, fixed seed.
            assert!((both - 9_000.0).abs() < 600.0, "{both} pairs at lag {lag}");
        }
        Ok(())
    }

    #[test]
    fn streams_differ_by_seed_step_and_layer() -> Result<()> {
        assert_eq!(dropped(1, 0)?, dropped(1, 0)?);
        assert_ne!(dropped(1, 0)?, dropped(2, 0)?);
        assert_ne!(dropped(1, 0)?, dropped(1, 1)?);
        let x = Value::constant(tensor(vec![1.0; 64], &[64])?);
        let pass = Pass::training(1, 0);
        let first = to_vec("", dropout(&x, 0.5, &pass)?.tensor())?;
        assert_ne!(first, to_vec("", dropout(&x, 0.5, &pass)?.tensor())?);
        Ok(())
    }

    #[test]
    fn nothing_falls_outside_of_training() -> Result<()> {
        let x = Value::constant(tensor(vec![1.0, 2.0], &[2])?);
        assert_eq!(to_vec("", dropout(&x, 0.5, &Pass::evaluation())?.tensor())?, [1.0, 2.0]);
        assert!(dropout(&x, 1.0, &Pass::evaluation()).is_err());
        Ok(())
    }
}
