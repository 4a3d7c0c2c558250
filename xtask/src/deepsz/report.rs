//! The report of the experiment.

use super::comparison;
use super::cutout_curves;
use super::figures;
use super::found_section;
use super::picture::{PICTURES, SHOWN_SNR};
use super::published;
use super::score_tables::{self, FAIR_RULES};
use super::scores::Results;
use super::settings::{FittedOn, Settings};
use crate::experiment::Config;
use crate::registry::Answer;
use crate::run_dir::RunDir;
use anyhow::{Context, Result};
use arcmin_eval::finder_report::{FigureOptions, finder_figures, finder_score_rows, strongest_detections};
use arcmin_eval::report::{Block, Headline, Report, Section, Table};
use arcmin_eval::{CutoutCounting, Figure, FinderScores, MapImage, Record, create_dir, plot, recovery};
use arcmin_scene::{PressureModel, Split};
use arcmin_sky::Cosmology;
use std::path::PathBuf;

/// Edges of the bins of S/N for recovered over injected y.
const SNR_EDGES: [f64; 7] = [5.0, 8.0, 12.0, 18.0, 27.0, 40.0, 100.0];

/// Writes `report.html` from the results.
pub(super) fn write(
    config: &Config,
    settings: &Settings,
    dir: &RunDir,
    results: &Results,
    record: &Record,
) -> Result<()> {
    let mut sections = vec![sky_section(settings, dir)?];
    sections.extend(comparison::sections(settings, dir, results)?);
    sections.extend(found_section::sections(settings, dir, results)?);
    for finder in settings.finder_names() {
        sections.extend(FinderPages::new(finder, settings, dir, results)?.sections()?);
    }
    sections.push(photometry_section(results, settings.pressure)?);
    sections.push(differences_section(settings.pressure));
    sections.push(run_section(config, record)?);
    let report = Report {
        title: "Finding clusters in 90, 148 and 219 GHz maps".to_owned(),
        kicker: format!("{} · {} profile · seed {}", config.experiment, config.profile, config.seed),
        summary: summary(settings, record),
        headlines: headlines(record),
        sections,
        footer: format!("arcmin {} · {}", record.versions["arcmin"], config.command()),
    };
    Ok(report.write(&dir.file("report.html"))?)
}

fn summary(settings: &Settings, record: &Record) -> String {
    let of = |name: &str| record.scores.get(name).and_then(|score| score.value).unwrap_or(0.0);
    let tiles = |n: usize, split: &str| format!("{n} {split} tile{}", if n == 1 { "" } else { "s" });
    format!(
        "The matched filter of DeepSZ (Lin et al. 2021) on skies of our own: {} of {side} × {side} pixels, each with a \
         light cone of its own, {:.0} % of their area scored. Thresholds were chosen on {}; the test tiles had no say in \
         them.",
        tiles(settings.scene.n_tiles(Split::Test), "test"),
        100.0 * of("mmf.searched_frac"),
        tiles(settings.scene.n_tiles(Split::Validation), "validation"),
        side = settings.n_pixels_side,
    )
}

fn headlines(record: &Record) -> Vec<Headline> {
    let one = |label: &str, name: &str, note: &str| {
        let score = record.scores.get(name)?;
        let mut headline = Headline::of_score(label, score);
        headline.note = format!("{}{note}", headline.note);
        Some(headline)
    };
    let all = [
        one("F1 of cutouts", "mmf.cutout.f1", "; paper 0.61"),
        one("precision of cutouts", "mmf.cutout.precision", "; paper 0.61"),
        one("recall of cutouts", "mmf.cutout.recall", "; paper 0.61"),
        one("cutouts with a cluster", "mmf.cutout.prevalence", "; paper 0.0175"),
        one("recovered / injected y", "mmf.y_ratio", ", forced photometry"),
    ];
    all.into_iter().flatten().collect()
}

