//! The fit and what comes of it, on toy skies.

mod common;

use arcmin_find_fcn::{Error, FcnConfig, FcnFinder, FcnRecipe, ProbabilityMap, ShownConfig};
use arcmin_find_learned::{Error as LearnedError, TilesKept};
use arcmin_find_mmf::MatchedFilterConfig;
use arcmin_maps::{Mask, Observation, Shape};
use arcmin_method::conformance::check_finder;
use arcmin_method::{Candidate, ClusterFinder, FinderRecipe, Unwatched};
use arcmin_scene::{Halo, Scene, SceneSource};
use arcmin_units::HaloMass;
use common::{config, fit, source, sources};
use std::cell::Cell;
use std::path::Path;
use std::sync::OnceLock;

/// One fit for the tests that only read it.
fn fitted() -> &'static FcnFinder {
    static FINDER: OnceLock<FcnFinder> = OnceLock::new();
    FINDER.get_or_init(|| fit(config(), tempfile::tempdir().expect("a folder").path()))
}

fn test_scene() -> Scene {
    source(3, 1).scene(0).expect("a scene")
}

/// Candidates of probability one half and more with the target within 1', and the number of targets that were searched.
fn matched(finder: &FcnFinder, scene: &Scene) -> (Vec<(Candidate, Option<Halo>)>, usize) {
    let answer = finder.search(&scene.observation).expect("it can be searched");
    let is_target = |halo: &&Halo| halo.mvir.value() >= 2e14 && halo.redshift.value() >= 0.25;
    let targets: Vec<&Halo> = scene.truth.haloes.iter().filter(is_target).collect();
    let n_targets = targets.iter().filter(|halo| answer.searched.is_valid_at(halo.position)).count();
    let near = |candidate: &Candidate| {
        let distance = |halo: &&&Halo| candidate.position.separation(halo.position).to_arcmin().value();
        let nearest = targets.iter().min_by(|a, b| distance(a).total_cmp(&distance(b)));
        nearest.filter(|halo| distance(halo) < 1.0).map(|halo| **halo)
    };
    let sure = answer.candidates.into_iter().filter(|candidate| candidate.score >= 0.5);
    (sure.map(|candidate| (candidate.clone(), near(&candidate))).collect(), n_targets)
}

/// Spots of S/N above 20: what is missed lies within a beam of another.
#[test]
fn bright_clusters_are_found_with_mass_and_position_on_a_tile_that_was_never_seen() {
    let (found, n_targets) = matched(fitted(), &test_scene());
    let n_true = found.iter().filter(|(_, halo)| halo.is_some()).count();
    assert!(n_targets >= 12 && n_true * 10 >= n_targets * 8, "{n_true} of {n_targets}");
    assert!(found.len() - n_true <= 2, "{} false", found.len() - n_true);
    for (candidate, halo) in found.iter().filter_map(|(candidate, halo)| Some((candidate, halo.as_ref()?))) {
        let mass = candidate.mass.expect("each has one");
        let pull = (mass.mvir.msun() / halo.mvir.msun()).ln() / mass.ln_error;
        assert!(pull.abs() < 6.0 && mass.ln_error < 1.0, "{pull} {mass:?} {:?}", halo.mvir);
        let offset = candidate.position.separation(halo.position).to_arcmin().value();
        assert!(offset < 8.0 * candidate.position_error.expect("each has one").value(), "{offset}");
    }
    let trained = fitted().about().trained.as_ref().expect("trained");
    assert!(trained.calibration.platt.slope > 0.0 && trained.n_targets[0] > 40);
    // Those of 4e14 are told from those of 2.5e14, which differ by 0.47 in the logarithm.
    let mean = |truth: f64| {
        let is_of = |(_, halo): &&(Candidate, Option<Halo>)| halo.is_some_and(|halo| halo.mvir.msun() == truth);
        let ln_mass = |(candidate, _): &(Candidate, Option<Halo>)| candidate.mass.map(|mass| mass.mvir.msun().ln());
        let masses: Vec<f64> = found.iter().filter(is_of).filter_map(ln_mass).collect();
        assert!(masses.len() >= 3, "{truth}");
        masses.iter().sum::<f64>() / masses.len() as f64
    };
    let difference = mean(4e14) - mean(2.5e14);
    assert!((0.1..0.8).contains(&difference), "{difference}");
}

