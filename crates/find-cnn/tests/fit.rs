//! The fit and what comes of it, on toy skies.

mod common;

use arcmin_find_cnn::{CnnFinder, CnnRecipe, Error};
use arcmin_find_learned::{Error as LearnedError, TilesKept};
use arcmin_maps::{Band, BandMap, Beam, Map, Mask, Observation, Shape};
use arcmin_method::conformance::check_finder;
use arcmin_method::{ClusterFinder, FinderRecipe};
use arcmin_scene::{Scene, SceneSource};
use arcmin_units::{Arcmin, Ghz};
use common::{config, fit, source, sources};
use std::cell::Cell;
use std::path::Path;
use std::sync::OnceLock;

/// One fit for the tests that only read it.
fn fitted() -> &'static CnnFinder {
    static FINDER: OnceLock<CnnFinder> = OnceLock::new();
    FINDER.get_or_init(|| fit(config(), tempfile::tempdir().expect("a folder").path()))
}

fn test_scene() -> Scene {
    source(3, 1).scene(0).expect("a scene")
}

/// True and false positives and missed cutouts at probability one half, by the cutouts of `eval`.
fn confusion(finder: &CnnFinder, scene: &Scene) -> [usize; 3] {
    let answer = finder.search(&scene.observation).expect("it can be searched");
    let cutouts =
        arcmin_eval::TileCutouts::new(&answer.searched, &arcmin_eval::CutoutConfig::default()).expect("cutouts");
    let cell = |position| cutouts.cells(position).equal_area;
    let target = |halo: &&arcmin_scene::Halo| halo.mvir.value() >= 2e14 && halo.redshift.value() >= 0.25;
    let held: std::collections::BTreeSet<u32> =
        scene.truth.haloes.iter().filter(target).filter_map(|halo| cell(halo.position)).collect();
    let taken: std::collections::BTreeSet<u32> =
        answer.candidates.iter().filter(|c| c.score >= 0.5).filter_map(|c| cell(c.position)).collect();
    let both = held.intersection(&taken).count();
    [both, taken.len() - both, held.len() - both]
}

/// Spots of S/N above 20 that a network of any worth tells from noise: what is missed lies on an edge between two cutouts.
#[test]
fn bright_clusters_are_found_on_a_tile_that_was_never_seen() {
    let [n_true, n_false, n_missed] = confusion(fitted(), &test_scene());
    let f1 = 2.0 * n_true as f64 / (2 * n_true + n_false + n_missed) as f64;
    assert!(n_true + n_missed >= 8 && f1 > 0.7, "{n_true} found, {n_false} false, {n_missed} missed");
    let about = fitted().about();
    let trained = about.trained.as_ref().expect("trained");
    assert!(trained.f1_validation > 0.7, "{}", trained.f1_validation);
    assert!(trained.platt.slope > 0.0);
    assert_eq!(trained.train.n_cutouts, 3 * 11 * 11);
    assert!(trained.train.n_dropped > 0 && trained.validation.n_dropped == 0);
    assert!((0.02..0.2).contains(&trained.train.prevalence()));
}

#[test]
fn a_tiny_set_is_learned_by_heart() {
    let scene = source(1, 1).scene(0).expect("a training tile");
    let [n_true, n_false, n_missed] = confusion(fitted(), &scene);
    assert!(n_true >= 8 && n_false + n_missed <= 3, "{n_true} found, {n_false} false, {n_missed} missed");
}

#[test]
fn finder_keeps_the_contract() {
    check_finder(fitted(), &test_scene().observation);
    // A hole: cutouts with a few of its pixels are searched, those with more are not.
    let observation = test_scene().observation;
    let mut mask = Mask::all_valid(observation.geometry().clone());
    for y in 100..130 {
        mask.valid_mut()[y * 272 + 100..y * 272 + 130].fill(false);
    }
    let holed = Observation::new(observation.bands().to_vec(), mask).expect("an observation");
    check_finder(fitted(), &holed);
    let searched = |observation: &Observation| fitted().search(observation).expect("searched").searched.n_valid();
    assert_eq!(searched(&observation), (11 * 24) * (11 * 24));
    assert!(searched(&holed) < searched(&observation) && searched(&holed) > 80 * 24 * 24);
    // A tile without room for a cutout.
    let small = observation.window(0, 0, Shape { ny: 31, nx: 200 });
    assert!(fitted().search(&small).expect("nothing to search").candidates.is_empty());
}

