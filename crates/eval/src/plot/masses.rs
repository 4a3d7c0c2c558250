//! Estimated against true masses, their scatter, and how often posteriors hold the truth.

use super::chart::{Axis, Chart, extent};
use super::{BLUE, Figure, GREEN, GREY, ORANGE, PURPLE, VERMILION};
use crate::mass_scores::MassBin;
use crate::{Error, Score};
use kuva::plot::{Histogram, LegendPosition, LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::plots::Plot;

/// Colours of series, in their order.
const COLOURS: [&str; 5] = [BLUE, VERMILION, GREEN, PURPLE, ORANGE];

/// Named bins of mass.
#[derive(Clone, Debug, PartialEq)]
pub struct MassSeries {
    /// Name in the legend.
    pub name: String,
    /// The bins.
    pub bins: Vec<MassBin>,
}

/// One estimate with its true mass and its error, all in Msun.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassPoint {
    /// True mass.
    pub true_msun: f64,
    /// Estimate.
    pub estimate_msun: f64,
    /// One sigma.
    pub error_msun: f64,
}

/// Median estimates against true masses with the spread from the 16th to the 84th percentile, and the line of equality.
///
/// # Errors
/// [`Error::Drawing`].
pub fn estimated_vs_true_mass(series: &[MassSeries]) -> Result<Figure, Error> {
    let points = |series: &MassSeries| -> Vec<MassPoint> {
        let point = |bin: &MassBin| MassPoint {
            true_msun: bin.mass_msun,
            estimate_msun: bin.median_msun,
            error_msun: bin.half_width_msun,
        };
        series.bins.iter().map(point).collect()
    };
    let named: Vec<(String, Vec<MassPoint>)> =
        series.iter().map(|series| (series.name.clone(), points(series))).collect();
    masses_with_errors("estimated against true mass", "M200c", &named)
}

/// Estimates of single clusters against their true masses, and the line of equality; `definition` names the mass.
///
/// # Errors
/// [`Error::Drawing`].
pub fn mass_points(name: &str, definition: &str, points: &[MassPoint]) -> Result<Figure, Error> {
    masses_with_errors("masses of single clusters", definition, &[(name.to_owned(), points.to_vec())])
}

fn masses_with_errors(
    what: &'static str,
    definition: &str,
    series: &[(String, Vec<MassPoint>)],
) -> Result<Figure, Error> {
    let all = || series.iter().flat_map(|(_, points)| points);
    let most = extent(all().flat_map(|p| [p.true_msun, p.estimate_msun])).map_or(1.0, |ends| ends.1);
    let top = 1.05 * most / 1e14;
    let equality = LinePlot::new().with_data([(0.0, 0.0), (top, top)]).with_color(GREY).with_dashed();
    let mut plots = vec![Plot::from(equality.with_stroke_width(1.8).with_legend("equality"))];
    for ((name, points), colour) in series.iter().zip(COLOURS) {
        let in_1e14 = |value: f64| value / 1e14;
        let points = ScatterPlot::new()
            .with_data(points.iter().map(|p| (in_1e14(p.true_msun), in_1e14(p.estimate_msun))))
            .with_y_err(points.iter().map(|p| in_1e14(p.error_msun)))
            .with_color(colour)
            .with_size(4.5)
            .with_legend(name.as_str());
        plots.push(points.into());
    }
    let axis = |which: &str| Axis::linear(&format!("{which} {definition} in 10¹⁴ solar masses"), 0.0, top);
    Chart::new(what, plots, &axis("true"), &axis("estimated")).legend(LegendPosition::InsideTopLeft).draw()
}