/// Where a map is cut makes no difference to what is found inside: there are no cutouts with edges of their own.
#[test]
fn what_is_found_does_not_depend_on_where_the_map_was_cut() {
    let observation = test_scene().observation;
    let whole = fitted().search(&observation).expect("searched");
    let cut = fitted().search(&observation.window(32, 48, Shape { ny: 200, nx: 208 })).expect("searched");
    let geometry = observation.geometry();
    // The local mean of the bands is taken over 5', and the network's reach is 8 averaged pixels, 4'.
    let is_inside = |candidate: &&Candidate| {
        let at = geometry.sky_to_pix(candidate.position).expect("on the map");
        (32.0 + 40.0..240.0 - 40.0).contains(&at.x) && (48.0 + 40.0..248.0 - 40.0).contains(&at.y)
    };
    let inside: Vec<&Candidate> = whole.candidates.iter().filter(is_inside).collect();
    assert!(inside.len() >= 4, "{}", inside.len());
    for candidate in inside {
        let distance = |other: &&Candidate| other.position.separation(candidate.position).to_arcmin().value();
        let same = cut.candidates.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).expect("some");
        assert!(distance(&same) < 1e-2 && (same.score - candidate.score).abs() < 1e-3, "{candidate:?} {same:?}");
    }
}

/// Candidates are the peaks of the map: its value in the cell of each is the score, and no cell around is higher.
#[test]
fn the_map_of_probabilities_has_the_candidates_as_its_peaks() {
    let observation = test_scene().observation;
    let mut mask = Mask::all_valid(observation.geometry().clone());
    for y in 100..130 {
        mask.valid_mut()[y * 272 + 100..y * 272 + 130].fill(false);
    }
    let holed = Observation::new(observation.bands().to_vec(), mask).expect("an observation");
    // A side that is no whole number of cells.
    for observation in [&holed, &observation.window(5, 7, Shape { ny: 250, nx: 261 })] {
        let search = fitted().search_mapped(observation, &Unwatched).expect("searched").expect("not stopped");
        assert_eq!(search.detections, fitted().search(observation).expect("searched"));
        let ProbabilityMap { map, searched } = &search.probability;
        let (geometry, pixels) = (map.geometry(), map.pixels());
        let shape = observation.geometry().shape();
        // Cells of 1' of pixels of 0.25'.
        assert_eq!(geometry.shape(), Shape { ny: shape.ny.div_ceil(4), nx: shape.nx.div_ceil(4) });
        assert!((geometry.pixel_size().to_arcmin().value() - 1.0).abs() < 1e-9);
        assert!(
            pixels
                .iter()
                .zip(searched.valid())
                .all(|(p, searched)| (0.0..=1.0).contains(p) && (*searched || *p == 0.0))
        );
        assert!(searched.n_valid() > 1000 && pixels.iter().any(|p| *p > 0.9));
        let candidates = &search.detections.candidates;
        assert!(candidates.len() >= 6, "{}", candidates.len());
        for candidate in candidates {
            let at = geometry.sky_to_pix(candidate.position).expect("on the map");
            // A position lies up to some cells from the cell that tells of it.
            let is_near = |i: &usize| {
                ((i % geometry.shape().nx) as f64 - at.x).hypot((i / geometry.shape().nx) as f64 - at.y) < 3.0
            };
            let told = (0..pixels.len()).filter(is_near).any(|i| (f64::from(pixels[i]) - candidate.score).abs() < 1e-6);
            assert!(told, "{candidate:?}");
        }
        let least = fitted().about().config.search.probability_min as f32;
        let far = |i: usize| {
            let at =
                arcmin_maps::PixelPosition { x: (i % geometry.shape().nx) as f64, y: (i / geometry.shape().nx) as f64 };
            let sky = geometry.pix_to_sky(at).expect("sky");
            candidates.iter().all(|c| c.position.separation(sky).to_arcmin().value() > 8.0)
        };
        let likely = (0..pixels.len()).filter(|&i| pixels[i] > 0.5f32.max(least) && far(i)).count();
        assert_eq!(likely, 0, "likely cells far from any candidate");
    }
    let small = fitted().search_mapped(&observation.window(0, 0, Shape { ny: 20, nx: 90 }), &Unwatched);
    let small = small.expect("nothing to search").expect("not stopped").probability;
    assert!(small.searched.n_valid() == 0 && small.map.pixels().iter().all(|p| *p == 0.0));
}

#[test]
fn finder_keeps_the_contract() {
    let observation = test_scene().observation;
    check_finder(fitted(), &observation);
    let mut mask = Mask::all_valid(observation.geometry().clone());
    for y in 100..130 {
        mask.valid_mut()[y * 272 + 100..y * 272 + 130].fill(false);
    }
    let holed = Observation::new(observation.bands().to_vec(), mask).expect("an observation");
    check_finder(fitted(), &holed);
    // Sides that are no whole number of cells, and a map that is all border.
    check_finder(fitted(), &observation.window(0, 0, Shape { ny: 131, nx: 133 }));
    let small = observation.window(0, 0, Shape { ny: 20, nx: 90 });
    assert!(fitted().search(&small).expect("nothing to search").candidates.is_empty());
}