fn sky_section(settings: &Settings, dir: &RunDir) -> Result<Section> {
    let map = format!(
        "The middle of the first test tile, 90 GHz: detections above S/N {SHOWN_SNR} (circles) and target haloes \
         (squares). Clusters are cold here, yet the CMB hides all but the largest."
    );
    let captions = [
        map.as_str(),
        "The same with the 219 GHz map taken off, averaged over 1.25′: the CMB is gone, and clusters stay as cold spots, \
         since the thermal SZ effect all but vanishes at 219 GHz.",
    ];
    let mut blocks = Vec::new();
    for ((_, name), caption) in PICTURES.iter().zip(captions) {
        let path = dir.file(name);
        let png = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        blocks.push(Block::half_image(&png, caption));
    }
    if let Some(panels) = figures::place_panels(dir, &settings.ladder)? {
        let folder = plots_folder(dir)?;
        let mut add = |stem: &str, image: &MapImage, caption: &str| -> Result<()> {
            image.write(&folder.join(format!("{stem}.png")))?;
            blocks.push(Block::image(image.png(), caption));
            Ok(())
        };
        add(
            "cutouts-cluster",
            &panels.cluster,
            "A cutout of 8′ on a cluster (cross) as components are added from left to right; every sky has its noise. \
             Temperatures are about the mean of each image; blue is cold; the colours of a band mean the same in all \
             columns, and the number below its name is the end of the scale. As the paper's figure 1, upper half.",
        )?;
        add("cutouts-empty", &panels.empty, "The same far from any cluster. As the paper's figure 1, lower half.")?;
        if let Some(alone) = &panels.alone {
            let caption = "What each step adds to the cutout on the cluster, alone: each sky less the one before. Here the \
                           colours of a row mean the same in all bands, and each step has a scale of its own.";
            add("cutouts-alone", alone, caption)?;
        }
    }
    Ok(Section { title: "The sky and what was found".to_owned(), blocks })
}

/// The folder in which all figures are kept as files.
fn plots_folder(dir: &RunDir) -> Result<PathBuf> {
    let folder = dir.file("plots");
    create_dir(&folder)?;
    Ok(folder)
}

/// All that the report says of one finder.
struct FinderPages<'a> {
    finder: &'a str,
    settings: &'a Settings,
    dir: &'a RunDir,
    results: &'a Results,
    folder: PathBuf,
    scores: FinderScores,
    /// Threshold by cutouts of equal area, as the paper chooses it.
    cutout_cut: f64,
}

impl<'a> FinderPages<'a> {
    fn new(finder: &'a str, settings: &'a Settings, dir: &'a RunDir, results: &'a Results) -> Result<Self> {
        let scores = results.scores(finder, settings)?;
        let by_cutouts = results.cutout_scores(finder, CutoutCounting::EQUAL_AREA, settings)?;
        let cutout_cut = by_cutouts.threshold.value.unwrap_or(f64::INFINITY);
        Ok(Self { finder, settings, dir, results, folder: plots_folder(dir)?, scores, cutout_cut })
    }

    /// The finder in words.
    fn label(&self) -> &str {
        match self.finder {
            "mmf" => "the matched filter",
            "cnn" => "the network on cutouts",
            other => other,
        }
    }

    /// What its candidates are.
    fn answer(&self) -> Answer {
        self.settings.answer(self.finder)
    }

    fn sections(&self) -> Result<Vec<Section>> {
        Ok(vec![
            self.paper_section()?,
            self.selection_section()?,
            self.fair_section()?,
            self.detections_section()?,
            self.strongest_section(),
        ])
    }

    /// The figure as a block; it is also kept as PNG and SVG.
    fn figure(&self, stem: &str, figure: &Figure, caption: impl Into<String>) -> Result<Block> {
        figure.write(&self.folder, &format!("{}-{stem}", self.finder))?;
        Ok(Block::figure(figure, caption))
    }

    fn paper_section(&self) -> Result<Section> {
        let mut blocks = vec![Block::Table(score_tables::confusion(self.finder, self.results, self.settings)?)];
        let validation = self.results.validation(self.finder);
        let figure = figures::threshold_figure(validation, self.cutout_cut, self.answer())?;
        let (score, unfound) = match self.answer() {
            Answer::Peaks => {
                ("S/N", "below S/N 3 nothing is detected. As the paper's figure 5; its best point is marked.")
            }
            Answer::ProbablePeaks => ("probability", "peaks of the least probability are not listed."),
            Answer::Cutouts => ("probability", "cutouts of the least probability are not listed."),
            Answer::Combined(_) => {
                (self.answer().score_label(), "cutouts in which neither finds anything are left out.")
            }
        };
        blocks.push(self.figure(
            "cutout-threshold",
            &figure,
            format!(
                "Scores of the validation cutouts (equal area) against the {score} above which a cutout is taken to hold a \
                 cluster. Behind, on a logarithmic scale: cutouts at each {score}, those with a target in blue, those without \
                 in grey; {unfound}"
            ),
        )?);
        let skies = self.results.ladder(self.finder);
        if !skies.is_empty() {
            blocks.push(self.figure(
                "components",
                &figures::ladder_figure(skies, "this work")?,
                format!(
                    "F1 of test cutouts (equal area) as components are added to the sky. What learns has learnt on {}; the \
                     paper's network learns on each, and for it alone the paper gives this (figure 8); its matched filter \
                     reaches 0.61 on the sky with all components.",
                    match self.settings.ladder.fitted_on {
                        FittedOn::FullSky => "the full sky",
                        FittedOn::EachSky => "each of them",
                    }
                ),
            )?);
            blocks.push(Block::Table(score_tables::ladder(skies)));
            blocks.push(self.figure(
                "roc-by-sky",
                &cutout_curves::roc_by_sky(skies)?,
                "True against false positive rate of the test cutouts of these skies as the threshold falls, as the paper's \
                 figure 8, right.",
            )?);
        }
        Ok(Section { title: format!("The paper and {}, cutout by cutout", self.label()), blocks })
    }

