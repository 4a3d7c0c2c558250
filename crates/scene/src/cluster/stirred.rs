//! What turbulence adds to the smooth view of a cluster.
//!
//! Pressure and density are those of the smooth parts times `exp(s g - s^2 / 2)`, `g` the field of unit variance and `s` its
//! rms at the radius: the mean over fields is the smooth gas. Only the difference from it is summed along lines of sight,
//! so that the cusp at the centre, which pixels and steps would not resolve, stays exact.

use super::Direction;
use super::drawn::Cluster;
use super::gas::X_MAX;
use super::turbulence::TurbulentField;
use super::view::{ClusterView, ViewGrid};
use crate::paint::ProfileTable;
use arcmin_units::constants::C_M_S;
use rayon::prelude::*;

/// Lines of sight along one side of a pixel, at most, near the centre.
const RAYS_MAX: f64 = 3.0;
/// Distance from the centre in R500c beyond which one line of sight a pixel is enough.
const FINE_R500: f64 = 2.0;

/// One part of the gas along one line of sight.
#[derive(Clone, Copy)]
struct Chord<'a> {
    /// Square of the radius in R500c: coefficients of `l^2`, `2 l` and one.
    square: [f32; 3],
    y_per_mpc: f32,
    tau_per_mpc: f32,
    pressure: &'a ProfileTable,
    density: &'a ProfileTable,
}

/// What all lines of sight share.
struct Caster<'a> {
    cluster: &'a Cluster,
    field: &'a TurbulentField,
    direction: &'a Direction,
    step_mpc: f64,
    extent_mpc: f64,
    bulk_c: f32,
    internal_c: f32,
}

/// Adds to a smooth view what the field changes of it.
pub(super) fn add(
    cluster: &Cluster,
    field: &TurbulentField,
    direction: &Direction,
    grid: &ViewGrid,
    view: &mut ClusterView,
) {
    let n = grid.n_pixels_side();
    let pixel_mpc = cluster.pixel_mpc(grid);
    let caster = Caster {
        cluster,
        field,
        direction,
        step_mpc: field.cell_mpc(),
        extent_mpc: cluster.gas_extent_mpc(),
        bulk_c: (cluster.velocity_km_s(direction) * 1e3 / C_M_S) as f32,
        internal_c: (cluster.turbulence_config.velocity_rms_km_s * 1e3 / C_M_S) as f32,
    };
    let rays = (pixel_mpc / field.cell_mpc()).round().clamp(1.0, RAYS_MAX) as usize;
    let from_centre = |idx: usize| (idx as f64 - grid.centre() as f64) * pixel_mpc;
    let rows = view.compton_y.par_chunks_exact_mut(n).zip(view.kinetic.par_chunks_exact_mut(n));
    rows.enumerate().for_each(|(row, (y, kinetic))| {
        for column in 0..n {
            let (dx, dy) = (from_centre(column), from_centre(row));
            let is_near = dx.hypot(dy) < FINE_R500 * cluster.r500_mpc;
            let [more_y, more_kinetic] = caster.pixel([dx, dy], pixel_mpc, if is_near { rays } else { 1 });
            y[column] += more_y;
            kinetic[column] += more_kinetic;
        }
    });
}

