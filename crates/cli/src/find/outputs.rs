//! What a search leaves on disk.

use super::marks::Known;
use anyhow::Result;
use arcmin_eval::map_image::{ColourRange, ColourScale, MapImage, MapPixels, MapStyle, Mark, MarkSet, MarkShape};
use arcmin_find_mmf::Search;
use arcmin_maps::file::{write_map, write_mask};
use std::path::Path;

/// The files of a search in the order in which they are shown; the record is written last.
pub(super) const NAMES: [&str; 7] =
    ["catalogue.fits", "catalogue.csv", "catalogue.reg", "snr.fits", "searched.fits", "map.png", "record.json"];
/// The colours of the picture end here.
const SHOWN_SNR: f64 = 8.0;

/// Writes catalogues, S/N map, searched mask and picture, each under a temporary name first.
pub(super) fn write(folder: &Path, search: &Search, known: &[Known]) -> Result<()> {
    let catalogue = search.detections.to_catalogue()?;
    for name in ["catalogue.csv", "catalogue.reg", "catalogue.fits"] {
        catalogue.write(&folder.join(name))?;
    }
    write_map(&folder.join("snr.fits"), &search.snr)?;
    write_mask(&folder.join("searched.fits"), &search.detections.searched)?;
    picture(search, known)?.write(&folder.join("map.png"))?;
    Ok(())
}

/// The S/N map with candidates and known clusters marked.
fn picture(search: &Search, known: &[Known]) -> Result<MapImage> {
    let map = MapPixels {
        geometry: search.snr.geometry(),
        pixels: search.snr.pixels(),
        valid: Some(search.detections.searched.valid()),
    };
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
        marks: search.detections.candidates.iter().map(|c| Mark { position: c.position, label: None }).collect(),
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
    Ok(MapImage::draw(&map, &style, &sets)?)
}
