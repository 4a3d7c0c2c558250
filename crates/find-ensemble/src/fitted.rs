//! Combinations as a run keeps them.

use crate::{Combination, Error, Kind, LabelledCutout};
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The finders whose scores the combinations of a run are of: the filter's S/N first, then the network's probability.
const FINDERS: [&str; 2] = ["mmf", "cnn"];

/// Combinations of two finders that were fitted together, as `cargo xtask run deepsz` writes them to `training/ensemble.json`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FittedCombinations {
    /// The finder whose positions are kept.
    pub first: String,
    /// The other.
    pub second: String,
    /// Cutouts of the fit.
    pub n_cutouts: f64,
    /// Those of them that hold a target.
    pub n_targets: f64,
    /// One of each kind.
    pub combinations: Vec<Combination>,
}

impl FittedCombinations {
    /// Fits one combination of each kind on the same cutouts, see [`Combination::fit`].
    ///
    /// # Errors
    /// Those of the fits.
    pub fn fit(first: &str, second: &str, kinds: &[Kind], cutouts: &[LabelledCutout]) -> Result<Self, Error> {
        let sum = |is: fn(&LabelledCutout) -> bool| cutouts.iter().filter(|c| is(c)).map(|c| c.weight).sum();
        Ok(Self {
            first: first.to_owned(),
            second: second.to_owned(),
            n_cutouts: sum(|_| true),
            n_targets: sum(|cutout| cutout.is_target),
            combinations: kinds.iter().map(|&kind| Combination::fit(kind, cutouts)).collect::<Result<_, _>>()?,
        })
    }

    /// Reads what a run wrote.
    ///
    /// # Errors
    /// [`Error::Unreadable`] for a file that is missing, damaged, or of other finders than the matched filter and the network.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let unreadable = |e: std::io::Error| Error::Unreadable { path: path.to_owned(), reason: e.to_string() };
        Self::from_json(&std::fs::read_to_string(path).map_err(unreadable)?, path)
    }

    /// From what a file holds; its path is for errors.
    ///
    /// # Errors
    /// As [`Self::load`].
    pub fn from_json(text: &str, path: &Path) -> Result<Self, Error> {
        let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
        let fitted: Self = serde_json::from_str(text).map_err(|e| unreadable(e.to_string()))?;
        if [&fitted.first, &fitted.second] != FINDERS {
            return Err(unreadable(format!(
                "it combines {} and {}, not {} and {}",
                fitted.first, fitted.second, FINDERS[0], FINDERS[1]
            )));
        }
        Ok(fitted)
    }

    /// Those that ship with arcmin, fitted on the scores of the network that ships with `find-cnn` and of a matched filter with the
    /// settings beside them (data/weights).
    ///
    /// # Errors
    /// None that a build with its own file meets.
    pub fn shipped() -> Result<Self, Error> {
        const FILE: &str = include_str!("../../../data/weights/find-ensemble-deepsz.json");
        Self::from_json(FILE, Path::new("data/weights/find-ensemble-deepsz.json"))
    }

    /// The combination of a kind.
    pub fn get(&self, kind: Kind) -> Option<&Combination> {
        self.combinations.iter().find(|combination| combination.kind() == kind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CutoutEvidence;

    #[test]
    fn shipped_combinations_rise_with_both_scores() {
        let fitted = FittedCombinations::shipped().expect("our own file");
        assert!(fitted.n_targets > 0.0 && fitted.n_cutouts > fitted.n_targets);
        for kind in Kind::ALL {
            let combination = fitted.get(kind).expect("one of each kind");
            let score = |snr, p| combination.score(&CutoutEvidence::new(Some(snr), Some(p))).expect("both are there");
            assert!(score(30.0, 0.99) > score(30.0, 0.05) && score(30.0, 0.99) > score(4.0, 0.99), "{kind}");
        }
    }

    #[test]
    fn other_files_are_refused_by_name() {
        let path = Path::new("some.json");
        let refusal = |text: &str| FittedCombinations::from_json(text, path).expect_err("refused").to_string();
        let other = r#"{"first":"cnn","second":"mmf","n_cutouts":2.0,"n_targets":1.0,"combinations":[]}"#;
        assert!(refusal(other).contains("some.json: it combines cnn and mmf, not mmf and cnn"));
        assert!(refusal("{}").contains("missing field"));
        let missing = FittedCombinations::load(Path::new("none.json")).expect_err("no file").to_string();
        assert!(missing.contains("none.json"));
    }
}
