//! Laws and statistics of clusters in three dimensions, through the public API.

use arcmin_scene::cluster::{
    ByState, Cluster, ClusterConfig, ClusterModel, Direction, DynamicalState, TurbulenceConfig, ViewGrid,
};
use arcmin_scene::{Split, TileKey};
use arcmin_sky::pressure::{Arnaud10, ProjectedGnfw};
use arcmin_sky::{Cosmology, NfwHalo};
use arcmin_units::{Arcmin, M200c, Mpc, Redshift};

const Z: Redshift = Redshift::new(0.67);

fn cosmology() -> Cosmology {
    Cosmology::wmap7()
}

fn key(tile: u64) -> TileKey {
    TileKey { seed: 3, split: Split::Test, tile }
}

fn model(config: &ClusterConfig) -> ClusterModel {
    ClusterModel::new(config, &cosmology()).unwrap()
}

fn grid(n: usize, pixel_arcmin: f64) -> ViewGrid {
    ViewGrid::new(n, Arcmin::new(pixel_arcmin)).unwrap()
}

/// The default model without turbulence, whose field takes most of the time of a draw.
fn calm() -> ClusterConfig {
    let none = TurbulenceConfig { ln_rms_centre: 0.0, ln_rms_r200: 0.0, velocity_rms_km_s: 0.0, ..Default::default() };
    ClusterConfig { turbulence: none, ..ClusterConfig::default() }
}

fn only(state: DynamicalState) -> ByState<f64> {
    let share = |of| f64::from(u8::from(of == state));
    let [relaxed, intermediate, disturbed] = DynamicalState::ALL.map(share);
    ByState { relaxed, intermediate, disturbed }
}

/// A disturbed cluster with subhaloes that keep gas.
fn merging(config: ClusterConfig) -> Cluster {
    let mut config = ClusterConfig { states: only(DynamicalState::Disturbed), ..config };
    config.halo.ln_c_offset = ByState::same(0.0);
    model(&config).draw(M200c::new(3e14), Z, key(4)).unwrap()
}

fn mean_and_sigma(values: &[f64]) -> [f64; 2] {
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    [mean, (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64).sqrt()]
}

/// Each pixel against the mean of the analytic profile over many points in it.
#[test]
fn smooth_spheres_have_the_compton_y_of_arnaud10() {
    let cluster = model(&ClusterConfig::smooth_spheres()).draw(M200c::new(4e14), Z, key(0)).unwrap();
    let gas = Arnaud10::new(cluster.m500c(), Z, &cosmology()).unwrap();
    let shape = ProjectedGnfw::arnaud10();
    let view = cluster.project(&Direction::fibonacci(3, 11), &grid(80, 0.25));
    for (column, row) in [(40, 40), (41, 40), (42, 43), (40, 30), (60, 50), (70, 40), (0, 40)] {
        let points = 60;
        let offset = |k: usize| 0.25 * ((k as f64 + 0.5) / points as f64 - 0.5);
        let mut twin = 0.0;
        for (i, j) in (0..points).flat_map(|i| (0..points).map(move |j| (i, j))) {
            let (x, y) = (0.25 * (column as f64 - 40.0) + offset(i), 0.25 * (row as f64 - 40.0) + offset(j));
            twin += gas.y0() * shape.at(x.hypot(y) / gas.theta500().to_arcmin().value());
        }
        twin /= (points * points) as f64;
        let ours = f64::from(view.compton_y[row * 80 + column]);
        assert!((ours - twin).abs() < 0.005 * twin + 1e-5 * gas.y0(), "({column}, {row}): {ours:e} {twin:e}");
    }
    let y500 = view.y_within_mpc2(cluster.r500c());
    assert!((y500 / gas.y500_cyl_mpc2() - 1.0).abs() < 0.005, "{y500:e} {:e}", gas.y500_cyl_mpc2());
}

