//! The fit: that it learns masses from images and from nothing else, and that it resumes.

mod common;

use arcmin_mass_sz::{AnswerConfig, SzMassConfig, SzMassEstimator, SzMassRecipe};
use arcmin_method::conformance::check_mass_estimator;
use arcmin_method::{ClusterCutoutSources, MassRecipe};
use arcmin_nn::data::SampleSource;
use arcmin_scene::{ClusterCutout, ClusterCutoutSource, ClusterSet, ClusterSky, Masses, Split};
use common::{config, fit, set, sky, sources};
use std::cell::Cell;
use std::sync::Arc;

/// Maps whose labels are those of other maps.
struct Shuffled(Arc<ClusterSet>);

impl ClusterCutoutSource for Shuffled {
    fn sky(&self) -> &ClusterSky {
        self.0.sky()
    }

    fn masses(&self) -> &Masses {
        self.0.masses()
    }

    fn len(&self) -> u64 {
        self.0.len()
    }

    fn cutout(&self, index: u64, epoch: u64) -> Result<ClusterCutout, arcmin_scene::Error> {
        let other = self.0.cutout((index + self.len() / 2) % self.len(), epoch)?;
        Ok(ClusterCutout { m200c: other.m200c, profile: other.profile, ..self.0.cutout(index, epoch)? })
    }
}

/// Rms of ln(median / truth) on a test set.
fn rms(estimator: &SzMassEstimator, test: &dyn ClusterCutoutSource) -> f64 {
    let maps: Vec<_> = (0..test.len()).map(|i| test.cutout(i, 0).expect("a map")).collect();
    let pixels = maps.iter().flat_map(|map| map.pixels.clone()).collect();
    let redshifts: Vec<_> = maps.iter().map(|map| map.redshift).collect();
    let cutouts = test.sky().cutouts(pixels, &redshifts).expect("cutouts");
    let predictions = estimator.predict(&cutouts).expect("these cutouts fit");
    let squares = maps
        .iter()
        .zip(&predictions)
        .map(|(map, prediction)| (estimator.posterior(prediction).median().value() / map.m200c.value()).ln().powi(2));
    (squares.sum::<f64>() / maps.len() as f64).sqrt()
}

/// Whoever knows the prior alone errs by the deviation of ln M over 1 to 12e14 Msun: 0.62 about its best guess.
#[test]
fn masses_are_learned_from_images_and_not_from_shuffled_labels() {
    let sky = sky();
    let folder = tempfile::tempdir().expect("a folder");
    let honest = fit(config(), &sources(&sky, 400, 200), &folder.path().join("honest"));
    let shuffled = ClusterCutoutSources {
        train: Arc::new(Shuffled(set(&sky, Split::Train, 400))),
        validation: Arc::new(Shuffled(set(&sky, Split::Validation, 200))),
        ..sources(&sky, 400, 200)
    };
    let misled = fit(config(), &shuffled, &folder.path().join("misled"));
    let test = set(&sky, Split::Test, 200);
    let (honest, misled) = (rms(&honest, &*test), rms(&misled, &*test));
    assert!(honest < 0.35, "{honest}");
    // What knows no mass cannot be below the prior's deviation by more than 200 clusters let chance make it (5 sigma).
    assert!(misled > 0.62 * (1.0 - 5.0 / 400f64.sqrt()), "{misled}");
}

#[test]
fn estimator_keeps_the_contract_and_its_file_gives_the_same_answers() {
    let sky = sky();
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = config();
    config.training.max_epochs = 1;
    let recipe = SzMassRecipe::new(config.clone()).expect("a configuration");
    let estimator = recipe.fit(&sources(&sky, 400, 200), folder.path(), &|| false).expect("a fit");
    let test = set(&sky, Split::Test, 3);
    let pixels = (0..3).flat_map(|i| test.cutout(i, 0).expect("a map").pixels).collect();
    let cutouts = sky.cutouts(pixels, &[arcmin_units::Redshift::new(0.7); 3]).expect("cutouts");
    check_mass_estimator(&*estimator, &cutouts);
    let loaded = SzMassEstimator::load(&folder.path().join("sz-mass.safetensors")).expect("what the fit wrote");
    check_mass_estimator(&loaded, &cutouts);
    assert_eq!(
        arcmin_method::MassEstimator::estimate(&loaded, &cutouts).expect("weighed"),
        estimator.estimate(&cutouts).expect("weighed")
    );
    let about = loaded.about();
    assert_eq!(about.config, config);
    assert_eq!((about.sky.n_pixels_side, about.sky.m200c_msun), (16, [1e14, 1.2e15]));
    assert_eq!(about.trained.as_ref().expect("trained").n_train, 400);
}

