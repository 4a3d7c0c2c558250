//! Statistics of the drawn haloes.

use super::{SIGMAS, Statistic, simulator_with};
use crate::{Component, Error, Halo, SceneConfig, Simulator, Split};
use arcmin_sky::pressure::Arnaud10;
use arcmin_sky::{Cosmology, LinearPower, Tinker08};
use arcmin_units::{M500c, Mvir, Redshift};

/// Haloes above this virial mass and redshift are counted: the clusters of paper 003.
const COUNTED_MVIR_MSUN: f64 = 2e14;
const COUNTED_Z: f64 = 0.25;
/// Sky that is aimed at, and the most tiles that it may take.
const AREA_DEG2: f64 = 500.0;
const MAX_TILES: usize = 32;
/// Accepted differences beyond those of the sample: the count, slope, normalisation and scatter.
const COUNT_TOLERANCE: f64 = 0.05;
const SLOPE_TOLERANCE: f64 = 0.03;
const NORMALISATION_TOLERANCE: f64 = 0.03;
const SCATTER_TOLERANCE: f64 = 0.1;
/// Haloes of which Y500 is compared.
const Y_SAMPLE: usize = 20_000;
/// The slope of Y500 with M500c that the pressure profile implies (Arnaud10, Eq. 13).
const Y_SLOPE: f64 = 5.0 / 3.0 + 0.12;

/// Counts, and the relation of Y500 and mass.
pub(super) fn statistics(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let one = simulator_with(config, &[Component::Tsz], 1)?;
    let n_tiles = ((AREA_DEG2 / one.tile_area_deg2()).ceil() as usize).clamp(1, MAX_TILES);
    let n_tiles = n_tiles.min(one.n_tiles_that_fit(Split::Train));
    let simulator = simulator_with(config, &[Component::Tsz], n_tiles)?;
    let tiles = (0..n_tiles).map(|tile| simulator.drawn_haloes(Split::Train, tile));
    let haloes = tiles.collect::<Result<Vec<_>, _>>()?.concat();
    let mut statistics = vec![count(&simulator, &haloes, n_tiles)];
    statistics.extend(y_relation(&simulator, &haloes)?);
    Ok(statistics)
}

fn count(simulator: &Simulator, haloes: &[Halo], n_tiles: usize) -> Statistic {
    let area_deg2 = simulator.tile_area_deg2() * n_tiles as f64;
    let counted = |halo: &&Halo| halo.mvir.value() > COUNTED_MVIR_MSUN && halo.redshift.value() > COUNTED_Z;
    let value = haloes.iter().filter(counted).count() as f64 / area_deg2;
    let setup = simulator.setup();
    let range = [COUNTED_Z.max(setup.haloes.z_min.value()), setup.haloes.z_max.value()];
    let target = expected_per_deg2(&setup.cosmology, range);
    let standard_error = (target / area_deg2).sqrt();
    let name = "clusters of Mvir > 2e14 Msun, z > 0.25, per deg2".to_owned();
    Statistic { name, value, target, tolerance: COUNT_TOLERANCE * target + SIGMAS * standard_error }
}

/// `int dz int dlnM dn/dlnM(Mvir, z) dV/dz` per square degree, by the midpoint rule to 1e-3; zero for an empty range.
///
/// The mass function is taken in the virial definition itself: no conversion of masses enters.
fn expected_per_deg2(cosmology: &Cosmology, [z_min, z_max]: [f64; 2]) -> f64 {
    const Z_STEPS: usize = 200;
    const LN_M_STEPS: usize = 200;
    /// Haloes above this multiple of the least mass do not exist.
    const MASS_RANGE: f64 = 50.0;
    if z_max <= z_min {
        return 0.0;
    }
    let power = LinearPower::eisenstein_hu98(cosmology);
    let mass_function = Tinker08::new(&power);
    let (dz, dlnm) = ((z_max - z_min) / Z_STEPS as f64, MASS_RANGE.ln() / LN_M_STEPS as f64);
    let mass = |k: usize| Mvir::new(COUNTED_MVIR_MSUN * ((k as f64 + 0.5) * dlnm).exp());
    let shell = |idx: usize| {
        let z = Redshift::new(z_min + (idx as f64 + 0.5) * dz);
        let per_mpc3: f64 = (0..LN_M_STEPS).map(|k| mass_function.dn_dlnm(mass(k), z) * dlnm).sum();
        per_mpc3 * cosmology.comoving_volume_element_mpc3_sr(z) * dz
    };
    (0..Z_STEPS).map(shell).sum::<f64>() * 1f64.to_radians().powi(2)
}

