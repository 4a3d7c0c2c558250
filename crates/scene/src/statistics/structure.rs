//! Statistics of the large-scale structure: velocities, the kinetic effect, clustering.

use super::{SIGMAS, Statistic, kinetic_effect, simulator_with};
use crate::population::PlacedHalo;
use crate::{Component, Error, Haloes, SceneConfig, Simulator, Split};
use arcmin_sky::{LinearPower, Tinker08, Tinker10};
use arcmin_units::{M200m, Mpc, Redshift};
use std::f64::consts::PI;

/// Redshift at which the rms velocity is quoted.
const VELOCITY_Z: f64 = 0.7;
/// Accepted difference of the rms velocity beyond that of the sample: linear theory is left with the log-normal field.
const VELOCITY_TOLERANCE: f64 = 0.05;
/// Haloes closer together than this move as one: a volume of its cube is one independent velocity.
const COHERENCE_MPC: f64 = 150.0;
/// Tiles on which clustering is measured, and slices of redshift and cells along a tile's side.
const N_TILES: usize = 3;
const SLICES: usize = 8;
const SLICE_Z: [f64; 2] = [0.3, 1.1];
const CELLS: usize = 8;
/// Accepted difference of the variance of counts beyond that of the sample.
const VARIANCE_TOLERANCE: f64 = 0.15;

/// Rms velocity along the line of sight at z = 0.7, the power of the kinetic effect where it is painted, and the
/// variance of counts in cells with clustering.
pub(super) fn statistics(config: &SceneConfig) -> Result<Vec<Statistic>, Error> {
    let n_tiles = if config.clustering.is_some() { N_TILES } else { 1 };
    let simulator = simulator_with(config, &[Component::Tsz], n_tiles)?;
    let tiles = (0..n_tiles).map(|tile| Ok(simulator.tile_context(Split::Train, tile, Haloes::Drawn)?.placed));
    let tiles = tiles.collect::<Result<Vec<_>, Error>>()?;
    let power = LinearPower::eisenstein_hu98(&simulator.setup().cosmology);
    let mut statistics = vec![velocity(&simulator, &power, &tiles)];
    if config.clustering.is_some() {
        statistics.extend(count_variance(&simulator, &power, &tiles));
    }
    if config.components.contains(&Component::KszHaloes) {
        statistics.push(kinetic_effect::statistic(config)?);
    }
    Ok(statistics)
}

/// The rms of velocities over their rms in linear theory at each redshift, times that at z = 0.7.
fn velocity(simulator: &Simulator, power: &LinearPower, tiles: &[Vec<PlacedHalo>]) -> Statistic {
    let rms = |z: Redshift| power.velocity_rms_1d_km_s(Mpc::new(0.0), z);
    // The rms falls slowly with redshift: a table of 64 nodes.
    let z_max = simulator.setup().haloes.z_max.value();
    let table: Vec<f64> = (0..64).map(|k| rms(Redshift::new(z_max * (f64::from(k) + 0.5) / 64.0))).collect();
    let at = |z: f64| table[((64.0 * z / z_max) as usize).min(63)];
    let haloes = tiles.iter().flatten().map(|placed| &placed.halo);
    let (sum, n) = haloes
        .fold((0.0, 0.0), |(sum, n), halo| (sum + (halo.velocity_km_s / at(halo.redshift.value())).powi(2), n + 1.0));
    let target = rms(Redshift::new(VELOCITY_Z));
    let volume_mpc3: f64 = (0..64)
        .map(|k| Redshift::new(z_max * (f64::from(k) + 0.5) / 64.0))
        .map(|z| simulator.setup().cosmology.comoving_volume_element_mpc3_sr(z) * z_max / 64.0)
        .sum::<f64>()
        * simulator.simulated_area_sr()
        * tiles.len() as f64;
    let n_independent: f64 = if simulator.setup().optional.clustering.is_some() {
        (volume_mpc3 / COHERENCE_MPC.powi(3)).clamp(1.0, n)
    } else {
        n
    };
    Statistic {
        name: "rms velocity of haloes along the line of sight at z = 0.7, km/s".to_owned(),
        value: target * (sum / f64::max(n, 1.0)).sqrt(),
        target,
        tolerance: target * (VELOCITY_TOLERANCE + SIGMAS / (2.0 * n_independent).sqrt()),
    }
}

/// Variance of counts in cells beyond that of Poisson, over the squared mean, against `b^2 xi` averaged over the cells.
///
/// Cells are an eighth of a tile wide and 0.1 in redshift deep.
fn count_variance(simulator: &Simulator, power: &LinearPower, tiles: &[Vec<PlacedHalo>]) -> Option<Statistic> {
    let range = &simulator.setup().haloes;
    if range.z_min.value() > SLICE_Z[0] || range.z_max.value() < SLICE_Z[1] {
        return None;
    }
    let side = simulator.setup().tiles.shape.nx as f64;
    let slice_width = (SLICE_Z[1] - SLICE_Z[0]) / SLICES as f64;
    let mut counts = vec![0.0; SLICES * CELLS * CELLS * tiles.len()];
    for (tile, placed) in tiles.iter().enumerate() {
        for PlacedHalo { halo, pixel } in placed {
            let slice = (halo.redshift.value() - SLICE_Z[0]) / slice_width;
            let [x, y] = [pixel.x, pixel.y].map(|at| (at + 0.5) / side * CELLS as f64);
            let inside = |at: f64, n: usize| at >= 0.0 && at < n as f64;
            if inside(slice, SLICES) && inside(x, CELLS) && inside(y, CELLS) {
                counts[((slice as usize * tiles.len() + tile) * CELLS + y as usize) * CELLS + x as usize] += 1.0;
            }
        }
    }
    let xi = CorrelationTable::new(power);
    let cell_rad = side * simulator.pixel_sr().sqrt() / CELLS as f64;
    let (mut excess, mut squares, mut expected, mut variance_of_excess) = (0.0, 0.0, 0.0, 0.0);
    for (slice, counts) in counts.chunks_exact(CELLS * CELLS * tiles.len()).enumerate() {
        let z_near = SLICE_Z[0] + slice as f64 * slice_width;
        let model = SliceModel::new(simulator, power, [z_near, z_near + slice_width]);
        let mean = model.per_sr * cell_rad * cell_rad;
        let contrast = model.growing_bias.powi(2) * xi.mean_in_cell(cell_rad, model.distances_mpc);
        excess += counts.iter().map(|count| (count - mean).powi(2) - mean).sum::<f64>();
        let n = counts.len() as f64;
        squares += n * mean * mean;
        expected += n * mean * mean * contrast;
        variance_of_excess += n * 2.0 * (mean + mean * mean * contrast).powi(2);
    }
    let (value, target) = (excess / squares, expected / squares);
    // Neighbouring cells are correlated, and a log-normal field has heavier tails than a Gaussian: twice the error.
    let tolerance = VARIANCE_TOLERANCE * target + SIGMAS * 2.0 * variance_of_excess.sqrt() / squares;
    let name = "clustering: relative variance of counts in cells beyond Poisson, against b^2 xi".to_owned();
    Some(Statistic { name, value, target, tolerance })
}

