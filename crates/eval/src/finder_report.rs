//! What every report on a cluster finder shows: its figures, its scores in words, its strongest detections.

use crate::binned::{BinnedFraction, HaloQuantity, completeness_by};
use crate::outcome::{DetectionOutcome, Verdict};
use crate::plot::{self, Figure, PublishedCurve};
use crate::recovery::{self, Amplitude};
use crate::report::{Block, ScoreRow, Table};
use crate::scores::{FinderScores, offsets_arcmin};
use crate::summary::{STRONGEST_KEPT, TileSummary};
use crate::sweep::ThresholdSweep;
use crate::{Error, MatchConfig};

/// A figure with the stem of its file and what is seen on it.
#[derive(Clone, Debug, PartialEq)]
pub struct FinderFigure {
    /// Stem of the file name.
    pub stem: &'static str,
    /// The figure.
    pub figure: Figure,
    /// What is seen.
    pub caption: String,
}

impl FinderFigure {
    /// The figure as a block of a report.
    pub fn block(&self) -> Block {
        Block::figure(&self.figure, self.caption.clone())
    }
}

/// What stands on the axes of a finder's figures, and which published curves beside its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FigureOptions {
    /// The finder's score with its unit, e.g. `signal to noise`.
    pub score_label: String,
    /// Published completeness against virial mass in Msun; ours takes its bins.
    pub completeness_vs_mass: Option<PublishedCurve>,
    /// Published completeness against redshift; ours takes its bins.
    pub completeness_vs_redshift: Option<PublishedCurve>,
}

/// Draws the standard figures of a finder from its test tiles.
///
/// # Errors
/// [`Error::Drawing`], or [`Error::BadEdges`] for a published curve whose edges do not rise.
pub fn finder_figures(
    test: &[TileSummary],
    scores: &FinderScores,
    options: &FigureOptions,
) -> Result<Vec<FinderFigure>, Error> {
    let cut = scores.threshold.value.unwrap_or(f64::INFINITY);
    let mut figures = threshold_figures(test, cut, &options.score_label)?;
    figures.extend(completeness_figures(test, cut, options)?);
    figures.extend(measurement_figures(test, cut, &options.score_label)?);
    Ok(figures)
}

fn threshold_figures(test: &[TileSummary], cut: f64, score_label: &str) -> Result<Vec<FinderFigure>, Error> {
    let sweep = ThresholdSweep::new(test);
    let searched_deg2: f64 = test.iter().map(|tile| tile.searched_deg2).sum();
    let n_tiles = test.len();
    Ok(vec![
        FinderFigure {
            stem: "scores",
            figure: plot::scores_vs_threshold(&sweep, cut, score_label)?,
            caption: format!(
                "Purity, completeness and F1 on {n_tiles} test tiles. The dashed line is the threshold that maximises \
                 F1 on the validation tiles; the test tiles had no say in it."
            ),
        },
        FinderFigure {
            stem: "false-rate",
            figure: plot::false_rate_vs_threshold(&sweep, searched_deg2, cut, score_label)?,
            caption: format!(
                "Detections per square degree above a threshold in {searched_deg2:.0} deg² searched. Between the two \
                 lower curves lie detections of haloes that are real but too light or too near to count."
            ),
        },
    ])
}

