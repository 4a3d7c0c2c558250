//! How haloes cluster, against linear theory, through the public API.

mod common;

use arcmin_scene::{ClusteringConfig, Component, Halo, Haloes, SceneConfig, Split};
use arcmin_sky::{Cosmology, LinearPower, Tinker08, Tinker10};
use arcmin_units::{M200m, Redshift};
use common::{config, simulator};
use std::f64::consts::PI;

/// Haloes of 8 degrees by 8 degrees from z = 0.5 to 0.7, on coarse pixels.
fn clustered_config(n_tiles: usize) -> SceneConfig {
    let mut config = config();
    config.components = vec![Component::Tsz];
    config.clustering = Some(ClusteringConfig { cell_mpc: 9.0 });
    config.tiles.n_pixels_side = 128;
    config.tiles.pixel_arcmin = 3.75;
    config.tiles.margin_arcmin = 0.0;
    config.tiles.n_test = n_tiles;
    config.haloes.z_min = 0.5;
    config.haloes.z_max = 0.7;
    config
}

fn haloes_of_tiles(config: &SceneConfig) -> Vec<Vec<Halo>> {
    let simulator = simulator(config);
    (0..config.tiles.n_test).map(|tile| simulator.drawn_haloes(Split::Test, tile).unwrap()).collect()
}

/// Linear correlation of matter today at a distance in Mpc.
fn xi_linear(power: &LinearPower, r_mpc: f64) -> f64 {
    const STEPS: usize = 1200;
    let dlnk = (1e2f64 / 1e-4).ln() / STEPS as f64;
    let term = |step: usize| {
        let k = 1e-4 * ((step as f64 + 0.5) * dlnk).exp();
        // The cut keeps the sum over ever faster waves from ringing; it is far below the scales compared.
        let cut = (-(k * 1.0f64).powi(2)).exp();
        k.powi(3) * power.power(k, Redshift::new(0.0)) * cut * (k * r_mpc).sin() / (k * r_mpc) * dlnk
    };
    (0..STEPS).map(term).sum::<f64>() / (2.0 * PI * PI)
}

/// `b(> M) D` of the haloes at a redshift: the mean of Tinker10 over Tinker08.
fn growing_bias(power: &LinearPower, z: Redshift) -> f64 {
    let (mass_function, bias) = (Tinker08::new(power), Tinker10::new(power));
    let (mut sum, mut total) = (0.0, 0.0);
    for step in 0..200 {
        let mass = M200m::new(1e13 * 500f64.powf((f64::from(step) + 0.5) / 200.0));
        let density = mass_function.dn_dlnm(mass, z);
        sum += density * bias.bias(mass, z);
        total += density;
    }
    sum / total * power.growth().factor(z)
}

/// Pairs of haloes at comoving distances of 16 to 60 Mpc, counted against those of unclustered haloes in the same
/// volume: `1 + xi`, and `xi` against `b^2 xi_linear`. Held to 15% and four standard errors, which come from the
/// scatter of tiles; the log-normal model itself is off by up to 8% at 16 Mpc. False alarm 2e-4.
#[test]
fn haloes_cluster_as_their_bias_says() {
    const EDGES_MPC: [f64; 4] = [16.0, 24.0, 36.0, 60.0];
    let clustered = clustered_config(12);
    let mut uniform = clustered.clone();
    uniform.clustering = None;
    let power = LinearPower::eisenstein_hu98(&Cosmology::sehgal_wmap5());
    let count = |config| -> Vec<([f64; 3], f64)> {
        haloes_of_tiles(config).iter().map(|haloes| (pairs(haloes, &power, &EDGES_MPC), haloes.len() as f64)).collect()
    };
    let (data, random) = (count(&clustered), count(&uniform));
    let mean_random_pairs = |bin: usize| {
        let pairs: f64 = random.iter().map(|(pairs, _)| pairs[bin]).sum();
        let n_square: f64 = random.iter().map(|(_, n)| n * n).sum();
        pairs / n_square
    };
    let expected_n = random.iter().map(|(_, n)| n).sum::<f64>() / random.len() as f64;
    for bin in 0..3 {
        // Each tile against the mean density of all skies, so that no power is lost to the tile's own mean.
        let xi: Vec<f64> =
            data.iter().map(|(p, _)| p[bin] / (expected_n * expected_n * mean_random_pairs(bin)) - 1.0).collect();
        let mean = xi.iter().sum::<f64>() / xi.len() as f64;
        let error = (xi.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (xi.len() * (xi.len() - 1)) as f64).sqrt();
        let expected =
            mean_xi(&power, [EDGES_MPC[bin], EDGES_MPC[bin + 1]]) * growing_bias(&power, Redshift::new(0.6)).powi(2);
        assert!((mean - expected).abs() < 0.15 * expected + 4.0 * error, "bin {bin}: {mean} +- {error}, {expected}");
        assert!(bin > 0 || mean > 4.0 * error, "no clustering: {mean} +- {error}");
    }
}

