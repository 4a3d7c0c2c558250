//! The report of the experiment.

use super::bounds::BoundAt;
use super::examples::{self, Example};
use super::figures;
use super::scores::{METHODS, Results, mass_name};
use super::sets::TestSet;
use super::settings::Settings;
use crate::experiment::Config;
use crate::run_dir::RunDir;
use anyhow::{Context, Result};
use arcmin_eval::report::{Block, Headline, Report, Section, Table, format_score};
use arcmin_eval::statistics::Score;
use arcmin_eval::{Figure, MassBin, Record};

/// Writes `report.html` from the results.
pub(super) fn write(
    config: &Config,
    settings: &Settings,
    dir: &RunDir,
    results: &Results,
    record: &Record,
) -> Result<()> {
    dir.make_folder("plots")?;
    let pages = Pages { settings, dir, results, record };
    let sections = vec![
        pages.examples()?,
        pages.scatter()?,
        pages.by_mass()?,
        pages.coverage()?,
        pages.unfamiliar()?,
        pages.training()?,
        differences(settings),
        run(config, record)?,
    ];
    let report = Report {
        title: "Weighing clusters by their SZ image at 150 GHz".to_owned(),
        kicker: format!("{} · {} profile · seed {}", config.experiment, config.profile, config.seed),
        summary: pages.summary(),
        headlines: pages.headlines(),
        sections,
        footer: format!("arcmin {} · {}", record.versions["arcmin"], config.command()),
    };
    Ok(report.write(&dir.file("report.html"))?)
}

/// What the sections are made of.
struct Pages<'a> {
    settings: &'a Settings,
    dir: &'a RunDir,
    results: &'a Results,
    record: &'a Record,
}