/// Deviation of the median estimate from the truth in units of the spread of the estimates, by mass.
///
/// # Errors
/// [`Error::Drawing`].
pub fn mass_significance(series: &[MassSeries]) -> Result<Figure, Error> {
    let significance = |bin: &MassBin| (bin.median_msun - bin.mass_msun) / bin.half_width_msun;
    let error = |bin: &MassBin| bin.bias.error.unwrap_or(0.0) * bin.mass_msun / bin.half_width_msun;
    let reach = series.iter().flat_map(|series| &series.bins).map(|bin| significance(bin).abs() + error(bin));
    let half = (1.15 * reach.fold(0.0, f64::max)).max(0.5);
    let most = extent(series.iter().flat_map(|s| s.bins.iter().map(|b| b.mass_msun))).map_or(1.0, |ends| ends.1);
    let plots = series.iter().zip(COLOURS).map(|(series, colour)| {
        ScatterPlot::new()
            .with_data(series.bins.iter().map(|bin| (bin.mass_msun / 1e14, significance(bin))))
            .with_y_err(series.bins.iter().map(error))
            .with_color(colour)
            .with_size(4.5)
            .with_legend(series.name.as_str())
            .into()
    });
    let x = Axis::linear("true M200c in 10¹⁴ solar masses", 0.0, 1.05 * most / 1e14);
    let y = Axis::linear("(median estimate − truth) / spread", -half, half);
    Chart::new("significance against mass", plots.collect(), &x, &y)
        .guide(ReferenceLine::horizontal(0.0))
        .legend(LegendPosition::InsideBottomRight)
        .draw()
}

/// Histogram of `ln(estimate / truth)` with the Gaussian of the given mean and deviation.
///
/// # Errors
/// [`Error::Drawing`].
pub fn ln_ratio_histogram(ln_ratios: &[f64], mean: f64, deviation: f64) -> Result<Figure, Error> {
    const N_BINS: usize = 30;
    // To a whole tenth, so that the ticks are round.
    let half = (40.0 * deviation).ceil().max(1.0) / 10.0;
    let width = 2.0 * half / N_BINS as f64;
    let edges: Vec<f64> = (0..=N_BINS).map(|i| -half + width * i as f64).collect();
    let mut counts = vec![0.0; N_BINS];
    for &x in ln_ratios {
        // What lies beyond is counted in the outermost bins, so that nothing is hidden.
        counts[(((x + half) / width).floor().max(0.0) as usize).min(N_BINS - 1)] += 1.0;
    }
    let scale = ln_ratios.len() as f64 * width / (deviation * (2.0 * std::f64::consts::PI).sqrt());
    let gaussian = |x: f64| scale * (-0.5 * ((x - mean) / deviation).powi(2)).exp();
    let curve: Vec<(f64, f64)> =
        (0..=200).map(|i| -half + 2.0 * half * f64::from(i) / 200.0).map(|x| (x, gaussian(x))).collect();
    let highest = counts.iter().copied().fold(scale, f64::max);
    let plots = vec![
        Histogram::from_bins(edges, counts).with_color(BLUE).with_legend("clusters").into(),
        LinePlot::new().with_data(curve).with_color(VERMILION).with_stroke_width(2.4).with_legend("Gaussian").into(),
    ];
    let x = Axis::linear("ln(estimated / true M200c)", -half, half);
    Chart::new("scatter of masses", plots, &x, &Axis::linear("clusters", 0.0, 1.15 * highest))
        .guide(ReferenceLine::vertical(0.0))
        .legend(LegendPosition::InsideTopRight)
        .draw()
}

/// Measured against nominal share of clusters inside central intervals of their posterior, by series.
///
/// # Errors
/// [`Error::Drawing`].
pub fn coverage_curve(series: &[(String, Vec<(f64, Score)>)]) -> Result<Figure, Error> {
    let equality = LinePlot::new().with_data([(0.4, 0.4), (1.0, 1.0)]).with_color(GREY).with_dashed();
    let mut plots = vec![Plot::from(equality.with_stroke_width(1.8).with_legend("nominal"))];
    for (k, ((name, points), colour)) in series.iter().zip(COLOURS).enumerate() {
        // Set apart by half a per cent, so that none hides the other.
        let shift = 0.005 * k as f64;
        let filled: Vec<(f64, f64, f64)> = points
            .iter()
            .filter_map(|(level, score)| Some((level + shift, score.value?, score.error.unwrap_or(0.0))))
            .collect();
        let points = ScatterPlot::new()
            .with_data(filled.iter().map(|p| (p.0, p.1)))
            .with_y_err(filled.iter().map(|p| p.2))
            .with_color(colour)
            .with_size(4.5)
            .with_legend(name.as_str());
        plots.push(points.into());
    }
    let (x, y) =
        (Axis::linear("share that the interval is to hold", 0.4, 1.0), Axis::linear("share that it holds", 0.4, 1.0));
    Chart::new("coverage", plots, &x, &y).legend(LegendPosition::InsideTopLeft).draw()
}
