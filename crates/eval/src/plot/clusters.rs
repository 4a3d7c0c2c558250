//! What is found and how well it is measured, against mass, redshift and S/N.

use super::chart::{Axis, Chart, Tile, extent};
use super::figure::GRID;
use super::{BLUE, Figure, PublishedCurve, VERMILION};
use crate::recovery::{RecoveryBin, RecoverySample};
use crate::{BinnedFraction, Error};
use kuva::plot::{Histogram, LegendPosition, LinePlot, ScatterPlot};
use kuva::render::annotations::ReferenceLine;
use kuva::render::plots::Plot;

/// Completeness against virial mass, 68 % intervals, over the number of haloes on a logarithmic scale of its own;
/// `mvir_min_msun` marks the selection. A published curve has its masses in Msun.
///
/// # Errors
/// [`Error::Drawing`].
pub fn completeness_vs_mass(
    bins: &[BinnedFraction],
    mvir_min_msun: f64,
    published: Option<&PublishedCurve>,
) -> Result<Figure, Error> {
    let in_1e14: Vec<BinnedFraction> = bins
        .iter()
        .map(|bin| BinnedFraction { low: bin.low / 1e14, high: bin.high / 1e14, mean: bin.mean / 1e14, ..*bin })
        .collect();
    let ends = extent(in_1e14.iter().flat_map(|bin| [bin.low, bin.high])).unwrap_or((1.0, 20.0));
    let x = Axis::log_exact("virial mass in 10¹⁴ solar masses", ends.0, ends.1);
    let mut plots = fraction_plots(&in_1e14);
    plots.extend(published.iter().flat_map(|curve| curve.scaled(1e-14).plots(|low, high| (low * high).sqrt())));
    Chart::new("completeness against mass", plots, &x, &Axis::linear("completeness", 0.0, 1.08))
        .backdrop(counts_behind(&in_1e14, |n| (1.0 + n).log10()))
        .guide(ReferenceLine::vertical(mvir_min_msun / 1e14))
        .legend(LegendPosition::InsideBottomRight)
        .draw()
}

/// Completeness of the targets against redshift, 68 % intervals, over the number of haloes; `redshift_min` marks the
/// selection.
///
/// # Errors
/// [`Error::Drawing`].
pub fn completeness_vs_redshift(
    bins: &[BinnedFraction],
    redshift_min: f64,
    published: Option<&PublishedCurve>,
) -> Result<Figure, Error> {
    let ends = extent(bins.iter().flat_map(|bin| [bin.low, bin.high])).unwrap_or((0.0, 1.0));
    let (x, y) = (Axis::linear("redshift", ends.0, ends.1), Axis::linear("completeness", 0.0, 1.08));
    let mut plots = fraction_plots(bins);
    plots.extend(published.iter().flat_map(|curve| curve.plots(|low, high| 0.5 * (low + high))));
    Chart::new("completeness against redshift", plots, &x, &y)
        .backdrop(counts_behind(bins, |n| n))
        .guide(ReferenceLine::vertical(redshift_min))
        .legend(LegendPosition::InsideBottomRight)
        .draw()
}

/// Number of haloes in each bin as bars behind the curves, the tallest one reaching up to 0.9.
fn counts_behind(bins: &[BinnedFraction], height: impl Fn(f64) -> f64) -> Vec<Tile> {
    let height = |bin: &BinnedFraction| height(bin.total as f64);
    let tallest = bins.iter().map(height).fold(1e-9, f64::max);
    let bar = |bin: &BinnedFraction| Tile {
        x: [bin.low, bin.high],
        y: [0.0, 0.9 * height(bin) / tallest],
        colour: GRID.to_owned(),
    };
    bins.iter().map(bar).collect()
}

fn fraction_plots(bins: &[BinnedFraction]) -> Vec<Plot> {
    let filled = || bins.iter().filter_map(|bin| bin.fraction.map(|fraction| (bin, fraction)));
    let points = ScatterPlot::new()
        .with_data(filled().map(|(bin, (value, _))| (bin.mean, value)))
        .with_x_err_asymmetric(filled().map(|(bin, _)| (bin.mean - bin.low, bin.high - bin.mean)))
        .with_y_err_asymmetric(filled().map(|(_, (value, interval))| (value - interval.low, interval.high - value)))
        .with_color(BLUE)
        .with_size(5.0)
        .with_legend("this work");
    vec![points.into()]
}

/// Most points of a scatter plot: more only make the file large.
const MAX_POINTS: usize = 3000;

