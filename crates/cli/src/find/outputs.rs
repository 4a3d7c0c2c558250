//! What a search leaves on disk.

use super::marks::Known;
use super::method::Answer;
use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
use arcmin_find_mmf::{PointSource, ScaleMap, source_catalogue};
use arcmin_maps::file::{write_map_with, write_mask};
use arcmin_maps::{Band, Observation};
use arcmin_method::{Detections, ScoreKind};
use std::path::Path;

/// The catalogue in its three forms.
const CATALOGUES: [&str; 3] = ["catalogue.fits", "catalogue.csv", "catalogue.reg"];
/// The point sources.
pub(super) const SOURCES: &str = "sources.fits";
/// The picture.
pub(super) const PICTURE: &str = "map.png";
/// The colours of a picture of a temperature end here.
const SHOWN_PERCENTILE: f64 = 99.5;

/// What was found, and what else is marked in the picture.
#[derive(Clone, Copy)]
pub(super) struct Marked<'a> {
    pub(super) detections: &'a Detections,
    /// What the scores are.
    pub(super) kind: ScoreKind,
    pub(super) known: &'a [Known],
    /// `None` where none were looked for.
    pub(super) sources: Option<&'a [PointSource]>,
}

/// Writes catalogues, the map of the scores, searched mask and picture, each under a temporary name first; names all files of
/// the folder in the order in which they are shown, the record that is written last included. The picture is of the scores, or
/// else of the observation.
pub(super) fn write(
    folder: &Path,
    marked: &Marked<'_>,
    answer: &Answer,
    observation: &Observation,
) -> Result<Vec<String>> {
    let mut names = catalogues(folder, marked)?;
    if let Some(map) = &answer.map {
        map.write(folder)?;
        names.push(map.scores().file().to_owned());
    }
    names.extend(scale_maps(folder, &answer.scales)?);
    write_mask(&folder.join("searched.fits"), &marked.detections.searched)?;
    let (geometry, pixels, valid, style) = match &answer.map {
        Some(map) => (map.geometry(), map.pixels(), map.searched(), map.scores().style()),
        None => {
            let bands: Vec<&Band> = observation.bands().iter().collect();
            let shown = quietest(&bands, |band| band.noise_arcmin);
            (observation.geometry(), shown.map.pixels(), observation.mask(), temperature_style(&shown.name))
        }
    };
    let map = MapPixels { geometry, pixels, valid: Some(valid.valid()) };
    picture(&map, &style, marked)?.write(&folder.join(PICTURE))?;
    names.extend(["searched.fits", PICTURE, "record.json"].map(str::to_owned));
    Ok(names)
}

/// Writes the S/N of each scale, where it was kept.
fn scale_maps(folder: &Path, scales: &[ScaleMap]) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for scale in scales {
        let name = format!("snr-{:.2}.fits", scale.template.scale().value());
        write_map_with(&folder.join(&name), &scale.snr, |header| {
            header.set("SCALE", scale.template.scale().value(), "[arcmin] scale of the template")?;
            header.set("TEMPLATE", scale.template.name().as_str(), "profile and scale of the template")
        })?;
        names.push(name);
    }
    Ok(names)
}

/// Writes the catalogue in its three forms, and the point sources where they were looked for; names what was written.
pub(super) fn catalogues(folder: &Path, marked: &Marked<'_>) -> Result<Vec<String>> {
    let catalogue = marked.detections.to_catalogue(marked.kind)?;
    // The FITS file last: where it is, the others are.
    for name in CATALOGUES.iter().rev() {
        catalogue.write(&folder.join(name))?;
    }
    let mut names = CATALOGUES.map(str::to_owned).to_vec();
    if let Some(sources) = marked.sources {
        let frame = marked.detections.searched.geometry().frame();
        source_catalogue(sources, frame)?.write(&folder.join(SOURCES))?;
        names.push(SOURCES.to_owned());
    }
    Ok(names)
}

/// The band with the least noise, of those that say theirs; the first one where none does.
pub(super) fn quietest<'a, B>(bands: &[&'a B], noise: impl Fn(&B) -> Option<f64>) -> &'a B {
    let level = |band: &&&B| noise(band).unwrap_or(f64::INFINITY);
    bands.iter().min_by(|a, b| level(a).total_cmp(&level(b))).expect("an observation has a band")
}

/// A picture of a map as it is.
pub(super) fn temperature_style(band: &str) -> MapStyle {
    MapStyle {
        title: format!("Map of band {band}"),
        colour_label: "uK".to_owned(),
        range: ColourRange::Symmetric { percentile: SHOWN_PERCENTILE },
        scale: ColourScale::Diverging,
        ..MapStyle::default()
    }
}

/// A map with candidates, known clusters and point sources marked.
pub(super) fn picture(map: &MapPixels<'_>, style: &MapStyle, marked: &Marked<'_>) -> Result<MapImage> {
    let Marked { detections, known, sources, .. } = *marked;
    // Dark marks do not show on a dark map.
    let colour = if style.scale == ColourScale::Sequential { "#56b4e9" } else { "#111111" };
    let found = MarkSet {
        legend: "candidates".to_owned(),
        shape: MarkShape::Circle,
        colour: colour.to_owned(),
        radius_px: 6.0,
        marks: detections.candidates.iter().map(|c| Mark { position: c.position, label: None }).collect(),
    };
    let mut sets = vec![found];
    if !known.is_empty() {
        let mark = |cluster: &Known| Mark { position: cluster.position, label: Some(cluster.name.clone()) };
        sets.push(MarkSet {
            legend: "known clusters".to_owned(),
            shape: MarkShape::Square,
            colour: "#009e73".to_owned(),
            radius_px: 11.0,
            marks: known.iter().map(mark).collect(),
        });
    }
    if let Some(sources) = sources.filter(|sources| !sources.is_empty()) {
        sets.push(MarkSet {
            legend: "point sources".to_owned(),
            shape: MarkShape::Cross,
            colour: "#d55e00".to_owned(),
            radius_px: 4.0,
            marks: sources.iter().map(|source| Mark { position: source.position, label: None }).collect(),
        });
    }
    Ok(MapImage::draw(map, style, &sets)?)
}
