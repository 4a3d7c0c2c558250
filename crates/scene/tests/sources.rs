//! Laws of skies with painted point sources and galactic dust, through the public API.

mod common;

use arcmin_maps::PixelPosition;
use arcmin_scene::{
    Component, DustySourcesConfig, GalacticDustConfig, Haloes, PointSource, RadioSourcesConfig, Scene, SceneConfig,
    SourceKind, Split, check,
};
use arcmin_sky::brightness::jy_sr_per_uk;
use arcmin_sky::source_counts::{SourceCounts, dezotti05_150ghz, geach17_219ghz};
use arcmin_units::{Ghz, Mvir, Redshift};
use common::{config, simulator};

/// The survey of the other tests with the sources and the dust of the DeepSZ sky, heavy haloes only.
fn with_sources(components: &[Component]) -> SceneConfig {
    let mut config = config();
    config.components = components.to_vec();
    config.haloes.m200m_min_msun = 1e14;
    common::with_sources(config)
}

fn scene(config: &SceneConfig) -> Scene {
    simulator(config).scene(Split::Train, 0, Haloes::Drawn).unwrap()
}

fn pixels(scene: &Scene, band_idx: usize) -> &[f32] {
    scene.observation.bands()[band_idx].map.pixels()
}

fn pixel_of(scene: &Scene, source: &PointSource) -> PixelPosition {
    scene.observation.geometry().sky_to_pix(source.position).unwrap()
}

/// Every statistic of a sky with painted sources; false alarm 3e-3 (some fifty statistics at 4 sigma).
#[test]
fn every_statistic_of_a_painted_sky_passes() {
    let mut config =
        with_sources(&[Component::Tsz, Component::RadioSources, Component::DustySources, Component::GalacticDust]);
    config.haloes.m200m_min_msun = 1e13;
    config.tiles.n_pixels_side = 1024;
    let statistics = check(&config).unwrap();
    for name in ["shot noise", "clustering", "radio sources", "share of clusters", "galactic_dust", "Compton y"] {
        assert!(statistics.iter().any(|statistic| statistic.name.contains(name)), "{name}");
    }
    let off: Vec<_> = statistics.iter().filter(|statistic| !statistic.passes()).collect();
    assert!(off.is_empty(), "{off:#?}");
}

/// Counts in the truth against the published ones, at the frequency of the counts; false alarm 6e-4 (4 sigma, ten numbers;
/// the excess variance of clustered and hosted sources is far below that of their number).
#[test]
fn sources_are_drawn_from_the_published_counts() {
    let mut config = with_sources(&[Component::RadioSources, Component::DustySources]);
    config.tiles.n_pixels_side = 512;
    config.bands[0].nu_ghz = 150.0;
    config.tiles.n_train = 4;
    let dusty = geach17_219ghz(6600.0, 0.729).unwrap().lensed(0.003, 10.0);
    let kinds: [(SourceKind, usize, SourceCounts, [f64; 3]); 2] =
        [(SourceKind::Radio, 0, dezotti05_150ghz(), [1.5, 4.0, 12.0]), (SourceKind::Dusty, 2, dusty, [6.0, 9.0, 20.0])];
    let simulator = simulator(&config);
    let truth = |tile| simulator.scene(Split::Train, tile, Haloes::Drawn).unwrap().truth.sources;
    let sources: Vec<PointSource> = (0..4).flat_map(truth).collect();
    let area_deg2 = 4.0 * simulator.tile_area_deg2();
    for (kind, band_idx, counts, limits_mjy) in kinds {
        for limit in limits_mjy {
            let above = |source: &&PointSource| source.kind == kind && f64::from(source.flux_mjy[band_idx]) > limit;
            let n = sources.iter().filter(above).count() as f64;
            let expected = counts.n_above_per_deg2(limit) * area_deg2;
            assert!((n - expected).abs() < 4.0 * expected.sqrt() + 1.0, "{kind:?} above {limit}: {n} for {expected}");
        }
    }
}

#[test]
fn scenes_have_the_same_bits_for_any_number_of_threads() {
    let config = with_sources(&[Component::RadioSources, Component::DustySources, Component::GalacticDust]);
    let make = |n_threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
        pool.install(|| scene(&config))
    };
    let (one, three) = (make(1), make(3));
    assert!(!one.truth.sources.is_empty());
    assert_eq!(one.truth, three.truth);
    assert_eq!(one.observation, three.observation);
}

