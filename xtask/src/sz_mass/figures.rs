//! The figures of the report.

use super::examples::Example;
use super::scores::{METHODS, Results, estimate};
use super::sets::TestSet;
use super::settings::Settings;
use super::unfamiliar::UnfamiliarScores;
use anyhow::Result;
use arcmin_eval::map_image::{ColourScale, Panel, PanelCell, PanelPixels, PanelRow};
use arcmin_eval::mass_scores::ln_ratios;
use arcmin_eval::plot::{self, Curve, MassSeries};
use arcmin_eval::{Figure, MapImage, MassBin};

/// Masses on which the paper's network was trained, in Msun.
const PAPER_TRAINED: [f64; 8] = [1e14, 2e14, 3e14, 4e14, 5e14, 6e14, 7e14, 8e14];

/// Observed maps, true and predicted profiles and what is left, in columns by mass (the paper's figure 3).
pub(super) fn examples(examples: &[Example]) -> Result<MapImage> {
    let cells = |pixels: &dyn Fn(&Example) -> Vec<f32>, caption: &dyn Fn(&Example) -> String| -> Vec<PanelCell> {
        let cell = |example: &Example| PanelCell {
            side: example.n_pixels_side,
            pixels: PanelPixels::Values(pixels(example)),
            cross: None,
            caption: caption(example),
        };
        examples.iter().map(cell).collect()
    };
    let row = |label: &str, half_uk: f64, pixels: &dyn Fn(&Example) -> Vec<f32>| PanelRow {
        label: format!("{label}\n±{half_uk} µK"),
        range: (-half_uk, half_uk),
        cells: cells(pixels, &|_| String::new()),
    };
    let about_mean = |example: &Example| {
        let mean = example.observed_uk.iter().sum::<f32>() / example.observed_uk.len() as f32;
        example.observed_uk.iter().map(|pixel| pixel - mean).collect()
    };
    let residual = |example: &Example| {
        let pair = example.predicted_profile_uk.iter().zip(&example.true_profile_uk);
        pair.map(|(predicted, truth)| predicted - truth).collect()
    };
    let mut rows = vec![
        row("observed", 150.0, &about_mean),
        row("true SZ", 100.0, &|example| example.true_profile_uk.clone()),
        row("predicted", 100.0, &|example| example.predicted_profile_uk.clone()),
        row("residual", 50.0, &residual),
    ];
    if let Some(last) = rows.last_mut() {
        last.cells = cells(&residual, &|example| format!("estimated {:.1}e14", example.median_msun / 1e14));
    }
    let columns = examples.iter().map(|example| format!("{:.0}e14 Msun", example.mass_msun / 1e14)).collect();
    Ok(Panel { columns, rows, scale: ColourScale::Diverging, cell_px: 190 }.draw()?)
}

/// Median estimates against true masses, by whether the paper's network was trained on them (its figure 4).
pub(super) fn by_mass(results: &Results, weighed_as: &str) -> Result<[Figure; 2]> {
    let bins = results.by_mass(weighed_as);
    let of = |name: &str, keep: &dyn Fn(f64) -> bool| MassSeries {
        name: name.to_owned(),
        bins: bins.iter().filter(|bin| keep(bin.mass_msun)).copied().collect::<Vec<MassBin>>(),
    };
    let trained = |mass: f64| PAPER_TRAINED.iter().any(|m| (m / mass - 1.0).abs() < 1e-9);
    let inside = |mass: f64| (0.999e14..=8.001e14).contains(&mass);
    let series = [
        of("paper trained", &trained),
        of("paper interpolated", &|mass| inside(mass) && !trained(mass)),
        of("paper extrapolated", &|mass| !inside(mass)),
    ];
    Ok([plot::estimated_vs_true_mass(&series)?, plot::mass_significance(&series)?])
}

/// Histogram of `ln(estimate / truth)` of the network.
pub(super) fn histogram(results: &Results, set: TestSet) -> Result<Figure> {
    ln_ratio_histogram(&ln_ratios(results.set(set), METHODS[0].0, estimate(METHODS[0].0)))
}

/// The unfamiliar clusters: estimates against truths, and their histogram (the paper's figure 6).
pub(super) fn unfamiliar(results: &Results, settings: &Settings) -> Result<[Figure; 2]> {
    let scores = UnfamiliarScores::new(&results.unfamiliar, METHODS[0].1, settings);
    Ok([plot::mass_points("clusters", "M200c", &scores.points)?, ln_ratio_histogram(&scores.ln_ratios)?])
}

fn ln_ratio_histogram(ln_ratios: &[f64]) -> Result<Figure> {
    let n = ln_ratios.len().max(1) as f64;
    let mean = ln_ratios.iter().sum::<f64>() / n;
    let deviation = (ln_ratios.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    Ok(plot::ln_ratio_histogram(ln_ratios, mean, deviation.max(1e-3))?)
}

/// Measured against nominal coverage.
pub(super) fn coverage(results: &Results) -> Result<Figure> {
    let series = METHODS.map(|(name, _)| (name.to_owned(), results.coverage(name)));
    Ok(plot::coverage_curve(&series)?)
}

/// Training and validation loss by epoch, from the curve that the training kept.
pub(super) fn learning_curve(csv: &str) -> Result<Figure> {
    let column = |name: &str| csv.lines().next().and_then(|line| line.split(',').position(|field| field == name));
    let points = |name: &str| -> Vec<(f64, f64)> {
        let Some(at) = column(name) else { return Vec::new() };
        let number = |line: &str, at: usize| line.split(',').nth(at).and_then(|field| field.parse().ok());
        csv.lines().skip(1).filter_map(|line| Some((number(line, 0)? + 1.0, number(line, at)?))).collect()
    };
    let curves = [("training", "train_loss"), ("validation", "validation_loss")]
        .map(|(name, column)| Curve { name: name.to_owned(), points: points(column) });
    Ok(plot::lines(&curves, "epoch", "loss")?)
}
