//! Laws of skies around single clusters.

use arcmin_scene::{
    ClusterCutout, ClusterCutoutSource, ClusterSet, ClusterSetConfig, ClusterSky, ClusterSkyConfig, EpochMaps, Masses,
    SetKey, Split,
};
use arcmin_sky::pressure::{Arnaud10, ProjectedGnfw};
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_sky::{Cosmology, DiemerKravtsov15, LinearPower, NfwHalo};
use arcmin_units::{Arcmin, Ghz, M200c, M500c, Redshift};
use std::f64::consts::PI;
use std::sync::{Arc, OnceLock};

const Z: Redshift = Redshift::new(0.7);
const TEST: SetKey = SetKey { split: Split::Test, set: 0 };

fn config() -> ClusterSkyConfig {
    toml::from_str(include_str!("gupta20.toml")).expect("the description parses")
}

/// One sky for all tests: its tables take seconds.
fn sky() -> Arc<ClusterSky> {
    static SKY: OnceLock<Arc<ClusterSky>> = OnceLock::new();
    Arc::clone(SKY.get_or_init(|| Arc::new(ClusterSky::new(&config(), 5).expect("a sky"))))
}

fn set_config(n_maps: u64, epochs: EpochMaps) -> ClusterSetConfig {
    let masses = Masses::Uniform { min_msun: 1e14, max_msun: 8e14 };
    ClusterSetConfig { n_maps, masses, y_ln_scatter: 0.2, epochs }
}

fn set(sky: &Arc<ClusterSky>, key: SetKey, n_maps: u64, epochs: EpochMaps) -> ClusterSet {
    ClusterSet::new(Arc::clone(sky), key, &set_config(n_maps, epochs)).expect("a set")
}

/// The gas of a mass by the formulae, without tables.
fn gas(m200c_msun: f64) -> Arnaud10 {
    let cosmology = Cosmology::planck18();
    let power = LinearPower::eisenstein_hu98(&cosmology);
    let halo = NfwHalo::from_mass(M200c::new(m200c_msun), Z, &DiemerKravtsov15::new(&power), &cosmology);
    let m500c: M500c = halo.expect("a halo").mass_in();
    Arnaud10::new(m500c, Z, &cosmology).expect("gas")
}

/// The slow twin: the profile on points an eighth of a pixel apart, averaged over the pixel and summed under the beam.
fn pixel_by_sum(gas: &Arnaud10, [dx, dy]: [f64; 2], shape: &ProjectedGnfw) -> f64 {
    const POINTS: i32 = 8;
    let pixel_arcmin = 0.25;
    let step = pixel_arcmin / f64::from(POINTS);
    let sigma = 1.0 / (8.0 * 2f64.ln()).sqrt();
    let theta500 = gas.theta500().to_arcmin().value();
    let (mut sum, mut weight) = (0.0, 0.0);
    let reach = (4.5 * sigma / step) as i32;
    for i in -reach..=reach {
        for j in -reach..=reach {
            let (u, v) = ((f64::from(i) + 0.5) * step, (f64::from(j) + 0.5) * step);
            let w = (-0.5 * (u * u + v * v) / (sigma * sigma)).exp();
            let mut mean = 0.0;
            for k in 0..4 {
                let (a, b) = (
                    (f64::from(k % 2) - 0.5) * pixel_arcmin / 3f64.sqrt(),
                    (f64::from(k / 2) - 0.5) * pixel_arcmin / 3f64.sqrt(),
                );
                mean += 0.25 * shape.at((dx * pixel_arcmin + u + a).hypot(dy * pixel_arcmin + v + b) / theta500);
            }
            sum += w * mean;
            weight += w;
        }
    }
    sum / weight * gas.y0() * tsz_uk_per_y(Ghz::new(150.0))
}

#[test]
fn cluster_is_the_profile_under_beam_and_pixel() {
    let (sky, shape) = (sky(), ProjectedGnfw::arnaud10());
    for m200c_msun in [3.3e13, 3e14, 1.2e15] {
        let image = sky.cluster(M200c::new(m200c_msun), Z).expect("within the tables");
        let gas = gas(m200c_msun);
        let peak = f64::from(image[20 * 40 + 20]);
        for (x, y) in [(20, 20), (22, 20), (17, 26), (35, 10)] {
            let slow = pixel_by_sum(&gas, [f64::from(x) - 20.0, f64::from(y) - 20.0], &shape);
            let ours = f64::from(image[(y * 40 + x) as usize]);
            assert!((ours - slow).abs() < 2e-3 * peak.abs(), "{m200c_msun:e} at ({x}, {y}): {ours} against {slow}");
        }
    }
}

