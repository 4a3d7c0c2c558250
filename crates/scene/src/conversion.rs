//! From M200m and redshift to everything else that a halo of the light cone has, by tables.
//!
//! The masses `M500c / M200m` and `Mvir / M200m` follow from the NFW profile and the mean concentration; their
//! logarithms are tabulated in (ln M, ln z) and interpolated linearly, to 2e-4 with Duffy08 and 1e-3 with
//! DiemerKravtsov15, which follows the acoustic wiggles of the power spectrum. The angle theta500 and the central y of
//! Arnaud10 are exact power laws of M500c at fixed redshift, `M^(1/3)` and `M^(2/3 + 0.12 + 1/3)`, so a table in ln z
//! at one mass does, to 5e-5. Battaglia12 is no power law and has closed forms, which are taken of each halo.

mod scatter;

use crate::setup::HaloRange;
use crate::{ConcentrationModel, Error, Halo, PressureModel, gas};
use arcmin_sky::mass_definition::angular_radius;
use arcmin_sky::pressure::Arnaud10;
use arcmin_sky::{Cosmology, DiemerKravtsov15, Duffy08, LinearPower, NfwHalo};
use arcmin_units::{HaloMass, M200c, M200m, M500c, Mvir, Radian, Redshift, SkyPosition};
use rayon::prelude::*;
use scatter::{ConcentrationTable, LnRatios};

/// Nodes of the table of masses in ln M.
const MASS_NODES: usize = 160;
/// Nodes of the table of masses in ln z.
const MASS_Z_NODES: usize = 64;
/// Nodes of the table of angle and central y in ln z.
const GAS_Z_NODES: usize = 768;
/// Mass at which angle and central y are tabulated.
const REFERENCE_M500C_MSUN: f64 = 1e14;
/// Slope of theta500 with M500c.
const THETA_SLOPE: f64 = 1.0 / 3.0;
/// Slope of the central y with M500c: pressure (Arnaud10, Eq. 13) times length.
const Y0_SLOPE: f64 = 2.0 / 3.0 + 0.12 + 1.0 / 3.0;

/// Slope of Y500 with M500c: pressure times volume.
const Y500_SLOPE: f64 = 2.0 / 3.0 + 0.12 + 1.0;

/// What a halo of the light cone has beside M200m and redshift.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HaloProperties {
    pub(crate) m200c: M200c,
    pub(crate) m500c: M500c,
    pub(crate) mvir: Mvir,
    pub(crate) theta500: Radian,
    /// Concentration `R200c / r_s`.
    pub(crate) c200c: f64,
    /// Central Compton y of the median halo.
    pub(crate) y0: f64,
    /// Integrated Compton y in the sphere of R500c of the median halo.
    pub(crate) y500_mpc2: f64,
}

/// Tables over the range of masses and redshifts of a light cone.
#[derive(Clone, Debug)]
pub(crate) struct ConversionTable {
    ln_m: Axis,
    ln_z_mass: Axis,
    ln_z_gas: Axis,
    /// `[ln(M500c / M200m), ln(Mvir / M200m), ln(M200c / M200m), ln c200c]`, `[z, m]`.
    ln_mass_ratios: Vec<[f64; 4]>,
    /// `[ln theta500, ln y0, ln Y500]` at the reference mass, `[z]`.
    ln_gas: Vec<[f64; 3]>,
    concentrations: ConcentrationTable,
    pressure: PressureModel,
    cosmology: Cosmology,
}

/// Evenly spaced nodes.
#[derive(Clone, Copy, Debug)]
struct Axis {
    start: f64,
    step: f64,
    n_nodes: usize,
}