fn short() -> FcnConfig {
    let mut config = config();
    config.training.max_epochs = 1;
    config
}

#[test]
fn a_stopped_fit_goes_on_and_ends_in_the_same_bits() {
    let weights = |folder: &Path| std::fs::read(folder.join("fcn.safetensors")).expect("weights");
    let mut config = short();
    config.training.max_epochs = 2;
    config.tiles = TilesKept::Kept;
    let whole = tempfile::tempdir().expect("a folder");
    fit(config.clone(), whole.path());
    let parts = tempfile::tempdir().expect("a folder");
    let recipe = FcnRecipe::new(config.clone()).expect("a configuration");
    for most in [2, 15, 34] {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > most
        };
        let stopped = recipe.fit(&sources(), parts.path(), &stop);
        assert!(matches!(stopped, Err(arcmin_method::Error::Interrupted)), "after {most}");
    }
    fit(config.clone(), parts.path());
    assert_eq!(weights(whole.path()), weights(parts.path()));
    // Once more: the weights are read, and another configuration is refused.
    assert!(fit(config.clone(), parts.path()).find(&test_scene().observation).is_ok());
    config.training.seed = 2;
    let refused = FcnRecipe::new(config).expect("a configuration").train(&sources(), parts.path(), &|| false);
    assert!(matches!(refused, Err(Error::Learned(LearnedError::OtherFit { .. }))));
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let weights = |n_threads: usize| {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let finder = pool.install(|| fit(short(), folder.path()));
        let answer = pool.install(|| finder.search(&test_scene().observation).expect("searched"));
        (std::fs::read(folder.path().join("fcn.safetensors")).expect("weights"), answer)
    };
    assert_eq!(weights(1), weights(3));
}

#[test]
fn the_matched_filter_can_be_shown_beside_the_bands() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = short();
    config.input.filter =
        Some(MatchedFilterConfig { scales_arcmin: vec![0.5, 1.0], border_arcmin: 3.0, ..Default::default() });
    let finder = fit(config, folder.path());
    check_finder(&finder, &test_scene().observation);
    assert!(!folder.path().join("tiles").exists());
    let path = folder.path().join("fcn.safetensors");
    let observation = test_scene().observation;
    let loaded = FcnFinder::load(&path).expect("what the fit wrote");
    assert_eq!(loaded.search(&observation).expect("searched"), finder.search(&observation).expect("searched"));
    let bytes = std::fs::read(&path).expect("weights");
    assert!(FcnFinder::from_bytes(&bytes[..bytes.len() / 2], &path).is_err());
    let foreign = FcnFinder::load(&folder.path().join("weights.safetensors")).expect_err("the trainer's own file");
    assert!(foreign.to_string().contains("metadata"), "{foreign}");
}

#[test]
fn another_sky_is_refused_with_both_values() {
    let observation = test_scene().observation;
    let mut bands = observation.bands().to_vec();
    bands[1].noise_arcmin = Some(10.0);
    let noisy = Observation::new(bands, observation.mask().clone()).expect("an observation");
    let refused = fitted().search(&noisy).expect_err("refused");
    assert!(matches!(refused, Error::Learned(LearnedError::OtherObservation { .. })));
    let two = Observation::new(observation.bands()[..2].to_vec(), observation.mask().clone()).expect("two bands");
    let told = fitted().search(&two).expect_err("refused").to_string();
    assert!(told.contains("trained on 90 GHz with 5.0000 uK arcmin"), "{told}");
}

#[test]
fn what_cannot_be_fitted_is_an_error_that_tells_what_to_change() {
    let told = |config: FcnConfig, sources: &arcmin_method::FinderSources| {
        let folder = tempfile::tempdir().expect("a folder");
        match FcnRecipe::new(config) {
            Ok(recipe) => recipe.train(sources, folder.path(), &|| false).expect_err("refused").to_string(),
            Err(error) => error.to_string(),
        }
    };
    let mut config = short();
    config.search.probability_min = 0.0;
    assert!(told(config, &sources()).contains("search.probability_min"));
    let mut config = short();
    config.input.shown = ShownConfig::Snr;
    assert!(told(config, &sources()).contains("input.filter"));
    let mut config = short();
    config.input.cell_arcmin = 0.4;
    config.cells.radius_arcmin = 0.4;
    assert!(told(config, &sources()).contains("larger cells"));
    let mut config = short();
    config.crops.side_cells = 80;
    assert!(told(config, &sources()).contains("crops.side_cells"));
    let none = arcmin_method::FinderSources { train: std::sync::Arc::new(source(1, 0)), ..sources() };
    assert!(told(short(), &none).contains("n_train"));
}
