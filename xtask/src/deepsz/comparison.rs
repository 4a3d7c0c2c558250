//! All methods beside each other: the paper's table of four, what each of them sees and misses.

use super::published;
use super::scores::{AREA_PER_DEG2, Results};
use super::settings::Settings;
use super::{cutout_curves, figures};
use crate::registry::Answer;
use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::plot::{self, Curve, SharePoint, ShareSeries};
use arcmin_eval::report::{Block, Section, Table, format_score};
use arcmin_eval::{
    CutoutCounting, CutoutLattice, CutoutScores, CutoutTable, Figure, HaloSelection, TileCutouts, TileSummary,
    create_dir, wilson_interval,
};
use arcmin_find_ensemble::Kind;
use arcmin_maps::{Geometry, Mask};
use arcmin_scene::{Simulator, Split};
use arcmin_units::SkyPosition;
use std::collections::BTreeMap;

/// Edges of the distance from the middle of a cutout; the corners of a middle of 6' lie at 4.24'.
const DISTANCE_EDGES_ARCMIN: [f64; 7] = [0.0, 1.0, 1.75, 2.5, 3.0, 3.5, 4.25];
/// Edges of virial mass in 1e14 solar masses, and of redshift.
const MASS_EDGES_1E14: [f64; 10] = [1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 7.0, 10.0];
const REDSHIFT_EDGES: [f64; 9] = [0.0, 0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.6, 2.0];
/// Edges of a probability.
const PROBABILITY_EDGES: [f64; 8] = [0.0, 0.02, 0.1, 0.3, 0.5, 0.7, 0.9, 1.0 + 1e-9];
/// Fewest haloes behind a point.
const LEAST_HALOES: usize = 3;

/// How a method is called.
pub(super) fn method_label(name: &str) -> &str {
    match name {
        "mmf" => "matched filter",
        "cnn" => "network",
        "fcn" => "map network",
        "and" => "AND",
        "prod" => "rank product",
        "calibrated" => "calibrated",
        other => other,
    }
}

/// How an ideal observer is called.
fn ideal_label(name: &str) -> &str {
    match name {
        "ideal" => "ideal, with redshift",
        "ideal_snr" => "ideal, by S/N",
        other => other,
    }
}

/// One of the methods, with its scores by cutouts of equal area.
struct Method<'a> {
    name: &'a str,
    scores: CutoutScores,
    threshold: f64,
}

/// A halo in a cutout that counts for all methods, with what each of them said of that cutout.
struct Seen {
    mvir_1e14: f64,
    redshift: f64,
    is_target: bool,
    /// From the middle of the cutout.
    distance_arcmin: f64,
    /// By method, the score of the cutout, and whether that passes the threshold.
    scores: Vec<f64>,
    found: Vec<bool>,
}

/// The comparison; nothing where no combination was made.
pub(super) fn sections(settings: &Settings, dir: &RunDir, results: &Results) -> Result<Vec<Section>> {
    if results.ensembles().is_none() {
        return Ok(Vec::new());
    }
    Comparison::new(settings, dir, results)?.sections()
}

struct Comparison<'a> {
    settings: &'a Settings,
    dir: &'a RunDir,
    results: &'a Results,
    methods: Vec<Method<'a>>,
    seen: Vec<Seen>,
    selection: HaloSelection,
}

impl<'a> Comparison<'a> {
    fn new(settings: &'a Settings, dir: &'a RunDir, results: &'a Results) -> Result<Self> {
        let method = |name: &'a str| -> Result<Method<'a>> {
            let scores = results.cutout_scores(name, CutoutCounting::EQUAL_AREA, settings)?;
            Ok(Method { name, threshold: scores.threshold.value.unwrap_or(f64::INFINITY), scores })
        };
        let methods = results.scored(settings).into_iter().map(method).collect::<Result<Vec<_>>>()?;
        let seen = seen(settings, results, &methods)?;
        Ok(Self { settings, dir, results, methods, seen, selection: settings.matching.selection })
    }