impl ConversionTable {
    /// Tabulates the conversions of a cosmology and concentration model.
    pub(crate) fn new(
        range: &HaloRange,
        model: ConcentrationModel,
        cosmology: &Cosmology,
        power: &LinearPower,
    ) -> Result<Self, Error> {
        let (ln_z_min, ln_z_max) = (range.z_min.value().ln(), range.z_max.value().ln());
        let ln_m = Axis::new(range.m200m_min.value().ln(), range.m200m_max.value().ln(), MASS_NODES);
        let ln_z_mass = Axis::new(ln_z_min, ln_z_max, MASS_Z_NODES);
        let ln_z_gas = Axis::new(ln_z_min, ln_z_max, GAS_Z_NODES);
        let ratios = |idx: usize| -> Result<[f64; 4], Error> {
            let z = Redshift::new(ln_z_mass.node(idx / MASS_NODES).exp());
            let m200m = M200m::new(ln_m.node(idx % MASS_NODES).exp());
            let halo = nfw(m200m, z, model, cosmology, power)?;
            let ln_ratio = |msun: f64| (msun / m200m.value()).ln();
            let (m500c, mvir) = (halo.mass_in::<M500c>().value(), halo.mass_in::<Mvir>().value());
            let m200c = halo.mass_in::<M200c>().value();
            Ok([ln_ratio(m500c), ln_ratio(mvir), ln_ratio(m200c), halo.c200c().ln()])
        };
        let gas = |idx: usize| -> Result<[f64; 3], Error> {
            let z = Redshift::new(ln_z_gas.node(idx).exp());
            let gas = Arnaud10::new(M500c::new(REFERENCE_M500C_MSUN), z, cosmology)?;
            Ok([gas.theta500().value().ln(), gas.y0().ln(), gas.y500_sph_mpc2().ln()])
        };
        Ok(Self {
            concentrations: ConcentrationTable::new(cosmology),
            pressure: range.pressure,
            cosmology: *cosmology,
            ln_m,
            ln_z_mass,
            ln_z_gas,
            ln_mass_ratios: (0..MASS_NODES * MASS_Z_NODES).into_par_iter().map(ratios).collect::<Result<_, _>>()?,
            ln_gas: (0..GAS_Z_NODES).into_par_iter().map(gas).collect::<Result<_, _>>()?,
        })
    }

    /// Looks up the properties of a halo whose concentration R200m / r_s is off the mean by a factor `exp(ln_c_offset)`;
    /// mass and redshift lie in the table's range.
    pub(crate) fn at(&self, m200m: M200m, z: Redshift, ln_c_offset: f64) -> HaloProperties {
        let properties = self.with_arnaud10(m200m, z, ln_c_offset);
        if self.pressure == PressureModel::Arnaud10 {
            return properties;
        }
        let of_model = gas::amplitudes(self.pressure, properties.m200c, properties.m500c, z, &self.cosmology);
        // Masses and redshifts of a light cone are above zero.
        let [y0, y500_mpc2] = of_model.unwrap_or([0.0; 2]);
        HaloProperties { y0, y500_mpc2, ..properties }
    }

    fn with_arnaud10(&self, m200m: M200m, z: Redshift, ln_c_offset: f64) -> HaloProperties {
        let (ln_m, ln_z) = (m200m.value().ln(), z.value().ln());
        let (m, m_part) = self.ln_m.locate(ln_m);
        let (row, row_part) = self.ln_z_mass.locate(ln_z);
        let at_row = |row: usize| lerp(&self.ln_mass_ratios[row * MASS_NODES + m..], m_part);
        let [m500c, mvir, m200c, c200c] = lerp(&[at_row(row), at_row(row + 1)], row_part);
        let ln = self.concentrations.scatter(LnRatios { m500c, mvir, m200c, c200c }, z, ln_c_offset);
        let (gas, gas_part) = self.ln_z_gas.locate(ln_z);
        let [ln_theta, ln_y0, ln_y500] = lerp(&self.ln_gas[gas..], gas_part);
        let m500c = m200m.value() * ln.m500c.exp();
        let ln_over_reference = (m500c / REFERENCE_M500C_MSUN).ln();
        HaloProperties {
            m200c: M200c::new(m200m.value() * ln.m200c.exp()),
            c200c: ln.c200c.exp(),
            y500_mpc2: (ln_y500 + Y500_SLOPE * ln_over_reference).exp(),
            m500c: M500c::new(m500c),
            mvir: Mvir::new(m200m.value() * ln.mvir.exp()),
            theta500: Radian::new((ln_theta + THETA_SLOPE * ln_over_reference).exp()),
            y0: (ln_y0 + Y0_SLOPE * ln_over_reference).exp(),
        }
    }
}

impl Axis {
    fn new(start: f64, end: f64, n_nodes: usize) -> Self {
        Self { start, step: (end - start) / (n_nodes - 1) as f64, n_nodes }
    }

    fn node(&self, idx: usize) -> f64 {
        self.start + idx as f64 * self.step
    }

    /// The interval that holds a value, and how far into it the value lies.
    fn locate(&self, value: f64) -> (usize, f64) {
        let at = (value - self.start) / self.step;
        let idx = (at.max(0.0) as usize).min(self.n_nodes - 2);
        (idx, at - idx as f64)
    }
}

