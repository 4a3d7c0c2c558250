//! From a simulated sky to scores, over the public interfaces alone.

use arcmin_eval::{MatchConfig, ScoreConfig, TileOutcome, TileSummary, score_finder};
use arcmin_find_mmf::config::Profile;
use arcmin_find_mmf::template::Sampling;
use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig};
use arcmin_maps::PixelPosition;
use arcmin_method::ClusterFinder;
use arcmin_scene::{Halo, Haloes, Scene, SceneConfig, Simulator, Split};
use arcmin_units::{Mvir, Redshift};

/// Three bands without beams over tiles of 768 x 768 pixels of 0.25', as in the DeepSZ experiment.
const SKY: &str = r#"
seed = 11
cosmology = "sehgal_wmap5"
concentration = "duffy08"
cmb_spectrum = "sehgal_wmap5"
components = ["cmb", "tsz", "ksz", "point_sources", "noise"]
bands = [
  { name = "90", nu_ghz = 90.0, noise_uk_arcmin = 2.8, beam_fwhm_arcmin = 0.0 },
  { name = "148", nu_ghz = 148.0, noise_uk_arcmin = 2.6, beam_fwhm_arcmin = 0.0 },
  { name = "219", nu_ghz = 219.0, noise_uk_arcmin = 6.6, beam_fwhm_arcmin = 0.0 },
]
tiles = { n_train = 0, n_validation = 1, n_test = 2, n_pixels_side = 768, pixel_arcmin = 0.25, margin_arcmin = 20.0 }
haloes = { m200m_min_msun = 3e13, m200m_max_msun = 5e15, z_min = 0.02, z_max = 3.0, y_ln_scatter = 0.2 }

[foregrounds]
model = "deepsz"
point_sources_d3000_uk2 = [2.7, 8.8, 71.0]
ksz_d_ell_uk2 = 2.0
tsz_background_d_ell_90ghz_uk2 = 3.6
"#;

fn simulator() -> Simulator {
    let config: SceneConfig = toml::from_str(SKY).expect("the sky of these tests parses");
    Simulator::new(config.check().expect("it is a sky")).expect("it can be simulated")
}

fn photometer() -> MatchedFilter {
    let config = MatchedFilterConfig {
        profile: Profile::Arnaud10,
        sampling: Sampling::Harmonic,
        ..MatchedFilterConfig::deepsz()
    };
    MatchedFilter::new(&config).expect("a valid configuration")
}

/// Clusters on a jittered grid, far enough apart not to touch, at all places within a pixel.
fn planted(simulator: &Simulator) -> (Scene, Vec<Halo>) {
    let geometry = simulator.geometry(Split::Test, 0).expect("the sky has a test tile");
    let mut haloes = Vec::new();
    for (row, column) in (1..10).flat_map(|row| (1..10).map(move |column| (row, column))) {
        let jitter = |k: usize| (k as f64 * 0.618_034).fract();
        let at = PixelPosition {
            x: 76.0 * column as f64 + jitter(3 * row + column),
            y: 76.0 * row as f64 + jitter(7 * column + row),
        };
        let position = geometry.pix_to_sky(at).expect("on the tile");
        let z = Redshift::new(0.3 + 0.08 * column as f64);
        haloes.push(simulator.halo(Mvir::new(4e14), z, position).expect("a plain cluster"));
    }
    let scene = simulator.scene(Split::Test, 0, Haloes::Given(&haloes)).expect("a scene");
    (scene, haloes)
}

/// The mean pull of 81 unbiased measurements leaves 3.5 / sqrt(81) with a probability of 5e-4.
#[test]
fn recovered_over_injected_y_is_one() {
    let (scene, haloes) = planted(&simulator());
    let targets: Vec<_> = haloes.iter().map(|halo| (halo.position, halo.theta500.to_arcmin())).collect();
    let measured = photometer().measure(&scene.observation, &targets).expect("measured");
    let pulls: Vec<f64> =
        haloes.iter().zip(&measured).filter_map(|(halo, y)| y.map(|y| (y.y_c.value - halo.y0) / y.y_c.error)).collect();
    assert!(pulls.len() > 60, "{} clusters are clear of the border", pulls.len());
    let n = pulls.len() as f64;
    let mean = pulls.iter().sum::<f64>() / n;
    let spread = (pulls.iter().map(|pull| (pull - mean).powi(2)).sum::<f64>() / (n - 1.0)).sqrt();
    assert!(mean.abs() < 3.5 / n.sqrt(), "mean pull {mean} of {n} clusters");
    assert!((spread - 1.0).abs() < 3.5 / (2.0 * n).sqrt(), "spread of the pulls {spread}");
}

#[test]
fn scores_have_the_same_bits_for_one_and_two_threads() {
    let run = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("a pool");
        pool.install(|| {
            let simulator = simulator();
            let finder = MatchedFilter::new(&MatchedFilterConfig::deepsz()).expect("a valid configuration");
            let outcome = |split, tile| {
                let scene = simulator.scene(split, tile, Haloes::Drawn).expect("a scene");
                let detections = finder.find(&scene.observation).expect("searched");
                let outcome = TileOutcome::new(&detections, &scene.truth, &MatchConfig::default()).expect("matched");
                TileSummary::new(&outcome)
            };
            let validation = vec![outcome(Split::Validation, 0)];
            let test = vec![outcome(Split::Test, 0), outcome(Split::Test, 1)];
            score_finder(&validation, &test, &ScoreConfig::default()).expect("scored").by_name("mmf")
        })
    };
    let (one, two) = (run(1), run(2));
    for (name, score) in &one {
        assert!(score.same_bits(&two[name]), "{name}: {score:?} against {:?}", two[name]);
    }
    let f1 = one["mmf.f1"].value.expect("clusters were found");
    assert!((0.4..0.95).contains(&f1), "F1 {f1}");
}