#[test]
fn smooth_spheres_have_the_mass_of_nfw_haloes() {
    let cluster = model(&ClusterConfig::smooth_spheres()).draw(M200c::new(4e14), Z, key(0)).unwrap();
    let halo = NfwHalo::from_concentration(cluster.m200c(), cluster.c200c(), Z, &cosmology()).unwrap();
    let view = cluster.project(&Direction::AXES[0], &grid(120, 0.125));
    for share in [0.2, 0.5, 1.0] {
        let radius_mpc = share * cluster.r200c().value();
        // Mass in the cylinder: shells of the sphere of 2 R200c, each with its part inside.
        let n = 20_000;
        let end_mpc = 2.0 * cluster.r200c().value();
        let within = |k: usize| halo.mass_within_msun(Mpc::new(end_mpc * (k as f64 / n as f64).powi(2)));
        let twin: f64 = (0..n)
            .map(|k| {
                let r = end_mpc * ((k as f64 + 0.5) / n as f64).powi(2);
                let part = if r < radius_mpc { 1.0 } else { 1.0 - (1.0 - (radius_mpc / r).powi(2)).sqrt() };
                (within(k + 1) - within(k).max(0.0)) * part
            })
            .sum();
        let ours = view.mass_within_msun(Mpc::new(radius_mpc));
        assert!((ours / twin - 1.0).abs() < 0.005, "{share}: {ours:e} {twin:e}");
    }
}

/// A cluster with all ingredients, seen along several directions on pixels that reach beyond its gas.
#[test]
fn flux_is_the_same_from_all_directions() {
    for (config, tolerance) in [(calm(), 2e-3), (ClusterConfig::default(), 5e-3)] {
        let cluster = merging(config);
        let grid = grid(130, 0.25);
        let views = (0..4).map(|idx| cluster.project(&Direction::fibonacci(idx, 4), &grid));
        let fluxes: Vec<[f64; 2]> =
            views.map(|view| [view.y_within_mpc2(Mpc::new(6.5)), view.mass_within_msun(Mpc::new(6.5))]).collect();
        for flux in &fluxes {
            assert!((flux[0] / fluxes[0][0] - 1.0).abs() < tolerance, "y {fluxes:?}");
            assert!((flux[1] / fluxes[0][1] - 1.0).abs() < 2e-3, "mass {fluxes:?}");
        }
    }
}

/// The parts together have the flux of Arnaud10 times the cluster's own amplitude, here one.
#[test]
fn all_parts_together_have_the_flux_of_arnaud10() {
    let mut config = calm();
    config.gas.pressure_ln_scatter = 0.0;
    config.gas.ln_pressure_offset = ByState::same(0.0);
    let cluster = merging(config);
    let total = Arnaud10::new(cluster.m500c(), Z, &cosmology()).unwrap().y_total_mpc2();
    let flux = cluster.project(&Direction::AXES[1], &grid(130, 0.25)).y_within_mpc2(Mpc::new(6.5));
    assert!((flux / total - 1.0).abs() < 3e-3, "{flux:e} {total:e}");
}

/// Turning the line of sight round sees the same image, mirrored, with the sign of the velocity turned.
#[test]
fn a_view_from_behind_is_the_mirror_image() {
    let cluster = merging(ClusterConfig::default());
    let grid = grid(41, 0.25);
    let [front, behind] = [[0.3, -0.5, 0.7], [-0.3, 0.5, -0.7]].map(|n| Direction::new(n).unwrap());
    // The axes of the image of the opposite direction: one of them changes its sign.
    let flips: Vec<bool> =
        (0..2).map(|k| front.axes()[k].iter().zip(behind.axes()[k]).any(|(a, b)| (a - b).abs() > 1e-9)).collect();
    let (a, b) = (cluster.project(&front, &grid), cluster.project(&behind, &grid));
    let scale = a.compton_y.iter().copied().fold(0.0, f32::max);
    let kinetic_scale = a.kinetic.iter().map(|v| v.abs()).fold(0.0, f32::max);
    for idx in 0..41 * 41 {
        let turn = |at: usize, flip: bool| if flip { 40 - at } else { at };
        let mirrored = turn(idx / 41, flips[1]) * 41 + turn(idx % 41, flips[0]);
        assert!((a.compton_y[idx] - b.compton_y[mirrored]).abs() < 1e-3 * scale, "{idx}");
        assert!((a.kinetic[idx] + b.kinetic[mirrored]).abs() < 1e-3 * kinetic_scale, "{idx}");
    }
}

