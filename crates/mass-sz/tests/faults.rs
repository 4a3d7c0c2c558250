//! Bad input: one clear line each.

mod common;

use arcmin_maps::Catalogue;
use arcmin_maps::cutouts::{CutoutBand, CutoutGrid, CutoutLayout, CutoutProjection, CutoutUnit, Cutouts};
use arcmin_mass_sz::{Error, MassPrior, SzMassConfig, SzMassEstimator, SzMassRecipe};
use arcmin_units::{Arcmin, Frame, Ghz, M200c, SkyPosition};
use common::{config, fit, sky, sources};

fn estimator(folder: &std::path::Path) -> SzMassEstimator {
    let sky = sky();
    let mut config = config();
    config.training.max_epochs = 1;
    fit(config, &sources(&sky, 20, 20), folder)
}

fn cutouts(nu: f64, side: usize, valid: bool, redshift: f64) -> Cutouts {
    let grid = CutoutGrid::new(CutoutProjection::Tan, side, Arcmin::new(0.5)).expect("a grid");
    let band = CutoutBand { name: "b".into(), unit: CutoutUnit::MicroKelvinCmb, nu: Some(Ghz::new(nu)) };
    let centre = SkyPosition::from_deg(0.0, 0.0).expect("a position");
    let catalogue =
        Catalogue::new(&[centre], Frame::Equatorial).with_f64("redshift", vec![redshift]).expect("a column");
    let n = side * side;
    let mut pixels_valid = vec![true; n];
    pixels_valid[3] = valid;
    let arrays = (vec![0.0; n], pixels_valid, vec![false]);
    Cutouts::new(CutoutLayout::Projected(grid), vec![band], catalogue, arrays).expect("a cutout")
}

#[test]
fn cutouts_of_another_kind_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let estimator = estimator(folder.path());
    let refusal = |cutouts: &Cutouts| estimator.predict(cutouts).expect_err("refused").to_string();
    assert!(estimator.predict(&cutouts(150.0, 16, true, 0.7)).is_ok());
    let other = refusal(&cutouts(90.0, 16, true, 0.7));
    assert!(other.contains("90 GHz") && other.contains("trained on 150 GHz in uK of 16 x 16 pixels"), "{other}");
    assert!(refusal(&cutouts(150.0, 24, true, 0.7)).contains("24 x 24"));
    assert!(refusal(&cutouts(150.0, 16, false, 0.7)).contains("cutout 0 lacks 1 pixels: fill them first"));
    assert!(refusal(&cutouts(150.0, 16, true, 0.3)).contains("redshift 0.3, the network was trained on 0.7 to 0.7"));
    assert!(estimator.predict(&cutouts(150.0, 16, false, 0.7).infilled()).is_ok());
}

#[test]
fn weight_files_that_are_none_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    estimator(folder.path());
    let path = folder.path().join("sz-mass.safetensors");
    let refusal = |path: &std::path::Path| SzMassEstimator::load(path).expect_err("refused").to_string();
    assert!(refusal(&folder.path().join("none.safetensors")).contains("none.safetensors"));
    // Weights that the trainer wrote have the trainer's line, not this method's.
    let other = refusal(&folder.path().join("weights.safetensors"));
    assert!(other.contains("weights.safetensors") && other.contains("not that of an SZ mass network"), "{other}");
    let whole = std::fs::read(&path).expect("weights");
    std::fs::write(&path, &whole[..whole.len() / 2]).expect("room");
    assert!(refusal(&path).contains("sz-mass.safetensors"));
}

#[test]
fn priors_beyond_the_training_are_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let prior = |min, max| MassPrior { min: M200c::new(min), max: M200c::new(max) };
    let refused = estimator(folder.path()).with_prior(prior(1e13, 8e14)).expect_err("too wide").to_string();
    assert!(refused.contains("1e13 to 8e14 Msun lies outside of the 1e14 to 1.2e15 Msun of the training"), "{refused}");
    let estimator = SzMassEstimator::load(&folder.path().join("sz-mass.safetensors")).expect("weights");
    assert!(matches!(estimator.with_prior(prior(8e14, 2e14)), Err(Error::PriorOutOfRange { .. })));
}

#[test]
fn configurations_that_cannot_be_are_refused() {
    let refusal = |change: &dyn Fn(&mut SzMassConfig)| {
        let mut config = config();
        change(&mut config);
        SzMassRecipe::new(config).expect_err("refused").to_string()
    };
    assert!(refusal(&|c| c.input_scale_uk = 0.0).contains("input_scale_uk = 0"));
    assert!(refusal(&|c| c.apodisation_arcmin = f64::NAN).contains("apodisation_arcmin"));
    let none = arcmin_mass_sz::AnswerConfig::Posterior { n_components: 0, profile_weight: 1.0 };
    assert!(refusal(&|c| c.answer = none.clone()).contains("answer.n_components = 0"));
    assert!(toml::from_str::<SzMassConfig>("input_scale = 3").is_err());
}
