//! Coefficients of spherical harmonics.

use num_complex::Complex64;
use std::f64::consts::PI;

/// Coefficients `a_lm` of a real map, `0 <= m <= l <= lmax`.
///
/// Stored order by order, `(l, m)` at `m (2 lmax + 1 - m) / 2 + l`, as healpy does; the imaginary parts of `m = 0` are
/// not used.
#[derive(Clone, Debug, PartialEq)]
pub struct Alm {
    lmax: usize,
    values: Vec<Complex64>,
}

impl Alm {
    /// All coefficients zero.
    pub fn zeros(lmax: usize) -> Self {
        Self { lmax, values: vec![Complex64::default(); Self::len_of(lmax)] }
    }

    /// Coefficients in healpy's order, `None` when their number is not `(lmax + 1)(lmax + 2) / 2` for any lmax.
    pub fn from_values(values: Vec<Complex64>) -> Option<Self> {
        let lmax = ((8 * values.len() + 1).isqrt().checked_sub(3)?) / 2;
        (Self::len_of(lmax) == values.len()).then_some(Self { lmax, values })
    }

    /// Number of coefficients up to a degree.
    pub fn len_of(lmax: usize) -> usize {
        (lmax + 1) * (lmax + 2) / 2
    }

    /// Largest degree.
    pub fn lmax(&self) -> usize {
        self.lmax
    }

    /// All coefficients in the order of storage.
    pub fn values(&self) -> &[Complex64] {
        &self.values
    }

    /// All coefficients, to be changed.
    pub fn values_mut(&mut self) -> &mut [Complex64] {
        &mut self.values
    }

    /// Place of a coefficient.
    ///
    /// # Panics
    /// Unless `m <= l <= lmax`.
    pub fn index(&self, l: usize, m: usize) -> usize {
        assert!(m <= l && l <= self.lmax, "no coefficient (l, m) = ({l}, {m}) up to lmax {}", self.lmax);
        Self::row_start(self.lmax, m) + l - m
    }

    /// The coefficients of one order, from `l = m` to `lmax`.
    pub fn order(&self, m: usize) -> &[Complex64] {
        &self.values[Self::row_start(self.lmax, m)..][..self.lmax + 1 - m]
    }

    /// The coefficients of every order from `m = 0`, each from `l = m` to `lmax`, to be changed.
    pub fn orders_mut(&mut self) -> Vec<&mut [Complex64]> {
        let mut rest = self.values.as_mut_slice();
        let rows = (0..=self.lmax).map(|m| {
            let (row, after) = std::mem::take(&mut rest).split_at_mut(self.lmax + 1 - m);
            rest = after;
            row
        });
        rows.collect()
    }

    /// Multiplies every coefficient by a function of its degree, such as a beam.
    pub fn filter(&mut self, transfer: impl Fn(usize) -> f64) {
        let table: Vec<f64> = (0..=self.lmax).map(transfer).collect();
        for (m, row) in self.orders_mut().into_iter().enumerate() {
            row.iter_mut().zip(&table[m..]).for_each(|(a, &b)| *a *= b);
        }
    }

    /// Power of each degree, `C_l = sum_m |a_lm|^2 / (2l + 1)` over all `m` of both signs, from `l = 0`.
    pub fn power(&self) -> Vec<f64> {
        let mut power = vec![0.0; self.lmax + 1];
        for m in 0..=self.lmax {
            let times = if m == 0 { 1.0 } else { 2.0 };
            for (l, a) in (m..).zip(self.order(m)) {
                power[l] += times * if m == 0 { a.re * a.re } else { a.norm_sqr() };
            }
        }
        power.iter_mut().enumerate().for_each(|(l, p)| *p /= (2 * l + 1) as f64);
        power
    }

    /// Mean square over the sphere of the map that these coefficients make, `sum_l (2l + 1) C_l / (4 pi)`.
    pub fn mean_square(&self) -> f64 {
        self.power().iter().enumerate().map(|(l, c)| (2 * l + 1) as f64 * c).sum::<f64>() / (4.0 * PI)
    }

    fn row_start(lmax: usize, m: usize) -> usize {
        // sum of the lengths lmax + 1 - m' of the rows before.
        m * (2 * lmax + 3 - m) / 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// healpy 1.20.1 `Alm.getidx`.
    #[test]
    fn places_are_healpys() {
        let alm = Alm::zeros(10);
        for (l, m, place) in [(0, 0, 0), (10, 0, 10), (1, 1, 11), (10, 1, 20), (2, 2, 21), (7, 5, 47), (10, 10, 65)] {
            assert_eq!(alm.index(l, m), place, "({l}, {m})");
        }
        assert_eq!(alm.values().len(), 66);
    }

    #[test]
    fn the_number_of_values_tells_lmax() {
        for lmax in [0, 1, 2, 9, 100] {
            let values = vec![Complex64::default(); Alm::len_of(lmax)];
            assert_eq!(Alm::from_values(values.clone()).unwrap().lmax(), lmax);
            assert!(Alm::from_values(values[1..].to_vec()).is_none() || lmax == 1);
        }
        assert!(Alm::from_values(vec![]).is_none());
    }

    #[test]
    fn rows_are_the_orders() {
        let mut alm = Alm::zeros(6);
        for (m, row) in alm.orders_mut().into_iter().enumerate() {
            (m..).zip(row).for_each(|(l, a)| *a = Complex64::new(l as f64, m as f64));
        }
        for m in 0..=6 {
            for l in m..=6 {
                assert_eq!(alm.values()[alm.index(l, m)], Complex64::new(l as f64, m as f64));
                assert_eq!(alm.order(m)[l - m].re, l as f64);
            }
        }
        assert!((alm.power()[2] - (4.0 + 2.0 * 5.0 + 2.0 * 8.0) / 5.0).abs() < 1e-15);
    }
}
