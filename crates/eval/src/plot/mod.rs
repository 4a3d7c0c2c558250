//! Plots of scores: each function takes scores and gives a [`Figure`].
//!
//! Colours are those of Okabe & Ito, which readers with any colour vision tell apart; black on white in files, and
//! following the page's light or dark theme where a figure stands inside a report.

mod chart;
mod clusters;
mod curves;
mod cutouts;
mod figure;
mod masses;
mod planes;
mod published;

pub use clusters::{
    completeness_vs_mass, completeness_vs_redshift, offset_histogram, recovered_vs_injected, recovery_vs_snr,
};
pub use curves::{
    Curve, SharePoint, ShareSeries, false_rate_vs_threshold, lines, scores_vs_threshold, share_ratios, shares,
};
pub use cutouts::{ScoreBars, Step, cutout_scores_vs_threshold, score_by_step};
pub use figure::Figure;
pub use masses::{
    MassPoint, MassSeries, coverage_curve, estimated_vs_true_mass, ln_ratio_histogram, mass_points, mass_significance,
};
pub use planes::{PlaneStyle, completeness_vs_false_rate, selection_plane};
pub use published::PublishedCurve;

/// Blue of the Okabe-Ito palette.
pub const BLUE: &str = "#0072b2";
/// Vermilion of the Okabe-Ito palette.
pub const VERMILION: &str = "#d55e00";
/// Bluish green of the Okabe-Ito palette.
pub const GREEN: &str = "#009e73";
/// Reddish purple of the Okabe-Ito palette.
pub const PURPLE: &str = "#cc79a7";
/// Orange of the Okabe-Ito palette.
pub const ORANGE: &str = "#e69f00";
/// A grey that reads on light and dark ground, for guides and reference lines.
pub const GREY: &str = "#7d8791";