#[test]
fn profile_without_beam_keeps_the_flux() {
    let sky = sky();
    let gas = gas(2e14);
    let bare: f64 =
        sky.cluster_profile(M200c::new(2e14), Z).expect("in the tables").iter().map(|x| f64::from(*x)).sum();
    let shape = ProjectedGnfw::arnaud10();
    // Integral over the square of the cutout by rings: it holds the circle of 4.75' whole, and a little more.
    let theta500 = gas.theta500().to_arcmin().value();
    let ring = |i: i32| {
        let r = (f64::from(i) + 0.5) * 4.75 / 2000.0;
        2.0 * PI * r * shape.at(r / theta500) * 4.75 / 2000.0
    };
    let inside = (0..2000).map(ring).sum::<f64>() * gas.y0() * tsz_uk_per_y(Ghz::new(150.0)) / 0.0625;
    assert!((1.0..1.03).contains(&(bare / inside)), "{}", bare / inside);
}

fn correlation(a: &[f32], b: &[f32]) -> f64 {
    let sum = |f: &dyn Fn(f64, f64) -> f64| a.iter().zip(b).map(|(a, b)| f(f64::from(*a), f64::from(*b))).sum::<f64>();
    let n = a.len() as f64;
    let (ma, mb) = (sum(&|a, _| a) / n, sum(&|_, b| b) / n);
    sum(&|a, b| (a - ma) * (b - mb)) / (sum(&|a, _| (a - ma).powi(2)) * sum(&|_, b| (b - mb).powi(2))).sqrt()
}

/// Maps that shared a field would be correlated by more than 0.6. Patches of CMB have some ten independent modes, so that
/// chance correlations of 66 pairs stay below 0.999 with ease but not below 0.6: noise, which is independent from pixel to
/// pixel, is what is compared: the mean product of neighbours' differences. Its chance rms is 1/sqrt(780); six sigma.
#[test]
fn no_two_maps_share_a_random_field() {
    let sky = sky();
    let mut maps = Vec::new();
    for (split, set) in [(Split::Train, 0), (Split::Validation, 0), (Split::Test, 0), (Split::Test, 1)] {
        maps.extend((0..3).map(|index| sky.background(SetKey { split, set }, index)));
    }
    let differences = |map: &Vec<f32>| -> Vec<f32> { map.chunks_exact(2).map(|pair| pair[1] - pair[0]).collect() };
    let maps: Vec<Vec<f32>> = maps.iter().map(differences).collect();
    for (i, a) in maps.iter().enumerate() {
        for b in &maps[..i] {
            assert!(correlation(a, b).abs() < 6.0 / 780f64.sqrt(), "{}", correlation(a, b));
        }
        assert!(correlation(a, a) > 0.999);
    }
}

#[test]
fn maps_are_the_same_bits_for_any_number_of_threads() {
    let make = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| {
            let set = set(&sky(), TEST, 6, EpochMaps::Fresh);
            [0, 3].map(|epoch| (0..6).map(|i| set.cutout(i, epoch).expect("a map")).collect::<Vec<ClusterCutout>>())
        })
    };
    assert_eq!(make(1), make(3));
}

#[test]
fn later_epochs_are_other_maps_where_that_is_asked_for() {
    let sky = sky();
    let (same, fresh) = (set(&sky, TEST, 20, EpochMaps::Same), set(&sky, TEST, 20, EpochMaps::Fresh));
    for i in 0..20 {
        assert_eq!(same.cutout(i, 0).expect("a map"), same.cutout(i, 7).expect("a map"));
        assert_eq!(same.cutout(i, 0).expect("a map"), fresh.cutout(i, 0).expect("a map"));
        let (first, later) = (fresh.cutout(i, 0).expect("a map"), fresh.cutout(i, 1).expect("a map"));
        assert_ne!(first.m200c, later.m200c);
        let differences = |map: &[f32]| -> Vec<f32> { map.chunks_exact(2).map(|pair| pair[1] - pair[0]).collect() };
        assert!(correlation(&differences(&first.pixels), &differences(&later.pixels)).abs() < 0.3);
        assert!((1e14..8e14).contains(&first.m200c.value()));
    }
}

