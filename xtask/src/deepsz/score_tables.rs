//! The tables of the report.

use super::published;
use super::scores::{COUNTINGS, Results, SkyScores};
use super::settings::Settings;
use crate::registry::Answer;
use anyhow::Result;
use arcmin_eval::report::{Table, format_score};
use arcmin_eval::{AtFalseRate, Confusion, CutoutScores, FalseKind, FalseRule, false_kinds};

/// What each counting of cutouts is called in the report.
const COUNTING_NAMES: [&str; 3] = ["ours, equal area", "ours, grid in RA and Dec", "ours, negatives × π/2"];

/// The confusion of the paper beside ours, counted in three ways.
pub(super) fn confusion(finder: &str, results: &Results, settings: &Settings) -> Result<Table> {
    let answer = settings.answer(finder);
    let mut rows = vec![published_row(answer)];
    for (name, (_, counting)) in COUNTING_NAMES.iter().zip(COUNTINGS) {
        rows.push(confusion_row(name, &results.cutout_scores(finder, counting, settings)?));
    }
    let columns = ["cutouts", "TP", "FP", "FN", "TN", "number", "prevalence", "threshold", "precision", "recall", "F1"];
    let score = answer.score_label();
    let caption = format!(
        "Test cutouts by what they hold and what they were taken for, at the {score} that maximises F1 on the \
                   validation cutouts. TP, FN: a target halo lies in the central 6′ × 6′; errors are one sigma from \
                   bootstrap over tiles (over cutouts where tiles are fewer than eight). Equal area: 6′ steps on the \
                   tangent plane of each tile. Grid in RA and Dec: steps of 0.1° in both without cos(dec), as the paper \
                   has it, at the true position of each tile; a detection falls into one cell, so that mostly empty \
                   cutouts multiply. Negatives × π/2: all cutouts without target count 1.57 times, the mean of 1/cos(dec) \
                   over the sky: what a classifier that looks at every cutout meets on the paper's grid."
    );
    Ok(Table { caption, columns: columns.map(str::to_owned).to_vec(), rows })
}

/// The paper's matched filter, or its network, of which its text gives precision, recall and F1 alone.
fn published_row(answer: Answer) -> Vec<String> {
    if answer != Answer::Peaks {
        let mut row = vec!["paper, network (Table 1)".to_owned()];
        row.extend(vec!["–".to_owned(); 6]);
        row.push(format!("{:.3}", published::NETWORK_THRESHOLD));
        row.extend(published::NETWORK_PRECISION_RECALL_F1.map(|score| format!("{score:.2}")));
        return row;
    }
    let c = published::CONFUSION;
    let two = |value: Option<f64>| value.map_or("–".to_owned(), |v| format!("{v:.3}"));
    let mut row = vec!["paper (Table 1)".to_owned()];
    row.extend(counts(&c));
    row.push(percent(c.prevalence(), None));
    row.push(format!("{:.2}", published::THRESHOLD));
    row.extend([c.precision(), c.recall(), c.f1()].map(two));
    row
}

fn confusion_row(name: &str, scores: &CutoutScores) -> Vec<String> {
    let mut row = vec![name.to_owned()];
    row.extend(counts(&scores.confusion));
    row.push(percent(scores.prevalence.value, scores.prevalence.error));
    row.extend([scores.threshold, scores.precision, scores.recall, scores.f1].iter().map(format_score));
    row
}

fn counts(c: &Confusion) -> [String; 5] {
    [c.true_positives, c.false_positives, c.false_negatives, c.true_negatives, c.total()].map(thousands)
}

fn percent(value: Option<f64>, error: Option<f64>) -> String {
    match (value, error) {
        (None, _) => "–".to_owned(),
        (Some(value), None) => format!("{:.2} %", 100.0 * value),
        (Some(value), Some(error)) => format!("{:.2} ± {:.2} %", 100.0 * value, 100.0 * error),
    }
}