#[test]
fn a_stopped_fit_goes_on_without_making_tiles_again_and_ends_in_the_same_bits() {
    let weights = |folder: &Path| std::fs::read(folder.join("cnn.safetensors")).expect("weights");
    let config = arcmin_find_cnn::CnnConfig { tiles: TilesKept::Kept, ..config() };
    let whole = tempfile::tempdir().expect("a folder");
    fit(config.clone(), whole.path());
    let parts = tempfile::tempdir().expect("a folder");
    let recipe = CnnRecipe::new(config.clone()).expect("a configuration");
    let stopped_after = |most: usize| {
        let asked = Cell::new(0);
        let stop = || {
            asked.set(asked.get() + 1);
            asked.get() > most
        };
        assert!(matches!(recipe.fit(&sources(), parts.path(), &stop), Err(arcmin_method::Error::Interrupted)));
    };
    stopped_after(2);
    let first = parts.path().join("tiles/train-0000.f32");
    let written = || std::fs::metadata(&first).and_then(|file| file.modified()).expect("the first tile");
    let (when, second) = (written(), parts.path().join("tiles/train-0002.json"));
    assert!(!second.exists(), "stopped before the last training tile");
    stopped_after(40);
    assert!(second.exists() && written() == when);
    fit(config.clone(), parts.path());
    assert_eq!(weights(whole.path()), weights(parts.path()));
    // Once more: the weights are read, and another configuration is refused.
    let again = fit(config.clone(), parts.path());
    assert!(again.find(&test_scene().observation).is_ok());
    let other = arcmin_find_cnn::CnnConfig { augment: false, ..config };
    let refused = CnnRecipe::new(other).expect("a configuration").train(&sources(), parts.path(), &|| false);
    assert!(matches!(refused, Err(Error::Learned(LearnedError::OtherFit { .. }))));
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads() {
    let mut config = config();
    config.training.max_epochs = 1;
    let weights = |n_threads: usize| {
        let folder = tempfile::tempdir().expect("a folder");
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let finder = pool.install(|| fit(config.clone(), folder.path()));
        let answer = pool.install(|| finder.search(&test_scene().observation).expect("searched"));
        (std::fs::read(folder.path().join("cnn.safetensors")).expect("weights"), answer)
    };
    assert_eq!(weights(1), weights(3));
}

#[test]
fn tiles_are_deleted_and_the_file_gives_the_same_answers() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    config.training.max_epochs = 1;
    let finder = fit(config, folder.path());
    assert!(!folder.path().join("tiles").exists());
    let path = folder.path().join("cnn.safetensors");
    let loaded = CnnFinder::load(&path).expect("what the fit wrote");
    let observation = test_scene().observation;
    assert_eq!(loaded.search(&observation).expect("searched"), finder.search(&observation).expect("searched"));
    let bytes = std::fs::read(&path).expect("weights");
    assert!(CnnFinder::from_bytes(&bytes[..bytes.len() / 2], &path).is_err());
    let foreign = folder.path().join("weights.safetensors");
    let refused = CnnFinder::load(&foreign).expect_err("the trainer's own file");
    assert!(refused.to_string().contains("metadata"), "{refused}");
}

/// The observation with one of its bands changed.
fn changed(change: impl Fn(&mut Band)) -> Observation {
    let observation = test_scene().observation;
    let mut bands = observation.bands().to_vec();
    change(&mut bands[1]);
    Observation::new(bands, observation.mask().clone()).expect("an observation")
}

#[test]
fn other_bands_noise_beams_and_pixels_are_refused_with_both_values() {
    let refusal = |observation: &Observation| fitted().search(observation).expect_err("refused").to_string();
    let told = refusal(&changed(|band| band.noise_arcmin = Some(10.0)));
    assert!(told.contains("10.0000 uK arcmin") && told.contains("trained on 90 GHz with 5.0000 uK arcmin"), "{told}");
    assert!(refusal(&changed(|band| band.noise_arcmin = None)).contains("noise of band 148 is unknown"));
    assert!(refusal(&changed(|band| band.beam = Beam::Gaussian { fwhm: Arcmin::new(1.4) })).contains("beam of 1.4'"));
    let other_frequency = changed(|band| {
        let BandMap::Temperature { nu, .. } = &mut band.map else { panic!("a temperature") };
        *nu = Ghz::new(225.0);
    });
    assert!(refusal(&other_frequency).contains("225 GHz"));
    let compton = changed(|band| band.map = BandMap::ComptonY(Map::zeros(band.map.geometry().clone())));
    assert!(refusal(&compton).contains("Compton y"));
    let observation = test_scene().observation;
    let two = Observation::new(observation.bands()[..2].to_vec(), observation.mask().clone()).expect("two bands");
    assert!(matches!(fitted().search(&two), Err(Error::Learned(LearnedError::OtherObservation { .. }))));
    let close = changed(|band| band.noise_arcmin = Some(5.2));
    assert!(fitted().search(&close).is_ok(), "a noise that differs by 4 % is the same instrument");
}

#[test]
fn bad_values_are_named_and_nothing_to_fit_on_is_an_error() {
    let mut config = config();
    config.sampling.ratios = Vec::new();
    assert!(CnnRecipe::new(config).expect_err("no ratio").to_string().contains("sampling.ratios"));
    let none = arcmin_method::FinderSources { train: std::sync::Arc::new(source(1, 0)), ..sources() };
    let recipe = CnnRecipe::new(common::config()).expect("a configuration");
    let refused = recipe.train(&none, tempfile::tempdir().expect("a folder").path(), &|| false);
    assert!(refused.expect_err("no tile").to_string().contains("n_train"));
}
