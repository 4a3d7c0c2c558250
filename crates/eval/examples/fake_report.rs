//! Scores a fake finder on fake skies and writes its report: `cargo run --example fake_report -- FOLDER`.

#[path = "../tests/fake/mod.rs"]
mod fake;

use arcmin_eval::recovery::{self, Amplitude};
use arcmin_eval::report::{ScoreRow, format_score};
use arcmin_eval::{
    Block, Error, FinderScores, HaloQuantity, Headline, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape,
    Report, ScoreConfig, Section, Table, ThresholdSweep, TileOutcome, completeness_by, create_dir, plot, score_finder,
    scores::offsets_arcmin,
};
use arcmin_units::SkyPosition;
use fake::FakeFinder;
use rand_distr::{Distribution, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use std::path::{Path, PathBuf};

fn main() -> Result<(), Error> {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "fake-report".to_owned()));
    create_dir(&folder)?;
    let finder = FakeFinder::default();
    let tiles = |range: std::ops::Range<u64>| range.map(|tile| finder.outcome(tile)).collect::<Vec<_>>();
    let (validation, test) = (tiles(0..20), tiles(20..60));
    let scores = score_finder(&validation, &test, &ScoreConfig::default())?;
    let report = Report {
        kicker: "fake finder · 60 tiles · seed 0".to_owned(),
        title: "A fake finder on fake skies".to_owned(),
        summary: "Haloes at random, four in five of them found, and two false detections per square degree: a report \
                  to see what a report looks like."
            .to_owned(),
        headlines: headlines(&scores),
        sections: vec![
            Section { title: "Scores".to_owned(), blocks: vec![score_table(&scores)] },
            Section { title: "Curves".to_owned(), blocks: figures(&test, &scores, &folder)? },
            Section { title: "Map".to_owned(), blocks: vec![map(&finder, &folder)?] },
        ],
        footer: "Made by the example fake_report of arcmin-eval.".to_owned(),
    };
    report.write(&folder.join("report.html"))
}

fn headlines(scores: &FinderScores) -> Vec<Headline> {
    let shown = [("F1", scores.f1), ("purity", scores.purity), ("completeness", scores.completeness)];
    let headline = |(label, score): (&str, arcmin_eval::Score)| Headline {
        label: label.to_owned(),
        value: score.value.map_or("–".to_owned(), |value| format!("{value:.3}")),
        note: format!("{} ({} counted)", format_score(&score), score.count),
    };
    shown.into_iter().map(headline).collect()
}

fn score_table(scores: &FinderScores) -> Block {
    let published = |name: &str| name.ends_with(".f1").then(|| "0.61".to_owned());
    let rows: Vec<ScoreRow> = scores
        .by_name("fake")
        .into_iter()
        .map(|(name, score)| ScoreRow { published: published(&name), label: name, score })
        .collect();
    Block::Table(Table::of_scores("Threshold from 20 validation tiles, all else from 40 test tiles.", &rows))
}

fn figures(test: &[TileOutcome], scores: &FinderScores, folder: &Path) -> Result<Vec<Block>, Error> {
    let cut = scores.threshold.value.unwrap_or(0.0);
    let points = ThresholdSweep::new(test).points();
    let area_deg2 = test.iter().map(|tile| tile.searched_deg2).sum();
    let mass_edges: Vec<f64> = (0..=8).map(|i| 2e14 * 10f64.powf(0.1 * f64::from(i))).collect();
    let z_edges: Vec<f64> = (0..=8).map(|i| 0.25 + 0.15 * f64::from(i)).collect();
    let samples = recovery::samples(test, cut, Amplitude::Best);
    let ratio = recovery::by_snr(&samples, &[5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0])?;
    let snr = "signal to noise";
    let drawn = [
        (
            "scores",
            plot::scores_vs_threshold(&points, cut, snr)?,
            "Purity rises with the threshold, completeness falls.",
        ),
        (
            "false-rate",
            plot::false_rate_vs_threshold(&points, area_deg2, cut, snr)?,
            "False detections fall by e a unit.",
        ),
        (
            "completeness-mass",
            plot::completeness_vs_mass(&completeness_by(HaloQuantity::Mvir, test, cut, &mass_edges)?, 2e14)?,
            "Completeness does not depend on mass here.",
        ),
        (
            "completeness-redshift",
            plot::completeness_vs_redshift(&completeness_by(HaloQuantity::Redshift, test, cut, &z_edges)?)?,
            "Nor on redshift.",
        ),
        ("y", plot::recovered_vs_injected(&samples)?, "Recovered against injected y of the targets found."),
        ("y-ratio", plot::recovery_vs_snr(&ratio, snr)?, "Their ratio is one at any signal to noise."),
        (
            "offsets",
            plot::offset_histogram(&offsets_arcmin(test, cut), 1.0)?,
            "Positions are good to half an arcminute.",
        ),
    ];
    drawn
        .into_iter()
        .map(|(stem, figure, caption)| {
            figure.write(folder, stem)?;
            Ok(Block::figure(&figure, caption))
        })
        .collect()
}

/// Noise with the detections and haloes of one tile over it.
fn map(finder: &FakeFinder, folder: &Path) -> Result<Block, Error> {
    let (detections, truth) = finder.tile(21);
    let geometry = truth.footprint.geometry();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let mut pixels: Vec<f32> = (0..geometry.shape().n_pixels()).map(|_| StandardNormal.sample(&mut rng)).collect();
    for candidate in &detections.candidates {
        add_peak(&mut pixels, geometry, candidate.position, candidate.score);
    }
    let mark = |position, label| Mark { position, label };
    let detected = detections.candidates.iter().enumerate();
    let marks = [
        MarkSet {
            legend: "detections".to_owned(),
            shape: MarkShape::Circle,
            colour: "#56b4e9".to_owned(),
            radius_px: 12.0,
            marks: detected.map(|(i, c)| mark(c.position, (i < 5).then(|| format!("S/N {:.1}", c.score)))).collect(),
        },
        MarkSet {
            legend: "haloes".to_owned(),
            shape: MarkShape::Cross,
            colour: "#ffffff".to_owned(),
            radius_px: 5.0,
            marks: truth.haloes.iter().map(|halo| mark(halo.position, None)).collect(),
        },
    ];
    let style = MapStyle {
        title: "One tile of 25 deg²".to_owned(),
        colour_label: "signal to noise".to_owned(),
        ..MapStyle::default()
    };
    let image = MapImage::draw(&MapPixels { geometry, pixels: &pixels, valid: None }, &style, &marks)?;
    image.write(&folder.join("map.png"))?;
    Ok(Block::image(image.png(), "Detections (circles) and haloes (crosses) over the map."))
}

fn add_peak(pixels: &mut [f32], geometry: &arcmin_maps::Geometry, at: SkyPosition, height: f64) {
    let (Some(centre), shape) = (geometry.sky_to_pix(at), geometry.shape()) else {
        return;
    };
    for (idx, pixel) in pixels.iter_mut().enumerate() {
        let (dx, dy) = ((idx % shape.nx) as f64 - centre.x, (idx / shape.nx) as f64 - centre.y);
        *pixel += (height * (-0.5 * (dx * dx + dy * dy) / 2.25).exp()) as f32;
    }
}
