//! Catalogues: named columns of one length, the first two of which are positions.
//!
//! Positions are equatorial degrees (`RADeg`, `decDeg`), whatever frame the map has in which things were found. Build
//! one with [`Catalogue::new`] and the `with_` methods; files are read and written by [`Catalogue::read`] and
//! [`Catalogue::write`], which tell FITS, CSV and DS9 regions by the file's name.

pub mod columns;
mod csv;
mod ds9;
pub(crate) mod fits_table;
mod join;
pub mod name;
mod positions;

use crate::{Error, convert_frame};
use arcmin_units::{Frame, SkyPosition};
use columns::{DEC_DEG, RA_DEG};
use std::path::{Path, PathBuf};

/// The values of one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers; NaN where there is none.
    F64(Vec<f64>),
    /// Whole numbers.
    I64(Vec<i64>),
    /// Text.
    Text(Vec<String>),
}

impl Values {
    /// Number of rows.
    pub fn len(&self) -> usize {
        match self {
            Values::F64(v) => v.len(),
            Values::I64(v) => v.len(),
            Values::Text(v) => v.len(),
        }
    }

    /// True when there are no rows.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn kind(&self) -> &'static str {
        match self {
            Values::F64(_) => "numbers",
            Values::I64(_) => "whole numbers",
            Values::Text(_) => "text",
        }
    }

    fn take(&self, rows: &[usize]) -> Self {
        match self {
            Values::F64(v) => Values::F64(rows.iter().map(|&i| v[i]).collect()),
            Values::I64(v) => Values::I64(rows.iter().map(|&i| v[i]).collect()),
            Values::Text(v) => Values::Text(rows.iter().map(|&i| v[i].clone()).collect()),
        }
    }
}

/// One column of a catalogue.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Name, see [`columns`] for those that have a fixed meaning.
    pub name: String,
    /// Unit as FITS writes it, empty when dimensionless or unknown.
    pub unit: String,
    /// One value a row.
    pub values: Values,
}

/// Rows with a position each and any number of further columns. It may be empty.
#[derive(Clone, Debug, PartialEq)]
pub struct Catalogue {
    positions: Vec<SkyPosition>,
    columns: Vec<Column>,
    source: Option<PathBuf>,
}

impl Catalogue {
    /// A catalogue of positions that are given in `frame`.
    pub fn new(positions: &[SkyPosition], frame: Frame) -> Self {
        let positions = positions.iter().map(|p| convert_frame(*p, frame, Frame::Equatorial)).collect();
        Self { positions, columns: Vec::new(), source: None }
    }

    /// Reads a catalogue: DS9 regions from `.reg`, CSV from `.csv`, else the first table of a FITS file.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or has no columns for the position.
    pub fn read(path: &Path) -> Result<Self, Error> {
        match extension(path).as_str() {
            "csv" => csv::read(path),
            "reg" => ds9::read(path),
            _ => fits_table::read(path),
        }
    }

    /// Writes a catalogue: DS9 regions to `.reg`, CSV to `.csv`, else a FITS table; under a temporary name at first.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        match extension(path).as_str() {
            "csv" => csv::write(self, path),
            "reg" => ds9::write(self, path),
            _ => fits_table::write(self, path),
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// True when there are no rows.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }

    /// Equatorial positions, one a row.
    pub fn positions(&self) -> &[SkyPosition] {
        &self.positions
    }

    /// Positions in another frame, such as that of a map.
    pub fn positions_in(&self, frame: Frame) -> Vec<SkyPosition> {
        self.positions.iter().map(|p| convert_frame(*p, Frame::Equatorial, frame)).collect()
    }

    /// The columns beside the position, in order.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// The catalogue with one more column, or with another one of that name; the unit is that of [`columns::STANDARD`].
    ///
    /// # Errors
    /// [`Error::ColumnLength`] when it has not one value a row, [`Error::ColumnName`] when the name is that of the
    /// position or empty.
    pub fn with(mut self, name: &str, values: Values) -> Result<Self, Error> {
        if values.len() != self.len() {
            return Err(Error::ColumnLength { column: name.to_owned(), rows: self.len(), got: values.len() });
        }
        if name.trim().is_empty() || [RA_DEG, DEC_DEG].contains(&name) {
            return Err(Error::ColumnName { column: name.to_owned() });
        }
        let column = Column { name: name.to_owned(), unit: columns::unit_of(name).to_owned(), values };
        match self.columns.iter().position(|old| old.name == name) {
            Some(idx) => self.columns[idx] = column,
            None => self.columns.push(column),
        }
        Ok(self)
    }

