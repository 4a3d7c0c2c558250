//! Scores a fake finder on fake skies and writes its report: `cargo run --example fake_report -- FOLDER`.

#[path = "../tests/fake/mod.rs"]
mod fake;

use arcmin_eval::{
    Block, Error, FigureOptions, FinderFigure, FinderScores, Headline, MapImage, MapPixels, MapStyle, Mark, MarkSet,
    MarkShape, Report, ScoreConfig, Section, Table, TileSummary, create_dir, finder_figures, finder_score_rows,
    score_finder, strongest_detections,
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
    let tiles = |range: std::ops::Range<u64>| range.map(|tile| finder.summary(tile)).collect::<Vec<_>>();
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
            Section {
                title: "Strongest detections".to_owned(),
                blocks: vec![Block::Table(strongest_detections(&test))],
            },
            Section { title: "What was run".to_owned(), blocks: run_blocks() },
        ],
        footer: "Made by the example fake_report of arcmin-eval.".to_owned(),
    };
    report.write(&folder.join("report.html"))
}

fn headlines(scores: &FinderScores) -> Vec<Headline> {
    let shown = [("F1", scores.f1), ("purity", scores.purity), ("completeness", scores.completeness)];
    shown.iter().map(|(label, score)| Headline::of_score(*label, score)).collect()
}

fn run_blocks() -> Vec<Block> {
    vec![
        Block::code("cargo run --release -p arcmin-eval --example fake_report -- fake-report"),
        Block::Folded { title: "Finder".to_owned(), text: format!("{:#?}", FakeFinder::default()) },
        Block::Notes { items: vec!["Haloes do not cluster.".to_owned(), "The noise is white.".to_owned()] },
    ]
}

fn score_table(scores: &FinderScores) -> Block {
    let rows = finder_score_rows(scores, &[("f1", "0.61"), ("purity", "0.61"), ("completeness", "0.61")]);
    Block::Table(Table::of_scores("Threshold from 20 validation tiles, all else from 40 test tiles.", &rows))
}

fn figures(test: &[TileSummary], scores: &FinderScores, folder: &Path) -> Result<Vec<Block>, Error> {
    let options = FigureOptions { score_label: "signal to noise".to_owned(), ..FigureOptions::default() };
    let figures = finder_figures(test, scores, &options)?;
    for figure in &figures {
        figure.figure.write(folder, figure.stem)?;
    }
    Ok(figures.iter().map(FinderFigure::block).collect())
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
