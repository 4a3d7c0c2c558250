//! What can go wrong while answers are scored, stored or drawn.

use arcmin_units::Frame;
use std::path::PathBuf;

/// Error of this crate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Detections and truth speak of different sky frames.
    #[error("tile {tile}: detections are in the {detections} frame, the truth in the {truth} frame")]
    FrameMismatch {
        /// Number of the tile.
        tile: u64,
        /// Frame of the detections.
        detections: Frame,
        /// Frame of the truth.
        truth: Frame,
    },
    /// A number of a candidate or halo is NaN or infinite.
    #[error("tile {tile}: {what} {idx} has {quantity} = {value}, which is no finite number")]
    NonFinite {
        /// Number of the tile.
        tile: u64,
        /// `candidate` or `halo`.
        what: &'static str,
        /// Its place in the list.
        idx: usize,
        /// Name of the quantity.
        quantity: &'static str,
        /// The value found.
        value: f64,
    },
    /// A setting lies outside its domain.
    #[error("setting {key} = {value}: {requirement}")]
    BadSetting {
        /// Name of the setting.
        key: &'static str,
        /// The value given.
        value: f64,
        /// What it must be.
        requirement: &'static str,
    },
    /// No threshold can be chosen from the validation outcomes.
    #[error(
        "no threshold maximises F1 on {n_tiles} validation tiles with {n_detections} detections and {n_targets} target \
         haloes: at least one target must be found"
    )]
    NoThreshold {
        /// Number of validation tiles.
        n_tiles: usize,
        /// Number of detections in them.
        n_detections: u64,
        /// Number of target haloes in them.
        n_targets: u64,
    },
    /// Bin edges that do not rise or are fewer than two.
    #[error("bin edges of {quantity} must be at least two finite rising numbers, got {edges:?}")]
    BadEdges {
        /// Name of the binned quantity.
        quantity: &'static str,
        /// The edges given.
        edges: Vec<f64>,
    },
    /// A file or folder cannot be read or written.
    #[error("{}: cannot {action}: {source}", path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What was being done.
        action: &'static str,
        /// The system's answer.
        source: std::io::Error,
    },
    /// A file is no JSON of the expected form.
    #[error("{}: not a valid {what}: {source}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// Where and why reading failed.
        source: serde_json::Error,
    },
    /// A file of another version of its format.
    #[error("{}: format {got} of a {what}, this program reads format {expected}; make the run again", path.display())]
    FormatVersion {
        /// The file.
        path: PathBuf,
        /// What it holds.
        what: &'static str,
        /// The version that this program reads.
        expected: u32,
        /// The version found.
        got: u32,
    },
    /// A plot or map image cannot be drawn.
    #[error("cannot draw {what}: {reason}")]
    Drawing {
        /// Which image.
        what: String,
        /// Why.
        reason: String,
    },
    /// The report's template cannot be filled.
    #[error("cannot fill the report template: {source}")]
    Template {
        /// The template engine's answer.
        #[from]
        source: minijinja::Error,
    },
}