impl Caster<'_> {
    /// Mean over the lines of sight through one pixel.
    fn pixel(&self, [x, y]: [f64; 2], pixel_mpc: f64, rays: usize) -> [f32; 2] {
        let offset = |k: usize| pixel_mpc * ((k as f64 + 0.5) / rays as f64 - 0.5);
        let mut sum = [0f32; 2];
        for (i, j) in (0..rays).flat_map(|i| (0..rays).map(move |j| (i, j))) {
            let ray = self.ray([x + offset(i), y + offset(j)]);
            sum = [sum[0] + ray[0], sum[1] + ray[1]];
        }
        sum.map(|sum| sum / (rays * rays) as f32)
    }

    /// The two integrals along one line of sight.
    fn ray(&self, [x, y]: [f64; 2]) -> [f32; 2] {
        let across_square = x * x + y * y;
        let half_length_square = self.extent_mpc * self.extent_mpc - across_square;
        if half_length_square <= 0.0 {
            return [0.0; 2];
        }
        let [e1, e2, n] = self.direction.axes();
        let foot: [f64; 3] = std::array::from_fn(|k| x * e1[k] + y * e2[k]);
        let chords: Vec<Chord> = self.chords(foot);
        // Steps at whole numbers of their length, so that neighbouring lines of sight meet the same planes.
        let n_steps = (half_length_square.sqrt() / self.step_mpc) as i32;
        let mut sum = [0f32; 2];
        for step in -n_steps..=n_steps {
            let l = f64::from(step) * self.step_mpc;
            let [pressure, density] = smooth(&chords, l as f32);
            if pressure > 0.0 || density > 0.0 {
                let point = std::array::from_fn(|k| (foot[k] + l * n[k]) as f32);
                let [g, internal] = self.stir(point);
                let rms = self.ln_rms((across_square + l * l).sqrt());
                let factor = (rms * g - 0.5 * rms * rms).exp();
                sum[0] += pressure * (factor - 1.0);
                sum[1] += density * (factor * (self.bulk_c + internal) - self.bulk_c);
            }
        }
        sum.map(|sum| sum * self.step_mpc as f32)
    }

    /// The field of the logarithm and the velocity along the line of sight over that of light, within the cluster.
    fn stir(&self, point: [f32; 3]) -> [f32; 2] {
        let [g, v0, v1, v2] = self.field.at(point);
        let n = self.direction.axes()[2].map(|component| component as f32);
        [g, self.internal_c * (v0 * n[0] + v1 * n[1] + v2 * n[2])]
    }

    /// Rms of the logarithm at a distance from the centre.
    fn ln_rms(&self, radius_mpc: f64) -> f32 {
        let config = &self.cluster.turbulence_config;
        let inner = 0.5 * self.cluster.r500_mpc;
        let way = ((radius_mpc - inner) / (self.cluster.r200_mpc - inner)).clamp(0.0, 1.0);
        (config.ln_rms_centre + way * (config.ln_rms_r200 - config.ln_rms_centre)) as f32
    }

    /// The parts that a line of sight through a point meets.
    fn chords(&self, foot: [f64; 3]) -> Vec<Chord<'_>> {
        let gas = &self.cluster.shared.gas;
        let chord = |part: &super::parts::GasPart| {
            let per_r500_square = part.r500_mpc.powi(-2);
            let square = part.ellipsoid.along_line(foot, self.direction.axes()[2]).map(|c| c * per_r500_square);
            let nearest = square[2] - square[1] * square[1] / square[0];
            (nearest < X_MAX * X_MAX).then(|| Chord {
                square: square.map(|c| c as f32),
                y_per_mpc: part.y_per_mpc as f32,
                tau_per_mpc: part.tau_per_mpc as f32,
                pressure: &gas.pressure.space,
                density: &gas.density.of(part.core).profile.space,
            })
        };
        self.cluster.gas.iter().filter_map(chord).collect()
    }
}