#[test]
fn components_do_not_change_each_other() {
    let kinds =
        [Component::Cmb, Component::Tsz, Component::RadioSources, Component::DustySources, Component::GalacticDust];
    let all = scene(&with_sources(&kinds));
    let parts = kinds.map(|kind| scene(&with_sources(&[kind])));
    for band_idx in 0..3 {
        let sum = |i: usize| parts.iter().map(|part| pixels(part, band_idx)[i]).sum::<f32>();
        let worst = pixels(&all, band_idx).iter().enumerate().map(|(i, v)| (v - sum(i)).abs()).fold(0.0, f32::max);
        assert!(worst < 2e-3, "band {band_idx}: {worst} uK of some 1000");
    }
    let of_kind = |scene: &Scene, kind| -> Vec<PointSource> {
        scene.truth.sources.iter().filter(|source| source.kind == kind).cloned().collect()
    };
    for (part, kind) in [(2, SourceKind::Radio), (3, SourceKind::Dusty)] {
        assert_eq!(of_kind(&all, kind), parts[part].truth.sources);
    }
}

/// Without removal the map differs by the fluxes of the removed sources, each in its own pixel, and by a mean.
#[test]
fn removed_sources_are_listed_and_leave_their_flux() {
    let mut config = with_sources(&[Component::RadioSources, Component::DustySources]);
    // Clustered galaxies follow a density over the mean of those that are kept.
    config.dusty_sources.as_mut().unwrap().clustered_d3000_219ghz_uk2 = 0.0;
    let without = scene(&config);
    config.radio_sources.as_mut().unwrap().removed_above_mjy = None;
    config.dusty_sources.as_mut().unwrap().removed_above_mjy = None;
    let with = scene(&config);
    let is_right = |source: &PointSource| source.is_removed == (source.flux_148ghz_mjy > 2.0);
    assert!(without.truth.sources.iter().all(is_right));
    assert!(without.truth.sources.iter().filter(|source| source.is_removed).count() >= 3);
    assert!(with.truth.sources.iter().all(|source| !source.is_removed));
    for band_idx in 0..3 {
        let mut left: Vec<f64> = pixels(&with, band_idx)
            .iter()
            .zip(pixels(&without, band_idx))
            .map(|(with, without)| f64::from(with - without))
            .collect();
        let nu = Ghz::new(config.bands[band_idx].nu_ghz);
        let pixel_sr = config.tiles.pixel_arcmin.to_radians().powi(2) / 3600.0;
        for source in without.truth.sources.iter().filter(|source| source.is_removed) {
            let at = pixel_of(&without, source);
            let idx = at.y.round() as usize * 128 + at.x.round() as usize;
            left[idx] -= f64::from(source.flux_mjy[band_idx]) * 1e-3 / (jy_sr_per_uk(nu) * pixel_sr);
        }
        let mean = left.iter().sum::<f64>() / left.len() as f64;
        let brightest = pixels(&with, band_idx).iter().fold(0f32, |a, &b| a.max(b));
        // The true solid angle of a pixel at the tile's corner is 1e-3 smaller than in the middle.
        let worst = left.iter().map(|v| (v - mean).abs()).fold(0.0, f64::max);
        assert!(worst < 2e-3 * f64::from(brightest), "band {band_idx}: {worst} of {brightest}");
    }
}

/// Through a beam the brightest sources are Gaussians about their exact positions, to 1% of the peak and what the faint
/// sources add: some 3 uK.
#[test]
fn sources_are_seen_through_the_beam_at_their_exact_place() {
    let mut config = with_sources(&[Component::RadioSources]);
    config.radio_sources.as_mut().unwrap().removed_above_mjy = None;
    config.tiles.n_pixels_side = 512;
    config.bands.iter_mut().for_each(|band| band.beam_fwhm_arcmin = 1.6);
    let scene = scene(&config);
    let sigma = 3.2 / 2.354_820_045;
    let mut n_checked = 0;
    for source in scene.truth.sources.iter().take(8) {
        let at = pixel_of(&scene, source);
        if !(20.0..490.0).contains(&at.x) || !(20.0..490.0).contains(&at.y) {
            continue;
        }
        let nu = Ghz::new(148.0);
        let pixel_sr = config.tiles.pixel_arcmin.to_radians().powi(2) / 3600.0;
        let flux_uk = f64::from(source.flux_148ghz_mjy) * 1e-3 / (jy_sr_per_uk(nu) * pixel_sr);
        let peak = flux_uk / (std::f64::consts::TAU * sigma * sigma);
        for (dy, dx) in [(0i64, 0i64), (1, 0), (0, -1), (2, 1)] {
            let (row, column) = (at.y.round() as i64 + dy, at.x.round() as i64 + dx);
            let distance2 = (row as f64 - at.y).powi(2) + (column as f64 - at.x).powi(2);
            let expected = peak * (-0.5 * distance2 / (sigma * sigma)).exp();
            let got = f64::from(pixels(&scene, 1)[row as usize * 512 + column as usize]);
            assert!((got - expected).abs() < 0.01 * peak + 15.0, "{got} {expected} of {peak}");
        }
        n_checked += 1;
    }
    assert!(n_checked >= 3);
}

