//! Scores, plots and reports: answers against truth.
//!
//! What goes in: [`Detections`](arcmin_method::Detections) and [`Truth`](arcmin_scene::Truth) of one tile after the
//! other. What comes out: a [`TileOutcome`] a tile (a JSON file), of each of those a [`TileSummary`] (24 bytes a
//! detection, see [`summary`]), and from any set of these the scores with errors, the plots, the [`Record`] of a run and
//! its self-contained HTML report. A method is never seen here: its name is only a word in front of its scores.
//!
//! Conventions that hold throughout:
//! - A candidate counts at a threshold when `score >= threshold`.
//! - A quantity for which nothing was counted has no value (`None`, `null` in JSON); there is never a NaN.
//! - Errors are one sigma: the spread over bootstrap samples of whole tiles, or of objects where tiles are few.
//! - The same tiles in any order and the same seed give the same bits.
//!
//! Begin with [`matching`], then [`outcome`], [`summary`], [`scores`] and [`report`].

pub mod binned;
pub mod bootstrap;
pub mod cutout_lattice;
pub mod cutout_scores;
pub mod cutout_sweep;
pub mod cutout_table;
pub mod equal_false;
pub mod equal_false_area;
pub mod error;
mod file;
pub mod finder_report;
pub mod found;
pub mod ideal;
pub mod map_image;
pub mod mass_scores;
pub mod matching;
pub mod outcome;
pub mod paired;
pub mod plane;
pub mod plot;
pub mod record;
pub mod recovery;
pub mod report;
pub mod scores;
pub mod statistics;
pub mod summary;
pub mod sweep;
pub mod weighing;

pub use binned::{BinnedFraction, HaloQuantity, completeness_by};
pub use cutout_lattice::{CutoutCells, CutoutConfig, CutoutLattice, CutoutNumbers, TileCutouts};
pub use cutout_scores::{CutoutCounting, CutoutScores, score_cutouts};
pub use cutout_sweep::{Confusion, CutoutSweep, NegativeWeight};
pub use cutout_table::{CutoutEntry, CutoutTable};
pub use equal_false::{AtFalseRate, FalseKind, FalseRule, completeness_at_false_rates, false_kinds};
pub use equal_false_area::{FalseRateArea, area_between_rates};
pub use error::Error;
pub use file::{create_dir, write_atomic};
pub use finder_report::{
    FigureOptions, FinderFigure, completeness_figures, finder_figures, finder_score_rows, strongest_detections,
};
pub use found::{FoundSample, FoundScores};
pub use ideal::{IdealObserver, IdealScore};
pub use map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
pub use mass_scores::{MassBin, MassEstimate, MassScoreConfig};
pub use matching::{HaloSelection, MatchConfig};
pub use outcome::{Counterpart, DetectionOutcome, HaloOutcome, MassFound, TileOutcome, Verdict, YMeasured};
pub use paired::{CutoutRuns, PairedCutout, PairedTile};
pub use plane::{PlaneAxis, PlaneCell, SelectionPlane};
pub use plot::Figure;
pub use record::{InputFile, Record, ScoreDifference};
pub use recovery::{RecoveryBin, RecoverySample, RecoverySummary};
pub use report::{Block, Headline, ImageWidth, Report, Section, Table};
pub use scores::{FinderScores, ScoreConfig, score_finder};
pub use statistics::{Interval, Score, wilson_interval};
pub use summary::{CountedDetection, STRONGEST_KEPT, TileSummary};
pub use sweep::{Counts, ThresholdSweep};
pub use weighing::{MassAnswer, WeighedCluster, Weighing};