    fn sections(&self) -> Result<Vec<Section>> {
        let mut table = vec![Block::Table(self.table()?)];
        table.extend(self.threshold_figures()?);
        table.extend(self.curve_figures()?);
        let mut seen: Vec<Block> = self.distance_figures()?.into();
        seen.push(self.mean_score_figure()?);
        seen.push(Block::Table(self.distance_table()));
        seen.extend(self.completeness_figures()?);
        seen.push(Block::Table(self.only_one_table()));
        let mut fair = vec![self.fair_figure()?, Block::Table(self.area_table()?)];
        fair.extend(self.calibration_tables().into_iter().map(Block::Table));
        let section = |title: &str, blocks| Section { title: title.to_owned(), blocks };
        Ok(vec![
            section("The paper's methods and a calibrated one", table),
            section("What each method finds and misses", seen),
            section("All methods at equal false detections, and how far to trust a probability", fair),
        ])
    }

    fn figure(&self, stem: &str, figure: &Figure, caption: impl Into<String>) -> Result<Block> {
        let folder = self.dir.file("plots");
        create_dir(&folder)?;
        figure.write(&folder, &format!("all-{stem}"))?;
        Ok(Block::figure(figure, caption))
    }

    fn table(&self) -> Result<Table> {
        let columns = ["method", "", "purity", "completeness", "F1", "threshold", "prevalence"];
        let mut rows = Vec::new();
        for method in &self.methods {
            let label = method_label(method.name).to_owned();
            if let Some((_, scores, threshold)) = published::METHODS.iter().find(|(name, _, _)| *name == method.name) {
                let mut row = vec![label.clone(), "paper".to_owned()];
                row.extend(scores.map(|score| format!("{score:.2}")));
                row.extend([(*threshold).to_owned(), "1.75 %".to_owned()]);
                rows.push(row);
            }
            let scores = &method.scores;
            let mut row = vec![label, "ours".to_owned()];
            row.extend([&scores.precision, &scores.recall, &scores.f1, &scores.threshold].map(format_score));
            row.push(scores.prevalence.value.map_or("–".to_owned(), |value| format!("{:.2} %", 100.0 * value)));
            rows.push(row);
        }
        for (name, scores) in self.results.ideal(self.settings)? {
            let mut row = vec![ideal_label(name).to_owned(), "bound".to_owned()];
            row.extend([&scores.precision, &scores.recall, &scores.f1, &scores.threshold].map(format_score));
            row.push(scores.prevalence.value.map_or("–".to_owned(), |value| format!("{:.2} %", 100.0 * value)));
            rows.push(row);
        }
        let caption = "Test cutouts of equal area: share of those taken that hold a target, share of those with a target that \
                       are taken, F1, and the threshold that was chosen on the validation cutouts; the paper's are those of \
                       its Table 1, on a grid whose cutouts overlap, which lowers prevalence and purity. Combinations are \
                       fitted on the validation cutouts of both finders, and count cutouts that both of them searched. AND: \
                       the smaller of the two scores over their thresholds, 1 being the cut (the paper's thresholds: S/N \
                       7.94 and probability 0.257). Rank product: of the percentiles of both scores among the \
                       validation cutouts. Calibrated: a logistic regression on ln S/N, the log-odds of the network and \
                       their product. In pairing the two, a detection speaks for the cutout of its halo, as in the paper; a \
                       finder at work has its position alone, which differs at the edges of cutouts. The map network goes over \
                       whole tiles and has no cutouts; its peaks are counted by cutouts here. Ideal observers are told where \
                       haloes are and how large, and measure the y of each with the noise of a filter of its very shape: one \
                       knows the redshift too and answers with the probability that it is a target, the other goes by S/N. \
                       They show what y tells; neither weighs a cluster by its size, so that they are no strict bounds.";
        Ok(Table { caption: caption.to_owned(), columns: columns.map(str::to_owned).to_vec(), rows })
    }

