//! What the header of a HEALPix table says about its pixels.

use super::HealpixOrdering;
use crate::Error;
use arcmin_fits::{Header, TableStream};
use arcmin_sphere::Nside;
use arcmin_units::Frame;

/// Column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ColumnChoice {
    /// By its name, capitals or not.
    Name(String),
    /// By its number, the first being 1 as in `TTYPE1`.
    Number(usize),
}

/// Which pixels the rows of a table are those of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Indexing {
    /// All, in their order.
    Full,
    /// Consecutive ones from this number.
    From(u64),
    /// Those whose numbers stand in this column.
    Explicit { column: usize },
}

/// How the pixels of a table are to be read.
#[derive(Clone, Debug)]
pub(super) struct Layout {
    pub(super) nside: Nside,
    pub(super) ordering: HealpixOrdering,
    pub(super) indexing: Indexing,
    /// Column of the values.
    pub(super) column: usize,
    /// How many values there are.
    pub(super) n_values: u64,
}

impl Layout {
    pub(super) fn of(
        table: &TableStream,
        column: Option<&ColumnChoice>,
        ordering: Option<HealpixOrdering>,
    ) -> Result<Self, Error> {
        let header = table.header();
        let nside = nside_of(header)?;
        let ordering = ordering.map_or_else(|| ordering_of(header), Ok)?;
        if ordering == HealpixOrdering::Nested && nside.order().is_none() {
            return Err(bad(header, "NSIDE", nside.to_string(), "a power of two, as the nested order asks for"));
        }
        let pixel_column = pixel_column(table)?;
        let column = value_column(table, column, pixel_column)?;
        let n_values = (table.n_rows() as u64).saturating_mul(table.repeat(column) as u64);
        let indexing = match pixel_column {
            Some(column) => Indexing::Explicit { column },
            None => implicit(header, nside, n_values)?,
        };
        Ok(Self { nside, ordering, indexing, column, n_values })
    }
}

fn nside_of(header: &Header) -> Result<Nside, Error> {
    let place = header.place().clone();
    let is_healpix = text(header, "PIXTYPE")?.is_some_and(|name| name == "HEALPIX");
    let nside = match header.get_i64("NSIDE")? {
        Some(nside) => nside,
        None if !is_healpix => return Err(Error::NotHealpix { place }),
        None => {
            let needed_for = "resolution of the HEALPix map";
            return Err(arcmin_fits::Error::MissingKeyword { place, key: "NSIDE".to_owned(), needed_for }.into());
        }
    };
    let checked = u64::try_from(nside).ok().and_then(|nside| Nside::new(nside).ok());
    checked.ok_or_else(|| bad(header, "NSIDE", nside.to_string(), "a number from 1 to 2^29"))
}

fn ordering_of(header: &Header) -> Result<HealpixOrdering, Error> {
    let place = || header.place().clone();
    let name = text(header, "ORDERING")?.filter(|name| !name.is_empty());
    let name = name.ok_or_else(|| Error::MissingOrdering { place: place() })?;
    HealpixOrdering::from_name(&name).ok_or_else(|| Error::UnknownOrdering { place: place(), ordering: name })
}

/// The column of pixel numbers, where the table has an explicit index.
fn pixel_column(table: &TableStream) -> Result<Option<usize>, Error> {
    let header = table.header();
    let named = table.column_index("PIXEL").ok();
    match text(header, "INDXSCHM")?.as_deref() {
        Some("EXPLICIT") => Ok(Some(named.unwrap_or(0))),
        Some("IMPLICIT") => Ok(None),
        None | Some("") => Ok(named),
        Some(other) => Err(bad(header, "INDXSCHM", format!("'{other}'"), "IMPLICIT or EXPLICIT")),
    }
}

fn value_column(table: &TableStream, choice: Option<&ColumnChoice>, pixel: Option<usize>) -> Result<usize, Error> {
    let names = table.column_names();
    let missing = |column: String| arcmin_fits::Error::NoColumn {
        place: table.header().place().clone(),
        column,
        columns: names.join(", "),
    };
    match choice {
        Some(ColumnChoice::Name(name)) => Ok(table.column_index(name)?),
        Some(ColumnChoice::Number(number)) => {
            let index = number.checked_sub(1).filter(|index| *index < names.len());
            Ok(index.ok_or_else(|| missing(format!("of number {number}")))?)
        }
        None => {
            let first = (0..names.len()).find(|index| Some(*index) != pixel);
            Ok(first.ok_or_else(|| missing("of values".to_owned()))?)
        }
    }
}

/// `FIRSTPIX` and `LASTPIX` count only where the table holds fewer pixels than the sky: some programs write -1 there.
fn implicit(header: &Header, nside: Nside, n_values: u64) -> Result<Indexing, Error> {
    if n_values == nside.n_pixels() {
        return Ok(Indexing::Full);
    }
    let [first, last] = ["FIRSTPIX", "LASTPIX"].map(|key| header.get_i64(key));
    let range = match (first?.map(u64::try_from), last?.map(u64::try_from)) {
        (Some(Ok(first)), Some(Ok(last))) if first <= last && last < nside.n_pixels() => Some((first, last)),
        _ => None,
    };
    match range {
        Some((first, last)) if last - first + 1 == n_values => Ok(Indexing::From(first)),
        _ => {
            let expected = range.map_or(nside.n_pixels(), |(first, last)| last - first + 1);
            let hint =
                Nside::from_n_pixels(n_values).map_or(String::new(), |nside| format!(" (those of nside {nside})"));
            Err(Error::HealpixTableLength { place: header.place().clone(), nside, expected, got: n_values, hint })
        }
    }
}

/// `COORDSYS`: the letter of the HEALPix convention, or the whole word.
pub(super) fn frame_of(header: &Header) -> Result<Frame, Error> {
    let place = header.place().clone();
    let Some(name) = text(header, "COORDSYS")?.filter(|name| !name.is_empty()) else {
        return Err(Error::MissingCoordsys { place });
    };
    match name.as_str() {
        "G" | "GAL" | "GALACTIC" => Ok(Frame::Galactic),
        "C" | "Q" | "EQ" | "EQUATORIAL" | "CELESTIAL" | "ICRS" => Ok(Frame::Equatorial),
        "E" | "ECL" | "ECLIPTIC" => {
            Err(Error::UnsupportedFrame { place, frame: format!("ecliptic (COORDSYS = '{name}')") })
        }
        _ => Err(Error::UnsupportedFrame { place, frame: format!("COORDSYS = '{name}'") }),
    }
}

/// A text keyword in capitals without blanks around it.
fn text(header: &Header, key: &str) -> Result<Option<String>, Error> {
    Ok(header.get_str(key)?.map(|text| text.trim().to_ascii_uppercase()))
}

fn bad(header: &Header, key: &str, value: String, expected: &'static str) -> Error {
    arcmin_fits::Error::BadKeyword { place: header.place().clone(), key: key.to_owned(), value, expected }.into()
}
