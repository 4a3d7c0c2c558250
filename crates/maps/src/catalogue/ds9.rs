//! Catalogues as DS9 regions: circles labelled by name.
//!
//! Written in `fk5` (the same as ICRS to 0.1 arcsec). Read are circles and points in `fk5`, `icrs`, `j2000` or
//! `galactic`, in degrees or sexagesimal; other shapes are an error, since a catalogue cannot hold them.

use super::columns::{NAME, THETA500_ARCMIN};
use super::{Catalogue, Values};
use crate::{Error, convert_frame, text_file};
use arcmin_units::{Frame, SkyPosition};
use std::path::Path;

/// Radius of a circle where the catalogue has no size.
const RADIUS_ARCMIN: f64 = 2.0;

pub(super) fn write(catalogue: &Catalogue, path: &Path) -> Result<(), Error> {
    let names = catalogue.text(NAME).ok();
    let sizes = catalogue.f64(THETA500_ARCMIN).ok();
    let mut text = String::from("# Region file format: DS9\nfk5\n");
    for (row, position) in catalogue.positions.iter().enumerate() {
        let size = sizes.as_ref().map(|sizes| sizes[row]).filter(|size| size.is_finite() && *size > 0.0);
        let radius_arcsec = 60.0 * size.unwrap_or(RADIUS_ARCMIN);
        text += &format!("circle({:.8},{:.8},{radius_arcsec:.2}\")", position.lon_deg(), position.lat_deg());
        if let Some(names) = names {
            // DS9 ends the label at the first closing brace and the region at the end of the line.
            let label: String = names[row].chars().filter(|c| !matches!(c, '{' | '}' | '\n' | '\r')).collect();
            text += &format!(" # text={{{label}}}");
        }
        text.push('\n');
    }
    text_file::write(path, &text)
}

pub(super) fn read(path: &Path) -> Result<Catalogue, Error> {
    let text = text_file::read(path)?;
    let (mut positions, mut names) = (Vec::new(), Vec::new());
    let mut frame = None;
    for (idx, line) in text.lines().enumerate() {
        let (shapes, comment) = line.split_once('#').unwrap_or((line, ""));
        for word in shapes.split(';').map(str::trim).filter(|word| !word.is_empty()) {
            let bad = |expected| Error::BadLine { path: path.into(), line: idx + 1, expected };
            match word.to_ascii_lowercase().as_str() {
                "fk5" | "icrs" | "j2000" => frame = Some(Frame::Equatorial),
                "galactic" => frame = Some(Frame::Galactic),
                global if global.starts_with("global") => {}
                shape => {
                    let frame = frame.ok_or_else(|| bad("preceded by a frame: fk5, icrs or galactic"))?;
                    let position = position(shape, frame)
                        .ok_or_else(|| bad("a circle or point on the sky in fk5, icrs or galactic"))?;
                    positions.push(convert_frame(position, frame, Frame::Equatorial));
                    names.push(label(comment).to_owned());
                }
            }
        }
    }
    let mut catalogue = Catalogue { positions, columns: Vec::new(), source: Some(path.into()) };
    if names.iter().any(|name| !name.is_empty()) {
        catalogue = catalogue.with(NAME, Values::Text(names))?;
    }
    Ok(catalogue)
}

/// The text between the braces of `text={...}`.
fn label(comment: &str) -> &str {
    let inside = comment.split_once("text={").map_or("", |(_, after)| after);
    inside.split('}').next().unwrap_or_default()
}

/// Centre of `circle(lon,lat,radius)` or `point(lon,lat)`, which may be excluded by a minus sign.
fn position(shape: &str, frame: Frame) -> Option<SkyPosition> {
    let shape = shape.trim_start_matches(['+', '-']);
    let inside = shape.strip_prefix("circle").or_else(|| shape.strip_prefix("point"))?;
    let inside = inside.trim().strip_prefix('(')?.split(')').next()?;
    let mut numbers = inside.split([',', ' ']).filter(|field| !field.is_empty());
    let (lon, lat) = (numbers.next()?, numbers.next()?);
    let hours = lon.contains([':', 'h']) && frame == Frame::Equatorial;
    SkyPosition::from_deg(angle_deg(lon)? * if hours { 15.0 } else { 1.0 }, angle_deg(lat)?)
}

/// Degrees, or `d:m:s` / `XdYmZs` / `XhYmZs` in units of the first part.
fn angle_deg(text: &str) -> Option<f64> {
    let negative = text.starts_with('-');
    let parts: Vec<&str> = text.split([':', 'd', 'h', 'm', 's']).filter(|part| !part.is_empty()).collect();
    let numbers: Vec<f64> = parts.iter().map_while(|part| part.parse().ok()).collect();
    if numbers.len() != parts.len() || !(1..=3).contains(&parts.len()) {
        return None;
    }
    let magnitude = numbers.iter().rev().fold(0.0, |value, part| value / 60.0 + part.abs());
    Some(if negative { -magnitude } else { magnitude })
}
