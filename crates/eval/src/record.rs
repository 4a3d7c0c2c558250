//! What a run did and scored: `record.json`. Field by field in `docs/record.md`.

use crate::Error;
use crate::file::{read_json, write_json};
use crate::statistics::Score;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::Path;

/// Version of the JSON form of [`Record`].
pub const RECORD_FORMAT: u32 = 1;

/// A file that a run read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InputFile {
    /// The path as it was given.
    pub path: String,
    /// Checksum with its kind in front, e.g. `blake3:af13...`.
    pub checksum: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// All that is kept of a run beside its products.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Version of this form, [`RECORD_FORMAT`].
    pub format: u32,
    /// Name of the experiment, or of the command.
    pub experiment: String,
    /// Profile of the experiment; empty for a command that has none.
    pub profile: String,
    /// Seed of all random draws; `None` where nothing was drawn.
    pub seed: Option<u64>,
    /// The command that makes this run again.
    pub command: String,
    /// Versions by name: the program, the commit, the compiler, the features.
    pub versions: BTreeMap<String, String>,
    /// The device that computed, e.g. `cpu (2 threads)`.
    pub device: String,
    /// The files that were read.
    pub inputs: Vec<InputFile>,
    /// Wall time in seconds by stage.
    pub timings: BTreeMap<String, f64>,
    /// Scores by name, e.g. `mmf.f1`.
    pub scores: BTreeMap<String, Score>,
}

/// A score that two records do not share bit for bit.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreDifference {
    /// Name of the score.
    pub name: String,
    /// In this record; `None` where it is missing.
    pub ours: Option<Score>,
    /// In the other record; `None` where it is missing.
    pub theirs: Option<Score>,
}

impl std::fmt::Display for ScoreDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let show = |score: &Option<Score>| match score {
            None => "missing".to_owned(),
            Some(Score { value, error, count }) => format!("{value:?} +- {error:?} ({count})"),
        };
        write!(f, "{}: {} against {}", self.name, show(&self.ours), show(&self.theirs))
    }
}

impl Record {
    /// Writes the record as JSON, atomically.
    ///
    /// # Errors
    /// [`Error::Io`] with the path.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_json(path, "run record", self, serde_json::to_string_pretty)
    }

    /// Reads a record; every number comes back bit for bit.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Json`] or [`Error::FormatVersion`], each with the path.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let record: Self = read_json(path, "run record")?;
        if record.format != RECORD_FORMAT {
            let (expected, got) = (RECORD_FORMAT, record.format);
            return Err(Error::FormatVersion { path: path.to_owned(), what: "run record", expected, got });
        }
        Ok(record)
    }

    /// The scores that differ in any bit or stand in one record only, by name.
    pub fn score_differences(&self, other: &Self) -> Vec<ScoreDifference> {
        let names: std::collections::BTreeSet<&String> = self.scores.keys().chain(other.scores.keys()).collect();
        let pair = |name: &String| (self.scores.get(name).copied(), other.scores.get(name).copied());
        let differ = |name: &&String| match pair(name) {
            (Some(ours), Some(theirs)) => !ours.same_bits(&theirs),
            _ => true,
        };
        let difference = |name: &String| {
            let (ours, theirs) = pair(name);
            ScoreDifference { name: name.clone(), ours, theirs }
        };
        names.into_iter().filter(differ).map(difference).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> Record {
        let scores = [
            ("mmf.f1".to_owned(), Score::new(Some(0.1 + 0.2), Some(1.0 / 3.0), 42)),
            ("mmf.y_ratio".to_owned(), Score::new(None, None, 0)),
        ];
        Record {
            format: RECORD_FORMAT,
            experiment: "deepsz".to_owned(),
            profile: "smoke".to_owned(),
            seed: Some(u64::MAX),
            command: "cargo xtask run deepsz --profile smoke".to_owned(),
            versions: BTreeMap::from([("arcmin".to_owned(), "0.1.0".to_owned())]),
            device: "cpu (2 threads)".to_owned(),
            inputs: vec![InputFile { path: "a.fits".to_owned(), checksum: "blake3:00".to_owned(), bytes: 2880 }],
            timings: BTreeMap::from([("search".to_owned(), 1.5)]),
            scores: BTreeMap::from(scores),
        }
    }

    #[test]
    fn what_is_written_is_read_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        record().write(&path).unwrap();
        let back = Record::read(&path).unwrap();
        assert_eq!(back, record());
        assert!(back.score_differences(&record()).is_empty());
        assert!(!std::fs::read_to_string(&path).unwrap().contains("NaN"));
    }

    #[test]
    fn last_bit_and_missing_scores_are_differences() {
        let mut other = record();
        let value = other.scores["mmf.f1"].value.unwrap();
        other.scores.insert("mmf.f1".to_owned(), Score::new(Some(value.next_up()), Some(1.0 / 3.0), 42));
        other.scores.remove("mmf.y_ratio");
        let names: Vec<String> = record().score_differences(&other).into_iter().map(|d| d.name).collect();
        assert_eq!(names, ["mmf.f1", "mmf.y_ratio"]);
    }

    #[test]
    fn bad_files_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("record.json");
        assert!(Record::read(&path).unwrap_err().to_string().contains("record.json: cannot read"));
        for text in ["", "{", "{\"format\": 1}", "[]"] {
            std::fs::write(&path, text).unwrap();
            let message = Record::read(&path).unwrap_err().to_string();
            assert!(message.contains("record.json: not a valid run record"), "{message}");
        }
    }
}