/// What linear theory says of the haloes in one slice of redshift.
struct SliceModel {
    per_sr: f64,
    growing_bias: f64,
    distances_mpc: [f64; 2],
}

impl SliceModel {
    fn new(simulator: &Simulator, power: &LinearPower, [z_near, z_far]: [f64; 2]) -> Self {
        const STEPS: usize = 120;
        let setup = simulator.setup();
        let z = Redshift::new(0.5 * (z_near + z_far));
        let (mass_function, bias) = (Tinker08::new(power), Tinker10::new(power));
        let range = (setup.haloes.m200m_max.value() / setup.haloes.m200m_min.value()).ln();
        let mass = |step: usize| {
            M200m::new(setup.haloes.m200m_min.value() * ((step as f64 + 0.5) / STEPS as f64 * range).exp())
        };
        let (mut sum, mut biased) = (0.0, 0.0);
        for mass in (0..STEPS).map(mass) {
            let density = mass_function.dn_dlnm(mass, z) * range / STEPS as f64;
            sum += density;
            biased += density * bias.bias(mass, z);
        }
        let volume = |z| setup.cosmology.comoving_volume_element_mpc3_sr(Redshift::new(z));
        // Simpson's rule over the slice for the volume; the density at its middle is right to second order too.
        let volume = (volume(z_near) + 4.0 * volume(z.value()) + volume(z_far)) / 6.0 * (z_far - z_near);
        Self {
            per_sr: sum * volume * setup.haloes.abundance_factor,
            growing_bias: biased / sum * power.growth().factor(z),
            distances_mpc: [z_near, z_far].map(|z| setup.cosmology.comoving_distance(Redshift::new(z)).value()),
        }
    }
}

/// Linear correlation of matter today by ln r.
struct CorrelationTable {
    values: Vec<f64>,
}

impl CorrelationTable {
    const LN_R_MIN: f64 = 0.0;
    const LN_R_STEP: f64 = 0.04;
    const N_R: usize = 160;

    fn new(power: &LinearPower) -> Self {
        const STEPS: usize = 1500;
        let dlnk = (3e1f64 / 1e-4).ln() / STEPS as f64;
        // The cut keeps the sum over ever faster waves from ringing, far below the cells' size.
        let mode = |step: usize| {
            let k = 1e-4 * ((step as f64 + 0.5) * dlnk).exp();
            (k, k.powi(3) * power.power(k, Redshift::new(0.0)) * (-(2.0 * k).powi(2)).exp() * dlnk / (2.0 * PI * PI))
        };
        let modes: Vec<(f64, f64)> = (0..STEPS).map(mode).collect();
        let xi = |idx: usize| {
            let r = (Self::LN_R_MIN + idx as f64 * Self::LN_R_STEP).exp();
            modes.iter().map(|(k, power)| power * (k * r).sin() / (k * r)).sum()
        };
        Self { values: (0..Self::N_R).map(xi).collect() }
    }

    fn at(&self, r_mpc: f64) -> f64 {
        let at = ((r_mpc.ln() - Self::LN_R_MIN) / Self::LN_R_STEP).clamp(0.0, (Self::N_R - 2) as f64 + 0.999);
        let idx = at as usize;
        self.values[idx] + (self.values[idx + 1] - self.values[idx]) * (at - idx as f64)
    }

    /// Mean over all pairs of points in a cell of the sky between two distances, by a sum over quasi-random pairs.
    fn mean_in_cell(&self, cell_rad: f64, [near, far]: [f64; 2]) -> f64 {
        const PAIRS: u32 = 20_000;
        // Additive recurrences of the generalised golden ratio in six dimensions (Roberts 2018).
        const RATIO: f64 = 1.112_775_684_278_705_6;
        let point = |pair: u32, dimension: i32| (0.5 + f64::from(pair) * RATIO.powi(-dimension)).fract();
        let sum: f64 = (0..PAIRS)
            .map(|pair| {
                let along = |d| near + (far - near) * point(pair, d);
                let (a, b) = (along(1), along(2));
                let across = |d, e| cell_rad * 0.5 * (a + b) * (point(pair, d) - point(pair, e));
                let (x, y) = (across(3, 4), across(5, 6));
                self.at(((a - b).powi(2) + x * x + y * y).sqrt().max(1.0))
            })
            .sum();
        sum / f64::from(PAIRS)
    }
}