    fn threshold_figures(&self) -> Result<Vec<Block>> {
        let combined = |method: &&Method| matches!(self.settings.answer(method.name), Answer::Combined(_));
        let draw = |method: &Method| {
            let answer = self.settings.answer(method.name);
            let validation = self.results.validation(method.name);
            let figure = figures::threshold_figure(validation, method.threshold, answer)?;
            let like = if answer == Answer::Combined(Kind::RankProduct) { " As the paper's figure 6a." } else { "" };
            let caption = format!(
                "{}: scores of the validation cutouts against the threshold in its {}.{like}",
                method_label(method.name),
                answer.score_label()
            );
            self.figure(&format!("{}-cutout-threshold", method.name), &figure, caption)
        };
        self.methods.iter().filter(combined).map(draw).collect()
    }

    /// F1 under two thresholds, and true against false positives.
    fn curve_figures(&self) -> Result<Vec<Block>> {
        let mut blocks = Vec::new();
        if let Some(pair) = &self.settings.ensemble {
            let figure = cutout_curves::f1_of_both(pair, self.results)?;
            let caption = "F1 of the validation cutouts that pass a threshold on the S/N and one on the probability of the network; \
                           what one of the two did not search counts as not found. As the paper's figure 6b.";
            blocks.push(self.figure("and-thresholds", &figure, caption)?);
        }
        let names: Vec<&str> = self.methods.iter().map(|method| method.name).collect();
        let caption = "Share of the test cutouts with a target that pass, against the share of those without one that do, as the \
                       threshold falls. The paper's figure 8b has such curves of its network for skies with ever more components.";
        blocks.push(self.figure("roc", &cutout_curves::roc(&names, self.results)?, caption)?);
        Ok(blocks)
    }

    fn targets(&self) -> impl Iterator<Item = &Seen> {
        self.seen.iter().filter(|seen| seen.is_target)
    }

    /// The share found by each method in bins of a quantity.
    fn shares(&self, of: &dyn Fn(&Seen) -> Option<f64>, edges: &[f64]) -> Vec<ShareSeries> {
        let series = |(idx, method): (usize, &Method)| {
            let point = |edge: &[f64]| {
                let inside = self.seen.iter().filter_map(|seen| of(seen).map(|value| (seen, value)));
                let inside: Vec<(&Seen, f64)> =
                    inside.filter(|(_, value)| (edge[0]..edge[1]).contains(value)).collect();
                let k = inside.iter().filter(|(seen, _)| seen.found[idx]).count() as u64;
                let x = inside.iter().map(|(_, value)| value).sum::<f64>() / inside.len().max(1) as f64;
                (inside.len() >= LEAST_HALOES).then_some(SharePoint { x, k, n: inside.len() as u64 })
            };
            let points = edges.windows(2).filter_map(point).collect();
            ShareSeries { name: method_label(method.name).to_owned(), points }
        };
        self.methods.iter().enumerate().map(series).collect()
    }

    /// Shares against a quantity, and over those of the first method.
    fn share_figures(&self, stem: &str, shares: &[ShareSeries], x: &str, caption: String) -> Result<[Block; 2]> {
        let ratios = "The same over the share of the first method; errors as of independent counts, which is too much: all methods \
                      look at the same haloes.";
        Ok([
            self.figure(stem, &plot::shares(shares, x, "share of them found")?, caption)?,
            self.figure(&format!("{stem}-ratio"), &plot::share_ratios(shares, x)?, ratios)?,
        ])
    }

    fn distance_figures(&self) -> Result<[Block; 2]> {
        let of = |seen: &Seen| seen.is_target.then_some(seen.distance_arcmin);
        let shares = self.shares(&of, &DISTANCE_EDGES_ARCMIN);
        let x = "distance from the middle of the cutout in arcmin";
        self.share_figures("distance", &shares, x, self.distance_caption())
    }

