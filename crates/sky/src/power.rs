//! The linear matter power spectrum and what follows from it: variance, growth, velocities.
//!
//! Wavenumbers are in 1/Mpc, power in Mpc^3, lengths comoving Mpc: no h anywhere.

mod eisenstein_hu98;
mod eisenstein_hu98_smooth;
mod growth;
mod variance;

pub use eisenstein_hu98::EisensteinHu98;
pub use eisenstein_hu98_smooth::EisensteinHu98Smooth;
pub use growth::Growth;

use std::f64::consts::PI;

use arcmin_units::{Mpc, Redshift};

use crate::cosmology::Cosmology;
use crate::error::Error;
use crate::table::{UniformTable, data_lines, linear_in_rows};
use variance::SigmaTable;

/// Linear overdensity of collapse in an Einstein-de Sitter universe, `3/20 (12 pi)^(2/3)`.
pub const DELTA_COLLAPSE: f64 = 1.686_470_199_841_145_4;

/// What the tables of this file hold, for messages.
const TABLE: &str = "the linear power spectrum";
/// Range of wavenumbers in 1/Mpc over which spectra are tabulated; beyond it they go on as power laws.
const K_MIN_PER_MPC: f64 = 1e-5;
const K_MAX_PER_MPC: f64 = 1e3;
/// Points of the table: 222 a decade, some 10 in the narrowest acoustic wiggle.
const N_K: usize = 1777;

/// The linear power spectrum of matter at any redshift, `P(k, z) = P(k, 0) [D(z)/D(0)]^2`.
#[derive(Clone, Debug)]
pub struct LinearPower {
    cosmology: Cosmology,
    growth: Growth,
    /// `ln P(k, 0)` against `ln k`.
    ln_power: UniformTable,
    sigma: SigmaTable,
}

impl LinearPower {
    /// The spectrum `k^n_s T^2(k)` with the transfer function of [`EisensteinHu98`], normalised to sigma8.
    ///
    /// ```
    /// use arcmin_sky::{Cosmology, power::LinearPower};
    /// use arcmin_units::{Mpc, Redshift};
    /// let cosmology = Cosmology::planck18();
    /// let power = LinearPower::eisenstein_hu98(&cosmology);
    /// let sigma8 = power.sigma_r(Mpc::new(8.0 / cosmology.h()), Redshift::new(0.0));
    /// assert!((sigma8 - 0.8102).abs() < 1e-6);
    /// ```
    pub fn eisenstein_hu98(cosmology: &Cosmology) -> Self {
        let transfer = EisensteinHu98::new(cosmology);
        let n_s = cosmology.parameters().n_s;
        let ln_power = tabulate_ln_power(|k| n_s * k.ln() + 2.0 * transfer.at(k).abs().ln());
        let radius8_mpc = 8.0 / cosmology.h();
        let shift = 2.0 * (cosmology.parameters().sigma8 / variance::sigma(&ln_power, radius8_mpc)).ln();
        Self::from_ln_power(cosmology, |ln_k| ln_power.at(ln_k) + shift)
    }

    /// A spectrum from a text table of two columns, k in 1/Mpc and P(k) in Mpc^3 at z = 0, k increasing.
    ///
    /// Empty lines and those that start with `#` are skipped. The table is interpolated linearly in `ln P` against `ln k`, continued
    /// by the power laws of its ends, and taken as it is: sigma8 is what it says, not that of `cosmology`.
    ///
    /// # Errors
    /// A line without two positive numbers, k that does not increase, or fewer than four rows.
    pub fn from_table(cosmology: &Cosmology, text: &str) -> Result<Self, Error> {
        let rows = parse_power_table(text)?;
        Ok(Self::from_ln_power(cosmology, |ln_k| linear_in_rows(&rows, ln_k)))
    }

    /// The cosmology the spectrum belongs to.
    pub fn cosmology(&self) -> &Cosmology {
        &self.cosmology
    }

    /// The growth of structure that scales the spectrum.
    pub fn growth(&self) -> &Growth {
        &self.growth
    }

    /// Power in Mpc^3 at a comoving wavenumber in 1/Mpc.
    pub fn power(&self, k_per_mpc: f64, z: Redshift) -> f64 {
        self.ln_power_today(k_per_mpc.ln()).exp() * self.growth.factor(z).powi(2)
    }

