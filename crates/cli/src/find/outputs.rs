//! What a search leaves on disk.

use super::marks::Known;
use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
use arcmin_find_mmf::{PointSource, Search, source_catalogue};
use arcmin_maps::file::{write_map, write_map_with, write_mask};
use arcmin_method::Detections;
use std::path::Path;

/// The catalogue in its three forms.
const CATALOGUES: [&str; 3] = ["catalogue.fits", "catalogue.csv", "catalogue.reg"];
/// The point sources.
pub(super) const SOURCES: &str = "sources.fits";
/// The picture.
pub(super) const PICTURE: &str = "map.png";
/// The colours of the picture end here.
const SHOWN_SNR: f64 = 8.0;

/// Writes catalogues, S/N maps, searched mask and picture, each under a temporary name first; names all files of the
/// folder in the order in which they are shown, the record that is written last included.
pub(super) fn write(
    folder: &Path,
    search: &Search,
    known: &[Known],
    sources: Option<&[PointSource]>,
) -> Result<Vec<String>> {
    let mut names = catalogues(folder, &search.detections, sources)?;
    write_map(&folder.join("snr.fits"), &search.snr)?;
    names.push("snr.fits".to_owned());
    for scale in &search.scales {
        let name = format!("snr-{:.2}.fits", scale.template.scale().value());
        write_map_with(&folder.join(&name), &scale.snr, |header| {
            header.set("SCALE", scale.template.scale().value(), "[arcmin] scale of the template")?;
            header.set("TEMPLATE", scale.template.name().as_str(), "profile and scale of the template")
        })?;
        names.push(name);
    }
    write_mask(&folder.join("searched.fits"), &search.detections.searched)?;
    let map = MapPixels {
        geometry: search.snr.geometry(),
        pixels: search.snr.pixels(),
        valid: Some(search.detections.searched.valid()),
    };
    picture(&map, &search.detections, known, sources)?.write(&folder.join(PICTURE))?;
    names.extend(["searched.fits", PICTURE, "record.json"].map(str::to_owned));
    Ok(names)
}

/// Writes the catalogue in its three forms, and the point sources where they were looked for; names what was written.
pub(super) fn catalogues(
    folder: &Path,
    detections: &Detections,
    sources: Option<&[PointSource]>,
) -> Result<Vec<String>> {
    let catalogue = detections.to_catalogue()?;
    // The FITS file last: where it is, the others are.
    for name in CATALOGUES.iter().rev() {
        catalogue.write(&folder.join(name))?;
    }
    let mut names = CATALOGUES.map(str::to_owned).to_vec();
    if let Some(sources) = sources {
        source_catalogue(sources, detections.searched.geometry().frame())?.write(&folder.join(SOURCES))?;
        names.push(SOURCES.to_owned());
    }
    Ok(names)
}

/// The S/N map with candidates, known clusters and point sources marked.
pub(super) fn picture(
    map: &MapPixels<'_>,
    detections: &Detections,
    known: &[Known],
    sources: Option<&[PointSource]>,
) -> Result<MapImage> {
    let style = MapStyle {
        title: "Matched-filter signal to noise, best scale".to_owned(),
        colour_label: "S/N".to_owned(),
        range: ColourRange::Fixed { low: -SHOWN_SNR, high: SHOWN_SNR },
        scale: ColourScale::Diverging,
        ..MapStyle::default()
    };
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
    Ok(MapImage::draw(map, &style, &sets)?)
}