/// Between the first two entries.
fn lerp<const N: usize>(values: &[[f64; N]], part: f64) -> [f64; N] {
    std::array::from_fn(|k| values[0][k] + (values[1][k] - values[0][k]) * part)
}

/// The NFW halo of a mass on the mean concentration of a model.
/// The median halo of a mass.
pub(crate) fn nfw<M: HaloMass>(
    mass: M,
    z: Redshift,
    model: ConcentrationModel,
    cosmology: &Cosmology,
    power: &LinearPower,
) -> Result<NfwHalo, Error> {
    let halo = match model {
        ConcentrationModel::Duffy08 => NfwHalo::from_mass(mass, z, &Duffy08, cosmology),
        ConcentrationModel::DiemerKravtsov15 => NfwHalo::from_mass(mass, z, &DiemerKravtsov15::new(power), cosmology),
    };
    Ok(halo?)
}

/// The median halo of a mass, without tables: for haloes that are put in by hand.
pub(crate) fn exact_halo<M: HaloMass>(
    mass: M,
    z: Redshift,
    position: SkyPosition,
    (model, pressure): (ConcentrationModel, PressureModel),
    cosmology: &Cosmology,
    power: &LinearPower,
) -> Result<Halo, Error> {
    let halo = nfw(mass, z, model, cosmology, power)?;
    let (m200c, m500c) = (halo.mass_in::<M200c>(), halo.mass_in::<M500c>());
    let [y0, y500_mpc2] = gas::amplitudes(pressure, m200c, m500c, z, cosmology)?;
    Ok(Halo {
        id: 0,
        position,
        redshift: z,
        m200m: halo.mass_in::<M200m>(),
        m500c,
        mvir: halo.mass_in::<Mvir>(),
        y0,
        theta500: angular_radius(m500c, z, cosmology),
        m200c,
        c200c: halo.c200c(),
        y500_mpc2,
        velocity_km_s: 0.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range() -> HaloRange {
        HaloRange {
            m200m_min: M200m::new(1e13),
            m200m_max: M200m::new(5e15),
            z_min: Redshift::new(0.02),
            z_max: Redshift::new(3.0),
            y_ln_scatter: 0.2,
            concentration_ln_scatter: 0.0,
            pressure: PressureModel::Arnaud10,
            abundance_factor: 1.0,
        }
    }

    #[test]
    fn table_agrees_with_the_exact_halo() {
        let cosmology = Cosmology::sehgal_wmap5();
        let power = LinearPower::eisenstein_hu98(&cosmology);
        let position = SkyPosition::from_deg(0.0, 0.0).unwrap();
        for (model, pressure, tolerance) in [
            (ConcentrationModel::Duffy08, PressureModel::Arnaud10, 2e-4),
            (ConcentrationModel::Duffy08, PressureModel::Battaglia12, 2e-4),
            (ConcentrationModel::DiemerKravtsov15, PressureModel::Arnaud10, 1e-3),
        ] {
            let range = HaloRange { pressure, ..range() };
            let table = ConversionTable::new(&range, model, &cosmology, &power).unwrap();
            for step in 0..60 {
                let z = Redshift::new(0.02 * 150f64.powf(f64::from(step) / 59.0));
                let m200m = M200m::new(1e13 * 500f64.powf(f64::from(step * 37 % 60) / 59.0));
                let exact = exact_halo(m200m, z, position, (model, pressure), &cosmology, &power).unwrap();
                let ours = table.at(m200m, z, 0.0);
                for (name, ours, exact, tolerance) in [
                    ("M500c", ours.m500c.value(), exact.m500c.value(), tolerance),
                    ("Mvir", ours.mvir.value(), exact.mvir.value(), tolerance),
                    ("theta500", ours.theta500.value(), exact.theta500.value(), tolerance),
                    ("y0", ours.y0, exact.y0, 1.5 * tolerance),
                    ("Y500", ours.y500_mpc2, exact.y500_mpc2, 2.0 * tolerance),
                    ("M200c", ours.m200c.value(), exact.m200c.value(), tolerance),
                    ("c200c", ours.c200c, exact.c200c, 2.0 * tolerance),
                ] {
                    let relative = ours / exact - 1.0;
                    assert!(relative.abs() < tolerance, "{model:?} {name} of {m200m} at {z}: {relative:e}");
                }
            }
        }
    }
}