    /// Logarithmic slope `dlnP/dlnk` at a comoving wavenumber in 1/Mpc.
    pub fn slope(&self, k_per_mpc: f64) -> f64 {
        let (ln_k, half_step) = (k_per_mpc.ln(), 0.01);
        (self.ln_power_today(ln_k + half_step) - self.ln_power_today(ln_k - half_step)) / (2.0 * half_step)
    }

    /// Rms of the linear density contrast in spheres of comoving radius R.
    ///
    /// `sigma^2 = 1/(2 pi^2) int dk k^2 P(k) W^2(kR)`, `W(x) = 3 (sin x - x cos x) / x^3`.
    /// Tabulated for R from 0.01 to 1000 Mpc, accurate to 1e-5 there and extrapolated outside.
    pub fn sigma_r(&self, radius: Mpc, z: Redshift) -> f64 {
        self.sigma.ln_sigma(radius.value().ln()).exp() * self.growth.factor(z)
    }

    /// Comoving radius of the sphere that holds a mass at mean density.
    pub fn lagrangian_radius(&self, mass_msun: f64) -> Mpc {
        let density = self.cosmology.comoving_matter_density_msun_mpc3();
        Mpc::new((3.0 * mass_msun / (4.0 * PI * density)).cbrt())
    }

    /// `sigma_r` at the Lagrangian radius of a mass.
    pub fn sigma_m(&self, mass_msun: f64, z: Redshift) -> f64 {
        self.sigma_r(self.lagrangian_radius(mass_msun), z)
    }

    /// Logarithmic slope `dln sigma / dln M`, negative, the same at all redshifts.
    pub fn dln_sigma_dln_m(&self, mass_msun: f64) -> f64 {
        self.sigma.dln_sigma_dln_r(self.lagrangian_radius(mass_msun).value().ln()) / 3.0
    }

    /// Peak height `nu = delta_c / sigma(M, z)` with `delta_c = 1.686`.
    pub fn peak_height(&self, mass_msun: f64, z: Redshift) -> f64 {
        DELTA_COLLAPSE / self.sigma_m(mass_msun, z)
    }

    /// Rms of one component of the peculiar velocity in km/s, smoothed with a sphere of comoving radius R.
    ///
    /// `sigma_v^2 = (a H f)^2 / (6 pi^2) int dk P(k) W^2(kR)`, with the growth rate `f = dlnD/dlna`. R may be zero.
    pub fn velocity_rms_1d_km_s(&self, radius: Mpc, z: Redshift) -> f64 {
        let displacement_mpc2 = variance::integral_over_k(&self.ln_power, radius.value(), -2) / 3.0;
        let rate_km_s_mpc = z.scale_factor() * self.cosmology.hubble_km_s_mpc(z) * self.growth.rate(z);
        rate_km_s_mpc * self.growth.factor(z) * displacement_mpc2.sqrt()
    }

    fn from_ln_power(cosmology: &Cosmology, ln_power: impl Fn(f64) -> f64) -> Self {
        let ln_power = tabulate_ln_power(|k| ln_power(k.ln()));
        let sigma = SigmaTable::new(&ln_power);
        Self { cosmology: *cosmology, growth: Growth::new(cosmology), ln_power, sigma }
    }

    /// `ln P` today, continued beyond the table with the slopes of its ends.
    fn ln_power_today(&self, ln_k: f64) -> f64 {
        let (first, last) = (K_MIN_PER_MPC.ln(), K_MAX_PER_MPC.ln());
        let inside = ln_k.clamp(first, last);
        if inside == ln_k {
            return self.ln_power.at(ln_k);
        }
        let step = if ln_k < first { 0.05 } else { -0.05 };
        let slope = (self.ln_power.at(inside + step) - self.ln_power.at(inside)) / step;
        self.ln_power.at(inside) + slope * (ln_k - inside)
    }
}

fn tabulate_ln_power(ln_power_at_k: impl Fn(f64) -> f64) -> UniformTable {
    UniformTable::tabulate(K_MIN_PER_MPC.ln(), K_MAX_PER_MPC.ln(), N_K, |ln_k| ln_power_at_k(ln_k.exp()))
}

