//! Curves against a threshold, and lines in general.

use super::chart::{Axis, Chart, extent};
use super::{BLUE, Figure, GREEN, GREY, ORANGE, PURPLE, VERMILION};
use crate::Error;
use crate::statistics::{ONE_SIGMA, wilson_interval};
use crate::sweep::{Counts, ThresholdSweep};
use kuva::plot::{LegendPosition, LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::plots::Plot;

/// A named line.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// Name in the legend.
    pub name: String,
    /// Points `(x, y)` by rising x.
    pub points: Vec<(f64, f64)>,
}

/// Colours of series, in their order.
const COLOURS: [&str; 6] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE, GREY];

/// Most points of a curve that a reader can see at the width of a figure.
const MAX_POINTS: usize = 400;

/// Purity, completeness and F1 against the threshold, the chosen one marked.
///
/// `score_label` names the finder's score with its unit, e.g. `signal to noise`.
///
/// # Errors
/// [`Error::Drawing`].
pub fn scores_vs_threshold(sweep: &ThresholdSweep, chosen: f64, score_label: &str) -> Result<Figure, Error> {
    let shown = shown_range(sweep, chosen);
    let curve = |value: fn(&Counts) -> Option<f64>| curve(sweep, shown, value);
    let plots = vec![
        line(curve(Counts::completeness), BLUE, "completeness", 2.4),
        line(curve(Counts::purity), VERMILION, "purity", 2.4),
        line(curve(Counts::f1), GREEN, "F1", 3.4),
    ];
    let x = Axis::linear(&format!("threshold in {score_label}"), shown.0, shown.1);
    // The room above 1 is for the guide's label.
    Chart::new("scores against threshold", plots, &x, &Axis::linear("score", 0.0, 1.08))
        .guide(chosen_line(chosen))
        // Under completeness and above the two that rise.
        .legend(LegendPosition::DataCoords(x.min + 0.03 * (x.max - x.min), 0.86))
        .draw()
}

/// Detections of no target, and of no halo at all, per square degree above a threshold.
///
/// # Errors
/// [`Error::Drawing`].
pub fn false_rate_vs_threshold(
    sweep: &ThresholdSweep,
    searched_deg2: f64,
    chosen: f64,
    score_label: &str,
) -> Result<Figure, Error> {
    let shown = shown_range(sweep, chosen);
    let rate = |count: fn(&Counts) -> u64| {
        let per_deg2 = move |counts: &Counts| {
            let value = count(counts) as f64 / searched_deg2;
            (value.is_finite() && value > 0.0).then_some(value)
        };
        curve(sweep, shown, per_deg2)
    };
    let (all, impure, unmatched) = (rate(Counts::detections), rate(Counts::impure), rate(|counts| counts.unmatched));
    let ends = extent(all.iter().chain(&impure).chain(&unmatched).map(|&(_, y)| y)).unwrap_or((0.01, 1.0));
    let plots = vec![
        line(all, GREY, "all detections", 1.8),
        line(impure, VERMILION, "not of a target", 2.4),
        line(unmatched, BLUE, "of no halo at all", 2.4),
    ];
    let x = Axis::linear(&format!("threshold in {score_label}"), shown.0, shown.1);
    let y = Axis::log("number above threshold per deg²", ends.0, 1.5 * ends.1);
    Chart::new("false detections against threshold", plots, &x, &y)
        .guide(chosen_line(chosen))
        // The curves fall to the right, and the guide's label is at the top.
        .legend(LegendPosition::InsideBottomLeft)
        .draw()
}

/// Lines over one pair of axes, such as a learning curve.
///
/// # Errors
/// [`Error::Drawing`].
pub fn lines(curves: &[Curve], x_label: &str, y_label: &str) -> Result<Figure, Error> {
    let all = || curves.iter().flat_map(|curve| &curve.points);
    let (x_min, x_max) = padded(extent(all().map(|p| p.0)).unwrap_or((0.0, 1.0)), 0.0);
    let (y_min, y_max) = padded(extent(all().map(|p| p.1)).unwrap_or((0.0, 1.0)), 0.05);
    let colours = COLOURS.into_iter().cycle();
    let plots = curves.iter().zip(colours).map(|(curve, colour)| line(curve.points.clone(), colour, &curve.name, 2.4));
    let (x, y) = (Axis::linear(x_label, x_min, x_max), Axis::linear(y_label, y_min, y_max));
    Chart::new("lines", plots.collect(), &x, &y).legend_beside().draw()
}

