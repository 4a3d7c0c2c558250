//! F1 of cutouts against the threshold, and against what is in the sky.

use super::chart::{Axis, Chart, Tile};
use super::figure::GRID;
use super::{BLUE, Figure, GREEN, VERMILION};
use crate::cutout_sweep::CutoutPoint;
use crate::{Error, Score};
use kuva::plot::{LegendPosition, LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::plots::Plot;

/// Fill of the cutouts that hold a target, behind curves: a light blue.
const PALE_BLUE: &str = "#a9cfe8";
/// Most points of a curve that a reader can see at the width of a figure.
const MAX_POINTS: usize = 600;

/// Numbers of cutouts in bins of their score.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoreBars {
    /// Rising edges.
    pub edges: Vec<f64>,
    /// Cutouts with a target.
    pub positives: Vec<f64>,
    /// Cutouts without.
    pub negatives: Vec<f64>,
}

/// F1, precision and recall of cutouts against the threshold over the number of cutouts at each score, on a logarithmic
/// scale of its own; the chosen threshold is marked, and a published best point `(threshold, F1)`.
///
/// # Errors
/// [`Error::Drawing`].
pub fn cutout_scores_vs_threshold(
    points: &[CutoutPoint],
    bars: &ScoreBars,
    chosen: f64,
    published: Option<(f64, f64)>,
    score_label: &str,
) -> Result<Figure, Error> {
    let (low, high) = (bars.edges.first().copied().unwrap_or(0.0), bars.edges.last().copied().unwrap_or(1.0));
    let curve = |value: fn(&CutoutPoint) -> Option<f64>| -> Vec<(f64, f64)> {
        let inside = points.iter().rev().filter(|point| (low..=high).contains(&point.threshold));
        let all: Vec<(f64, f64)> = inside.filter_map(|point| Some((point.threshold, value(point)?))).collect();
        let step = all.len().div_ceil(MAX_POINTS).max(1);
        all.into_iter().step_by(step).collect()
    };
    let line = |points, colour, name: &str, width| -> Plot {
        LinePlot::new()
            .with_data::<f64, f64, Vec<_>>(points)
            .with_color(colour)
            .with_stroke_width(width)
            .with_legend(name)
            .into()
    };
    let mut plots = vec![
        line(curve(|p| p.confusion.recall()), BLUE, "recall", 2.0),
        line(curve(|p| p.confusion.precision()), VERMILION, "precision", 2.0),
        line(curve(|p| p.confusion.f1()), GREEN, "F1", 3.4),
    ];
    if let Some(point) = published {
        let mark = ScatterPlot::new().with_data([point]).with_color(super::PURPLE).with_size(7.0);
        plots.push(mark.with_legend("paper, best F1").into());
    }
    let x = Axis::linear(&format!("threshold in {score_label}"), low, high);
    Chart::new("scores of cutouts", plots, &x, &Axis::linear("score of cutouts", 0.0, 1.08))
        .backdrop(bars_behind(bars))
        .guide(ReferenceLine::vertical(chosen).with_label(format!("chosen: {chosen:.2}")))
        // Between precision above and the falling curves below.
        .legend(LegendPosition::DataCoords(low + 0.72 * (high - low), 0.76))
        .draw()
}

/// Heights are logarithms, the tallest bar reaching up to 0.9.
fn bars_behind(bars: &ScoreBars) -> Vec<Tile> {
    let log = |n: f64| (1.0 + n).log10();
    let tallest = bars.positives.iter().chain(&bars.negatives).copied().map(log).fold(1e-9, f64::max);
    let tiles = |heights: &[f64], colour: &str| -> Vec<Tile> {
        let one = |(edge, &n): (&[f64], &f64)| Tile {
            x: [edge[0], edge[1]],
            y: [0.0, 0.9 * log(n) / tallest],
            colour: colour.to_owned(),
        };
        bars.edges.windows(2).zip(heights).map(one).collect()
    };
    let mut all = tiles(&bars.negatives, GRID);
    all.extend(tiles(&bars.positives, PALE_BLUE));
    // The lower of two bars in front, so that none is hidden.
    all.sort_by(|a, b| b.y[1].total_cmp(&a.y[1]));
    all
}

/// A score at each of several steps with its error, beside a published one where there is one.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// Name of the step below the axis.
    pub name: String,
    /// Our score.
    pub score: Score,
    /// The published score.
    pub published: Option<f64>,
}

/// A score step by step, such as F1 as components are added to the sky.
///
/// # Errors
/// [`Error::Drawing`].
pub fn score_by_step(steps: &[Step], ours: &str, published: &str, y_label: &str) -> Result<Figure, Error> {
    let of = |idx: usize, value: f64| (idx as f64, value);
    let valued: Vec<(usize, f64, f64)> = steps
        .iter()
        .enumerate()
        .filter_map(|(idx, step)| Some((idx, step.score.value?, step.score.error.unwrap_or(0.0))))
        .collect();
    let theirs: Vec<(f64, f64)> =
        steps.iter().enumerate().filter_map(|(idx, step)| step.published.map(|value| of(idx, value))).collect();
    let points = ScatterPlot::new()
        .with_data(valued.iter().map(|&(idx, value, _)| of(idx, value)))
        .with_y_err(valued.iter().map(|v| v.2))
        .with_color(BLUE)
        .with_size(6.0)
        .with_legend(ours);
    let mut plots: Vec<Plot> = vec![points.into()];
    if !theirs.is_empty() {
        let line = LinePlot::new().with_data(theirs.iter().copied()).with_color(VERMILION).with_dashed();
        plots.push(line.with_stroke_width(1.8).with_legend(published).into());
        plots.push(ScatterPlot::new().with_data(theirs.iter().copied()).with_color(VERMILION).with_size(5.0).into());
    }
    let reach = valued.iter().flat_map(|v| [v.1 - v.2, v.1 + v.2]).chain(theirs.iter().map(|p| p.1));
    let (low, high) = super::chart::extent(reach).unwrap_or((0.0, 1.0));
    let room = (0.25 * (high - low)).max(0.05);
    let x = Axis::linear("", -0.5, steps.len().max(1) as f64 - 0.5);
    let y = Axis::linear(y_label, (low - room).max(0.0), (high + 1.6 * room).min(1.05));
    Chart::new("score by step", plots, &x, &y)
        .x_names(steps.iter().map(|step| step.name.clone()).collect())
        .legend(LegendPosition::InsideTopRight)
        .draw()
}
