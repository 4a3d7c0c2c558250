//! Masses and positions that a finder gives its own detections.

use super::comparison::method_label;
use super::scores::Results;
use super::settings::Settings;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::plot::{self, MassPoint};
use arcmin_eval::report::{Block, Section, Table, format_score};
use arcmin_eval::{FoundSample, FoundScores, create_dir};

/// Edges of true virial mass in 1e14 solar masses.
const MASS_EDGES_1E14: [f64; 7] = [1.0, 1.5, 2.0, 2.5, 3.5, 5.0, 20.0];
/// Fewest detections behind a row.
const LEAST_DETECTIONS: usize = 3;
/// Most points of the figure: more only make it large.
const MAX_POINTS: usize = 600;

/// One section for each finder that gives masses.
pub(super) fn sections(settings: &Settings, dir: &RunDir, results: &Results) -> Result<Vec<Section>> {
    let with_masses = settings.finder_names().into_iter().filter(|finder| !results.found(finder).is_empty());
    with_masses.map(|finder| section(finder, settings, dir, results)).collect()
}

fn section(finder: &str, settings: &Settings, dir: &RunDir, results: &Results) -> Result<Section> {
    let threshold = results.scores(finder, settings)?.threshold.value.unwrap_or(f64::INFINITY);
    let samples: Vec<FoundSample> =
        results.found(finder).iter().filter(|sample| sample.score >= threshold).copied().collect();
    let every = samples.len().div_ceil(MAX_POINTS).max(1);
    let point = |sample: &FoundSample| {
        let estimate_msun = sample.mvir_msun * sample.ln_ratio.exp();
        MassPoint { true_msun: sample.mvir_msun, estimate_msun, error_msun: estimate_msun * sample.ln_error }
    };
    let points: Vec<MassPoint> = samples.iter().step_by(every).map(point).collect();
    let folder = dir.file("plots");
    create_dir(&folder)?;
    let figure = plot::mass_points(method_label(finder), "Mvir", &points)?;
    figure.write(&folder, &format!("{finder}-masses"))?;
    let caption = format!(
        "Virial masses by the {} itself against true ones, of {} of the {} test detections that reach its threshold and belong \
         to a halo of at least {:.0e} solar masses, with the errors that it gave. Masses are pulled towards those that are common: \
         they are means over what may lie there, not estimates without bias at each mass.",
        method_label(finder),
        points.len(),
        samples.len(),
        settings.matching.keep_mvir_min_msun,
    );
    let blocks = vec![Block::figure(&figure, caption), Block::Table(table(&samples))];
    Ok(Section { title: format!("Masses and positions of the {}", method_label(finder)), blocks })
}

fn table(samples: &[FoundSample]) -> Table {
    let columns =
        ["true Mvir / 10¹⁴", "detections", "mean ln ratio", "scatter", "masses within error", "positions within error"];
    let row = |name: String, samples: &[FoundSample]| {
        let scores = FoundScores::new(samples, f64::NEG_INFINITY);
        let mut row = vec![name, samples.len().to_string()];
        let all = [&scores.mass_bias, &scores.mass_scatter, &scores.mass_within_error, &scores.position_within_error];
        row.extend(all.map(format_score));
        row
    };
    let mut rows = Vec::new();
    for edge in MASS_EDGES_1E14.windows(2) {
        let inside = |sample: &&FoundSample| (edge[0]..edge[1]).contains(&(sample.mvir_msun / 1e14));
        let inside: Vec<FoundSample> = samples.iter().filter(inside).copied().collect();
        if inside.len() >= LEAST_DETECTIONS {
            rows.push(row(format!("{} to {}", edge[0], edge[1]), &inside));
        }
    }
    rows.push(row("all".to_owned(), samples));
    let caption = "Estimated over true mass by true mass; where errors are right, 0.683 of all masses lie within theirs, and 0.393 of \
                   all positions within theirs, in radius.";
    Table { caption: caption.to_owned(), columns: columns.map(str::to_owned).to_vec(), rows }
}
