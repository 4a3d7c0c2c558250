//! Finding the position among the columns of a file.

use super::columns::{DEC_DEG, RA_DEG};
use super::{Catalogue, Column, Values};
use crate::{Error, convert_frame};
use arcmin_units::{Frame, SkyPosition};
use std::path::Path;

/// Names under which longitude and latitude in degrees are known, with their frame; the first pair found is used.
const ALIASES: &[(&str, &str, Frame)] = &[
    (RA_DEG, DEC_DEG, Frame::Equatorial),
    ("RA", "DEC", Frame::Equatorial),
    ("RAJ2000", "DEJ2000", Frame::Equatorial),
    ("_RAJ2000", "_DEJ2000", Frame::Equatorial),
    ("RAJ2000", "DECJ2000", Frame::Equatorial),
    ("RA_deg", "DEC_deg", Frame::Equatorial),
    ("RA_ICRS", "DE_ICRS", Frame::Equatorial),
    ("ALPHA_J2000", "DELTA_J2000", Frame::Equatorial),
    ("GLON", "GLAT", Frame::Galactic),
];

/// Splits the columns of a file into positions and the rest.
pub(super) fn catalogue_from(path: &Path, mut columns: Vec<Column>) -> Result<Catalogue, Error> {
    let find = |name: &str, columns: &[Column]| columns.iter().position(|c| c.name.eq_ignore_ascii_case(name));
    let found = ALIASES.iter().find_map(|(lon, lat, frame)| Some((find(lon, &columns)?, find(lat, &columns)?, *frame)));
    let Some((lon, lat, frame)) = found else {
        let present = columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>().join(", ");
        let column = format!("{RA_DEG} and {DEC_DEG}");
        return Err(Error::NoColumn { catalogue: path.display().to_string(), column, present });
    };
    let (lon_deg, lat_deg) = (degrees(path, &columns[lon])?, degrees(path, &columns[lat])?);
    let mut positions = Vec::with_capacity(lon_deg.len());
    for (row, (lon_deg, lat_deg)) in lon_deg.into_iter().zip(lat_deg).enumerate() {
        let position = SkyPosition::from_deg(lon_deg, lat_deg).ok_or_else(|| Error::BadPosition {
            path: path.into(),
            row: row + 1,
            lon_deg,
            lat_deg,
        })?;
        positions.push(convert_frame(position, frame, Frame::Equatorial));
    }
    // The later one goes first, so that the other keeps its place.
    columns.remove(lon.max(lat));
    columns.remove(lon.min(lat));
    Ok(Catalogue { positions, columns, source: Some(path.into()) })
}

fn degrees(path: &Path, column: &Column) -> Result<Vec<f64>, Error> {
    let not_degrees = |got: &str| Error::ColumnKind {
        catalogue: path.display().to_string(),
        column: column.name.clone(),
        expected: "numbers in degrees",
        got: got.to_owned(),
    };
    let deg_per_unit = match column.unit.trim().to_ascii_lowercase().as_str() {
        "" | "deg" | "degree" | "degrees" => 1.0,
        "rad" | "radian" | "radians" => 180.0 / std::f64::consts::PI,
        other => return Err(not_degrees(&format!("values in '{other}'"))),
    };
    match &column.values {
        Values::F64(v) => Ok(v.iter().map(|n| n * deg_per_unit).collect()),
        Values::I64(v) => Ok(v.iter().map(|n| *n as f64 * deg_per_unit).collect()),
        // A CSV file without rows does not tell what its columns would hold.
        Values::Text(v) if v.is_empty() => Ok(Vec::new()),
        other @ Values::Text(_) => Err(not_degrees(other.kind())),
    }
}