    /// Mean probability of the targets' cutouts by their distance from the middle, of the methods that answer with one.
    fn mean_score_figure(&self) -> Result<Block> {
        let curve = |(idx, method): (usize, &Method)| {
            let point = |edge: &[f64]| {
                let inside: Vec<&Seen> =
                    self.targets().filter(|seen| (edge[0]..edge[1]).contains(&seen.distance_arcmin)).collect();
                let mean =
                    |of: &dyn Fn(&Seen) -> f64| inside.iter().map(|seen| of(seen)).sum::<f64>() / inside.len() as f64;
                let score = |seen: &Seen| seen.scores[idx].max(0.0);
                (inside.len() >= LEAST_HALOES).then(|| (mean(&|seen| seen.distance_arcmin), mean(&score)))
            };
            let points = DISTANCE_EDGES_ARCMIN.windows(2).filter_map(point).collect();
            Curve { name: method_label(method.name).to_owned(), points }
        };
        let all = self.methods.iter().enumerate().filter(|(_, method)| self.is_probability(method));
        let curves: Vec<Curve> = all.map(curve).collect();
        let figure = plot::lines(&curves, "distance from the middle of the cutout in arcmin", "mean probability")?;
        let caption = "Mean probability that these targets' cutouts hold one, of the methods that answer with it. As the paper's \
                       figure 9c.";
        self.figure("distance-score", &figure, caption)
    }

    /// Whether a method's scores are probabilities.
    fn is_probability(&self, method: &Method) -> bool {
        let answer = self.settings.answer(method.name);
        matches!(answer, Answer::Cutouts | Answer::ProbablePeaks | Answer::Combined(Kind::Calibrated))
    }

    fn distance_caption(&self) -> String {
        format!(
            "Share of {} test targets whose cutout passes the threshold of each method, against their distance from the \
             middle of the cutout. What looks at the whole map has no edges; a network that is shown one cutout does.",
            self.targets().count()
        )
    }

    fn distance_table(&self) -> Table {
        let mut columns = vec!["distance in arcmin".to_owned(), "targets".to_owned()];
        columns.extend(self.methods.iter().map(|method| method_label(method.name).to_owned()));
        let row = |edge: &[f64]| {
            let inside: Vec<&Seen> =
                self.targets().filter(|seen| (edge[0]..edge[1]).contains(&seen.distance_arcmin)).collect();
            let share = |idx: usize| share(inside.iter().filter(|seen| seen.found[idx]).count(), inside.len());
            let mut row = vec![format!("{} to {}", edge[0], edge[1]), inside.len().to_string()];
            row.extend((0..self.methods.len()).map(share));
            row
        };
        let caption = "The same in numbers, with 68 % intervals of the shares.".to_owned();
        Table { caption, columns, rows: DISTANCE_EDGES_ARCMIN.windows(2).map(row).collect() }
    }

    fn completeness_figures(&self) -> Result<Vec<Block>> {
        let HaloSelection { mvir_min_msun, redshift_min } = self.selection;
        let mass = |seen: &Seen| (seen.redshift >= redshift_min).then_some(seen.mvir_1e14);
        let redshift = |seen: &Seen| (seen.mvir_1e14 * 1e14 >= mvir_min_msun).then_some(seen.redshift);
        let by_mass = self.shares(&mass, &MASS_EDGES_1E14);
        let by_redshift = self.shares(&redshift, &REDSHIFT_EDGES);
        let of_mass = format!(
            "Share of the haloes at z ≥ {redshift_min} whose cutout each method takes to hold a cluster, against virial mass, \
             with 68 % intervals. As the paper's figure 10."
        );
        let least = mvir_min_msun / 1e14;
        let of_redshift = format!("The same above {least:.1}×10¹⁴ solar masses, against redshift. As figure 11.");
        let x = "virial mass in 10¹⁴ solar masses";
        let mut blocks: Vec<Block> = self.share_figures("completeness-mass", &by_mass, x, of_mass)?.into();
        blocks.extend(self.share_figures("completeness-redshift", &by_redshift, "redshift", of_redshift)?);
        Ok(blocks)
    }

