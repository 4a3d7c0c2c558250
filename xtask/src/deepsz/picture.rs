//! The picture of a tile with what was found and what is there.

use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
use arcmin_eval::{HaloSelection, MatchConfig};
use arcmin_method::Candidate;
use arcmin_scene::Scene;
use arcmin_units::SkyPosition;
use std::path::Path;

/// Side of the window that is shown, so that single clusters can be seen.
const WINDOW_PIXELS: usize = 700;
/// Detections below this S/N would clutter the picture.
const SHOWN_SNR: f64 = 8.0;

/// Draws the corner of the first band's map with detections and target haloes.
pub(super) fn write(path: &Path, scene: &Scene, candidates: &[Candidate], matching: &MatchConfig) -> Result<()> {
    let band = &scene.observation.bands()[0];
    let shape = scene.observation.geometry().shape();
    let side = WINDOW_PIXELS.min(shape.nx).min(shape.ny);
    let (x0, y0) = ((shape.nx - side) / 2, (shape.ny - side) / 2);
    let geometry = scene.observation.geometry().window(x0 as i64, y0 as i64, arcmin_maps::Shape { ny: side, nx: side });
    let rows = (y0..y0 + side).flat_map(|y| &band.map.pixels()[y * shape.nx + x0..][..side]);
    let pixels: Vec<f32> = rows.copied().collect();
    let style = MapStyle {
        title: format!("{} GHz", band.name),
        colour_label: "temperature in µK".to_owned(),
        range: ColourRange::Symmetric { percentile: 99.9 },
        scale: ColourScale::Diverging,
        ..MapStyle::default()
    };
    let sets = [found(candidates), targets(scene, matching.selection)];
    MapImage::draw(&MapPixels { geometry: &geometry, pixels: &pixels, valid: None }, &style, &sets)?.write(path)?;
    Ok(())
}

fn found(candidates: &[Candidate]) -> MarkSet {
    let shown = candidates.iter().filter(|candidate| candidate.score >= SHOWN_SNR);
    MarkSet {
        legend: format!("found, S/N ≥ {SHOWN_SNR}"),
        shape: MarkShape::Circle,
        colour: "#111111".to_owned(),
        radius_px: 13.0,
        marks: shown.map(|candidate| mark(candidate.position)).collect(),
    }
}

fn targets(scene: &Scene, selection: HaloSelection) -> MarkSet {
    let targets = scene.truth.haloes.iter().filter(|halo| selection.contains(halo));
    MarkSet {
        legend: "target haloes".to_owned(),
        shape: MarkShape::Square,
        colour: "#009e73".to_owned(),
        radius_px: 18.0,
        marks: targets.map(|halo| mark(halo.position)).collect(),
    }
}

fn mark(position: SkyPosition) -> Mark {
    Mark { position, label: None }
}