/// Numbers of pairs by distance.
fn pairs(haloes: &[Halo], power: &LinearPower, edges_mpc: &[f64; 4]) -> [f64; 3] {
    let points: Vec<[f64; 3]> = haloes
        .iter()
        .map(|halo| {
            let distance = power.cosmology().comoving_distance(halo.redshift).value();
            let (lon, lat) = (halo.position.lon().value(), halo.position.lat().value());
            [distance * lat.cos() * lon.cos(), distance * lat.cos() * lon.sin(), distance * lat.sin()]
        })
        .collect();
    let mut counts = [0.0; 3];
    for (idx, a) in points.iter().enumerate() {
        for b in &points[idx + 1..] {
            let square = (a[0] - b[0]).powi(2) + (a[1] - b[1]).powi(2) + (a[2] - b[2]).powi(2);
            if square < edges_mpc[3].powi(2) && square > edges_mpc[0].powi(2) {
                counts[(0..2).filter(|&k| square > edges_mpc[k + 1].powi(2)).count()] += 1.0;
            }
        }
    }
    counts
}

/// Mean of the linear correlation over a shell's volume.
fn mean_xi(power: &LinearPower, [near, far]: [f64; 2]) -> f64 {
    let at = |step: u32| near + (far - near) * (f64::from(step) + 0.5) / 24.0;
    let weighted: f64 = (0..24).map(|step| at(step).powi(2) * xi_linear(power, at(step))).sum();
    weighted / (0..24).map(|step| at(step).powi(2)).sum::<f64>()
}

/// The mean count over tiles, with and without clustering; false alarm 6e-5 (4 sigma of the scatter of tiles).
#[test]
fn clustering_changes_no_mean_count() {
    let clustered = clustered_config(16);
    let mut uniform = clustered.clone();
    uniform.clustering = None;
    let counts = |config| haloes_of_tiles(config).iter().map(|haloes| haloes.len() as f64).collect::<Vec<_>>();
    let moments = |counts: &[f64]| {
        let mean = counts.iter().sum::<f64>() / counts.len() as f64;
        (mean, counts.iter().map(|c| (c - mean).powi(2)).sum::<f64>() / (counts.len() - 1) as f64)
    };
    let ((with, with_variance), (without, without_variance)) =
        (moments(&counts(&clustered)), moments(&counts(&uniform)));
    let error = ((with_variance + without_variance) / 16.0).sqrt();
    assert!((with - without).abs() < 4.0 * error, "{with} {without} +- {error}");
    // Poisson scatter alone, up to the chi-square of 15 degrees of freedom; and far more with clustering.
    assert!((0.2..2.9).contains(&(without_variance / without)), "{without_variance} {without}");
    assert!(with_variance > 4.0 * with, "{with_variance} {with}");
}

#[test]
fn clustered_skies_have_the_same_bits_for_any_number_of_threads() {
    let make = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| simulator(&clustered_config(2)).scene(Split::Test, 1, Haloes::Drawn).unwrap())
    };
    let (one, three) = (make(1), make(3));
    assert_eq!(one.truth, three.truth);
    assert_eq!(one.observation, three.observation);
}

/// One component of the velocity against linear theory: 285 km/s at z = 0.6. Neighbours move together, so that 6 tiles
/// are worth some 150 independent haloes: four standard errors of 5%.
#[test]
fn velocities_have_the_rms_of_linear_theory() {
    let power = LinearPower::eisenstein_hu98(&Cosmology::sehgal_wmap5());
    let mut uniform = clustered_config(6);
    uniform.clustering = None;
    for config in [clustered_config(6), uniform] {
        let haloes = haloes_of_tiles(&config).concat();
        let rms = |of: &dyn Fn(&Halo) -> f64| {
            (haloes.iter().map(|halo| of(halo).powi(2)).sum::<f64>() / haloes.len() as f64).sqrt()
        };
        let (velocity, expected) = (
            rms(&|halo| halo.velocity_km_s),
            rms(&|halo| power.velocity_rms_1d_km_s(arcmin_units::Mpc::new(0.0), halo.redshift)),
        );
        assert!((250.0..310.0).contains(&expected) && (velocity / expected - 1.0).abs() < 0.2, "{velocity} {expected}");
    }
}

/// Clusters above 2e14 Msun of the sky that `cargo xtask run deepsz` searches, counted in slices of 0.02 in redshift:
/// none of 13 tiles has a slice with more than 60. Tile 60 had 251 when the density field's cells were too small to hold
/// the matter of that many clusters. With cells of 25 Mpc the largest of 75 tiles is 24.
#[test]
fn clusters_do_not_pile_up_in_one_place() {
    let experiment: toml::Table = include_str!("../../../xtask/experiments/deepsz.toml").parse().unwrap();
    let mut sky = experiment["settings"]["scene"].as_table().unwrap().clone();
    sky.insert("seed".into(), 1.into());
    sky["tiles"]["n_test"] = 72.into();
    let config: SceneConfig = sky.try_into().unwrap();
    let simulator = simulator(&config);
    for tile in (60..72).chain([0]) {
        let haloes = simulator.drawn_haloes(Split::Test, tile).unwrap();
        let mut slices = [0; 200];
        for halo in haloes.iter().filter(|halo| halo.mvir.value() > 2e14) {
            slices[(halo.redshift.value() / 0.02) as usize] += 1;
        }
        let largest = slices.iter().max().unwrap();
        assert!((3..=60).contains(largest), "tile {tile}: {largest} clusters in one slice");
    }
}