    fn selection_section(&self) -> Result<Section> {
        let test = self.results.test(self.finder);
        let options = self.figure_options();
        let mut blocks = Vec::new();
        for figure in arcmin_eval::completeness_figures(test, self.cutout_cut, &options)? {
            blocks.push(self.figure(figure.stem, &figure.figure, figure.caption)?);
        }
        let captions = [
            "Share of haloes found by mass and redshift; the dashed line is the least target mass; cells of fewer than three \
             haloes stay empty. As the paper's figure 12, upper right.",
            "The same by mass and virial radius (proper). As figure 12, middle right.",
            "The same by mass and the angle of the virial radius. As figure 12, lower right.",
        ];
        let cosmology = Cosmology::named(&self.settings.cosmology)?;
        for ((stem, figure), caption) in figures::planes(test, self.cutout_cut, &cosmology)?.iter().zip(captions) {
            blocks.push(self.figure(stem, figure, caption)?);
        }
        if let Some(image) =
            figures::cluster_panel(self.dir, self.finder, self.results, (self.cutout_cut, self.answer()))?
        {
            image.write(&self.folder.join(format!("{}-clusters.png", self.finder)))?;
            let caption = "Targets of the first test tile, found (above) and missed (below), spread evenly over their score: \
                           virial mass in 10¹⁴ solar masses, redshift, score. Red, green and blue are 90, 148 and 219 GHz; \
                           one colour means one temperature in all. A cluster is dark in red and green and so looks blue. \
                           As the paper's figure 7.";
            // Beside the third plane, which would stand alone in its row.
            blocks.push(Block::half_image(image.png(), caption));
        }
        Ok(Section { title: format!("Which clusters {} finds", self.label()), blocks })
    }

    fn figure_options(&self) -> FigureOptions {
        let is_ours = self.finder == "mmf";
        FigureOptions {
            score_label: self.answer().score_label().to_owned(),
            completeness_vs_mass: is_ours.then(published::completeness_vs_mass),
            completeness_vs_redshift: is_ours.then(published::completeness_vs_redshift),
        }
    }

    fn fair_section(&self) -> Result<Section> {
        let [first, second] = FAIR_RULES;
        let rates = |rule| self.results.at_false_rates(self.finder, rule, self.settings);
        let (by_target, by_cluster) = (rates(first.0)?, rates(second.0)?);
        let chosen = self.scores.threshold.value.unwrap_or(f64::INFINITY);
        let deg2 = arcmin_eval::scores::searched_deg2(self.results.test(self.finder));
        let text = "Purity and F1 depend on how many clusters there are and on what counts as one cutout; the number of \
                    false detections per square degree does not. Methods whose scores have different scales are compared \
                    by what they find at equal rates.";
        let curves = [(first.1.to_owned(), by_target.clone()), (second.1.to_owned(), by_cluster.clone())];
        let figure = plot::completeness_vs_false_rate(&curves)?;
        let caption = "Completeness at equal numbers of false detections, for two answers to what is false: every \
                       detection that is not of a target, and only those of no halo above half the least target mass.";
        let blocks = vec![
            Block::text(text),
            Block::Table(score_tables::fair(&by_target, &by_cluster, self.answer().score_label())),
            self.figure("fair", &figure, caption)?,
            Block::Table(score_tables::kinds(self.finder, self.answer(), self.results, chosen, deg2)),
        ];
        Ok(Section { title: format!("{} at equal false detections", capitalised(self.label())), blocks })
    }

