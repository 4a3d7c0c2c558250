//! Point sources: their fluxes, and what clusters beside them lose.

mod common;

use arcmin_find_mmf::config::{NoiseConfig, SourceTreatment, SourcesConfig};
use arcmin_find_mmf::noise::ModelNoise;
use arcmin_find_mmf::noise::model::SkyModel;
use arcmin_find_mmf::{MatchedFilter, MatchedFilterConfig, PointSource, Template};
use arcmin_maps::{Band, Beam, Geometry, Mask, Observation, PixelPosition};
use arcmin_method::detections::flags;
use arcmin_sky::brightness::uk_of_flux;
use arcmin_sky::sz::tsz_uk_per_y;
use arcmin_units::constants::FWHM_PER_SIGMA;
use arcmin_units::{Arcmin, Ghz, Radian};

const PIXEL_ARCMIN: f64 = 0.5;
const N: usize = 512;

/// GHz, beam and white noise in uK arcmin.
type BandKind = (f64, f64, f64);
const GOLDEN: [(f64, f64, f64); 3] =
    [(90.0, 1.6, 20.097_951_722_821_22), (148.0, 1.2, 18.413_841_987_847_11), (219.0, 1.0, 21.566_859_368_083_836)];
const BANDS: [BandKind; 2] = [(95.0, 1.6, 5.0), (150.0, 1.2, 5.0)];

fn filter(sources: Option<SourcesConfig>) -> MatchedFilter {
    let noise = NoiseConfig::Measured { iterations: 2, subtract_above_snr: 4.5, local_rms_arcmin: 0.0 };
    let scales_arcmin = vec![0.5, 1.0, 2.0];
    MatchedFilter::new(&MatchedFilterConfig { noise, scales_arcmin, sources, snr_min: 6.0, ..Default::default() })
        .unwrap()
}

fn subtracting(above_mjy: f64) -> MatchedFilter {
    filter(Some(SourcesConfig::above(SourceTreatment::Subtract, above_mjy)))
}

/// CMB, foregrounds and white noise of each band, periodic.
fn sky(kinds: &[BandKind], seed: u64) -> (Geometry, Vec<Vec<f32>>) {
    let geometry = common::geometry(N, N, PIXEL_ARCMIN);
    let bands = bands(kinds, &geometry, vec![vec![0.0; N * N]; kinds.len()]);
    let noise = ModelNoise::new(&SkyModel::deepsz(), &bands).unwrap();
    (geometry, common::gaussian_maps(&noise, N, N, PIXEL_ARCMIN, seed))
}

fn bands(kinds: &[BandKind], geometry: &Geometry, maps: Vec<Vec<f32>>) -> Vec<Band> {
    let band = |(&(nu, fwhm, noise), map): (&BandKind, Vec<f32>)| {
        let beam = Beam::gaussian(Arcmin::new(fwhm)).unwrap();
        common::temperature_band(nu, Some(noise), beam, geometry, map)
    };
    kinds.iter().zip(maps).map(band).collect()
}

fn observe(kinds: &[BandKind], geometry: &Geometry, maps: Vec<Vec<f32>>) -> Observation {
    Observation::new(bands(kinds, geometry, maps), Mask::all_valid(geometry.clone())).unwrap()
}

/// A source in closed form: `S / (Omega dB/dT) exp(-r^2 / 2 sigma^2)`, `Omega = 2 pi sigma^2`.
fn add_source(map: &mut [f32], (nu, fwhm, _): BandKind, (x, y): (f64, f64), flux_mjy: f64) {
    let sigma = Arcmin::new(fwhm / FWHM_PER_SIGMA);
    let solid_angle = std::f64::consts::TAU * sigma.to_rad().value().powi(2);
    let peak = uk_of_flux(flux_mjy, Ghz::new(nu), solid_angle);
    add(map, (x, y), |r| peak * (-0.5 * (r.to_arcmin().value() / sigma.value()).powi(2)).exp());
}

/// A cluster; its profile is wide beside the beam, which is left out.
fn add_cluster(map: &mut [f32], (nu, ..): BandKind, at: (f64, f64), y_c: f64, core_arcmin: f64) {
    let template = Template::beta(Arcmin::new(core_arcmin));
    add(map, at, |r| y_c * tsz_uk_per_y(Ghz::new(nu)) * template.at(r));
}

fn add(map: &mut [f32], (x, y): (f64, f64), profile: impl Fn(Radian) -> f64) {
    let pixel = Arcmin::new(PIXEL_ARCMIN).to_rad().value();
    for (i, value) in map.iter_mut().enumerate() {
        *value += profile(Radian::new(((i % N) as f64 - x).hypot((i / N) as f64 - y) * pixel)) as f32;
    }
}