/// Completeness against mass and against redshift at a threshold, in the bins of the published curves where given.
///
/// # Errors
/// [`Error::Drawing`], or [`Error::BadEdges`] for a published curve whose edges do not rise.
pub fn completeness_figures(
    test: &[TileSummary],
    threshold: f64,
    options: &FigureOptions,
) -> Result<Vec<FinderFigure>, Error> {
    let matching = test.first().map_or_else(MatchConfig::default, |tile| tile.matching);
    let selection = matching.selection;
    // Bins that begin below the least mass kept would lack haloes.
    let mass = options.completeness_vs_mass.as_ref().map(|curve| curve.above(matching.keep_mvir_min_msun));
    let (mass, redshift) = (mass.as_ref(), options.completeness_vs_redshift.as_ref());
    let mass_edges = mass.map_or_else(|| mass_edges(test, &matching), |curve| curve.edges.clone());
    let redshift_edges = redshift.map_or_else(|| redshift_edges(test), |curve| curve.edges.clone());
    let by_mass = completeness_by(HaloQuantity::Mvir, test, threshold, &mass_edges)?;
    let by_redshift = completeness_by(HaloQuantity::Redshift, test, threshold, &redshift_edges)?;
    Ok(vec![
        FinderFigure {
            stem: "completeness-mass",
            figure: plot::completeness_vs_mass(&by_mass, selection.mvir_min_msun, mass)?,
            caption: format!(
                "Share of the searched haloes at z ≥ {} that are found, against virial mass; bars are bin widths and \
                 68 % intervals. Targets lie right of the dashed line. Grey behind, on a logarithmic scale: how many \
                 haloes there are, from {} to {} a bin.",
                selection.redshift_min,
                fewest(&by_mass),
                most(&by_mass)
            ),
        },
        FinderFigure {
            stem: "completeness-redshift",
            figure: plot::completeness_vs_redshift(&by_redshift, selection.redshift_min, redshift)?,
            caption: format!(
                "Share of the searched haloes above {:.1}×10¹⁴ solar masses that are found, against redshift. Targets \
                 lie right of the dashed line. Grey behind: how many haloes there are, up to {} a bin.",
                selection.mvir_min_msun / 1e14,
                most(&by_redshift)
            ),
        },
    ])
}

fn most(bins: &[BinnedFraction]) -> u64 {
    bins.iter().map(|bin| bin.total).max().unwrap_or(0)
}

fn fewest(bins: &[BinnedFraction]) -> u64 {
    bins.iter().map(|bin| bin.total).min().unwrap_or(0)
}

fn measurement_figures(test: &[TileSummary], cut: f64, score_label: &str) -> Result<Vec<FinderFigure>, Error> {
    let radius_arcmin = test.first().map_or(1.0, |tile| tile.matching.radius_arcmin);
    let mut figures = Vec::new();
    let samples = recovery::samples(test, cut, Amplitude::Best);
    if !samples.is_empty() {
        let bins = recovery::by_snr(&samples, &score_edges(&samples))?;
        figures.push(FinderFigure {
            stem: "y-recovered",
            figure: plot::recovered_vs_injected(&samples)?,
            caption: "Central Compton y measured at the best scale against what was painted.".to_owned(),
        });
        figures.push(FinderFigure {
            stem: "y-ratio",
            figure: plot::recovery_vs_snr(&bins, score_label)?,
            caption: "Recovered over injected y. The best scale is the one of largest S/N, which lifts faint \
                      detections."
                .to_owned(),
        });
    }
    let offsets = offsets_arcmin(test, cut);
    if !offsets.is_empty() && radius_arcmin > 0.0 {
        figures.push(FinderFigure {
            stem: "offsets",
            figure: plot::offset_histogram(&offsets, radius_arcmin)?,
            caption: format!("Distance between detections and their haloes, matched within {radius_arcmin}′."),
        });
    }
    Ok(figures)
}

/// Tenths of a decade from the least mass kept to the heaviest halo.
fn mass_edges(test: &[TileSummary], matching: &MatchConfig) -> Vec<f64> {
    let first = matching.keep_mvir_min_msun.min(matching.selection.mvir_min_msun).max(1e12);
    let heaviest = test.iter().flat_map(|tile| &tile.haloes).map(|halo| halo.mvir_msun).fold(2.0 * first, f64::max);
    let n = (10.0 * (heaviest / first).log10()).floor() as i32 + 1;
    (0..=n).map(|i| first * 10f64.powf(0.1 * f64::from(i))).collect()
}

/// Steps of 0.2 from zero to the most distant halo.
fn redshift_edges(test: &[TileSummary]) -> Vec<f64> {
    let farthest = test.iter().flat_map(|tile| &tile.haloes).map(|halo| halo.redshift).fold(0.2, f64::max);
    let n = (farthest / 0.2).floor() as i32 + 1;
    (0..=n).map(|i| 0.2 * f64::from(i)).collect()
}