/// Mean and deviation of 4000 amplitudes' logarithms; five sigma.
#[test]
fn amplitudes_scatter_as_told() {
    let sky = Arc::new(ClusterSky::new(&ClusterSkyConfig { n_pixels_side: 8, ..config() }, 3).expect("a sky"));
    let set = set(&sky, TEST, 4000, EpochMaps::Same);
    let ln: Vec<f64> = (0..4000).map(|i| set.cutout(i, 0).expect("a map").amplitude.ln()).collect();
    let mean = ln.iter().sum::<f64>() / 4000.0;
    let deviation = (ln.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4000.0).sqrt();
    assert!(mean.abs() < 5.0 * 0.2 / 4000f64.sqrt(), "{mean}");
    assert!((deviation / 0.2 - 1.0).abs() < 5.0 / 8000f64.sqrt(), "{deviation}");
}

#[test]
fn a_wide_image_through_the_beam_is_the_cluster() {
    let sky = sky();
    let gas = gas(4e14);
    let shape = ProjectedGnfw::arnaud10();
    let theta500 = gas.theta500().to_arcmin().value();
    let wide: Vec<f32> = (0..80 * 80)
        .map(|i| {
            let mean: f64 = (0..49)
                .map(|k| {
                    let offset = |k: usize| (k as f64 + 0.5) / 7.0 - 0.5;
                    let (x, y) = ((i % 80) as f64 - 40.0 + offset(k % 7), (i / 80) as f64 - 40.0 + offset(k / 7));
                    shape.at(0.25 * x.hypot(y) / theta500) / 49.0
                })
                .sum();
            (mean * gas.y0() * tsz_uk_per_y(Ghz::new(150.0))) as f32
        })
        .collect();
    let smooth = sky.beam_of_square(0, 80).expect("a plan").smooth_and_cut(&wide);
    let cluster = sky.cluster(M200c::new(4e14), Z).expect("in the tables");
    let peak = cluster[20 * 40 + 20].abs();
    for (i, (a, b)) in smooth.iter().zip(&cluster).enumerate() {
        assert!((a - b).abs() < 4e-3 * peak, "pixel {i}: {a} against {b}");
    }
}

#[test]
fn cutouts_know_their_grid_bands_and_redshifts() {
    let sky = sky();
    let cutouts = sky.cutouts(vec![0.0; 3 * 1600], &[Z; 3]).expect("three cutouts");
    assert_eq!((cutouts.len(), cutouts.shape().nx, cutouts.bands()[0].nu), (3, 40, Some(Ghz::new(150.0))));
    assert_eq!(cutouts.catalogue().f64("redshift").expect("a column"), [0.7; 3]);
    let centre = cutouts.geometry(0).sky_to_pix(cutouts.positions()[0]).expect("on the cutout");
    assert!((centre.x - 20.0).abs() < 1e-9 && (centre.y - 20.0).abs() < 1e-9);
    assert!(sky.cutouts(vec![0.0; 3 * 1600], &[Z; 2]).is_err());
}

#[test]
fn what_cannot_be_is_told_in_a_line() {
    let refusal = |change: &dyn Fn(&mut ClusterSkyConfig)| {
        let mut config = config();
        change(&mut config);
        ClusterSky::new(&config, 1).expect_err("refused").to_string()
    };
    assert!(refusal(&|c| c.components.push(arcmin_scene::Component::Tsz)).contains("tsz is made of haloes"));
    assert!(refusal(&|c| c.m200c_max_msun = 1e13).contains("m200c_max_msun"));
    assert!(refusal(&|c| c.redshift_max = 0.5).contains("redshift_max"));
    assert!(refusal(&|c| c.simulated_side_arcmin = 12.0).contains("simulated_side_arcmin"));
    assert!(refusal(&|c| c.n_pixels_side = 41).contains("n_pixels_side"));
    let sky = sky();
    for (mass, z) in [(1e12, 0.7), (3e14, 0.71), (f64::NAN, 0.7)] {
        let refused = sky.cluster(M200c::new(mass), Redshift::new(z)).expect_err("refused").to_string();
        assert!(refused.contains("lies outside of"), "{refused}");
    }
    let set = |config: &ClusterSetConfig| ClusterSet::new(Arc::clone(&sky), TEST, config).expect_err("refused");
    assert!(set(&set_config(0, EpochMaps::Same)).to_string().contains("n_maps"));
    let listed = Masses::Listed { m200c_msun: vec![] };
    assert!(set(&ClusterSetConfig { masses: listed, ..set_config(3, EpochMaps::Same) }).to_string().contains("masses"));
    assert!(sky.beam_of_square(0, 30).is_err());
    assert_eq!(sky.pixel(), Arcmin::new(0.25));
}