fn near<'a>(found: &'a [PointSource], geometry: &Geometry, (x, y): (f64, f64)) -> Vec<&'a PointSource> {
    let at = geometry.pix_to_sky(PixelPosition { x, y }).unwrap();
    found.iter().filter(|s| s.position.separation(at).to_arcmin().value() < 1.0).collect()
}

/// astropy 8.0.2: `(1 mJy / (2 pi sigma^2)).to(uK, thermodynamic_temperature(nu, T_cmb=2.7255 K))`; GHz, arcmin, uK.
#[test]
fn a_flux_is_the_temperature_that_astropy_gives() {
    for (nu, fwhm, expected) in GOLDEN {
        let sigma = Arcmin::new(fwhm / FWHM_PER_SIGMA).to_rad().value();
        let got = uk_of_flux(1.0, Ghz::new(nu), std::f64::consts::TAU * sigma * sigma);
        assert!((got / expected - 1.0).abs() < 1e-6, "{nu} GHz: {got}, {expected}");
    }
}

/// Forty-nine sources of 6 to 100 mJy, S/N 10 and more. The mean pull has an error of 1/7, its rms one of 0.1; the bounds
/// are 4.5 of those, the mean's with the 0.1 that fitting the position adds at most (false alarm below 2e-5).
#[test]
fn fluxes_are_recovered_within_their_errors() {
    let (geometry, mut maps) = sky(&BANDS[1..], 3);
    let empty = maps[0].clone();
    let place = |i: usize| (60.0 + 65.17 * (i % 7) as f64, 60.0 + 64.61 * (i / 7) as f64);
    let flux = |i: usize| 6.0 * (100.0_f64 / 6.0).powf(i as f64 / 48.0);
    (0..49).for_each(|i| add_source(&mut maps[0], BANDS[1], place(i), flux(i)));
    let observation = observe(&BANDS[1..], &geometry, maps);
    let treated = subtracting(4.0).without_sources(&observation).unwrap();
    assert_eq!(treated.sources.len(), 49, "each once, and nothing else");
    assert!(treated.sources.windows(2).all(|pair| pair[0].snr() >= pair[1].snr()));
    let (mut sum, mut sum_squares) = (0.0, 0.0);
    for i in 0..49 {
        let found = near(&treated.sources, &geometry, place(i));
        assert_eq!(found.len(), 1, "source {i} of {} mJy", flux(i));
        let pull = (found[0].flux_mjy.value - flux(i)) / found[0].flux_mjy.error;
        (sum, sum_squares) = (sum + pull, sum_squares + pull * pull);
    }
    let (mean, rms) = (sum / 49.0, (sum_squares / 49.0_f64).sqrt());
    assert!(mean.abs() < 4.5 / 7.0 + 0.1, "mean pull {mean}");
    assert!((rms - 1.0).abs() < 0.45, "rms of the pulls {rms}");
    // What is left of sources with peaks of 110 to 1800 uK is their error of amplitude and place.
    let error_uk = 18.4 * treated.sources[0].flux_mjy.error;
    let clean = treated.observation.bands()[0].map.pixels();
    let largest = clean.iter().zip(&empty).fold(0.0_f32, |max, (a, b)| max.max((a - b).abs()));
    assert!(f64::from(largest) < 5.0 * error_uk, "{largest} uK are left, the error is {error_uk}");
}

/// The blank sky has no source above S/N 5: 262,144 pixels, some 30,000 of them independent, give 0.01 by chance.
#[test]
fn a_sky_without_sources_stays_as_it_is() {
    let (geometry, maps) = sky(&BANDS, 5);
    let observation = observe(&BANDS, &geometry, maps);
    let treated = subtracting(0.1).without_sources(&observation).unwrap();
    assert_eq!(treated.sources, []);
    assert_eq!(*treated.observation, observation);
}