/// Recovered against injected central y of detected targets, with the line of equality.
///
/// Of more than 3000 samples every second, third, ... is drawn. Samples whose recovered y is not positive have no
/// place on the logarithmic axis.
///
/// # Errors
/// [`Error::Drawing`].
pub fn recovered_vs_injected(samples: &[RecoverySample]) -> Result<Figure, Error> {
    let step = samples.len().div_ceil(MAX_POINTS).max(1);
    let shown = || samples.iter().step_by(step).filter(|sample| sample.recovered_y > 0.0 && sample.injected_y > 0.0);
    let ends = extent(shown().flat_map(|s| [s.injected_y, s.recovered_y])).unwrap_or((1e-5, 1e-3));
    let (x, y) = (Axis::log("injected central y", ends.0, ends.1), Axis::log("recovered central y", ends.0, ends.1));
    let points = ScatterPlot::new()
        .with_data(shown().map(|sample| (sample.injected_y, sample.recovered_y)))
        .with_color(BLUE)
        .with_size(3.5)
        .with_marker_opacity(0.55)
        .with_legend("detected targets");
    let equality = LinePlot::new()
        .with_data([(x.min, x.min), (x.max, x.max)])
        .with_color(VERMILION)
        .with_dashed()
        .with_stroke_width(1.8)
        .with_legend("equality");
    Chart::new("recovered against injected y", vec![points.into(), equality.into()], &x, &y)
        .legend(LegendPosition::InsideTopLeft)
        .draw()
}

/// Mean and median of recovered over injected y in bins of S/N.
///
/// # Errors
/// [`Error::Drawing`].
pub fn recovery_vs_snr(bins: &[RecoveryBin], score_label: &str) -> Result<Figure, Error> {
    let points = |colour: &str, name: &str, shift: f64, pick: fn(&RecoveryBin) -> crate::Score| {
        let filled: Vec<(f64, f64, f64)> = bins
            .iter()
            .filter_map(|bin| {
                let score = pick(bin);
                let centre = (bin.low * bin.high).abs().sqrt() * shift;
                score.value.map(|value| (centre, value, score.error.unwrap_or(0.0)))
            })
            .collect();
        ScatterPlot::new()
            .with_data(filled.iter().map(|p| (p.0, p.1)))
            .with_y_err(filled.iter().map(|p| p.2))
            .with_color(colour)
            .with_size(5.0)
            .with_legend(name)
    };
    // Set apart by two per cent either way, so that neither hides the other.
    let plots = vec![
        Plot::from(points(BLUE, "mean", 0.98, |bin| bin.ratio.mean)),
        Plot::from(points(VERMILION, "median", 1.02, |bin| bin.ratio.median)),
    ];
    let reach = bins.iter().flat_map(|bin| [bin.ratio.mean, bin.ratio.median]);
    let reach = reach.filter_map(|score| score.value.map(|v| (v - 1.0).abs() + score.error.unwrap_or(0.0)));
    let half = (1.2 * reach.fold(0.0, f64::max)).max(0.1);
    let ends = extent(bins.iter().flat_map(|bin| [bin.low, bin.high])).unwrap_or((5.0, 50.0));
    let x = Axis::log(score_label, ends.0.max(1e-3), ends.1.max(2e-3));
    Chart::new("recovered over injected y", plots, &x, &Axis::linear("recovered / injected y", 1.0 - half, 1.0 + half))
        .guide(ReferenceLine::horizontal(1.0))
        .legend(LegendPosition::InsideTopRight)
        .draw()
}

/// Distances between detections and their haloes.
///
/// # Errors
/// [`Error::Drawing`].
pub fn offset_histogram(offsets_arcmin: &[f64], radius_arcmin: f64) -> Result<Figure, Error> {
    const N_BINS: usize = 20;
    let edges: Vec<f64> = (0..=N_BINS).map(|i| radius_arcmin * i as f64 / N_BINS as f64).collect();
    let mut counts = vec![0.0; N_BINS];
    for &offset in offsets_arcmin {
        let bin = (offset / radius_arcmin * N_BINS as f64) as usize;
        counts[bin.min(N_BINS - 1)] += 1.0;
    }
    let highest = counts.iter().copied().fold(1.0, f64::max);
    let bars = Histogram::from_bins(edges, counts).with_color(BLUE);
    let x = Axis::linear("distance from the halo's centre in arcmin", 0.0, radius_arcmin);
    let y = Axis::linear("detected targets", 0.0, 1.1 * highest);
    Chart::new("position offsets", vec![bars.into()], &x, &y).draw()
}
