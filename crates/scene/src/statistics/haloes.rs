//! Statistics of the drawn haloes.

use super::distribution::{Cluster, Expected, MVIR_MIN_MSUN, Z_MIN, shapes};
use super::{SIGMAS, Statistic, simulator_with};
use crate::{Component, Error, Halo, PressureModel, SceneConfig, Simulator, Split};
use arcmin_sky::Cosmology;
use arcmin_sky::mass_definition::radius;
use arcmin_sky::pressure::{Arnaud10, Battaglia12};
use arcmin_units::{M500c, Redshift};

/// Sky that is aimed at, and the most tiles that it may take.
const AREA_DEG2: f64 = 500.0;
const MAX_TILES: usize = 32;
/// Clusters per square degree that paper 003 has: 14,989 on one octant.
const SEHGAL10_PER_DEG2: f64 = 2.91;
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
    let mut statistics = counts(&simulator, &haloes, n_tiles);
    statistics.extend(match simulator.setup().haloes.pressure {
        PressureModel::Arnaud10 => y_relation(&simulator, &haloes)?,
        PressureModel::Battaglia12 => y_over_model(&simulator, &haloes)?,
    });
    Ok(statistics)
}

/// Number, redshifts and masses of the clusters.
fn counts(simulator: &Simulator, haloes: &[Halo], n_tiles: usize) -> Vec<Statistic> {
    let area_deg2 = simulator.tile_area_deg2() * n_tiles as f64;
    let range = &simulator.setup().haloes;
    let z_range = [Z_MIN.max(range.z_min.value()), range.z_max.value()];
    let expected = Expected::new(&simulator.setup().cosmology, z_range);
    let cluster = |halo: &Halo| (halo.mvir.value(), halo.redshift.value());
    let counted = |&(mvir, z): &Cluster| mvir > MVIR_MIN_MSUN && z > Z_MIN;
    let clusters: Vec<Cluster> = haloes.iter().map(cluster).filter(counted).collect();
    let target = expected.per_deg2() * range.abundance_factor;
    let name = format!(
        "clusters of Mvir > 2e14 Msun, z > 0.25, per deg2 (normalisation {} of Tinker08; Tinker08 {:.2}, catalogue of \
         Sehgal et al. 2010 {SEHGAL10_PER_DEG2})",
        range.abundance_factor,
        expected.per_deg2()
    );
    let tolerance = COUNT_TOLERANCE * target + SIGMAS * (target / area_deg2).sqrt();
    let mut statistics = vec![Statistic { name, value: clusters.len() as f64 / area_deg2, target, tolerance }];
    statistics.extend(shapes(&clusters, &expected));
    statistics
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

/// The same for gas whose Y500 is no power law of mass: Y500 as listed in the truth over that of the model, whose slope is
/// then zero.
fn y_over_model(simulator: &Simulator, haloes: &[Halo]) -> Result<Vec<Statistic>, Error> {
    let cosmology = &simulator.setup().cosmology;
    let ln_ratio = |halo: &Halo| -> Result<(f64, f64), Error> {
        let gas = Battaglia12::new(halo.m200c, halo.redshift, cosmology)?;
        let y500_mpc2 = gas.y_sph_mpc2(radius(halo.m500c, halo.redshift, cosmology));
        Ok(((halo.m500c.value() / 3e14).ln(), (halo.y500_mpc2 / y500_mpc2).ln()))
    };
    let sample = haloes.iter().step_by(haloes.len().div_ceil(Y_SAMPLE).max(1));
    let (x, y): (Vec<f64>, Vec<f64>) = sample.map(ln_ratio).collect::<Result<Vec<_>, Error>>()?.into_iter().unzip();
    let fit = Line::fit(&x, &y);
    let scatter = simulator.setup().haloes.y_ln_scatter;
    let scatter_error = SIGMAS * scatter / (2.0 * x.len() as f64).sqrt();
    let statistic =
        |name: &str, value, target, tolerance| Statistic { name: name.to_owned(), value, target, tolerance };
    let (slope_tolerance, tolerance) = (SIGMAS * fit.slope_error + 1e-3, SIGMAS * fit.at_zero_error + 1e-3);
    Ok(vec![
        statistic("slope of ln(Y500 / Battaglia12) with ln M500c", fit.slope, 0.0, slope_tolerance),
        statistic("Y500 over that of Battaglia12", fit.at_zero.exp(), 1.0, tolerance),
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