#[test]
fn a_bright_source_beside_a_cluster_no_longer_ruins_it() {
    let (geometry, mut maps) = sky(&BANDS, 7);
    let cluster = (256.0, 250.0);
    for (map, kind) in maps.iter_mut().zip(BANDS) {
        add_cluster(map, kind, cluster, 8e-5, 1.0);
    }
    let alone = observe(&BANDS, &geometry, maps.clone());
    // 2.5 arcmin away.
    let source = (260.2, 252.7);
    for ((map, kind), flux_mjy) in maps.iter_mut().zip(BANDS).zip([60.0, 45.0]) {
        add_source(map, kind, source, flux_mjy);
    }
    let with_source = observe(&BANDS, &geometry, maps);
    let at = geometry.pix_to_sky(PixelPosition { x: cluster.0, y: cluster.1 }).unwrap();
    let measured = |filter: &MatchedFilter, observation: &Observation| {
        filter.measure(observation, &[(at, Arcmin::new(1.0))]).unwrap()[0].unwrap()
    };
    let truth = measured(&filter(None), &alone);
    let ruined = measured(&filter(None), &with_source);
    let saved = measured(&subtracting(5.0), &with_source);
    assert!(truth.snr > 10.0 && (ruined.y_c.value - truth.y_c.value).abs() > 5.0 * truth.y_c.error, "{ruined:?}");
    assert!((saved.y_c.value - truth.y_c.value).abs() < truth.y_c.error, "{saved:?}, without the source {truth:?}");
    let found = subtracting(5.0).search(&with_source).unwrap().detections.candidates;
    let candidate = found.iter().find(|c| c.position.separation(at).to_arcmin().value() < 1.0).expect("it is found");
    assert!(candidate.flags & flags::NEAR_SOURCE != 0, "and flagged");
    let masked = filter(Some(SourcesConfig::above(SourceTreatment::Mask, 5.0)));
    let treated = masked.without_sources(&with_source).unwrap();
    assert_eq!(near(&treated.sources, &geometry, source).len(), 2, "once in each band");
    let centre = geometry.pix_to_sky(PixelPosition { x: source.0, y: source.1 }).unwrap();
    assert!(!treated.observation.mask().valid()[geometry.pixel_index(centre).unwrap()]);
    assert_eq!(treated.observation.bands(), with_source.bands(), "masking leaves the pixels alone");
}

#[test]
fn clusters_and_the_rings_around_them_are_no_sources() {
    let (geometry, mut maps) = sky(&BANDS[..1], 9);
    let clusters = [(100.0, 100.0, 0.5), (256.0, 130.0, 1.0), (400.0, 300.0, 2.0), (150.0, 380.0, 3.0)];
    for (x, y, core_arcmin) in clusters {
        add_cluster(&mut maps[0], BANDS[0], (x, y), 4e-4, core_arcmin);
    }
    let observation = observe(&BANDS[..1], &geometry, maps.clone());
    let treated = subtracting(0.1).without_sources(&observation).unwrap();
    assert_eq!(treated.sources, [], "S/N of the clusters is up to a hundred");
    // A source beside one of them is still seen.
    add_source(&mut maps[0], BANDS[0], (262.4, 133.0), 80.0);
    let observation = observe(&BANDS[..1], &geometry, maps);
    let treated = subtracting(0.1).without_sources(&observation).unwrap();
    assert_eq!(treated.sources.len(), 1);
    assert_eq!(near(&treated.sources, &geometry, (262.4, 133.0)).len(), 1);
}

#[test]
fn what_cannot_be_done_is_said_in_one_line() {
    let geometry = common::geometry(64, 64, PIXEL_ARCMIN);
    let refuse = |observation: &Observation, config: SourcesConfig, words: &str| {
        let error = filter(Some(config)).search(observation).unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    };
    let subtract = SourcesConfig::above(SourceTreatment::Subtract, 5.0);
    let y = common::y_observation(&geometry, vec![0.0; 64 * 64], None);
    refuse(&y, subtract.clone(), "band y is a map of Compton y");
    let of = |nu: f64, fwhm: f64| observe(&[(nu, fwhm, 5.0)], &geometry, vec![vec![0.0; 64 * 64]]);
    refuse(&of(280.0, 1.0), subtract.clone(), "cannot be told from clusters at 280 GHz (band 280)");
    refuse(&of(150.0, 0.0), subtract.clone(), "its beam is 0.0 pixels wide");
    let other = SourcesConfig { bands: vec!["90".to_owned()], ..subtract.clone() };
    refuse(&of(150.0, 1.2), other, "band 90, wanted by the matched filter, is not among the bands 150");
    refuse(&of(150.0, 1.2), subtract, "band 150 has no variance");
    for above_mjy in [0.0, f64::NAN, -1.0] {
        let config = SourcesConfig::above(SourceTreatment::Mask, above_mjy);
        let config = MatchedFilterConfig { sources: Some(config), ..Default::default() };
        assert!(MatchedFilter::new(&config).unwrap_err().to_string().contains("sources.above_mjy"));
    }
}