/// A halo hosts as many sources when it is the only one: 4e-4 of the 34 expected in the field lie in it, and none of the
/// density of dusty galaxies breaks.
#[test]
fn a_single_halo_does_not_draw_all_sources() {
    let mut config = with_sources(&[Component::RadioSources, Component::DustySources, Component::Tsz]);
    config.radio_sources.as_mut().unwrap().removed_above_mjy = None;
    let simulator = simulator(&config);
    let centre = simulator.geometry(Split::Train, 0).unwrap().pix_to_sky(PixelPosition { x: 63.5, y: 63.5 }).unwrap();
    let halo = simulator.halo(Mvir::new(1e15), Redshift::new(0.5), centre).unwrap();
    let scene = simulator.scene(Split::Train, 0, Haloes::Given(&[halo])).unwrap();
    let hosted = scene.truth.sources.iter().filter(|source| source.host == Some(0)).count();
    assert!(hosted <= 6, "{hosted}");
    let empty = simulator.scene(Split::Train, 0, Haloes::Given(&[])).unwrap();
    assert!(empty.truth.sources.iter().all(|source| source.host.is_none()));
    assert!(!empty.truth.sources.is_empty());
}

#[test]
fn sources_make_a_catalogue() {
    let scene = scene(&with_sources(&[Component::RadioSources, Component::DustySources]));
    let catalogue = scene.truth.sources_to_catalogue(&["90", "148", "219"]).unwrap();
    assert_eq!(catalogue.len(), scene.truth.sources.len());
    let fluxes = catalogue.f64("flux_mJy_219").unwrap();
    for (idx, source) in scene.truth.sources.iter().enumerate() {
        assert!(catalogue.positions()[idx].separation(source.position).to_arcmin().value() < 1e-6);
        assert_eq!(fluxes[idx], f64::from(source.flux_mjy[2]));
        assert_eq!(catalogue.text("kind").unwrap()[idx], source.kind.name());
        assert_eq!(catalogue.i64("removed").unwrap()[idx], i64::from(source.is_removed));
    }
    let at_148 = catalogue.f64("flux_mJy_at_148GHz").unwrap();
    assert!(at_148.windows(2).all(|pair| pair[0] >= pair[1]) && at_148.iter().all(|&flux| flux >= 1.0));
}

#[test]
fn bad_values_are_refused_by_their_key() {
    type Change = fn(&mut SceneConfig);
    fn radio(c: &mut SceneConfig) -> &mut RadioSourcesConfig {
        c.radio_sources.as_mut().unwrap()
    }
    fn dusty(c: &mut SceneConfig) -> &mut DustySourcesConfig {
        c.dusty_sources.as_mut().unwrap()
    }
    fn dust(c: &mut SceneConfig) -> &mut GalacticDustConfig {
        c.galactic_dust.as_mut().unwrap()
    }
    let cases: [(&str, Change); 14] = [
        ("radio_sources.abundance_factor", |c| radio(c).abundance_factor = 0.0),
        ("radio_sources.spectral_index_below_148ghz", |c| radio(c).spectral_index_below_148ghz = f64::NAN),
        ("radio_sources.spectral_index_scatter", |c| radio(c).spectral_index_scatter = -0.1),
        ("radio_sources.halo_share", |c| radio(c).halo_share = 1.5),
        ("radio_sources.halo_mass_slope", |c| radio(c).halo_mass_slope = 9.0),
        ("radio_sources.removed_above_mjy", |c| radio(c).removed_above_mjy = Some(-2.0)),
        ("dusty_sources.n0_per_deg2", |c| dusty(c).n0_per_deg2 = f64::INFINITY),
        ("dusty_sources.s0_mjy", |c| dusty(c).s0_mjy = 0.0),
        ("dusty_sources.lensed_share", |c| dusty(c).lensed_share = 2.0),
        ("dusty_sources.lensing_magnification", |c| dusty(c).lensing_magnification = 1.0),
        ("dusty_sources.clustered_d3000_219ghz_uk2", |c| dusty(c).clustered_d3000_219ghz_uk2 = -1.0),
        ("dusty_sources.halo_tied_share", |c| dusty(c).halo_tied_share = f64::NAN),
        ("galactic_dust.median_d3000_148ghz_uk2", |c| dust(c).median_d3000_148ghz_uk2 = -1.0),
        ("galactic_dust.d3000_ln_scatter", |c| dust(c).d3000_ln_scatter = 40.0),
    ];
    for (key, change) in cases {
        let mut config = with_sources(&[Component::RadioSources, Component::DustySources, Component::GalacticDust]);
        change(&mut config);
        let message = config.check().unwrap_err().to_string();
        assert!(message.contains(key), "{key}: {message}");
    }
}