/// Six bins of equal ratio that hold all samples of positive score.
fn score_edges(samples: &[recovery::RecoverySample]) -> Vec<f64> {
    const N_BINS: i32 = 6;
    let positive = || samples.iter().map(|sample| sample.snr).filter(|&snr| snr > 0.0);
    let low = positive().fold(f64::INFINITY, f64::min).min(1e6);
    let high = positive().fold(low, f64::max) * 1.001 + 1e-9;
    (0..=N_BINS).map(|i| low * (high / low).powf(f64::from(i) / f64::from(N_BINS))).collect()
}

/// The scores of a finder in words, in reading order, beside published values by name (`f1`, `purity`, ...).
pub fn finder_score_rows(scores: &FinderScores, published: &[(&str, &str)]) -> Vec<ScoreRow> {
    let rows = [
        ("f1", "F1", scores.f1),
        ("purity", "purity", scores.purity),
        ("completeness", "completeness", scores.completeness),
        ("threshold", "threshold, from validation", scores.threshold),
        ("f1_validation", "F1 on validation, which chose the threshold", scores.f1_validation),
        ("targets_per_deg2", "target haloes per deg²", scores.targets_per_deg2),
        ("detections_per_deg2", "detections per deg²", scores.detections_per_deg2),
        ("false_per_deg2", "detections of no target per deg²", scores.false_per_deg2),
        ("unmatched_per_deg2", "detections of no halo per deg²", scores.unmatched_per_deg2),
        ("searched_frac", "share of the area searched", scores.searched_frac),
        ("y_ratio", "recovered / injected y, best scale, mean", scores.y_ratio),
        ("y_ratio_median", "recovered / injected y, best scale, median", scores.y_ratio_median),
        ("y_ratio_fixed", "recovered / injected y, fixed scale, mean", scores.y_ratio_fixed),
        ("offset_arcmin", "position offset in arcmin, median", scores.offset_arcmin),
        ("offset_68_arcmin", "position offset in arcmin, 68 % within", scores.offset_68_arcmin),
        ("offset_95_arcmin", "position offset in arcmin, 95 % within", scores.offset_95_arcmin),
    ];
    let published = |name: &str| published.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
    rows.into_iter()
        .map(|(name, label, score)| ScoreRow { label: label.to_owned(), score, published: published(name) })
        .collect()
}

/// The [`STRONGEST_KEPT`] detections of highest score over all tiles, with what they turned out to be.
pub fn strongest_detections(tiles: &[TileSummary]) -> Table {
    let mut all: Vec<(u64, &DetectionOutcome)> =
        tiles.iter().flat_map(|tile| tile.strongest.iter().map(|detection| (tile.tile, detection))).collect();
    all.sort_by(|a, b| b.1.score.total_cmp(&a.1.score));
    all.truncate(STRONGEST_KEPT);
    let columns =
        ["what", "score", "tile", "RA [deg]", "Dec [deg]", "Mvir [10¹⁴ Msun]", "z", "y / 10⁻⁵", "true y / 10⁻⁵"];
    Table {
        caption: format!("The {} detections of highest score in {} tiles.", all.len(), tiles.len()),
        columns: columns.map(str::to_owned).to_vec(),
        rows: all.into_iter().map(|(tile, detection)| detection_row(tile, detection)).collect(),
    }
}

fn detection_row(tile: u64, detection: &DetectionOutcome) -> Vec<String> {
    let what = match detection.verdict {
        Verdict::Target => "target halo",
        Verdict::BelowSelection => "other halo",
        Verdict::OutsideSearch => "halo outside the search",
        Verdict::Unmatched => "no halo",
    };
    let show = |value: Option<f64>, decimals: usize| value.map_or("–".to_owned(), |v| format!("{v:.decimals$}"));
    let halo = detection.counterpart;
    vec![
        what.to_owned(),
        format!("{:.2}", detection.score),
        tile.to_string(),
        format!("{:.4}", detection.lon_deg),
        format!("{:.4}", detection.lat_deg),
        show(halo.map(|h| h.mvir_msun / 1e14), 2),
        show(halo.map(|h| h.redshift), 2),
        show(detection.y_best.map(|y| y.value * 1e5), 2),
        show(halo.map(|h| h.true_y0 * 1e5), 2),
    ]
}