/// Some of some, at a place along x.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SharePoint {
    /// Where.
    pub x: f64,
    /// How many.
    pub k: u64,
    /// Of how many.
    pub n: u64,
}

/// A named series of shares.
#[derive(Clone, Debug, PartialEq)]
pub struct ShareSeries {
    /// Name in the legend.
    pub name: String,
    /// Points by rising x.
    pub points: Vec<SharePoint>,
}

/// A value with its interval.
struct Ranged {
    x: f64,
    value: f64,
    low: f64,
    high: f64,
}

/// Shares of several methods with 68 % intervals (Wilson27); the legend stands beside.
///
/// # Errors
/// [`Error::Drawing`].
pub fn shares(series: &[ShareSeries], x_label: &str, y_label: &str) -> Result<Figure, Error> {
    let ranged = |point: &SharePoint| {
        let interval = wilson_interval(point.k, point.n, ONE_SIGMA)?;
        let value = point.k as f64 / point.n as f64;
        Some(Ranged { x: point.x, value, low: interval.low, high: interval.high })
    };
    let all: Vec<(&str, Vec<Ranged>)> =
        series.iter().map(|s| (s.name.as_str(), s.points.iter().filter_map(ranged).collect())).collect();
    with_intervals(&all, x_label, &Axis::linear(y_label, 0.0, 1.05))
}

/// The shares of all but the first series over those of the first, which has the same places. Errors are those of independent
/// counts, which are too large where both count the same objects.
///
/// # Errors
/// [`Error::Drawing`].
pub fn share_ratios(series: &[ShareSeries], x_label: &str) -> Result<Figure, Error> {
    let Some((first, others)) = series.split_first() else { return lines(&[], x_label, "ratio") };
    let ratio = |point: &SharePoint| {
        let below = first.points.iter().find(|below| below.x == point.x)?;
        let (p, q) = (point.k as f64 / point.n as f64, below.k as f64 / below.n as f64);
        let variance = |share: f64, k: u64| (1.0 - share) / k as f64;
        let value = p / q;
        let error = value * (variance(p, point.k) + variance(q, below.k)).sqrt();
        (point.k > 0 && below.k > 0).then_some(Ranged { x: point.x, value, low: value - error, high: value + error })
    };
    let all: Vec<(&str, Vec<Ranged>)> =
        others.iter().map(|s| (s.name.as_str(), s.points.iter().filter_map(ratio).collect())).collect();
    let ends = extent(all.iter().flat_map(|(_, points)| points.iter().map(|point| point.value))).unwrap_or((0.9, 1.1));
    let y = Axis::linear(&format!("over that of {}", first.name), (ends.0 - 0.1).max(0.0), (ends.1 + 0.1).min(3.0));
    with_intervals(&all, x_label, &y)
}

fn with_intervals(series: &[(&str, Vec<Ranged>)], x_label: &str, y: &Axis) -> Result<Figure, Error> {
    let ends = extent(series.iter().flat_map(|(_, points)| points.iter().map(|point| point.x))).unwrap_or((0.0, 1.0));
    let (x_min, x_max) = padded(ends, 0.04);
    let mut plots = Vec::new();
    for ((name, points), colour) in series.iter().zip(COLOURS.into_iter().cycle()) {
        let at = || points.iter().map(|point| (point.x, point.value));
        plots.push(line(at().collect(), colour, name, 1.8));
        let marks = ScatterPlot::new()
            .with_data(at())
            .with_y_err_asymmetric(points.iter().map(|point| (point.value - point.low, point.high - point.value)));
        plots.push(marks.with_color(colour).with_size(4.0).into());
    }
    Chart::new("shares", plots, &Axis::linear(x_label, x_min, x_max), y).legend_beside().draw()
}

fn padded((low, high): (f64, f64), frac: f64) -> (f64, f64) {
    let width = if high > low { high - low } else { 1.0 };
    (low - frac * width, high + frac * width)
}

fn line(points: Vec<(f64, f64)>, colour: &str, name: &str, width: f64) -> Plot {
    LinePlot::new().with_data(points).with_color(colour).with_stroke_width(width).with_legend(name).into()
}

fn chosen_line(chosen: f64) -> ReferenceLine {
    ReferenceLine::vertical(chosen).with_label(format!("chosen: {chosen:.2}"))
}