    /// Scores by detections, and how well they are measured.
    fn detections_section(&self) -> Result<Section> {
        let rows = finder_score_rows(&self.scores, &[]);
        let radius = match self.answer() {
            Answer::Peaks | Answer::ProbablePeaks => "one arcminute",
            Answer::Cutouts => "3′ of its cutout's centre (clusters in the corners of a cutout belong to none)",
            Answer::Combined(_) => "the reach of the finder whose candidate it is",
        };
        let caption = format!(
            "Scores on the test tiles by detections, each against the most massive halo within {radius} that no stronger \
             detection took; one-sigma errors from bootstrap over tiles (over objects where tiles are fewer than eight), and the \
             number of objects behind each."
        );
        let mut blocks = vec![Block::Table(Table::of_scores(&caption, &rows))];
        for figure in finder_figures(self.results.test(self.finder), &self.scores, &self.figure_options())? {
            if !figure.stem.starts_with("completeness") {
                blocks.push(self.figure(figure.stem, &figure.figure, figure.caption)?);
            }
        }
        Ok(Section { title: format!("{}, detection by detection", capitalised(self.label())), blocks })
    }

    fn strongest_section(&self) -> Section {
        let blocks = vec![Block::Table(strongest_detections(self.results.test(self.finder)))];
        Section { title: format!("Strongest detections of {}", self.label()), blocks }
    }
}

fn photometry_section(results: &Results, pressure: PressureModel) -> Result<Section> {
    let samples = results.photometry();
    let text = "Central Compton y measured at the true position and size of every halo above the mass limit, found or \
                not, with Arnaud et al. 2010 templates: a test of the amplitude that no selection can flatter.";
    let mut blocks = vec![Block::text(text)];
    if pressure != PressureModel::Arnaud10 {
        blocks.push(Block::text(
            "The gas of this sky follows Battaglia et al. 2012: the ratio shows how much its shape differs from the templates'.",
        ));
    }
    if !samples.is_empty() {
        let bins = recovery::by_snr(samples, &SNR_EDGES)?;
        blocks.push(Block::figure(&plot::recovered_vs_injected(samples)?, "Recovered against injected y."));
        blocks.push(Block::figure(
            &plot::recovery_vs_snr(&bins, "S/N")?,
            "The ratio in bins of measured S/N; bins of low measured S/N hold the haloes that noise pushed down.",
        ));
    }
    Ok(Section { title: "Recovered and injected y of every massive halo".to_owned(), blocks })
}

fn capitalised(label: &str) -> String {
    let mut letters = label.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn differences_section(pressure: PressureModel) -> Section {
    let gas = match pressure {
        PressureModel::Arnaud10 => "Arnaud et al. 2010 without hydrostatic bias",
        PressureModel::Battaglia12 => "Battaglia et al. 2012 (simulations with feedback)",
    };
    let gas = format!("Gas: {gas}, with log-normal scatter in y; the simulation's gas follows another model.");
    let items = [
        "Sky: the paper cuts one octant of the Sehgal et al. 2010 simulation; ours are tiles spread over the sky, each with \
         haloes of its own drawn from a mass function. The configuration below names the components and their numbers.",
        "Cutouts: the paper's grid has steps of 0.1° in right ascension and declination, so that its cutouts overlap more \
         and more towards the pole; 1.75 % of its test cutouts hold a cluster, where cutouts of equal area have about \
         2.9 % at its density of clusters. A detection falls into one cutout on either grid: for a matched filter the grid \
         moves the number of empty cutouts and little else. Where it matters is for a classifier that looks at each of them.",
        "Curves of the paper: its notebooks print the lower edge of each bin of mass and redshift, and its curves are drawn \
         here in those bins.",
        "Completeness is by halo: a halo counts as found when a detection is matched to it. The paper counts the cutout that \
         holds the halo, whichever detection fell into it.",
        "Point sources above 2 mJy at 148 GHz are taken out of the maps, as in the paper. The counts are published ones; the \
         share of radio galaxies that lies in clusters, and so how much of their decrement is filled, is a choice of ours: \
         the recovered y by component shows it. The clustering of dusty galaxies comes on top of the paper's noise model, \
         by which both filters weigh the bands.",
        gas.as_str(),
    ];
    Section {
        title: "What differs from the paper".to_owned(),
        blocks: vec![Block::Notes { items: items.map(str::to_owned).to_vec() }],
    }
}

fn run_section(config: &Config, record: &Record) -> Result<Section> {
    let rows = record.timings.iter().map(|(stage, seconds)| vec![stage.clone(), format!("{seconds:.1}")]).collect();
    let timings = Table {
        caption: format!("Wall seconds by stage, all tiles together, on {}.", record.device),
        columns: vec!["stage".to_owned(), "seconds".to_owned()],
        rows,
    };
    let text = toml::to_string(config).context("the configuration cannot be written as TOML")?;
    let blocks = vec![
        Block::code(config.command()),
        Block::Table(timings),
        Block::Folded { title: "Configuration".to_owned(), text },
    ];
    Ok(Section { title: "How to run this again".to_owned(), blocks })
}
