//! Structural checks that every method passes.
//!
//! Called from a method's tests with an observation that the method can use. What is checked is the form of the
//! answer, never its quality: that is `eval`'s.

use crate::{Candidate, ClusterFinder, Detections, MassEstimator};
use arcmin_maps::{Cutouts, Mask, Observation};

/// Checks a finder on an observation and on damaged versions of it.
///
/// The same input gives the same answer; candidates lie on searched pixels and come by falling, finite score; amplitudes
/// are finite with positive errors; the searched mask stays within the observation's map; a fully masked observation is
/// an empty answer; one without its last band is an answer or an error. Nothing panics.
///
/// # Panics
/// When a check fails, with what failed: this is a test's helper.
pub fn check_finder(finder: &dyn ClusterFinder, observation: &Observation) {
    assert!(!finder.name().is_empty(), "a finder has a name");
    let answer = finder.find(observation).expect("the observation given can be searched");
    check_answer(&answer, observation);
    let again = finder.find(observation).expect("what was searched once can be searched again");
    assert_eq!(answer, again, "the same input gives the same answer");
    check_fully_masked(finder, observation);
    check_missing_band(finder, observation);
}

fn check_answer(answer: &Detections, observation: &Observation) {
    assert_eq!(answer.searched.geometry(), observation.geometry(), "the searched mask lies on the map's geometry");
    let falling = answer.candidates.windows(2).all(|pair| pair[0].score >= pair[1].score);
    assert!(falling, "candidates come by falling score");
    for candidate in &answer.candidates {
        check_candidate(candidate, answer);
    }
}

fn check_candidate(candidate: &Candidate, answer: &Detections) {
    assert!(candidate.score.is_finite(), "scores are finite: {candidate:?}");
    let geometry = answer.searched.geometry();
    let at = geometry.sky_to_pix(candidate.position).expect("a candidate lies on the map");
    let (x, y) = (at.x.round(), at.y.round());
    let shape = geometry.shape();
    assert!(
        x >= 0.0 && y >= 0.0 && x < shape.nx as f64 && y < shape.ny as f64,
        "a candidate lies on the map: {candidate:?}"
    );
    let pixel = y as usize * shape.nx + x as usize;
    assert!(answer.searched.valid()[pixel], "a candidate lies on a searched pixel: {candidate:?}");
    for size in [&candidate.best, &candidate.fixed].into_iter().flatten() {
        let y_c = size.y_c;
        assert!(
            y_c.value.is_finite() && y_c.error.is_finite() && y_c.error > 0.0,
            "amplitudes are usable: {candidate:?}"
        );
        assert!(size.scale_arcmin > 0.0, "scales are positive: {candidate:?}");
    }
    let is_usable = |value: f64| value.is_finite() && value > 0.0;
    if let Some(mass) = candidate.mass {
        assert!(is_usable(mass.mvir.value()) && is_usable(mass.ln_error), "masses are usable: {candidate:?}");
    }
    if let Some(error) = candidate.position_error {
        assert!(is_usable(error.value()), "errors of positions are usable: {candidate:?}");
    }
}

fn check_fully_masked(finder: &dyn ClusterFinder, observation: &Observation) {
    let geometry = observation.geometry().clone();
    let nothing = vec![false; geometry.shape().n_pixels()];
    let mask = Mask::new(geometry, nothing).expect("as many flags as pixels");
    let masked = Observation::new(observation.bands().to_vec(), mask).expect("a mask of the same geometry");
    let answer = finder.find(&masked).expect("a fully masked map is no error");
    assert!(answer.candidates.is_empty(), "nothing is found where all is masked");
    assert_eq!(answer.searched.n_valid(), 0, "nothing is searched where all is masked");
}

fn check_missing_band(finder: &dyn ClusterFinder, observation: &Observation) {
    let bands = observation.bands();
    if bands.len() < 2 {
        return;
    }
    let fewer = Observation::new(bands[..bands.len() - 1].to_vec(), observation.mask().clone())
        .expect("what remains is an observation");
    if let Ok(answer) = finder.find(&fewer) {
        check_answer(&answer, &fewer);
    }
}

/// Checks an estimator of masses on two cutouts or more that it can use.
///
/// The same input gives the same answer; there is one answer a cutout, in their order, that does not depend on the others;
/// quantiles are finite, above zero and rise; no cutout is an empty answer. Nothing panics.
///
/// # Panics
/// When a check fails, with what failed: this is a test's helper.
pub fn check_mass_estimator(estimator: &dyn MassEstimator, cutouts: &Cutouts) {
    assert!(!estimator.name().is_empty(), "an estimator has a name");
    assert!(cutouts.len() > 1, "the check needs two cutouts");
    let answer = estimator.estimate(cutouts).expect("the cutouts given can be weighed");
    assert_eq!(answer.len(), cutouts.len(), "one answer a cutout");
    assert_eq!(answer, estimator.estimate(cutouts).expect("again"), "the same input gives the same answer");
    for posterior in &answer {
        let is_mass = |mass: f64| mass.is_finite() && mass > 0.0;
        assert!(is_mass(posterior.mean.value()), "means are masses: {posterior:?}");
        assert!(is_mass(posterior.unbiased.value()), "unbiased estimates are masses: {posterior:?}");
        assert!(posterior.quantiles.iter().all(|mass| is_mass(mass.value())), "quantiles are masses: {posterior:?}");
        assert!(posterior.quantiles.windows(2).all(|pair| pair[0] <= pair[1]), "quantiles rise: {posterior:?}");
    }
    for (idx, posterior) in answer.iter().enumerate() {
        let alone = estimator.estimate(&cutouts.take(&[idx])).expect("one of them can be weighed");
        assert_eq!(alone, [*posterior], "an answer does not depend on the other cutouts");
    }
    let none = estimator.estimate(&cutouts.take(&[])).expect("no cutout is no error");
    assert!(none.is_empty(), "no cutout, no answer");
}