/// Slope, normalisation and scatter of `E^(-2/3) Y500` with M500c, by least squares in the logarithms.
fn y_relation(simulator: &Simulator, haloes: &[Halo]) -> Result<Vec<Statistic>, Error> {
    let cosmology = &simulator.setup().cosmology;
    let pivot_msun = 3e14 * 0.7 / cosmology.h();
    // They come tile by tile and by falling mass, so that every n-th is a fair sample of all masses.
    let sample = haloes.iter().step_by(haloes.len().div_ceil(Y_SAMPLE).max(1));
    let points = sample.map(|halo| ln_mass_and_y(halo, cosmology, pivot_msun));
    let (x, y): (Vec<f64>, Vec<f64>) = points.collect::<Result<Vec<_>, Error>>()?.into_iter().unzip();
    let fit = Line::fit(&x, &y);
    // Arnaud10, Eqs. 20-22: 2.925e-5 I(1) h70^-1 Mpc^2 at 3e14 h70^-1 Msun, I(1) = 0.6145, for a slope of 1.78.
    let published = 2.925e-5 * 0.6145 * 0.7 / cosmology.h();
    let value = fit.at_zero.exp() / published;
    let normalisation_error = SIGMAS * fit.at_zero_error;
    let scatter = simulator.setup().haloes.y_ln_scatter;
    let scatter_error = SIGMAS * scatter / (2.0 * x.len() as f64).sqrt();
    let statistic =
        |name: &str, value, target, tolerance| Statistic { name: name.to_owned(), value, target, tolerance };
    Ok(vec![
        statistic("slope of ln Y500 with ln M500c", fit.slope, Y_SLOPE, SLOPE_TOLERANCE + SIGMAS * fit.slope_error),
        statistic("Y500 over that of Arnaud10", value, 1.0, NORMALISATION_TOLERANCE + normalisation_error),
        statistic("scatter of ln Y500", fit.rms, scatter, SCATTER_TOLERANCE * scatter + scatter_error + 1e-3),
    ])
}

/// `ln(M500c / pivot)` and `ln(E^(-2/3) Y500 / Mpc^2)` of a halo as painted: Y500 goes as `y0 theta500^2`.
fn ln_mass_and_y(halo: &Halo, cosmology: &Cosmology, pivot_msun: f64) -> Result<(f64, f64), Error> {
    let z = halo.redshift;
    let size_mpc = halo.theta500.value() * cosmology.angular_diameter_distance(z).value();
    let like = Arnaud10::new(M500c::new(3e14), Redshift::new(0.5), cosmology)?;
    let shape = like.y500_sph_mpc2() / (like.y0() * like.r500().value().powi(2));
    let y500_mpc2 = shape * halo.y0 * size_mpc * size_mpc;
    let scaled = y500_mpc2 * cosmology.e_z(z).powf(-2.0 / 3.0);
    Ok(((halo.m500c.value() / pivot_msun).ln(), scaled.ln()))
}

/// A straight line by least squares, with standard errors.
struct Line {
    slope: f64,
    slope_error: f64,
    at_zero: f64,
    at_zero_error: f64,
    rms: f64,
}

impl Line {
    fn fit(x: &[f64], y: &[f64]) -> Self {
        let n = x.len() as f64;
        let (mean_x, mean_y) = (x.iter().sum::<f64>() / n, y.iter().sum::<f64>() / n);
        let sxx: f64 = x.iter().map(|x| (x - mean_x).powi(2)).sum();
        let sxy: f64 = x.iter().zip(y).map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
        let slope = sxy / sxx;
        let residual = |(x, y): (&f64, &f64)| (y - mean_y - slope * (x - mean_x)).powi(2);
        let rms = (x.iter().zip(y).map(residual).sum::<f64>() / n).sqrt();
        let slope_error = rms / sxx.sqrt();
        let at_zero_error = (rms * rms / n + (slope_error * mean_x).powi(2)).sqrt();
        Self { slope, slope_error, at_zero: mean_y - slope * mean_x, at_zero_error, rms }
    }
}