    /// [`with`](Self::with) numbers.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn with_f64(self, name: &str, values: Vec<f64>) -> Result<Self, Error> {
        self.with(name, Values::F64(values))
    }

    /// [`with`](Self::with) whole numbers.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn with_i64(self, name: &str, values: Vec<i64>) -> Result<Self, Error> {
        self.with(name, Values::I64(values))
    }

    /// [`with`](Self::with) text.
    ///
    /// # Errors
    /// As [`with`](Self::with).
    pub fn with_text(self, name: &str, values: Vec<String>) -> Result<Self, Error> {
        self.with(name, Values::Text(values))
    }

    /// The catalogue without a column, if it has it.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.columns.retain(|column| column.name != name);
        self
    }

    /// The column of a name: exactly, or else in other letter case, as FITS has it.
    pub fn column(&self, name: &str) -> Option<&Column> {
        let same_letters = |column: &&Column| column.name.eq_ignore_ascii_case(name);
        self.columns.iter().find(|column| column.name == name).or_else(|| self.columns.iter().find(same_letters))
    }

    /// A column of numbers; whole numbers count as such.
    ///
    /// # Errors
    /// [`Error::NoColumn`] when there is none of that name, [`Error::ColumnKind`] when it is text.
    pub fn f64(&self, name: &str) -> Result<Vec<f64>, Error> {
        match name {
            RA_DEG => return Ok(self.positions.iter().map(|p| p.lon_deg()).collect()),
            DEC_DEG => return Ok(self.positions.iter().map(|p| p.lat_deg()).collect()),
            _ => {}
        }
        match &self.required(name)?.values {
            Values::F64(v) => Ok(v.clone()),
            Values::I64(v) => Ok(v.iter().map(|n| *n as f64).collect()),
            // A CSV file without any value does not tell what its column would hold; the same goes below.
            Values::Text(v) if v.iter().all(|field| field.trim().is_empty()) => Ok(vec![f64::NAN; v.len()]),
            Values::Text(_) => Err(self.wrong_kind(name, "numbers")),
        }
    }

    /// A column of whole numbers.
    ///
    /// # Errors
    /// [`Error::NoColumn`] when there is none of that name, [`Error::ColumnKind`] when it holds something else.
    pub fn i64(&self, name: &str) -> Result<&[i64], Error> {
        match &self.required(name)?.values {
            Values::I64(v) => Ok(v),
            none if none.is_empty() => Ok(&[]),
            _ => Err(self.wrong_kind(name, "whole numbers")),
        }
    }

    /// A column of text.
    ///
    /// # Errors
    /// [`Error::NoColumn`] when there is none of that name, [`Error::ColumnKind`] when it holds something else.
    pub fn text(&self, name: &str) -> Result<&[String], Error> {
        match &self.required(name)?.values {
            Values::Text(v) => Ok(v),
            none if none.is_empty() => Ok(&[]),
            _ => Err(self.wrong_kind(name, "text")),
        }
    }

    /// The rows of these numbers, in that order.
    ///
    /// # Panics
    /// When a row does not exist.
    pub fn take(&self, rows: &[usize]) -> Self {
        let column = |c: &Column| Column { name: c.name.clone(), unit: c.unit.clone(), values: c.values.take(rows) };
        Self {
            positions: rows.iter().map(|&i| self.positions[i]).collect(),
            columns: self.columns.iter().map(column).collect(),
            source: self.source.clone(),
        }
    }

    /// The rows of all parts after one another.
    ///
    /// # Errors
    /// [`Error::NoColumn`] or [`Error::ColumnKind`] when a part lacks a column of the first.
    pub fn concatenate(parts: &[Self]) -> Result<Self, Error> {
        let Some(first) = parts.first() else { return Ok(Self::new(&[], Frame::Equatorial)) };
        let positions: Vec<SkyPosition> = parts.iter().flat_map(|part| part.positions.iter().copied()).collect();
        let mut whole = Self::new(&positions, Frame::Equatorial);
        for column in &first.columns {
            let name = column.name.as_str();
            whole = match &column.values {
                Values::F64(_) => whole.with_f64(name, joined(parts, |part| part.f64(name))?)?,
                Values::I64(_) => whole.with_i64(name, joined(parts, |part| part.i64(name).map(<[_]>::to_vec))?)?,
                Values::Text(_) => whole.with_text(name, joined(parts, |part| part.text(name).map(<[_]>::to_vec))?)?,
            };
        }
        Ok(whole)
    }

    /// All columns as a file holds them: the name first, then the position, then the rest.
    fn all_columns(&self) -> Vec<Column> {
        // Rounded to 0.4 microarcsec, so that degrees that went through radians look as they did before.
        let rounded = |degrees: f64| (degrees * 1e10).round() / 1e10;
        let position = |name: &str, of: fn(&SkyPosition) -> f64| Column {
            name: name.to_owned(),
            unit: columns::unit_of(name).to_owned(),
            values: Values::F64(self.positions.iter().map(|p| rounded(of(p))).collect()),
        };
        let (names, rest): (Vec<_>, Vec<_>) = self.columns.iter().cloned().partition(|c| c.name == columns::NAME);
        let positions = [position(RA_DEG, |p| p.lon_deg()), position(DEC_DEG, |p| p.lat_deg())];
        names.into_iter().chain(positions).chain(rest).collect()
    }

    fn required(&self, name: &str) -> Result<&Column, Error> {
        self.column(name).ok_or_else(|| {
            let present = [RA_DEG, DEC_DEG].into_iter().chain(self.columns.iter().map(|c| c.name.as_str()));
            Error::NoColumn {
                catalogue: self.title(),
                column: name.to_owned(),
                present: present.collect::<Vec<_>>().join(", "),
            }
        })
    }

    fn wrong_kind(&self, name: &str, expected: &'static str) -> Error {
        let got = self.column(name).map_or("nothing", |column| column.values.kind()).to_owned();
        Error::ColumnKind { catalogue: self.title(), column: name.to_owned(), expected, got }
    }

    /// The file it was read from, in words.
    pub(crate) fn title(&self) -> String {
        self.source.as_ref().map_or_else(|| "the catalogue".to_owned(), |path| path.display().to_string())
    }
}

/// The last part of a file's name in lower case.
fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_ascii_lowercase()).unwrap_or_default()
}

fn joined<T>(parts: &[Catalogue], of: impl Fn(&Catalogue) -> Result<Vec<T>, Error>) -> Result<Vec<T>, Error> {
    let columns = parts.iter().map(of).collect::<Result<Vec<_>, _>>()?;
    Ok(columns.into_iter().flatten().collect())
}