    /// Targets by which of the two finders sees them, with what the combinations make of them.
    fn only_one_table(&self) -> Table {
        let others = &self.methods[2..];
        let mut columns: Vec<String> =
            ["found by", "targets", "Mvir / 10¹⁴, median", "z, median", "distance in arcmin, median"]
                .map(str::to_owned)
                .to_vec();
        columns.extend(others.iter().map(|method| format!("of these {} finds", method_label(method.name))));
        let [first, second] = [0, 1].map(|idx| method_label(self.methods[idx].name));
        let groups = [
            ("both".to_owned(), [true, true]),
            (format!("{first} alone"), [true, false]),
            (format!("{second} alone"), [false, true]),
            ("neither".to_owned(), [false, false]),
        ];
        let row = |(name, group): (String, [bool; 2])| {
            let inside: Vec<&Seen> = self.targets().filter(|seen| seen.found[..2] == group).collect();
            let middle = |of: &dyn Fn(&Seen) -> f64| median(inside.iter().map(|seen| of(seen)).collect());
            let mut row = vec![name, inside.len().to_string()];
            row.push(middle(&|seen| seen.mvir_1e14));
            row.push(middle(&|seen| seen.redshift));
            row.push(middle(&|seen| seen.distance_arcmin));
            let n = |idx: usize| inside.iter().filter(|seen| seen.found[idx]).count().to_string();
            row.extend((2..self.methods.len()).map(n));
            row
        };
        let caption = "Test targets by which of the paper's two finders takes their cutout to hold a cluster, each at its own \
                       threshold, and how many of them each combination finds.";
        Table { caption: caption.to_owned(), columns, rows: groups.into_iter().map(row).collect() }
    }

    fn fair_figure(&self) -> Result<Block> {
        let curve = |method: &Method| -> Result<(String, Vec<arcmin_eval::AtFalseRate>)> {
            let rates = self.results.at_false_rates(method.name, arcmin_eval::FalseRule::NotOfTarget, self.settings)?;
            Ok((method_label(method.name).to_owned(), rates))
        };
        let curves = self.methods.iter().map(curve).collect::<Result<Vec<_>>>()?;
        let caption = "Completeness by detections where so many false ones are made per square degree. The matched filter and the map \
                       network may have several detections in a cutout, the others have one; targets are those that each method searched.";
        self.figure("fair", &plot::completeness_vs_false_rate(&curves)?, caption)
    }

    /// Areas under those curves.
    fn area_table(&self) -> Result<Table> {
        let row = |method: &Method| -> Result<Vec<String>> {
            let area = self.results.area(method.name, self.settings)?;
            let above = format_score(&area.above_reference);
            Ok(vec![method_label(method.name).to_owned(), format_score(&area.area), above])
        };
        let [low, high] = AREA_PER_DEG2;
        Ok(Table {
            caption: format!(
                "Area under these curves between {low} and {high} false detections per deg², over its width in the logarithm of \
                 the rate: the mean completeness there. Errors from bootstrap over tiles; those of differences from tiles drawn \
                 together for both."
            ),
            columns: ["method", "mean completeness", "above the matched filter's"].map(str::to_owned).to_vec(),
            rows: self.methods.iter().map(row).collect::<Result<_>>()?,
        })
    }

    /// Of the methods that answer with a probability, how often it came true.
    fn calibration_tables(&self) -> Vec<Table> {
        self.methods
            .iter()
            .filter(|method| self.is_probability(method))
            .map(|method| self.calibration(method))
            .collect()
    }

