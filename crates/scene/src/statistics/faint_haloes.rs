//! The power of haloes that are too faint to be found, against the halo model.

use super::maps::mean_over_modes;
use super::{SIGMAS, Statistic, simulator_with};
use crate::{Component, Error, Haloes, SceneConfig, Simulator, Split};
use arcmin_sky::pressure::{Arnaud10, Gnfw};
use arcmin_sky::spectra::d_per_c;
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_sky::{LinearPower, Tinker08};
use arcmin_units::{Ghz, M200m, Redshift, SkyPosition};

/// Haloes below this M500c make the background of the SZ effect in paper 003.
const FAINT_M500C_MSUN: f64 = 1.2e14;
/// Multipoles that are averaged, and the one at which the power is quoted.
const ELL_RANGE: [f64; 2] = [2500.0, 3500.0];
const ELL_PIVOT: f64 = 3000.0;
/// Accepted difference beyond that of the sample.
const TOLERANCE: f64 = 0.03;
/// D_3000 of the SZ background at 90 GHz: paper 003, and the halo model of its cosmology with the gas of Arnaud10.
const PUBLISHED_UK2: [f64; 2] = [3.6, 4.6];
/// Steps of the halo model's integrals in ln z and ln M.
const Z_STEPS: usize = 60;
const MASS_STEPS: usize = 60;

/// D_3000 at 90 GHz of the haloes below M500c = 1.2e14 Msun as painted on one tile.
///
/// Against the halo model of the same gas and, where the haloes reach down to 1e13 Msun and over all redshifts, against
/// what is published: 3.6 uK2 (paper 003) to 4.6.
pub(super) fn statistics(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let simulator = simulator_with(config, &[Component::Tsz], 1)?;
    let mut placed = simulator.tile_context(Split::Train, 0, Haloes::Drawn)?.placed;
    placed.retain(|placed| placed.halo.m500c.value() < FAINT_M500C_MSUN);
    let renderer = simulator.renderer();
    let y_spectrum = renderer.tsz_spectrum(&placed, &mut renderer.buffers()).unwrap_or_default();
    let uk_per_y = tsz_uk_per_y(Ghz::new(90.0));
    let d_ell = |ell: f64, power: f64| power * uk_per_y * uk_per_y * d_per_c(ell);
    let (value, n_modes) = mean_over_modes(&simulator, &y_spectrum, ELL_RANGE, d_ell);
    let model = HaloModel::new(&simulator)?;
    let target = d_ell(ELL_PIVOT, model.c_ell_sr) * simulator.setup().haloes.abundance_factor;
    let haloes_per_variance = model.c_ell_sr * model.c_ell_sr / model.fourth_moment;
    let standard_error = (1.0 / n_modes + 1.0 / (haloes_per_variance * simulator.simulated_area_sr())).sqrt();
    let name = "D_3000 of haloes of M500c < 1.2e14 Msun at 90 GHz, uK2";
    let sample = SIGMAS * standard_error;
    let of_model =
        Statistic { name: format!("{name}, halo model"), value, target, tolerance: target * (TOLERANCE + sample) };
    let range = &simulator.setup().haloes;
    let is_whole = range.m200m_min.value() < 1.1e13 && range.z_min.value() < 0.1 && range.z_max.value() > 2.0;
    let [low, high] = PUBLISHED_UK2;
    let published = Statistic {
        name: format!("{name}, SZ background of paper 003 and halo models {low} to {high}"),
        value,
        target: 0.5 * (low + high),
        tolerance: 0.5 * (high - low) + sample * target,
    };
    Ok(if is_whole { vec![of_model, published] } else { vec![of_model] })
}

/// The Poisson term of the halo model at the pivot.
struct HaloModel {
    /// `C_l` of y in sr: `int dz dV/dz int dlnM dn/dlnM y_l^2`.
    c_ell_sr: f64,
    /// The same integral over `y_l^4`.
    fourth_moment: f64,
}

impl HaloModel {
    fn new(simulator: &Simulator) -> Result<Self, Error> {
        let setup = simulator.setup();
        let power = LinearPower::eisenstein_hu98(&setup.cosmology);
        let mass_function = Tinker08::new(&power);
        let range = &setup.haloes;
        let (ln_z, dlnz) = midpoints(range.z_min.value(), range.z_max.value(), Z_STEPS);
        let (ln_m, dlnm) = midpoints(range.m200m_min.value(), range.m200m_max.value(), MASS_STEPS);
        let anywhere = SkyPosition::from_deg(0.0, 0.0).expect("the origin is a direction");
        // Of the square and the fourth power of a log-normal factor of median one.
        let moment = |n: f64| (0.5 * (n * range.y_ln_scatter).powi(2)).exp();
        let (mut c_ell_sr, mut fourth_moment) = (0.0, 0.0);
        for z in ln_z.map(|ln_z| Redshift::new(ln_z.exp())) {
            let volume = setup.cosmology.comoving_volume_element_mpc3_sr(z) * z.value() * dlnz;
            for m200m in ln_m.clone().map(|ln_m| M200m::new(ln_m.exp())) {
                let halo = simulator.halo(m200m, z, anywhere)?;
                if halo.m500c.value() < FAINT_M500C_MSUN {
                    let gas = Arnaud10::new(halo.m500c, z, &setup.cosmology)?;
                    let size_mpc = gas.r500().value() / gas.theta500().value();
                    let y_sr = gas.y_total_mpc2() / (size_mpc * size_mpc);
                    let square = (y_sr * form_factor(ELL_PIVOT * gas.theta500().value())).powi(2);
                    let per_sr = volume * mass_function.dn_dlnm(m200m, z) * dlnm;
                    c_ell_sr += per_sr * square * moment(2.0);
                    fourth_moment += per_sr * square * square * moment(4.0);
                }
            }
        }
        Ok(Self { c_ell_sr, fourth_moment })
    }
}

/// Midpoints of even steps in the logarithm, and the step.
fn midpoints(from: f64, to: f64, n: usize) -> (impl Iterator<Item = f64> + Clone, f64) {
    let step = (to / from).ln() / n as f64;
    ((0..n).map(move |idx| from.ln() + (idx as f64 + 0.5) * step), step)
}

/// Fourier transform of the pressure in the sphere over its integral, `int p x^2 sinc(k x) dx / int p x^2 dx`.
fn form_factor(k: f64) -> f64 {
    const STEPS: usize = 200;
    let (mut transform, mut total) = (0.0, 0.0);
    for idx in 0..STEPS {
        let x = 5.0 * (idx as f64 + 0.5) / STEPS as f64;
        let shell = Gnfw::ARNAUD10.pressure(x) * x * x;
        transform += shell * (k * x).sin() / (k * x);
        total += shell;
    }
    transform / total
}