impl Pages<'_> {
    fn score(&self, name: &str) -> Score {
        self.record.scores.get(name).copied().unwrap_or(Score { value: None, error: None, count: 0 })
    }

    fn summary(&self) -> String {
        format!(
            "A mResUNet of width {} (Gupta & Reichardt 2020), trained on simulated skies around clusters, {} an epoch, weighs others; \
             beside it the exact likelihood of those skies, which no method can beat. No test map shares a random field \
             with any other map.",
            self.settings.method.network.width, self.settings.train.n_maps
        )
    }

    fn headlines(&self) -> Vec<Headline> {
        let one = |label: &str, name: &str, note: &str| {
            let mut headline = Headline::of_score(label, &self.score(name));
            headline.note = format!("{}{note}", headline.note);
            headline
        };
        vec![
            one("rms ln(M/true), 20 % scatter", "sz_mass.rms_ln_scatter", "; paper 0.180"),
            one("the likelihood's", "matched_filter.rms_ln_scatter", "; same maps"),
            one("rms ln(M/true), no scatter", "sz_mass.rms_ln_noscatter", "; paper 0.100"),
            one("the likelihood's", "matched_filter.rms_ln_noscatter", "; same maps"),
            one("68 % intervals that hold the truth", "sz_mass.coverage68", ""),
        ]
    }

    fn figure(&self, stem: &str, figure: &Figure, caption: &str) -> Result<Block> {
        figure.write(&self.dir.file("plots"), stem)?;
        Ok(Block::figure(figure, caption))
    }

    fn examples(&self) -> Result<Section> {
        let examples: Vec<Example> = self.dir.read_json(examples::FILE)?.context("the examples are missing")?;
        let image = figures::examples(&examples)?;
        image.write(&self.dir.file("plots/examples.png"))?;
        let caption = "Maps of 10′ about their mean, the SZ image in them without beam, what the network believes it to be, and \
                       the difference; blue is cold. As the paper's figure 3.";
        Ok(Section { title: "What the network sees".to_owned(), blocks: vec![Block::image(image.png(), caption)] })
    }

    fn scatter(&self) -> Result<Section> {
        let text = format!(
            "Clusters of {} to {}e14 Msun, all masses equally likely, with a scatter of {:.0} % of their amplitude and without. \
             Unbiased estimates are the mass whose posteriors typically have the median at hand (the network's, measured on a set of \
             its own) or the likeliest mass (the likelihood's); medians and coverage are those of posteriors under the prior of the \
             training, {:.2} to {}e14 Msun; for the paper's numbers there are means under the prior that its network had, {} to \
             {}e14 Msun. All expect the scatter in both cases.",
            self.settings.test.uniform_msun[0] / 1e14,
            self.settings.test.uniform_msun[1] / 1e14,
            100.0 * self.settings.train.y_ln_scatter,
            self.settings.train.masses.range_msun()[0] / 1e14,
            self.settings.train.masses.range_msun()[1] / 1e14,
            self.settings.test.paper_prior_msun[0] / 1e14,
            self.settings.test.paper_prior_msun[1] / 1e14,
        );
        let mut blocks = vec![Block::text(text), Block::Table(self.comparison())];
        let captions = [
            (
                TestSet::Scatter,
                "With scatter; the curve is the Gaussian of the same mean and deviation. As the paper's figure 5.",
            ),
            (TestSet::NoScatter, "Without scatter."),
        ];
        for (set, caption) in captions {
            blocks.push(self.figure(
                &format!("histogram-{}", set.name()),
                &figures::histogram(self.results, set)?,
                caption,
            )?);
        }
        Ok(Section { title: "Scatter".to_owned(), blocks })
    }

    /// The table of paper, bound, likelihood and network.
    fn comparison(&self) -> Table {
        let cells = |name: &str, score: [String; 4]| std::iter::once(name.to_owned()).chain(score).collect::<Vec<_>>();
        let of = |method: &str, part: &str| {
            ["scatter", "noscatter"].map(|set| format_score(&self.score(&format!("{method}.{part}{set}"))))
        };
        let both = |method: &str, part: &str| {
            let ([rms, rms_no], [mean, mean_no]) =
                (of(method, &format!("{part}rms_ln_")), of(method, &format!("{part}mean_ln_")));
            [rms, mean, rms_no, mean_no]
        };
        let dash = || "–".to_owned();
        let bound = [self.results.bounds.rms_scatter, self.results.bounds.rms_no_scatter].map(|b| format!("{b:.3}"));
        let [bound, bound_no] = bound;
        Table {
            caption: "Root mean square and mean of ln(estimated / true M200c). The bound is that of unbiased estimates \
                      (Cramér–Rao); a prior that ends near the masses tested, as the paper's, goes below it by being biased."
                .to_owned(),
            columns: ["", "rms, scatter", "mean", "rms, no scatter", "mean"].map(str::to_owned).to_vec(),
            rows: vec![
                cells("paper (Gupta & Reichardt 2020)", ["0.180 ± 0.013".to_owned(), dash(), "0.100 ± 0.012".to_owned(), dash()]),
                cells("bound", [bound, dash(), bound_no, dash()]),
                cells("likelihood (matched filter)", both("matched_filter", "")),
                cells("network", both("sz_mass", "")),
                cells("likelihood, medians", both("matched_filter", "median.")),
                cells("network, medians", both("sz_mass", "median.")),
                cells("likelihood, paper's prior", both("matched_filter", "paper_prior.")),
                cells("network, paper's prior", both("sz_mass", "paper_prior.")),
            ],
        }
    }

    fn by_mass(&self) -> Result<Section> {
        let mut blocks = vec![Block::Table(self.table_by_mass())];
        let captions = [
            ("wide", METHODS[0].0, "unbiased, from a training that reaches beyond all of these masses"),
            ("paper-prior", METHODS[0].1, "under the paper's prior: masses outside of it cannot come out right"),
        ];
        for (stem, weighed_as, prior) in captions {
            let [masses, significance] = figures::by_mass(self.results, weighed_as)?;
            let caption =
                format!("Median estimates and the spread of the middle 68 %, {prior}. As the paper's figure 4.");
            blocks.push(self.figure(&format!("masses-{stem}"), &masses, &caption)?);
            let caption =
                "The same as the distance from the truth in units of that spread; the bars are the median's own error.";
            blocks.push(self.figure(&format!("significance-{stem}"), &significance, caption)?);
        }
        Ok(Section { title: "Mass by mass".to_owned(), blocks })
    }

    fn table_by_mass(&self) -> Table {
        let network = self.results.by_mass(METHODS[0].0);
        let likelihood = self.results.by_mass(METHODS[1].0);
        let under_paper = self.results.by_mass(METHODS[0].1);
        let rows = network.iter().zip(&likelihood).zip(&under_paper).zip(&self.results.bounds.by_mass);
        let row = |(((n, l), p), bound): (((&MassBin, &MassBin), &MassBin), &BoundAt)| {
            vec![
                mass_name(n.mass_msun),
                n.count.to_string(),
                format!("{:.2} ± {:.2}", n.median_msun / 1e14, n.half_width_msun / 1e14),
                format_score(&n.bias),
                format_score(&l.bias),
                format_score(&p.bias),
                format!("{:.3}", n.half_width_msun / n.mass_msun),
                format!("{:.3}", l.half_width_msun / l.mass_msun),
                format!("{:.3}", bound.scatter),
                format!("{:.2}", n.half_width_msun / n.mass_msun / bound.scatter),
            ]
        };
        Table {
            caption: "Clusters of one true mass with scatter of the amplitude. Bias: median over true mass, less one. Spread: half \
                      of the middle 68 % over true mass; the bound is that on ln M of unbiased estimates. Unbiased estimates but \
                      where said."
                .to_owned(),
            columns: [
                "true", "maps", "median ± spread [1e14]", "bias", "likelihood's bias", "bias, paper's prior", "spread",
                "likelihood's spread", "bound", "spread / bound",
            ]
            .map(str::to_owned)
            .to_vec(),
            rows: rows.map(row).collect(),
        }
    }

    fn coverage(&self) -> Result<Section> {
        let caption = "How often the central intervals of the posteriors hold the true mass, for masses as likely as in the training.";
        let mut rows = Vec::new();
        for ((share, network), (_, likelihood)) in
            self.results.coverage(METHODS[0].0).into_iter().zip(self.results.coverage(METHODS[1].0))
        {
            rows.push(vec![
                format!("{share}"),
                format_score(&network),
                format_score(&likelihood),
                network.count.to_string(),
            ]);
        }
        let table = Table {
            caption: "Shares of clusters inside central intervals.".to_owned(),
            columns: ["interval", "network", "likelihood", "clusters"].map(str::to_owned).to_vec(),
            rows,
        };
        let blocks = vec![self.figure("coverage", &figures::coverage(self.results)?, caption)?, Block::Table(table)];
        Ok(Section { title: "Coverage".to_owned(), blocks })
    }

    fn unfamiliar(&self) -> Result<Section> {
        let [points, histogram] = figures::unfamiliar(self.results, self.settings)?;
        let clusters = &self.settings.unfamiliar.clusters;
        let text = format!(
            "{} clusters in place of those of a hydrodynamical simulation, with {} skies each: triaxial, clumpy, some merging, \
             stirred, moving, among other haloes on the line of sight, with a scatter of 0.19 in Compton y. Their Compton y is that \
             which the training gives to 1/{} of their mass, and estimates, means under the paper's prior, are multiplied by that factor, as in the paper.",
            clusters.n_clusters, self.settings.unfamiliar.n_skies, clusters.mass_offset
        );
        let row = |name: &str, prefix: &str| {
            let of = |score: &str| format_score(&self.score(&format!("{prefix}.{score}")));
            vec![name.to_owned(), of("unfamiliar_mean"), of("unfamiliar_sigma"), of("unfamiliar_sigma_of_clusters")]
        };
        let paper = ["paper (Magneticum)", "0.013 ± 0.011", "0.232 ± 0.018", "–"].map(str::to_owned).to_vec();
        let table = Table {
            caption: "ln(estimated / true M200c) after rescaling. Errors from drawing clusters again.".to_owned(),
            columns: ["", "mean", "scatter, each sky", "scatter of clusters, skies averaged"]
                .map(str::to_owned)
                .to_vec(),
            rows: vec![paper, row("network", "sz_mass"), row("likelihood (matched filter)", "matched_filter")],
        };
        let captions = [
            "Each cluster with its spread over skies. As the paper's figure 6, upper half.",
            "All skies of all clusters. As its lower half.",
        ];
        let blocks = vec![
            Block::text(text),
            Block::Table(table),
            self.figure("unfamiliar", &points, captions[0])?,
            self.figure("unfamiliar-histogram", &histogram, captions[1])?,
        ];
        Ok(Section { title: "Unfamiliar clusters".to_owned(), blocks })
    }

    fn training(&self) -> Result<Section> {
        let path = self.dir.file("training/curve.csv");
        let csv = std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let caption = "Loss by epoch: negative logarithm of the likelihood of the true mass, and the squared error of the profile.";
        let blocks = vec![self.figure("learning", &figures::learning_curve(&csv)?, caption)?];
        Ok(Section { title: "Training".to_owned(), blocks })
    }
}

