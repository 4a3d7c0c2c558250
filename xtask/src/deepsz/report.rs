//! The report of the experiment.

use super::scores::{Results, command};
use super::settings::Settings;
use super::tiles::picture_name;
use crate::experiment::Config;
use crate::run_dir::RunDir;
use anyhow::{Context, Result};
use arcmin_eval::finder_report::{FinderFigure, finder_figures, finder_score_rows, strongest_detections};
use arcmin_eval::report::{Block, Headline, Report, Section, Table, format_score};
use arcmin_eval::{FinderScores, Record, create_dir, plot, recovery};
use arcmin_scene::Split;

/// Edges of the bins of S/N for recovered over injected y.
const SNR_EDGES: [f64; 7] = [5.0, 8.0, 12.0, 18.0, 27.0, 40.0, 100.0];
/// Detections shown in the table.
const STRONGEST: usize = 12;

/// What the paper gives for its matched filter (Lin et al. 2021, Table 1 and Sect. 3.2), per cutout.
const PUBLISHED: [(&str, &str); 4] =
    [("f1", "0.61"), ("purity", "0.61"), ("completeness", "0.61"), ("threshold", "13.4")];

/// Writes `report.html` from the results.
pub(super) fn write(
    config: &Config,
    settings: &Settings,
    dir: &RunDir,
    results: &Results,
    record: &Record,
) -> Result<()> {
    let mut sections = vec![sky_section(dir)?];
    for finder in settings.finders.keys() {
        let scores = results.scores(finder, settings)?;
        sections.push(scores_section(finder, &scores));
        sections.push(plots_section(finder, &scores, dir, results)?);
        sections.push(strongest_section(finder, results));
    }
    sections.push(photometry_section(results)?);
    sections.push(notes_section(config, record)?);
    let report = Report {
        title: "Clusters in simulated 90, 148 and 219 GHz maps".to_owned(),
        kicker: format!("{} · {} profile · seed {}", config.experiment, config.profile, config.seed),
        summary: summary(settings, record),
        headlines: headlines(record),
        sections,
        footer: format!("arcmin {} · {}", record.versions["arcmin"], command(config)),
    };
    Ok(report.write(&dir.file("report.html"))?)
}

fn summary(settings: &Settings, record: &Record) -> String {
    let area = record.scores.get("mmf.searched_frac").and_then(|score| score.value).unwrap_or(0.0);
    format!(
        "{} test tiles of {} x {} pixels, each with a light cone of its own, were searched; {:.0} % of their area \
         counts. The threshold was chosen on {} validation tiles.",
        settings.scene.n_tiles(Split::Test),
        settings.n_pixels_side,
        settings.n_pixels_side,
        100.0 * area,
        settings.scene.n_tiles(Split::Validation),
    )
}

fn headlines(record: &Record) -> Vec<Headline> {
    let one = |label: &str, name: &str, note: &str| {
        let score = record.scores.get(name)?;
        let note = note.replace("{}", &score.count.to_string());
        Some(Headline { label: label.to_owned(), value: format_score(score), note })
    };
    let all = [
        one("F1", "mmf.f1", "paper 0.61, per cutout"),
        one("purity", "mmf.purity", "{} detections"),
        one("completeness", "mmf.completeness", "{} clusters"),
        one("recovered / injected y", "mmf.y_ratio", "{} clusters, forced photometry"),
    ];
    all.into_iter().flatten().collect()
}

fn sky_section(dir: &RunDir) -> Result<Section> {
    let path = dir.file(&picture_name());
    let png = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let caption = "Part of the first test tile at 90 GHz, with the detections above S/N 8 (circles) and \
                   the target haloes (squares): a cluster is cold here. The CMB is what the filter takes away.";
    Ok(Section { title: "The sky and what was found".to_owned(), blocks: vec![Block::image(&png, caption)] })
}

fn scores_section(finder: &str, scores: &FinderScores) -> Section {
    let published: &[(&str, &str)] = if finder == "mmf" { &PUBLISHED } else { &[] };
    let rows = finder_score_rows(scores, published);
    let caption = "Scores on the test tiles, with one-sigma errors from bootstrap over tiles (over objects where tiles \
                   are fewer than eight), and the number of objects behind each. The published values count cutouts \
                   of another sky (see the notes).";
    Section { title: format!("Scores of {finder}"), blocks: vec![Block::Table(Table::of_scores(caption, &rows))] }
}

/// The figures of a finder; they are also kept as PNG and SVG in `plots`.
fn plots_section(finder: &str, scores: &FinderScores, dir: &RunDir, results: &Results) -> Result<Section> {
    let figures = finder_figures(&results.test(finder), scores, "S/N")?;
    let folder = dir.file("plots");
    create_dir(&folder)?;
    for figure in &figures {
        figure.figure.write(&folder, &format!("{finder}-{}", figure.stem))?;
    }
    let blocks = figures.iter().map(FinderFigure::block).collect();
    Ok(Section { title: format!("How {finder} selects"), blocks })
}

fn strongest_section(finder: &str, results: &Results) -> Section {
    let blocks = vec![Block::Table(strongest_detections(&results.test(finder), STRONGEST))];
    Section { title: format!("Strongest detections of {finder}"), blocks }
}

fn photometry_section(results: &Results) -> Result<Section> {
    let samples = results.photometry();
    let text = "Central Compton y measured at the true position and size of every halo above the mass limit, found or \
                not, with Arnaud et al. 2010 templates: a test of the amplitude that no selection can flatter.";
    let mut blocks = vec![Block::text(text)];
    if !samples.is_empty() {
        let bins = recovery::by_snr(&samples, &SNR_EDGES)?;
        blocks.push(Block::figure(&plot::recovered_vs_injected(&samples)?, "Recovered against injected y."));
        blocks.push(Block::figure(
            &plot::recovery_vs_snr(&bins, "S/N")?,
            "The ratio in bins of measured S/N; bins of low measured S/N hold the haloes that noise pushed down.",
        ));
    }
    Ok(Section { title: "Recovered and injected y".to_owned(), blocks })
}

fn notes_section(config: &Config, record: &Record) -> Result<Section> {
    let items = [
        "The paper scores 8' cutouts of one octant of the Sehgal et al. 2010 simulation, where precision and F1 depend \
         on the cutouts' overlap; here a detection is scored once, against the most massive halo within one arcminute.",
        "The foregrounds are Gaussian with the power that the paper's noise model gives; there are no individual point \
         sources, no dust and no clustering of haloes yet, so that this sky is kinder than the paper's.",
        "Haloes follow the Tinker et al. 2008 mass function in the simulation's cosmology: 3.4 targets per deg2, where \
         the simulation has 2.9.",
        "Gas follows Arnaud et al. 2010 without hydrostatic bias and with 20 % log-normal scatter in y.",
        "The noise model of the filter is that of the paper, with the lensed CMB of Planck 2018.",
    ];
    let rows = record.timings.iter().map(|(stage, seconds)| vec![stage.clone(), format!("{seconds:.1}")]).collect();
    let timings = Table {
        caption: format!("Wall seconds by stage, all tiles together, on {}.", record.device),
        columns: vec!["stage".to_owned(), "seconds".to_owned()],
        rows,
    };
    let text = toml::to_string(config).context("the configuration cannot be written as TOML")?;
    let blocks = vec![
        Block::Notes { items: items.map(str::to_owned).to_vec() },
        Block::Table(timings),
        Block::code(command(config)),
        Block::Folded { title: "Configuration".to_owned(), text },
    ];
    Ok(Section { title: "What differs from the paper, and how to run this again".to_owned(), blocks })
}