/// Rows `(ln k, ln P)` of a text table.
fn parse_power_table(text: &str) -> Result<Vec<(f64, f64)>, Error> {
    let mut rows: Vec<(f64, f64)> = Vec::new();
    for (line_number, line) in data_lines(text) {
        let refused = |expected| Error::TableLine { table: TABLE, line: line_number, text: line.to_owned(), expected };
        let numbers: Vec<f64> = line.split_whitespace().map_while(|word| word.parse().ok()).collect();
        let row = match numbers[..] {
            [k, p, ..] if k > 0.0 && p > 0.0 && k.is_finite() && p.is_finite() => (k.ln(), p.ln()),
            _ => return Err(refused("k in 1/Mpc and P in Mpc^3, both above 0")),
        };
        if rows.last().is_some_and(|last| last.0 >= row.0) {
            return Err(refused("a k larger than the line before"));
        }
        rows.push(row);
    }
    if rows.len() < 4 {
        return Err(Error::TableTooShort { table: TABLE, got: rows.len(), needed: 4 });
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Redshift = Redshift::new(0.0);

    #[test]
    fn a_table_of_a_spectrum_gives_the_spectrum_back() {
        let cosmology = Cosmology::planck18();
        let power = LinearPower::eisenstein_hu98(&cosmology);
        let mut text = String::from("# k [1/Mpc]  P [Mpc^3]\n");
        for i in 0..4000 {
            let k = 1e-5 * (1e8_f64).powf(f64::from(i) / 3999.0);
            text += &format!("{k:e} {:e}\n", power.power(k, TODAY));
        }
        let read = LinearPower::from_table(&cosmology, &text).unwrap();
        for k in [3e-4, 0.02, 0.11, 0.7, 30.0] {
            let ratio = read.power(k, Redshift::new(0.4)) / power.power(k, Redshift::new(0.4));
            assert!((ratio - 1.0).abs() < 1e-4, "{k} {ratio}");
        }
        assert!((read.sigma_m(3e14, TODAY) / power.sigma_m(3e14, TODAY) - 1.0).abs() < 1e-4);
    }

    #[test]
    fn tabulated_spectrum_follows_every_wiggle_of_the_transfer_function() {
        let cosmology = Cosmology::planck18();
        let (power, transfer) = (LinearPower::eisenstein_hu98(&cosmology), EisensteinHu98::new(&cosmology));
        let amplitude = |k: f64| power.power(k, TODAY) / (k.powf(0.9665) * transfer.at(k).powi(2));
        let expected = amplitude(1e-3);
        for i in 0..1000 {
            let k = 1e-4 * 1e6_f64.powf(f64::from(i) / 999.0);
            let relative = amplitude(k) / expected - 1.0;
            assert!(relative.abs() < 1e-5, "{k}: {relative:e}");
        }
    }

    #[test]
    fn broken_tables_are_refused_with_the_line() {
        let cosmology = Cosmology::planck18();
        let error = |text: &str| LinearPower::from_table(&cosmology, text).unwrap_err().to_string();
        assert!(error("").contains("0 rows"), "{}", error(""));
        assert!(error("1e-3 5\n2e-3 many\n").contains("line 2"));
        assert!(error("1e-3 5\n1e-3 6\n").contains("larger than the line before"));
        assert!(error("1e-3 -5\n").contains("line 1"));
    }

    #[test]
    fn the_spectrum_goes_on_as_a_power_law_beyond_its_table() {
        let power = LinearPower::eisenstein_hu98(&Cosmology::planck18());
        assert!((power.slope(1e-7) - 0.9665).abs() < 1e-3, "{}", power.slope(1e-7));
        assert!((power.slope(0.99e3) - power.slope(5e3)).abs() < 0.05);
    }

    #[test]
    fn sigma_falls_as_its_slope_says() {
        let power = LinearPower::eisenstein_hu98(&Cosmology::sehgal_wmap5());
        for mass in [1e12_f64, 1e13, 1e14, 1e15] {
            let ratio = power.sigma_m(mass * 1.01, TODAY) / power.sigma_m(mass / 1.01, TODAY);
            let slope = ratio.ln() / (2.0 * 1.01_f64.ln());
            assert!((slope / power.dln_sigma_dln_m(mass) - 1.0).abs() < 1e-4, "{mass:e}");
        }
    }
}