/// Pixels are the means of those a third of their size, whose lines of sight lie three times as close: with all ingredients
/// to 1% of the peak of y and 2% of that of the kinetic term.
#[test]
fn views_are_means_over_their_pixels() {
    let cluster = merging(ClusterConfig::default());
    let direction = Direction::fibonacci(2, 7);
    let (coarse, fine) = (cluster.project(&direction, &grid(41, 0.3)), cluster.project(&direction, &grid(123, 0.1)));
    let check = |coarse: &[f32], fine: &[f32], tolerance: f32| {
        let scale = coarse.iter().map(|v| v.abs()).fold(0.0, f32::max);
        for (idx, &value) in coarse.iter().enumerate() {
            let (row, column) = (3 * (idx / 41), 3 * (idx % 41));
            let mean = (0..9).map(|k| fine[(row + k / 3) * 123 + column + k % 3]).sum::<f32>() / 9.0;
            assert!((value - mean).abs() < tolerance * scale, "{idx}: {value:e} {mean:e} of {scale:e}");
        }
    };
    check(&coarse.compton_y, &fine.compton_y, 0.01);
    check(&coarse.kinetic, &fine.kinetic, 0.02);
}

#[test]
fn bits_do_not_depend_on_the_number_of_threads() {
    let model = model(&ClusterConfig::default());
    let make = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| {
            let cluster = model.draw(M200c::new(5e14), Z, key(8)).unwrap();
            cluster.project(&Direction::AXES[0], &grid(60, 0.25))
        })
    };
    assert_eq!(make(1), make(3));
}

#[test]
fn clusters_outside_of_the_range_are_refused() {
    let model = model(&ClusterConfig::smooth_spheres());
    for mass in [0.0, f64::NAN, 1e17] {
        assert!(model.draw(M200c::new(mass), Z, key(0)).unwrap_err().to_string().contains("M200c"));
    }
    for z in [0.0, f64::NAN, 9.0] {
        assert!(model.draw(M200c::new(3e14), Redshift::new(z), key(0)).unwrap_err().to_string().contains("redshift"));
    }
    for (n, pixel_arcmin) in [(0, 0.25), (10, 0.0), (10, f64::NAN), (100_000, 0.25)] {
        assert!(ViewGrid::new(n, Arcmin::new(pixel_arcmin)).is_err());
    }
}

/// Shapes, states, substructure, offsets and velocities of 600 clusters; false alarm 1e-3 (4 sigma in 14 numbers).
#[test]
fn populations_have_the_stated_distributions() {
    const N: u64 = 600;
    let model = model(&calm());
    let clusters: Vec<Cluster> = (0..N).map(|tile| model.draw(M200c::new(3e14), Z, key(tile)).unwrap()).collect();
    let near = |what: &str, values: &[f64], expected: f64| {
        let [mean, sigma] = mean_and_sigma(values);
        let error = sigma / (values.len() as f64).sqrt();
        assert!((mean - expected).abs() < 4.0 * error, "{what}: {mean} +- {error}, expected {expected}");
    };
    let all = |of: &dyn Fn(&Cluster) -> f64| clusters.iter().map(of).collect::<Vec<f64>>();
    let of_state = |state, of: &dyn Fn(&Cluster) -> f64| -> Vec<f64> {
        clusters.iter().filter(|cluster| cluster.state() == state).map(of).collect()
    };
    for (state, share) in DynamicalState::ALL.into_iter().zip([0.4, 0.3, 0.3]) {
        near("share", &all(&|cluster| f64::from(u8::from(cluster.state() == state))), share);
    }
    // A normal distribution cut off at minus two and plus five sigmas.
    let cut = (-2.0f64).exp() / std::f64::consts::TAU.sqrt() / 0.977_25;
    near("c/a", &all(&|cluster| cluster.axis_ratios()[1]), 0.5 + 0.1 * cut);
    near("c/a squared", &all(&|cluster| (cluster.axis_ratios()[1] - 0.5).powi(2)), 0.01 * (1.0 - 2.0 * cut));
    near(
        "b/a",
        &all(&|cluster| (cluster.axis_ratios()[0] - cluster.axis_ratios()[1]) / (1.0 - cluster.axis_ratios()[1])),
        0.5,
    );
    let ln_c = all(&|cluster| cluster.c200c().ln());
    let [_, ln_c_sigma] = mean_and_sigma(&ln_c);
    assert!((ln_c_sigma / 0.35 - 1.0).abs() < 4.0 / (2.0 * N as f64).sqrt(), "{ln_c_sigma}");
    // Some of the 0.098 of the mass in subhaloes lies outside the sphere, where the halo's long axis reaches.
    let [f_sub, _] = mean_and_sigma(&all(&Cluster::subhalo_frac));
    assert!((0.07..0.13).contains(&f_sub), "{f_sub}");
    // Median of a log-normal: its logarithm has that mean.
    near("relaxed offset", &of_state(DynamicalState::Relaxed, &|c| (c.gas_offset_r200() / 0.02).ln()), 0.0);
    near("disturbed offset", &of_state(DynamicalState::Disturbed, &|c| (c.gas_offset_r200() / 0.08).ln()), 0.0);
    let concentration = |state| mean_and_sigma(&of_state(state, &|c| c.c200c().ln()))[0];
    assert!(concentration(DynamicalState::Relaxed) > concentration(DynamicalState::Disturbed) + 0.1);
    for direction in &Direction::AXES {
        near("velocity", &all(&|cluster| (cluster.velocity_km_s(direction) / 290.0).powi(2)), 1.0);
    }
}

