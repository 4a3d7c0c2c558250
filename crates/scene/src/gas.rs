//! The gas of haloes by the pressure profile that is chosen: amplitude of each halo, and the shape that is painted.
//!
//! Arnaud10 has one shape. The shape of Battaglia12 changes with mass and redshift: it is tabulated at nodes, and a halo
//! takes the nearest, stretched such that its central y and its whole flux are its own; what is left is off by up to
//! 0.3% of the centre.

use crate::config::PressureModel;
use crate::paint::ProfileTable;
use crate::setup::HaloRange;
use crate::{Error, Halo};
use arcmin_sky::Cosmology;
use arcmin_sky::mass_definition::radius;
use arcmin_sky::pressure::{Arnaud10, Battaglia12, ProjectedGnfw};
use arcmin_units::{M200c, M500c, Radian, Redshift};
use rayon::prelude::*;

/// Where the painted profiles end, in their own unit of angle: theta500 of Arnaud10, 0.8 theta200c of Battaglia12.
const X_MAX: f64 = 5.0;
/// Nodes of the shapes of Battaglia12 in ln(1 + z) and in ln M200c.
const Z_NODES: usize = 32;
const MASS_NODES: usize = 16;

/// Central y and Y500 in Mpc^2 of the median halo.
pub(crate) fn amplitudes(
    model: PressureModel,
    m200c: M200c,
    m500c: M500c,
    z: Redshift,
    cosmology: &Cosmology,
) -> Result<[f64; 2], Error> {
    Ok(match model {
        PressureModel::Arnaud10 => {
            let gas = Arnaud10::new(m500c, z, cosmology)?;
            [gas.y0(), gas.y500_sph_mpc2()]
        }
        PressureModel::Battaglia12 => {
            let gas = Battaglia12::new(m200c, z, cosmology)?;
            [gas.y0(), gas.y_sph_mpc2(radius(m500c, z, cosmology))]
        }
    })
}

/// The shapes of a model, ready for painting.
#[derive(Clone, Debug)]
pub(crate) struct GasShapes {
    tables: Vec<ProfileTable>,
    /// How the shape follows from mass and redshift; `None` where there is one for all.
    nodes: Option<Nodes>,
}

/// The nodes of the shapes of Battaglia12, `[z, m]`.
#[derive(Clone, Debug)]
struct Nodes {
    cosmology: Cosmology,
    ln_1_plus_z: [f64; 2],
    ln_m200c: [f64; 2],
    /// Solid angle of each shape that is one at the centre, in units of its own unit of angle squared.
    flux: Vec<f64>,
}

impl GasShapes {
    /// Tabulates the shapes of a population.
    pub(crate) fn new(range: &HaloRange, cosmology: &Cosmology) -> Result<Self, Error> {
        if range.pressure == PressureModel::Arnaud10 {
            let shape = ProjectedGnfw::arnaud10();
            return Ok(Self { tables: vec![ProfileTable::new(|x| shape.at(x), X_MAX)], nodes: None });
        }
        let ln_1_plus_z = [range.z_min, range.z_max].map(|z| z.value().ln_1p());
        // M200c is between a third of M200m and M200m.
        let ln_m200c = [range.m200m_min.value() / 3.0, range.m200m_max.value()].map(f64::ln);
        let node = |idx: usize| -> Result<(ProfileTable, f64), Error> {
            let at = |[from, to]: [f64; 2], k: usize, n: usize| (from + (to - from) * k as f64 / (n - 1) as f64).exp();
            let z = Redshift::new(at(ln_1_plus_z, idx / MASS_NODES, Z_NODES) - 1.0);
            let gas = Battaglia12::new(M200c::new(at(ln_m200c, idx % MASS_NODES, MASS_NODES)), z, cosmology)?;
            let shape = ProjectedGnfw::new(gas.profile());
            Ok((ProfileTable::new(|x| shape.at(x), X_MAX), flux(&gas)))
        };
        let nodes = (0..Z_NODES * MASS_NODES).into_par_iter().map(node).collect::<Result<Vec<_>, _>>()?;
        let (tables, flux) = nodes.into_iter().unzip();
        Ok(Self { tables, nodes: Some(Nodes { cosmology: *cosmology, ln_1_plus_z, ln_m200c, flux }) })
    }

    /// All shapes.
    pub(crate) fn tables(&self) -> &[ProfileTable] {
        &self.tables
    }

    /// The shape of a halo: which, and the angle that is its unit.
    ///
    /// # Errors
    /// With Battaglia12, a halo whose M200c or redshift is not above zero.
    pub(crate) fn of(&self, halo: &Halo) -> Result<(usize, Radian), Error> {
        let Some(nodes) = &self.nodes else { return Ok((0, halo.theta500)) };
        let gas = Battaglia12::new(halo.m200c, halo.redshift, &nodes.cosmology)?;
        let nearest = |value: f64, [from, to]: [f64; 2], n: usize| {
            ((value - from) / (to - from) * (n - 1) as f64).round().clamp(0.0, (n - 1) as f64) as usize
        };
        let row = nearest(halo.redshift.value().ln_1p(), nodes.ln_1_plus_z, Z_NODES);
        let idx = row * MASS_NODES + nearest(halo.m200c.value().ln(), nodes.ln_m200c, MASS_NODES);
        let stretch = (flux(&gas) / nodes.flux[idx]).sqrt();
        Ok((idx, Radian::new(gas.unit_angle().value() * stretch)))
    }
}