    fn calibration(&self, method: &Method) -> Table {
        let mut sums = vec![(0usize, 0usize, 0.0); PROBABILITY_EDGES.len() - 1];
        for tile in self.results.test(method.name) {
            for entry in CutoutTable::new(tile, CutoutLattice::EqualArea).entries {
                let Some(p) = entry.score else { continue };
                if let Some(bin) = PROBABILITY_EDGES.windows(2).position(|edge| (edge[0]..edge[1]).contains(&p)) {
                    sums[bin].0 += 1;
                    sums[bin].1 += usize::from(entry.is_positive);
                    sums[bin].2 += p;
                }
            }
        }
        let row = |(edge, &(n, held, sum)): (&[f64], &(usize, usize, f64))| {
            let mean = if n > 0 { format!("{:.3}", sum / n as f64) } else { "–".to_owned() };
            vec![format!("{} to {:.2}", edge[0], edge[1]), n.to_string(), mean, share(held, n)]
        };
        Table {
            caption: format!(
                "Test cutouts by the probability that the {} method gave, and the share of them that hold a target, with its \
                 68 % interval: a calibrated method has the two alike.",
                method_label(method.name)
            ),
            columns: ["probability", "cutouts", "mean", "share with a target"].map(str::to_owned).to_vec(),
            rows: PROBABILITY_EDGES.windows(2).zip(&sums).map(row).collect(),
        }
    }
}

fn share(k: usize, n: usize) -> String {
    let interval = wilson_interval(k as u64, n as u64, 1.0);
    interval.map_or("–".to_owned(), |i| format!("{:.2} ({:.2}–{:.2})", k as f64 / n as f64, i.low, i.high))
}

fn median(mut values: Vec<f64>) -> String {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    match n {
        0 => "–".to_owned(),
        _ => format!("{:.2}", 0.5 * (values[(n - 1) / 2] + values[n / 2])),
    }
}

/// All haloes of the test tiles that lie in cutouts which count for the last method, and so for all.
fn seen(settings: &Settings, results: &Results, methods: &[Method]) -> Result<Vec<Seen>> {
    let Some(last) = methods.last() else { return Ok(Vec::new()) };
    let simulator = Simulator::new(settings.scene.clone())?;
    let mut seen = Vec::new();
    for (idx, tile) in results.test(last.name).iter().enumerate() {
        let geometry = simulator.geometry(Split::Test, tile.tile as usize)?;
        let scores: Vec<BTreeMap<u32, f64>> =
            methods.iter().map(|method| cutout_scores(&results.test(method.name)[idx])).collect();
        let middle = Middles::new(geometry, tile)?;
        for halo in tile.haloes.iter().filter(|halo| halo.is_searched) {
            let Some(cell) = halo.cutouts.equal_area else { continue };
            let Some(distance_arcmin) = middle.distance_arcmin(cell, halo.lon_deg, halo.lat_deg) else { continue };
            let scores: Vec<f64> =
                scores.iter().map(|scores| scores.get(&cell).copied().unwrap_or(f64::NEG_INFINITY)).collect();
            seen.push(Seen {
                mvir_1e14: halo.mvir_msun / 1e14,
                redshift: halo.redshift,
                is_target: halo.is_target,
                distance_arcmin,
                found: methods.iter().zip(&scores).map(|(method, &score)| score >= method.threshold).collect(),
                scores,
            });
        }
    }
    Ok(seen)
}

fn cutout_scores(tile: &TileSummary) -> BTreeMap<u32, f64> {
    let table = CutoutTable::new(tile, CutoutLattice::EqualArea);
    table.entries.iter().map(|entry| (entry.cell, entry.score.unwrap_or(table.no_detection_score))).collect()
}

/// Where the middles of a tile's cutouts are.
struct Middles {
    geometry: Geometry,
    cutouts: TileCutouts,
}

impl Middles {
    fn new(geometry: Geometry, tile: &TileSummary) -> Result<Self> {
        let cutouts = TileCutouts::new(&Mask::all_valid(geometry.clone()), &tile.matching.cutouts)?;
        Ok(Self { geometry, cutouts })
    }

    fn distance_arcmin(&self, cell: u32, lon_deg: f64, lat_deg: f64) -> Option<f64> {
        let at = self.geometry.sky_to_pix(SkyPosition::from_deg(lon_deg, lat_deg)?)?;
        let middle = self.cutouts.centre(cell)?;
        let pixels = (at.x - middle.x).hypot(at.y - middle.y);
        Some(pixels * self.geometry.pixel_size().to_arcmin().value())
    }
}