/// Compton y and optical depth per Mpc of the smooth gas.
fn smooth(chords: &[Chord], l: f32) -> [f32; 2] {
    let mut sum = [0f32; 2];
    for chord in chords {
        let x_square = (chord.square[0] * l + 2.0 * chord.square[1]) * l + chord.square[2];
        sum[0] += chord.y_per_mpc * chord.pressure.at_square(x_square);
        sum[1] += chord.tau_per_mpc * chord.density.at_square(x_square);
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::{ClusterConfig, ClusterModel, TurbulenceConfig};
    use crate::{Split, TileKey};
    use arcmin_sky::Cosmology;
    use arcmin_units::{M200c, Redshift};

    fn draw(turbulence: TurbulenceConfig, tile: u64) -> Cluster {
        let config = ClusterConfig { turbulence, ..ClusterConfig::smooth_spheres() };
        let model = ClusterModel::new(&config, &Cosmology::wmap7()).unwrap();
        model.draw(M200c::new(4e14), Redshift::new(0.67), TileKey { seed: 1, split: Split::Test, tile }).unwrap()
    }

    fn caster<'a>(cluster: &'a Cluster, direction: &'a Direction) -> Caster<'a> {
        let field = cluster.turbulence.as_ref().unwrap();
        let internal_c = (cluster.turbulence_config.velocity_rms_km_s * 1e3 / C_M_S) as f32;
        let (step_mpc, extent_mpc) = (field.cell_mpc(), cluster.gas_extent_mpc());
        Caster { cluster, field, direction, step_mpc, extent_mpc, bulk_c: 0.0, internal_c }
    }

    #[test]
    fn the_rms_rises_from_the_centre_to_r200() {
        let cluster = draw(TurbulenceConfig::default(), 0);
        let caster = caster(&cluster, &Direction::AXES[0]);
        let (inner, outer) = (0.5 * cluster.r500_mpc, cluster.r200_mpc);
        for (radius, rms) in [(0.0, 0.10), (inner, 0.10), (0.5 * (inner + outer), 0.175), (outer, 0.25), (9.0, 0.25)] {
            assert!((caster.ln_rms(radius) - rms).abs() < 1e-6, "{radius}: {}", caster.ln_rms(radius));
        }
    }

    /// The obvious twin: pressure, density, field and velocity at each point, in double precision, with half the steps.
    #[test]
    fn a_line_of_sight_is_the_sum_of_its_points() {
        let turbulence = TurbulenceConfig { ln_rms_centre: 0.2, ..TurbulenceConfig::default() };
        let cluster = draw(turbulence, 3);
        let direction = Direction::new([0.2, -0.7, 0.4]).unwrap();
        let caster = Caster { bulk_c: 1e-3, ..caster(&cluster, &direction) };
        let [e1, e2, n] = *direction.axes();
        let part = &cluster.gas[0];
        let profiles = &cluster.shared.gas;
        for [x, y] in [[0.05, 0.1], [0.4, -0.3], [-1.0, 0.7]] {
            let mut twin = [0.0; 2];
            for step in -400..=400 {
                let l = 0.025 * f64::from(step);
                let point: [f64; 3] = std::array::from_fn(|k| x * e1[k] + y * e2[k] + l * n[k]);
                let radius_mpc = point.iter().map(|c| c * c).sum::<f64>().sqrt();
                let square = ((radius_mpc / part.r500_mpc).powi(2)) as f32;
                let pressure = part.y_per_mpc * f64::from(profiles.pressure.space.at_square(square));
                let density =
                    part.tau_per_mpc * f64::from(profiles.density.of(part.core).profile.space.at_square(square));
                let [g, v0, v1, v2] = caster.field.at(point.map(|c| c as f32)).map(f64::from);
                let rms = f64::from(caster.ln_rms(radius_mpc));
                let factor = (rms * g - 0.5 * rms * rms).exp();
                let internal = f64::from(caster.internal_c) * (v0 * n[0] + v1 * n[1] + v2 * n[2]);
                twin[0] += 0.025 * pressure * (factor - 1.0);
                twin[1] += 0.025 * density * (factor * (1e-3 + internal) - 1e-3);
            }
            let ours = caster.ray([x, y]).map(f64::from);
            let smooth = profiles.pressure.central * part.y_per_mpc * part.r500_mpc;
            assert!((ours[0] - twin[0]).abs() < 0.004 * smooth, "{ours:?} {twin:?}");
            let smooth = 1e-3 * profiles.density.of(part.core).profile.central * part.tau_per_mpc * part.r500_mpc;
            assert!((ours[1] - twin[1]).abs() < 0.006 * smooth, "{ours:?} {twin:?}");
        }
    }

    /// The kinetic term of motions within the cluster, 400 lines of sight through the centre of two clusters: its
    /// variance is that of a sum over points whose velocities are as correlated as the field at a distance. Some 30
    /// independent cubes would give 13%; directions through one cube share it: 40% is asked.
    #[test]
    fn motions_within_the_cluster_add_up_as_their_correlation_says() {
        let still = TurbulenceConfig { ln_rms_centre: 0.0, ln_rms_r200: 0.0, ..TurbulenceConfig::default() };
        let (mut square, mut correlation) = (0.0, vec![0.0; 200]);
        let mut expected = 0.0;
        for tile in 0..8 {
            let cluster = draw(still.clone(), tile);
            for idx in 0..50 {
                let direction = Direction::fibonacci(idx, 50);
                let caster = caster(&cluster, &direction);
                square += f64::from(caster.ray([0.0, 0.0])[1]).powi(2) / 400.0;
                // The correlation of the velocity along lines far from the centre.
                let n = direction.axes()[2];
                let along = |l: f64| caster.stir(n.map(|c| ((l + 0.3 * f64::from(tile as u32)) * c + 1.1) as f32))[1];
                for (lag, sum) in correlation.iter_mut().enumerate() {
                    for start in 0..8 {
                        let l = 0.4 * f64::from(start);
                        *sum += f64::from(along(l) * along(l + 0.05 * lag as f64)) / 3200.0;
                    }
                }
            }
            if tile == 7 {
                let part = &cluster.gas[0];
                let profile = &cluster.shared.gas.density.of(part.core).profile.space;
                let tau = |step: i32| {
                    let x = 0.05 * f64::from(step) / part.r500_mpc;
                    0.05 * part.tau_per_mpc * f64::from(profile.at_square((x * x) as f32))
                };
                for (i, j) in (-60..=60).flat_map(|i| (-60..=60).map(move |j| (i, j))) {
                    expected += tau(i) * tau(j) * correlation[(i - j).unsigned_abs() as usize];
                }
            }
        }
        assert!((square / expected - 1.0).abs() < 0.4, "{square:e} {expected:e}");
        let rms_km_s = correlation[0].sqrt() * C_M_S / 1e3;
        assert!((rms_km_s - 100.0).abs() < 8.0, "{rms_km_s}");
    }
}