/// Slope, normalisation and scatter of the cylindrical Y500 over M500c, from 120 clusters at each of three masses. The error
/// of the scatter is 4%, that of the mean 0.7%.
#[test]
fn compton_y_follows_mass_as_it_must() {
    const N: u64 = 120;
    let model = model(&calm());
    let cosmology = cosmology();
    let grid = grid(33, 0.25);
    let mut rows = Vec::new();
    for (k, mass) in [1.5e14, 4e14, 1e15].into_iter().enumerate() {
        for tile in 0..N {
            let cluster = model.draw(M200c::new(mass), Z, key(1000 * k as u64 + tile)).unwrap();
            let gas = Arnaud10::new(cluster.m500c(), Z, &cosmology).unwrap();
            for direction in &Direction::AXES {
                let y = cluster.project(direction, &grid).y_within_mpc2(cluster.r500c());
                rows.push([cluster.m500c().value().ln(), y.ln(), (y / gas.y500_cyl_mpc2()).ln()]);
            }
        }
    }
    let column = |k: usize| rows.iter().map(|row| row[k]).collect::<Vec<f64>>();
    let [mean_m, sigma_m] = mean_and_sigma(&column(0));
    let [mean_y, _] = mean_and_sigma(&column(1));
    let covariance = rows.iter().map(|row| (row[0] - mean_m) * (row[1] - mean_y)).sum::<f64>() / rows.len() as f64;
    let slope = covariance / (sigma_m * sigma_m);
    assert!((1.76..1.82).contains(&slope), "{slope}");
    let [offset, scatter] = mean_and_sigma(&column(2));
    assert!(offset.abs() < 0.10, "{offset}");
    assert!((0.10..0.16).contains(&scatter), "{scatter}");
}

/// The mean over fields of the stirred gas is the smooth gas: fluxes of 40 clusters to 4 sigma (false alarm 6e-5).
#[test]
fn turbulence_keeps_the_mean() {
    let mut config = ClusterConfig::smooth_spheres();
    config.turbulence = TurbulenceConfig::default();
    let (stirred, smooth) = (model(&config), model(&ClusterConfig::smooth_spheres()));
    let grid = grid(33, 0.25);
    let flux = |model: &ClusterModel, tile| {
        let cluster = model.draw(M200c::new(4e14), Z, key(tile)).unwrap();
        cluster.project(&Direction::AXES[2], &grid).y_within_mpc2(cluster.r500c())
    };
    let still = flux(&smooth, 0);
    let ratios: Vec<f64> = (0..40).map(|tile| flux(&stirred, tile) / still).collect();
    let [mean, sigma] = mean_and_sigma(&ratios);
    assert!((mean - 1.0).abs() < 4.0 * sigma / 40f64.sqrt() + 2e-3, "{mean} {sigma}");
    // Less than the rms of the field, which a cylinder averages over many of its pieces.
    assert!((0.005..0.10).contains(&sigma), "{sigma}");
}

/// Without turbulence the kinetic term is the optical depth times the velocity.
#[test]
fn the_kinetic_term_moves_with_the_cluster() {
    let config = ClusterConfig { bulk_velocity_rms_km_s: 290.0, ..ClusterConfig::smooth_spheres() };
    let cluster = model(&config).draw(M200c::new(5e14), Redshift::new(0.7), key(2)).unwrap();
    for direction in &Direction::AXES {
        let view = cluster.project(direction, &grid(21, 0.25));
        let tau = f64::from(view.kinetic[10 * 21 + 10]) * 299_792.458 / cluster.velocity_km_s(direction);
        assert!((4e-3..1.2e-2).contains(&tau), "{tau}");
    }
}
