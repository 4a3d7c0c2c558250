//! Bright point sources: masked before the search, they cost area and nothing else.

use arcmin_find_mmf::config::{SourceTreatment, SourcesConfig};
use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig};
use arcmin_maps::{Band, BandMap, Map, Mask, Observation, PixelPosition};
use arcmin_method::Candidate;
use arcmin_scene::{Haloes, SceneConfig, Simulator, Split};
use arcmin_units::{MicroKelvinCmb, SkyPosition};

const SKY: &str = r#"
seed = 23
cosmology = "sehgal_wmap5"
concentration = "duffy08"
cmb_spectrum = "sehgal_wmap5"
components = ["cmb", "tsz", "ksz", "point_sources", "noise"]
bands = [
  { name = "90", nu_ghz = 90.0, noise_uk_arcmin = 2.8, beam_fwhm_arcmin = 1.5 },
  { name = "148", nu_ghz = 148.0, noise_uk_arcmin = 2.6, beam_fwhm_arcmin = 1.2 },
]
tiles = { n_train = 0, n_validation = 0, n_test = 1, n_pixels_side = 512, pixel_arcmin = 0.5, margin_arcmin = 20.0 }
haloes = { m200m_min_msun = 3e13, m200m_max_msun = 5e15, z_min = 0.02, z_max = 3.0, y_ln_scatter = 0.2 }

[foregrounds]
model = "deepsz"
point_sources_d3000_uk2 = [2.7, 8.8]
ksz_d_ell_uk2 = 2.0
tsz_background_d_ell_90ghz_uk2 = 3.6
"#;
/// Peak in uK of each source in the two bands, after the beam: flat-spectrum sources of some 30 mJy.
const PEAKS_UK: [f64; 2] = [900.0, 600.0];
/// Full widths of the two beams in pixels.
const FWHM_PIXELS: [f64; 2] = [3.0, 2.4];
/// Candidates above this are compared.
const SNR_MIN: f64 = 6.0;

/// Places of the sources, at odd fractions of pixels.
fn places() -> Vec<PixelPosition> {
    let at = |i: usize, step: f64| 40.0 + (i as f64 * step) % 430.0;
    (0..25).map(|i| PixelPosition { x: at(i, 97.37), y: at(i, 61.81) }).collect()
}

fn with_sources(observation: &Observation) -> Observation {
    let nx = observation.geometry().shape().nx;
    let add = |(idx, band): (usize, &Band)| {
        let BandMap::Temperature { nu, map } = &band.map else { panic!("the sky is in temperature") };
        let mut map: Map<MicroKelvinCmb> = map.clone();
        let width = 2.772_588_722_239_781 / FWHM_PIXELS[idx].powi(2);
        for place in places() {
            for (p, pixel) in map.pixels_mut().iter_mut().enumerate() {
                let (dx, dy) = ((p % nx) as f64 - place.x, (p / nx) as f64 - place.y);
                let r2 = dx * dx + dy * dy;
                if r2 < 400.0 {
                    *pixel += (PEAKS_UK[idx] * (-width * r2).exp()) as f32;
                }
            }
        }
        Band { map: BandMap::Temperature { nu: *nu, map }, ..band.clone() }
    };
    let bands = observation.bands().iter().enumerate().map(add).collect();
    Observation::new(bands, Mask::all_valid(observation.geometry().clone())).expect("only pixels have changed")
}

fn find(observation: &Observation, sources: Option<SourcesConfig>) -> Vec<Candidate> {
    let config = MatchedFilterConfig { sources, snr_min: SNR_MIN, ..MatchedFilterConfig::default() };
    let filter = MatchedFilter::new(&config).expect("a valid configuration");
    filter.search(observation).expect("searched").detections.candidates
}

fn is_near(position: SkyPosition, others: &[SkyPosition], arcmin: f64) -> bool {
    others.iter().any(|other| position.separation(*other).to_arcmin().value() < arcmin)
}

#[test]
fn masked_sources_cost_area_and_no_cluster_elsewhere() {
    let config: SceneConfig = toml::from_str(SKY).expect("the sky of this test parses");
    let simulator = Simulator::new(config.check().expect("it is a sky")).expect("it can be simulated");
    let clean = simulator.scene(Split::Test, 0, Haloes::Drawn).expect("a scene").observation;
    let dirty = with_sources(&clean);
    let sources: Vec<SkyPosition> =
        places().iter().map(|place| clean.geometry().pix_to_sky(*place).expect("on the tile")).collect();
    let every_flux = SourcesConfig::above(SourceTreatment::Mask, 1e-3);
    let masking = SourcesConfig { bands: vec!["148".to_owned()], snr_min: 15.0, ..every_flux };
    let (truth, plain, masked) = (find(&clean, None), find(&dirty, None), find(&dirty, Some(masking)));

    // Clusters well above the threshold and away from sources, as the sky without sources shows them.
    let away = |c: &&Candidate| c.score > 1.5 * SNR_MIN && !is_near(c.position, &sources, 8.0);
    let kept = |found: &[Candidate]| {
        let positions: Vec<SkyPosition> = found.iter().map(|c| c.position).collect();
        truth.iter().filter(away).filter(|c| is_near(c.position, &positions, 1.0)).count()
    };
    let n_truth = truth.iter().filter(away).count();
    assert!(n_truth >= 20, "{n_truth} clusters to compare");
    assert!(20 * kept(&masked) >= 19 * n_truth, "{} of {n_truth} clusters are still found", kept(&masked));
    assert!(kept(&masked) >= kept(&plain), "{} against {} without masking", kept(&masked), kept(&plain));

    // Nothing new stands around the sources.
    let known: Vec<SkyPosition> = truth.iter().map(|c| c.position).collect();
    let spurious = |found: &[Candidate]| {
        found.iter().filter(|c| is_near(c.position, &sources, 8.0) && !is_near(c.position, &known, 1.5)).count()
    };
    assert!(spurious(&masked) <= 2, "{} spurious candidates beside masked sources", spurious(&masked));
}
