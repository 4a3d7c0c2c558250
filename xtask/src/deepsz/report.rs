//! The report of the experiment.

use super::scores::{Results, command};
use super::settings::Settings;
use super::tiles::{catalogue_name, picture_name};
use crate::experiment::Config;
use crate::run_dir::RunDir;
use anyhow::{Context, Result};
use arcmin_eval::report::{Block, Headline, Report, ScoreRow, Section, Table, format_score};
use arcmin_eval::{HaloQuantity, Record, ThresholdSweep, completeness_by, plot, recovery, scores};
use arcmin_maps::Catalogue;
use arcmin_scene::Split;

/// Edges of the bins of virial mass in Msun, from below the least target mass to the rarest haloes.
const MASS_EDGES_MSUN: [f64; 11] = [1e14, 1.3e14, 1.6e14, 2e14, 2.5e14, 3e14, 4e14, 5e14, 7e14, 1e15, 2e15];
/// Edges of the bins of redshift.
const REDSHIFT_EDGES: [f64; 9] = [0.0, 0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.5];
/// Edges of the bins of S/N for recovered over injected y.
const SNR_EDGES: [f64; 8] = [0.0, 5.0, 8.0, 12.0, 18.0, 27.0, 40.0, 100.0];
/// Detections shown in the table.
const STRONGEST: usize = 12;

/// What the paper gives for its matched filter (Lin et al. 2021, Table 1 and Sect. 3.2), per cutout.
const PUBLISHED: [(&str, &str); 4] =
    [("mmf.f1", "0.61"), ("mmf.purity", "0.61"), ("mmf.completeness", "0.61"), ("mmf.threshold", "13.4")];

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
        sections.push(scores_section(finder, record));
        sections.push(plots_section(finder, settings, results)?);
        sections.push(strongest_section(finder, dir)?);
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
    let caption = "Part of the first test tile at 90 GHz, with every detection above the search threshold (circles) and \
                   the target haloes (squares): a cluster is cold here. The CMB is what the filter takes away.";
    Ok(Section { title: "The sky and what was found".to_owned(), blocks: vec![Block::image(&png, caption)] })
}

fn scores_section(finder: &str, record: &Record) -> Section {
    let published = |name: &str| PUBLISHED.iter().find(|(n, _)| *n == name).map(|(_, value)| (*value).to_owned());
    let prefix = format!("{finder}.");
    let rows: Vec<ScoreRow> = record
        .scores
        .iter()
        .filter(|(name, _)| name.starts_with(&prefix))
        .map(|(name, score)| ScoreRow { label: name.clone(), score: *score, published: published(name) })
        .collect();
    let caption = "Scores on the test tiles, with one-sigma errors from bootstrap over tiles (over objects where tiles \
                   are fewer than eight), and the number of objects behind each. The published values count cutouts \
                   of another sky (see the notes).";
    Section { title: format!("Scores of {finder}"), blocks: vec![Block::Table(Table::of_scores(caption, &rows))] }
}

fn plots_section(finder: &str, settings: &Settings, results: &Results) -> Result<Section> {
    let test = results.test(finder);
    let threshold = results.scores(finder, settings)?.threshold.value.unwrap_or(0.0);
    let points = ThresholdSweep::new(&test).points();
    let searched_deg2 = test.iter().map(|tile| tile.searched_deg2).sum();
    let by_mass = completeness_by(HaloQuantity::Mvir, &test, threshold, &MASS_EDGES_MSUN)?;
    let by_redshift = completeness_by(HaloQuantity::Redshift, &test, threshold, &REDSHIFT_EDGES)?;
    let offsets = scores::offsets_arcmin(&test, threshold);
    let figures = [
        (
            plot::scores_vs_threshold(&points, threshold, "S/N")?,
            "Purity falls and completeness rises as the threshold is lowered; the line is where F1 was best on validation.",
        ),
        (
            plot::false_rate_vs_threshold(&points, searched_deg2, threshold, "S/N")?,
            "What is not a target is mostly a real cluster just below the mass limit: noise peaks die out quickly.",
        ),
        (
            plot::completeness_vs_mass(&by_mass, settings.matching.selection.mvir_min_msun)?,
            "Share of haloes at z >= 0.25 found above the threshold, against virial mass.",
        ),
        (
            plot::completeness_vs_redshift(&by_redshift)?,
            "Share of haloes above the mass limit found, against redshift: the filter's S/N grows with redshift at fixed mass.",
        ),
        (
            plot::offset_histogram(&offsets, settings.matching.radius_arcmin)?,
            "Distance between detection and halo centre.",
        ),
    ];
    let blocks = figures.iter().map(|(figure, caption)| Block::figure(figure, *caption)).collect();
    Ok(Section { title: format!("How {finder} selects"), blocks })
}

fn strongest_section(finder: &str, dir: &RunDir) -> Result<Section> {
    let catalogue = Catalogue::read(&dir.file(&catalogue_name(Split::Test, 0, finder)))?;
    let columns = ["name", "RADeg", "decDeg", "SNR", "y_c", "err_y_c", "template"];
    let text = |name| catalogue.text(name);
    let number = |name| catalogue.f64(name);
    let (name, template) = (text("name")?, text("template")?);
    let (ra, dec, snr, y, err) =
        (number("RADeg")?, number("decDeg")?, number("SNR")?, number("y_c")?, number("err_y_c")?);
    let rows = (0..catalogue.len().min(STRONGEST))
        .map(|i| {
            vec![
                name[i].clone(),
                format!("{:.4}", ra[i]),
                format!("{:.4}", dec[i]),
                format!("{:.1}", snr[i]),
                format!("{:.2e}", y[i]),
                format!("{:.1e}", err[i]),
                template[i].clone(),
            ]
        })
        .collect();
    let caption = "The strongest detections of the first test tile.".to_owned();
    let table = Table { caption, columns: columns.map(str::to_owned).to_vec(), rows };
    Ok(Section { title: format!("Strongest detections of {finder}"), blocks: vec![Block::Table(table)] })
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
