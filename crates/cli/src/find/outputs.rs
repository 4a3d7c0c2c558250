//! What a search leaves on disk.

use super::marks::Known;
use super::method::Filtered;
use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
use arcmin_find_mmf::{PointSource, source_catalogue};
use arcmin_maps::file::{write_map, write_map_with, write_mask};
use arcmin_maps::{Band, Observation};
use arcmin_method::{Detections, ScoreKind};
use std::path::Path;

/// The catalogue in its three forms.
const CATALOGUES: [&str; 3] = ["catalogue.fits", "catalogue.csv", "catalogue.reg"];
/// The point sources.
pub(super) const SOURCES: &str = "sources.fits";
/// The picture.
pub(super) const PICTURE: &str = "map.png";
/// The colours of the picture end here.
const SHOWN_SNR: f64 = 8.0;
/// Or here, in a picture of a temperature.
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

/// Writes catalogues, the maps of the filter, searched mask and picture, each under a temporary name first; names all files of
/// the folder in the order in which they are shown, the record that is written last included. The picture is of the S/N, or
/// else of the observation.
pub(super) fn write(
    folder: &Path,
    marked: &Marked<'_>,
    filtered: Option<&Filtered>,
    observation: &Observation,
) -> Result<Vec<String>> {
    let mut names = catalogues(folder, marked)?;
    if let Some(filtered) = filtered {
        names.extend(filter_maps(folder, filtered)?);
    }
    let searched = &marked.detections.searched;
    write_mask(&folder.join("searched.fits"), searched)?;
    let (pixels, valid, style) = match filtered {
        Some(filtered) => (filtered.snr.pixels(), searched, snr_style()),
        None => {
            let bands: Vec<&Band> = observation.bands().iter().collect();
            let shown = quietest(&bands, |band| band.noise_arcmin);
            (shown.map.pixels(), observation.mask(), temperature_style(&shown.name))
        }
    };
    let map = MapPixels { geometry: observation.geometry(), pixels, valid: Some(valid.valid()) };
    picture(&map, &style, marked)?.write(&folder.join(PICTURE))?;
    names.extend(["searched.fits", PICTURE, "record.json"].map(str::to_owned));
    Ok(names)
}

/// Writes the S/N at the best scale, and at each where it is kept.
fn filter_maps(folder: &Path, filtered: &Filtered) -> Result<Vec<String>> {
    write_map(&folder.join("snr.fits"), &filtered.snr)?;
    let mut names = vec!["snr.fits".to_owned()];
    for scale in &filtered.scales {
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

/// A picture of signal to noise.
pub(super) fn snr_style() -> MapStyle {
    MapStyle {
        title: "Matched-filter signal to noise, best scale".to_owned(),
        colour_label: "S/N".to_owned(),
        range: ColourRange::Fixed { low: -SHOWN_SNR, high: SHOWN_SNR },
        scale: ColourScale::Diverging,
        ..MapStyle::default()
    }
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
    let found = MarkSet {
        legend: "candidates".to_owned(),
        shape: MarkShape::Circle,
        colour: "#111111".to_owned(),
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