/// A whole number in groups of three digits.
fn thousands(value: f64) -> String {
    let digits = format!("{:.0}", value.round());
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (idx, digit) in digits.chars().enumerate() {
        if idx > 0 && (digits.len() - idx) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

/// Completeness at equal numbers of false detections, by both rules.
pub(super) fn fair(not_of_target: &[AtFalseRate], not_of_cluster: &[AtFalseRate], score: &str) -> Table {
    let [all, heavy] = ["all false", "no heavy halo"].map(|rule| format!("{score}, {rule}"));
    let columns = ["false per deg²", &all, "completeness", &heavy, "completeness"];
    let rows = not_of_target.iter().zip(not_of_cluster).map(|(a, b)| {
        let mut row = vec![a.false_per_deg2.to_string()];
        row.extend([&a.threshold, &a.completeness, &b.threshold, &b.completeness].map(format_score));
        row
    });
    let caption = "Share of the targets found where so many false detections per square degree are made, and the score at \
                   which that is. Left, every detection that is not of a target is false; right, those of no halo above \
                   half the least target mass. A dash: less than one false detection is expected in the area searched.";
    Table { caption: caption.to_owned(), columns: columns.map(str::to_owned).to_vec(), rows: rows.collect() }
}

/// False detections by what they are, at the threshold and at lower ones.
pub(super) fn kinds(finder: &str, answer: Answer, results: &Results, chosen: f64, deg2: f64) -> Table {
    let test = results.test(finder);
    let (radius, thresholds) = match answer {
        Answer::Peaks => ("one arcminute", [5.0, 8.0, 12.0, 20.0]),
        Answer::ProbablePeaks => ("one arcminute", [0.05, 0.2, 0.5, 0.9]),
        Answer::Cutouts => ("3′ of the cutout's centre", [0.05, 0.2, 0.5, 0.9]),
        Answer::Combined(_) => ("reach of the finder whose candidate it is", [0.05, 0.2, 0.5, 0.9]),
    };
    let mut columns = vec![format!("{} above", answer.score_label())];
    columns.extend(FalseKind::ALL.map(|kind| kind.name().to_owned()));
    columns.push("all, per deg²".to_owned());
    let row = |threshold: f64, name: String| {
        let kinds = false_kinds(test, threshold);
        let mut row = vec![name];
        row.extend(kinds.map(|n| thousands(n as f64)));
        row.push(format!("{:.3}", kinds.iter().sum::<u64>() as f64 / deg2.max(f64::MIN_POSITIVE)));
        row
    };
    let mut rows = vec![row(chosen, format!("{chosen:.2} (chosen)"))];
    rows.extend(thresholds.map(|threshold| row(threshold, format!("{threshold}"))));
    let caption = format!(
        "Detections that are not of a target in {deg2:.0} deg², by the halo within {radius}: heavy enough but too \
         near; of at least half the least target mass; lighter still; none. Light haloes are so many that chance puts one \
         beside many a noise peak."
    );
    Table { caption, columns, rows }
}

/// Scores as components are added.
pub(super) fn ladder(skies: &[SkyScores]) -> Table {
    let columns =
        ["sky", "F1 of cutouts", "F1 of detections", "purity", "completeness", "threshold", "recovered y", "targets"];
    let row = |sky: &SkyScores| {
        let scores = &sky.detections;
        let mut row = vec![sky.label.clone()];
        row.extend(
            [&sky.cutouts.f1, &scores.f1, &scores.purity, &scores.completeness, &scores.threshold, &sky.y_ratio]
                .map(format_score),
        );
        row.push(scores.completeness.count.to_string());
        row
    };
    let caption = "The same haloes and the same streams of noise on every sky, so that differences between rows are more \
                   certain than their errors say. Each sky has its own threshold from its own validation tiles. Recovered y is \
                   the mean of recovered over injected y at the true positions.";
    Table {
        caption: caption.to_owned(),
        columns: columns.map(str::to_owned).to_vec(),
        rows: skies.iter().map(row).collect(),
    }
}

/// How a sky of the ladder is called in the report.
pub(super) fn sky_label(name: &str) -> String {
    let words = |name: &str| {
        let word = |word: &str| match word {
            "cmb" => "CMB".to_owned(),
            "tsz" => "tSZ".to_owned(),
            "ksz" => "kSZ".to_owned(),
            other => other.to_owned(),
        };
        name.split('_').map(word).collect::<Vec<_>>()
    };
    match name {
        super::scores::FULL_SKY => "full sky".to_owned(),
        name if name.starts_with("cmb") => words(name).join(" + "),
        name => format!("+ {}", words(name).join(" ")),
    }
}

/// Which false detections each rule of the fair reading counts, in the order of the table.
pub(super) const FAIR_RULES: [(FalseRule, &str); 2] =
    [(FalseRule::NotOfTarget, "not of a target"), (FalseRule::NotOfCluster, "of no halo above half the mass")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_and_skies_named() {
        assert_eq!(thousands(102_609.4), "102\u{202f}609");
        assert_eq!([thousands(0.0), thousands(999.0)], ["0", "999"]);
        let labels = ["cmb_tsz", "ksz", "dusty_sources", "full"].map(sky_label);
        assert_eq!(labels, ["CMB + tSZ", "+ kSZ", "+ dusty sources", "full sky"]);
    }
}
