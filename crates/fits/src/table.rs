//! Binary tables: named columns of one type each.

use crate::{Error, Header, ImageData};

/// A binary table, column by column.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// The header; writers replace the cards that describe the columns.
    pub header: Header,
    /// Number of rows.
    pub n_rows: usize,
    /// The columns in their order.
    pub columns: Vec<Column>,
}

impl Table {
    /// A table of these columns, with as many rows as the first one has.
    pub fn new(columns: Vec<Column>) -> Self {
        let n_rows = columns.first().map_or(0, Column::n_rows);
        Self { header: Header::new(), n_rows, columns }
    }

    /// The column of this name, capitals or not (FITS40 section 7.3.2).
    ///
    /// # Errors
    /// [`Error::NoColumn`], which lists those there are.
    pub fn column(&self, name: &str) -> Result<&Column, Error> {
        let found = self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name));
        found.ok_or_else(|| Error::NoColumn {
            place: self.header.place().clone(),
            column: name.to_owned(),
            columns: self.column_names().join(", "),
        })
    }

    /// Whether there is a column of this name, capitals or not.
    pub fn has_column(&self, name: &str) -> bool {
        self.column(name).is_ok()
    }

    /// The names of the columns in their order.
    pub fn column_names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// A column of numbers in double precision, NaN where there is no value.
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::BadColumn`] when it holds text, truth values or lists.
    pub fn f64s(&self, name: &str) -> Result<Vec<f64>, Error> {
        let column = self.column(name)?;
        column.to_f64_with_nan().ok_or_else(|| self.bad(column, "it holds no numbers"))
    }

    /// A column of text.
    ///
    /// # Errors
    /// [`Error::NoColumn`]; [`Error::BadColumn`] when it holds something else.
    pub fn texts(&self, name: &str) -> Result<&[String], Error> {
        let column = self.column(name)?;
        match &column.data {
            ColumnData::Text(texts) => Ok(texts),
            _ => Err(self.bad(column, "it holds no text")),
        }
    }

    fn bad(&self, column: &Column, reason: &str) -> Error {
        Error::BadColumn { place: self.header.place().clone(), column: column.name.clone(), reason: reason.to_owned() }
    }
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name (`TTYPE`).
    pub name: String,
    /// Its unit (`TUNIT`), if one is given.
    pub unit: Option<String>,
    /// Values a row; 1 for a plain column and for lists of varying length.
    pub repeat: usize,
    /// The values, those of the first row first.
    pub data: ColumnData,
    /// Which values are not defined (`TNULL`, or a truth value of neither kind).
    /// As long as the flat values, or empty when all are defined.
    pub nulls: Vec<bool>,
}

impl Column {
    /// A column of one value a row, without unit.
    pub fn new(name: &str, data: impl Into<ColumnData>) -> Self {
        Self { name: name.to_owned(), unit: None, repeat: 1, data: data.into(), nulls: Vec::new() }
    }

    /// The same column in this unit.
    #[must_use]
    pub fn with_unit(self, unit: &str) -> Self {
        let unit = Some(unit.to_owned());
        Self { unit, ..self }
    }

    /// The same values, `repeat` of them a row.
    #[must_use]
    pub fn with_repeat(self, repeat: usize) -> Self {
        Self { repeat, ..self }
    }

    /// How many rows the values fill.
    pub fn n_rows(&self) -> usize {
        self.data.len().checked_div(self.repeat).unwrap_or(0)
    }

    /// Whether the flat value `at` is not defined.
    pub fn is_null(&self, at: usize) -> bool {
        self.nulls.get(at).copied().unwrap_or(false)
    }

    /// The numbers in double precision, NaN where not defined; `None` for other columns.
    pub fn to_f64_with_nan(&self) -> Option<Vec<f64>> {
        let mut values = self.data.to_f64()?;
        for (value, _) in values.iter_mut().zip(&self.nulls).filter(|(_, is_null)| **is_null) {
            *value = f64::NAN;
        }
        Some(values)
    }
}

/// The values of a column, flat.
///
/// Integers with the offset by which FITS stores unsigned ones stay integers; with any other
/// `TSCAL` or `TZERO` they become `F64`. Complex numbers come as pairs of floats.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ColumnData {
    /// Truth values, from `L` or the bits of `X`.
    Bool(Vec<bool>),
    /// Unsigned 8-bit, from `B`.
    U8(Vec<u8>),
    /// Signed 16-bit, from `I`.
    I16(Vec<i16>),
    /// Signed 32-bit, from `J`.
    I32(Vec<i32>),
    /// Signed 64-bit, from `K`.
    I64(Vec<i64>),
    /// Unsigned 64-bit, from `K` with an offset of 2^63.
    U64(Vec<u64>),
    /// Single precision, from `E` or `C`.
    F32(Vec<f32>),
    /// Double precision, from `D` or `M`.
    F64(Vec<f64>),
    /// Text, blanks at its end removed, from `A`.
    Text(Vec<String>),
    /// Lists of varying length, from `P` or `Q`.
    Lists {
        /// Row `i` holds `values[offsets[i]..offsets[i + 1]]`; one longer than the rows.
        offsets: Vec<usize>,
        /// The values of all rows, one after the other.
        values: Box<ColumnData>,
    },
}

macro_rules! column_from {
    ($($variant:ident($type:ty)),*) => {$(
        impl From<Vec<$type>> for ColumnData {
            fn from(values: Vec<$type>) -> Self {
                ColumnData::$variant(values)
            }
        }
    )*};
}
column_from!(Bool(bool), U8(u8), I16(i16), I32(i32), I64(i64), U64(u64), F32(f32), F64(f64), Text(String));

impl From<ImageData> for ColumnData {
    fn from(data: ImageData) -> Self {
        match data {
            ImageData::U8(v) => ColumnData::U8(v),
            ImageData::I16(v) => ColumnData::I16(v),
            ImageData::I32(v) => ColumnData::I32(v),
            ImageData::I64(v) => ColumnData::I64(v),
            ImageData::U64(v) => ColumnData::U64(v),
            ImageData::F32(v) => ColumnData::F32(v),
            ImageData::F64(v) => ColumnData::F64(v),
        }
    }
}

impl ColumnData {
    /// Number of values, or of lists.
    pub fn len(&self) -> usize {
        match self {
            ColumnData::Bool(v) => v.len(),
            ColumnData::U8(v) => v.len(),
            ColumnData::I16(v) => v.len(),
            ColumnData::I32(v) => v.len(),
            ColumnData::I64(v) => v.len(),
            ColumnData::U64(v) => v.len(),
            ColumnData::F32(v) => v.len(),
            ColumnData::F64(v) => v.len(),
            ColumnData::Text(v) => v.len(),
            ColumnData::Lists { offsets, .. } => offsets.len().saturating_sub(1),
        }
    }

    /// Whether there are no values.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers in double precision; `None` for text, truth values and lists.
    pub fn to_f64(&self) -> Option<Vec<f64>> {
        Some(match self {
            ColumnData::U8(v) => v.iter().map(|&x| x.into()).collect(),
            ColumnData::I16(v) => v.iter().map(|&x| x.into()).collect(),
            ColumnData::I32(v) => v.iter().map(|&x| x.into()).collect(),
            ColumnData::I64(v) => v.iter().map(|&x| x as f64).collect(),
            ColumnData::U64(v) => v.iter().map(|&x| x as f64).collect(),
            ColumnData::F32(v) => v.iter().map(|&x| x.into()).collect(),
            ColumnData::F64(v) => v.clone(),
            ColumnData::Bool(_) | ColumnData::Text(_) | ColumnData::Lists { .. } => return None,
        })
    }
}
