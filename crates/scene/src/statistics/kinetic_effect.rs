//! The power of the kinetic SZ effect of haloes, against the halo model.

use super::maps::mean_over_modes;
use super::{SIGMAS, Statistic, simulator_with};
use crate::{Component, Error, Haloes, SceneConfig, Simulator, Split};
use arcmin_sky::mass_definition::angular_radius;
use arcmin_sky::spectra::d_per_c;
use arcmin_sky::sz::ksz_uk;
use arcmin_sky::{BETA_GAS_CORE_RADIUS, BETA_GAS_X_MAX, BetaGas, LinearPower, Tinker08};
use arcmin_units::{M200m, Mpc, Redshift, SkyPosition};
use std::f64::consts::PI;

/// Multipoles that are averaged, and the one at which the power is quoted.
const ELL_RANGE: [f64; 2] = [2500.0, 3500.0];
const ELL_PIVOT: f64 = 3000.0;
/// Accepted difference beyond that of the sample: neighbours that move together add to the model's Poisson term.
const TOLERANCE: f64 = 0.1;
/// Steps of the halo model's integrals in ln z and ln M.
const Z_STEPS: usize = 40;
const MASS_STEPS: usize = 40;

/// D_3000 of the kinetic effect of the haloes of one tile.
///
/// All gas together has 2 to 3 uK2 at late times; haloes above 1e13 Msun hold a part of it, and the gas of smaller haloes
/// and between them the rest, which the Gaussian field `ksz` may stand for.
pub(super) fn statistic(config: &SceneConfig) -> Result<Statistic, Error> {
    let simulator = simulator_with(config, &[Component::KszHaloes], 1)?;
    let tile = simulator.tile_context(Split::Train, 0, Haloes::Drawn)?;
    let renderer = simulator.renderer();
    let mut buffers = renderer.buffers();
    let painted = renderer.paint(&tile, &mut buffers)?;
    renderer.render_sky(0, &tile, &painted, &mut buffers);
    let spectrum = renderer.spectrum(&mut buffers);
    let d_ell = |ell: f64, power: f64| power * d_per_c(ell);
    let (value, n_modes) = mean_over_modes(&simulator, &spectrum, ELL_RANGE, d_ell);
    let (c_ell, fourth_moment) = halo_model(&simulator)?;
    let target = d_ell(ELL_PIVOT, c_ell);
    let haloes_per_variance = c_ell * c_ell / fourth_moment;
    let standard_error = (1.0 / n_modes + 1.0 / (haloes_per_variance * simulator.simulated_area_sr())).sqrt();
    let name = format!(
        "D_3000 of the kinetic effect, uK2, halo model of the gas in haloes of M200m > {:.0e} Msun alone (2 to 3 of all gas, \
         most of which is in smaller haloes and between them)",
        simulator.setup().haloes.m200m_min.value()
    );
    Ok(Statistic { name, value, target, tolerance: target * (TOLERANCE + SIGMAS * standard_error) })
}

/// `C_l` in uK^2 sr, `int dz dV/dz int dlnM dn/dlnM <dT_l^2>` with velocities of linear theory, and the same integral
/// over `<dT_l^4>`.
fn halo_model(simulator: &Simulator) -> Result<(f64, f64), Error> {
    let setup = simulator.setup();
    let gas_fraction = setup.optional.ksz_haloes.as_ref().map_or(0.125, |table| table.gas_fraction);
    let power = LinearPower::eisenstein_hu98(&setup.cosmology);
    let mass_function = Tinker08::new(&power);
    let range = &setup.haloes;
    let dlnz = (range.z_max.value() / range.z_min.value()).ln() / Z_STEPS as f64;
    let dlnm = (range.m200m_max.value() / range.m200m_min.value()).ln() / MASS_STEPS as f64;
    let anywhere = SkyPosition::from_deg(0.0, 0.0).expect("the origin is a direction");
    let (mut second, mut fourth) = (0.0, 0.0);
    for step in 0..Z_STEPS {
        let z = Redshift::new(range.z_min.value() * ((step as f64 + 0.5) * dlnz).exp());
        let volume = setup.cosmology.comoving_volume_element_mpc3_sr(z) * z.value() * dlnz;
        let rms_km_s = power.velocity_rms_1d_km_s(Mpc::new(0.0), z);
        for step in 0..MASS_STEPS {
            let m200m = M200m::new(range.m200m_min.value() * ((step as f64 + 0.5) * dlnm).exp());
            let m500c = simulator.halo(m200m, z, anywhere)?.m500c;
            let theta500 = angular_radius(m500c, z, &setup.cosmology).value();
            let tau0 = BetaGas::new(m500c, z, gas_fraction, &setup.cosmology)?.tau0();
            let square = (ksz_uk(tau0, rms_km_s) * theta500 * theta500 * form(ELL_PIVOT * theta500)).powi(2);
            let per_sr = volume * mass_function.dn_dlnm(m200m, z) * dlnm * range.abundance_factor;
            second += per_sr * square;
            // Of the fourth power of a normal deviate.
            fourth += per_sr * square * square * 3.0;
        }
    }
    Ok((second, fourth))
}

/// Two-dimensional Fourier transform of the optical depth's shape in units of theta500.
///
/// That of a projection is that of the sphere: `4 pi int n x^2 sinc(k x) dx`, with `n` such that its chord through the
/// centre is one.
fn form(k: f64) -> f64 {
    const STEPS: usize = 200;
    let dx = BETA_GAS_X_MAX / STEPS as f64;
    let shell = |step: usize| {
        let x = (step as f64 + 0.5) * dx;
        x * x / (1.0 + (x / BETA_GAS_CORE_RADIUS).powi(2)) * (k * x).sin() / (k * x) * dx
    };
    let chord = 2.0 * BETA_GAS_CORE_RADIUS * (BETA_GAS_X_MAX / BETA_GAS_CORE_RADIUS).atan();
    4.0 * PI * (0..STEPS).map(shell).sum::<f64>() / chord
}