/// Whole flux over central y, in units of the profile's unit of angle squared.
fn flux(gas: &Battaglia12) -> f64 {
    gas.y_total_mpc2() / (gas.y0() * gas.unit_radius().value().powi(2))
}

/// What the halo model needs of one halo: its whole y in sr, the angle that is its unit, and the pressure there.
pub(crate) struct HaloGas {
    /// Integral of y over the sky.
    pub(crate) y_sr: f64,
    /// The unit of angle of the profile.
    pub(crate) unit: Radian,
    profile: arcmin_sky::pressure::Gnfw,
}

impl HaloGas {
    /// The gas of the median halo.
    pub(crate) fn new(model: PressureModel, halo: &Halo, cosmology: &Cosmology) -> Result<Self, Error> {
        let (y_mpc2, unit_mpc, unit, profile) = match model {
            PressureModel::Arnaud10 => {
                let gas = Arnaud10::new(halo.m500c, halo.redshift, cosmology)?;
                (gas.y_total_mpc2(), gas.r500(), gas.theta500(), arcmin_sky::pressure::Gnfw::ARNAUD10)
            }
            PressureModel::Battaglia12 => {
                let gas = Battaglia12::new(halo.m200c, halo.redshift, cosmology)?;
                (gas.y_total_mpc2(), gas.unit_radius(), gas.unit_angle(), *gas.profile())
            }
        };
        Ok(Self { y_sr: y_mpc2 * (unit.value() / unit_mpc.value()).powi(2), unit, profile })
    }

    /// Fourier transform of y at a multipole in sr.
    pub(crate) fn y_ell_sr(&self, ell: f64) -> f64 {
        self.y_sr * self.form_factor(ell * self.unit.value())
    }

    /// Fourier transform of the pressure in the sphere over its integral, `int p x^2 sinc(k x) dx / int p x^2 dx`.
    fn form_factor(&self, k: f64) -> f64 {
        const STEPS: usize = 200;
        let (mut transform, mut total) = (0.0, 0.0);
        for idx in 0..STEPS {
            let x = X_MAX * (idx as f64 + 0.5) / STEPS as f64;
            let shell = self.profile.pressure(x) * x * x;
            transform += shell * (k * x).sin() / (k * x);
            total += shell;
        }
        transform / total
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_units::{M200m, Mvir, SkyPosition};
    use std::f64::consts::PI;

    fn range() -> HaloRange {
        HaloRange {
            m200m_min: M200m::new(1e13),
            m200m_max: M200m::new(5e15),
            z_min: Redshift::new(0.02),
            z_max: Redshift::new(3.0),
            y_ln_scatter: 0.0,
            concentration_ln_scatter: 0.0,
            pressure: PressureModel::Battaglia12,
            abundance_factor: 1.0,
        }
    }

    /// Painted shapes of Battaglia12 against the profile of each halo: everywhere to 0.3% of the centre, in flux to 0.1%.
    #[test]
    fn nearest_shape_is_that_of_the_halo() {
        let cosmology = Cosmology::sehgal_wmap5();
        let shapes = GasShapes::new(&range(), &cosmology).unwrap();
        let (mut worst, mut worst_flux) = (0.0f64, 0.0f64);
        for k in 0..60 {
            let z = Redshift::new(0.02 * 150f64.powf(f64::from(k) / 59.0));
            let m200c = M200c::new(8e12 * 500f64.powf(f64::from(k * 37 % 60) / 59.0));
            let gas = Battaglia12::new(m200c, z, &cosmology).unwrap();
            let halo = Halo {
                id: 0,
                position: SkyPosition::from_deg(0.0, 0.0).unwrap(),
                redshift: z,
                m200m: M200m::new(1e14),
                m200c,
                m500c: M500c::new(1e14),
                mvir: Mvir::new(1e14),
                y0: gas.y0(),
                theta500: Radian::new(1e-3),
                c200c: 4.0,
                y500_mpc2: 0.0,
                velocity_km_s: 0.0,
            };
            let (idx, unit) = shapes.of(&halo).unwrap();
            let mut painted_flux = 0.0;
            for step in 0..400 {
                let theta = 5.0 * unit.value() * ((f64::from(step) + 0.5) / 400.0).powi(2);
                let painted = f64::from(shapes.tables[idx].at_square((theta / unit.value()).powi(2) as f32));
                worst = worst.max((painted - gas.y(Radian::new(theta)) / gas.y0()).abs());
                let ring = 10.0 * unit.value() * (f64::from(step) + 0.5) / 400.0 / 400.0;
                painted_flux += painted * 2.0 * PI * theta * ring;
            }
            let exact = flux(&gas) * gas.unit_angle().value().powi(2);
            worst_flux = worst_flux.max((painted_flux / exact - 1.0).abs());
        }
        assert!(worst < 3e-3, "{worst:e}");
        assert!(worst_flux < 1e-3, "{worst_flux:e}");
    }
}