fn differences(settings: &Settings) -> Section {
    let items = [
        format!(
            "The paper's network has width 64 and answers with one number; this one has width {} and answers with a density of \
             ln M beside the paper's image.",
            settings.method.network.width
        ),
        "The paper trained on eight masses; here masses are continuous and reach further, so that none of those tested is at an \
         end. The paper's prior is put back where its numbers are compared."
            .to_owned(),
        "Each epoch of the training has maps of its own: no random field is seen twice."
            .to_owned(),
        "A cluster's image is averaged over pixels before the beam; CMB and foregrounds are not.".to_owned(),
        "In place of the paper's hydrodynamical simulation stand clusters of a model of our own.".to_owned(),
    ];
    Section { title: "What is not as in the paper".to_owned(), blocks: vec![Block::Notes { items: items.to_vec() }] }
}

fn run(config: &Config, record: &Record) -> Result<Section> {
    let versions: Vec<String> = record.versions.iter().map(|(name, version)| format!("{name} {version}")).collect();
    let blocks = vec![
        Block::code(config.command()),
        Block::text(format!("{} on {}.", versions.join(", "), record.device)),
        Block::Folded {
            title: "configuration".to_owned(),
            text: toml::to_string(config).context("the configuration cannot be written as TOML")?,
        },
    ];
    Ok(Section { title: "This run".to_owned(), blocks })
}