#[test]
fn a_stopped_fit_goes_on_and_ends_in_the_same_bits() {
    let sky = sky();
    let mut config = config();
    config.training.max_epochs = 2;
    let weights = |folder: &std::path::Path| std::fs::read(folder.join("sz-mass.safetensors")).expect("weights");
    let whole = tempfile::tempdir().expect("a folder");
    fit(config.clone(), &sources(&sky, 400, 200), whole.path());
    let parts = tempfile::tempdir().expect("a folder");
    let recipe = SzMassRecipe::new(config.clone()).expect("a configuration");
    let asked = Cell::new(0);
    let stop = || {
        asked.set(asked.get() + 1);
        asked.get() > 25
    };
    let stopped = recipe.fit(&sources(&sky, 400, 200), parts.path(), &stop);
    assert!(matches!(stopped, Err(arcmin_method::Error::Interrupted)));
    fit(config, &sources(&sky, 400, 200), parts.path());
    assert_eq!(weights(whole.path()), weights(parts.path()));
}

#[test]
fn a_point_is_the_paper_s_answer() {
    let sky = sky();
    let folder = tempfile::tempdir().expect("a folder");
    let mut config = SzMassConfig { answer: AnswerConfig::Point, ..config() };
    config.training.max_epochs = 1;
    let estimator = fit(config, &sources(&sky, 400, 200), folder.path());
    let test = set(&sky, Split::Test, 1).cutout(0, 0).expect("a map");
    let cutouts = sky.cutouts(test.pixels, &[test.redshift]).expect("a cutout");
    let prediction = &estimator.predict(&cutouts).expect("it fits")[0];
    assert!(prediction.mixture.is_none());
    let posterior = estimator.posterior(prediction);
    assert!(posterior.quantiles.iter().all(|mass| *mass == prediction.point));
    assert!(prediction.profile_uk.iter().all(|pixel| pixel.is_finite()));
}

/// The input is linear in the pixels: nothing of the cutout itself divides it.
#[test]
fn input_is_not_normalised_by_the_cutout() {
    use arcmin_nn::data::SampleId;
    let sky = sky();
    let test = set(&sky, Split::Test, 2);
    struct Doubled(Arc<arcmin_scene::ClusterSet>);
    impl ClusterCutoutSource for Doubled {
        fn sky(&self) -> &arcmin_scene::ClusterSky {
            self.0.sky()
        }
        fn masses(&self) -> &arcmin_scene::Masses {
            self.0.masses()
        }
        fn len(&self) -> u64 {
            self.0.len()
        }
        fn cutout(&self, index: u64, epoch: u64) -> Result<arcmin_scene::ClusterCutout, arcmin_scene::Error> {
            let mut cutout = self.0.cutout(index, epoch)?;
            cutout.pixels.iter_mut().for_each(|pixel| *pixel *= 2.0);
            Ok(cutout)
        }
    }
    let once = arcmin_mass_sz::samples(test.clone(), &config());
    let twice = arcmin_mass_sz::samples(Arc::new(Doubled(test)), &config());
    for index in 0..2 {
        let [a, b] = [&once, &twice].map(|source| source.sample(SampleId { index, epoch: 0 }).expect("a sample"));
        assert!(a.parts[0].values.iter().zip(&b.parts[0].values).all(|(a, b)| 2.0 * a == *b));
        assert_eq!(a.parts[1..], b.parts[1..]);
    }
}