/// From the lowest score to where only one detection in fifty is left, and in any case around the chosen threshold.
fn shown_range(sweep: &ThresholdSweep, chosen: f64) -> (f64, f64) {
    let all = sweep.n_detections();
    let (mut lowest, mut tail) = (None, None);
    sweep.for_each_point(|point| {
        lowest = Some(point.threshold);
        if tail.is_none() && 50 * point.counts.detections() >= all {
            tail = Some(point.threshold);
        }
    });
    let low = lowest.unwrap_or(chosen - 1.0).min(chosen);
    let high = tail.unwrap_or(chosen + 1.0).max(chosen + 0.25 * (chosen - low));
    if high > low { (low, high) } else { (low - 0.5, low + 0.5) }
}

/// Points `(threshold, value)` by rising threshold in the range shown, thinned to what can be seen.
///
/// Goes through the sweep twice, first to count, so that the points of a whole sky are never in memory.
fn curve(sweep: &ThresholdSweep, (low, high): (f64, f64), value: impl Fn(&Counts) -> Option<f64>) -> Vec<(f64, f64)> {
    let for_each_shown = |each: &mut dyn FnMut((f64, f64))| {
        sweep.for_each_point(|point| {
            let shown = (low..=high).contains(&point.threshold).then(|| value(&point.counts)).flatten();
            shown.into_iter().for_each(|value| each((point.threshold, value)));
        });
    };
    let mut left = 0usize;
    for_each_shown(&mut |_| left += 1);
    let step = left.div_ceil(MAX_POINTS).max(1);
    let mut thinned = Vec::new();
    for_each_shown(&mut |point| {
        left -= 1;
        if left.is_multiple_of(step) {
            thinned.push(point);
        }
    });
    thinned.reverse();
    thinned
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::testing::{candidate, halo};
    use crate::{MatchConfig, TileOutcome, TileSummary};
    use arcmin_maps::{Geometry, Mask, Shape};
    use arcmin_method::Detections;
    use arcmin_scene::Truth;
    use arcmin_units::SkyPosition;

    /// A halo found at S/N 9 and 1500 detections of nothing, two of each score.
    fn sweep() -> ThresholdSweep {
        let centre = SkyPosition::from_deg(10.0, 0.0).unwrap();
        let geometry = Geometry::tile(centre, Shape { ny: 60, nx: 60 }, arcmin_units::Arcmin::new(1.0)).unwrap();
        let footprint = Mask::all_valid(geometry);
        let noise = |i: u32| candidate(9.8, 0.1, 3.0 + 0.01 * f64::from(i / 2));
        let candidates = (0..1500).map(noise).chain([candidate(10.0, 0.0, 9.0)]).collect();
        let truth = Truth {
            tile: 0,
            haloes: vec![halo(0, 10.0, 0.0, 4e14, 0.5)],
            sources: vec![],
            footprint: footprint.clone(),
        };
        let detections = Detections { candidates, searched: footprint };
        ThresholdSweep::new(&[TileSummary::new(
            &TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap(),
        )])
    }

    #[test]
    fn thinning_on_the_way_gives_what_thinning_of_all_points_gives() {
        let sweep = sweep();
        let mut points = Vec::new();
        sweep.for_each_point(|point| points.push(point));
        assert_eq!(points.len(), 750);
        for (low, high) in [(3.0, 12.0), (4.0, 8.0), (20.0, 30.0)] {
            let inside = points.iter().rev().filter(|point| (low..=high).contains(&point.threshold));
            let all: Vec<(f64, f64)> =
                inside.filter_map(|point| point.counts.purity().map(|purity| (point.threshold, purity))).collect();
            let step = all.len().div_ceil(MAX_POINTS).max(1);
            let expected: Vec<(f64, f64)> = all.into_iter().step_by(step).collect();
            assert_eq!(curve(&sweep, (low, high), Counts::purity), expected);
        }
    }

    #[test]
    fn range_shown_ends_where_one_detection_in_fifty_is_left() {
        // 32 of 1501 have an S/N of 10.34 or more, 30 more than that.
        assert_eq!(shown_range(&sweep(), 5.0), (3.0, 3.0 + 0.01 * 734.0));
        assert_eq!(shown_range(&ThresholdSweep::new(&[]), 5.0), (4.0, 6.0));
    }
}
