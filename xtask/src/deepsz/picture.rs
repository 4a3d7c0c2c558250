//! Pictures of a tile with what was found and what is there.

use crate::run_dir::RunDir;
use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
use arcmin_eval::{HaloSelection, MatchConfig};
use arcmin_method::Candidate;
use arcmin_scene::Scene;
use arcmin_units::SkyPosition;

/// Side of the window that is shown in arcmin, so that single clusters can be seen.
const WINDOW_ARCMIN: f64 = 180.0;
/// Side of the picture in pixels: two stand side by side.
const PICTURE_PX: usize = 700;
/// Width in arcmin over which the difference of bands is averaged: its noise is white.
const SMOOTHED_ARCMIN: f64 = 1.25;
/// Detections below this S/N would clutter the picture.
pub(super) const SHOWN_SNR: f64 = 10.0;

/// The two pictures, for the report: what is drawn, and the file.
pub(super) const PICTURES: [(Drawn, &str); 2] =
    [(Drawn::FirstBand, "tiles/test-000-map.png"), (Drawn::LessLastBand, "tiles/test-000-map-less-cmb.png")];

/// What a picture shows.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Drawn {
    /// The first band.
    FirstBand,
    /// The first band less the last one: the CMB cancels, and clusters stay where the bands differ.
    LessLastBand,
}

/// Draws the middle of the maps with detections and target haloes.
pub(super) fn write(dir: &RunDir, scene: &Scene, candidates: &[Candidate], matching: &MatchConfig) -> Result<()> {
    let shape = scene.observation.geometry().shape();
    let pixel_arcmin = scene.observation.geometry().pixel_size().to_arcmin().value();
    let side = ((WINDOW_ARCMIN / pixel_arcmin) as usize).clamp(1, shape.nx.min(shape.ny));
    let (x0, y0) = ((shape.nx - side) / 2, (shape.ny - side) / 2);
    let geometry = scene.observation.geometry().window(x0 as i64, y0 as i64, arcmin_maps::Shape { ny: side, nx: side });
    let window = |band: &arcmin_maps::Band| -> Vec<f32> {
        (y0..y0 + side).flat_map(|y| &band.map.pixels()[y * shape.nx + x0..][..side]).copied().collect()
    };
    let bands = scene.observation.bands();
    for (drawn, name) in PICTURES {
        let (mut pixels, mut title) = (window(&bands[0]), format!("{} GHz", bands[0].name));
        if let (Drawn::LessLastBand, Some(last)) = (drawn, bands.last()) {
            pixels.iter_mut().zip(window(last)).for_each(|(pixel, other)| *pixel -= other);
            pixels = averaged(&pixels, side, (0.5 * SMOOTHED_ARCMIN / pixel_arcmin) as usize);
            title = format!("{} GHz less {} GHz", bands[0].name, last.name);
        }
        let style = MapStyle {
            title,
            colour_label: "temperature in µK".to_owned(),
            range: ColourRange::Symmetric { percentile: 99.8 },
            scale: ColourScale::Diverging,
            max_side_px: PICTURE_PX,
        };
        let sets = [found(candidates), targets(scene, matching.selection)];
        let map = MapPixels { geometry: &geometry, pixels: &pixels, valid: None };
        MapImage::draw(&map, &style, &sets)?.write(&dir.file(name))?;
    }
    Ok(())
}

/// Mean over squares that reach so many pixels to each side, cut off at the border.
fn averaged(pixels: &[f32], side: usize, reach: usize) -> Vec<f32> {
    let near = |at: usize| at.saturating_sub(reach)..(at + reach + 1).min(side);
    let mean = |values: &mut dyn Iterator<Item = f32>| {
        let (sum, n) = values.fold((0.0, 0.0), |(sum, n), value| (sum + value, n + 1.0));
        sum / n
    };
    let along_x: Vec<f32> =
        (0..side * side).map(|idx| mean(&mut near(idx % side).map(|x| pixels[idx / side * side + x]))).collect();
    (0..side * side).map(|idx| mean(&mut near(idx / side).map(|y| along_x[y * side + idx % side]))).collect()
}

fn found(candidates: &[Candidate]) -> MarkSet {
    let shown = candidates.iter().filter(|candidate| candidate.score >= SHOWN_SNR);
    MarkSet {
        legend: format!("found, S/N ≥ {SHOWN_SNR}"),
        shape: MarkShape::Circle,
        colour: "#111111".to_owned(),
        radius_px: 9.0,
        marks: shown.map(|candidate| mark(candidate.position)).collect(),
    }
}

fn targets(scene: &Scene, selection: HaloSelection) -> MarkSet {
    let targets = scene.truth.haloes.iter().filter(|halo| selection.contains(halo));
    MarkSet {
        legend: "target haloes".to_owned(),
        shape: MarkShape::Square,
        colour: "#009e73".to_owned(),
        radius_px: 14.0,
        marks: targets.map(|halo| mark(halo.position)).collect(),
    }
}

fn mark(position: SkyPosition) -> Mark {
    Mark { position, label: None }
}
