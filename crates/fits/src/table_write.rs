//! Encoding binary tables (FITS40 section 7.3).

use crate::image::U64_FLIP;
use crate::number::Number;
use crate::{Column, ColumnData, Error, Header, Place, Table, Value};

/// A column ready to be written: its type code, bytes a row, and all rows.
struct Encoded {
    form: String,
    dims: Option<String>,
    zero: Option<&'static str>,
    null: Option<i64>,
    row_bytes: usize,
    bytes: Vec<u8>,
}

/// Header and data of a table.
pub(crate) fn encode(table: &Table, place: Place) -> Result<(Header, Vec<u8>), Error> {
    let mut heap = Vec::new();
    let mut columns = Vec::new();
    for column in &table.columns {
        let bad = |reason: &str| Error::BadColumn {
            place: place.clone(),
            column: column.name.clone(),
            reason: reason.to_owned(),
        };
        if Some(column.data.len()) != table.n_rows.checked_mul(column.repeat) {
            return Err(Error::BadColumn {
                place,
                column: column.name.clone(),
                reason: format!("{} values for {} rows of {}", column.data.len(), table.n_rows, column.repeat),
            });
        }
        columns.push(encode_column(column, &mut heap).map_err(bad)?);
    }
    if columns.len() > 999 {
        return Err(Error::BadColumn {
            place,
            column: "1000".to_owned(),
            reason: "FITS tables have at most 999 columns".to_owned(),
        });
    }
    let header = header_of(table, &columns, heap.len())?;
    let mut data = interleave(&columns, table.n_rows);
    data.append(&mut heap);
    Ok((header, data))
}

fn header_of(table: &Table, columns: &[Encoded], heap_bytes: usize) -> Result<Header, Error> {
    let row_bytes: usize = columns.iter().map(|column| column.row_bytes).sum();
    let mut header = Header::new();
    header.set("XTENSION", "BINTABLE", "binary table extension")?;
    header.set("BITPIX", 8, "bytes")?;
    header.set("NAXIS", 2, "rows of bytes")?;
    header.set("NAXIS1", row_bytes as i64, "bytes a row")?;
    header.set("NAXIS2", table.n_rows as i64, "number of rows")?;
    header.set("PCOUNT", heap_bytes as i64, "bytes of lists after the rows")?;
    header.set("GCOUNT", 1, "one group")?;
    header.set("TFIELDS", columns.len() as i64, "number of columns")?;
    for (n, (column, encoded)) in (1..).zip(table.columns.iter().zip(columns)) {
        let mut set = |stem: &str, value: Value| header.set(&format!("{stem}{n}"), value, "");
        set("TTYPE", column.name.as_str().into())?;
        set("TFORM", encoded.form.as_str().into())?;
        if let Some(unit) = &column.unit {
            set("TUNIT", unit.as_str().into())?;
        }
        if let Some(null) = encoded.null {
            set("TNULL", null.into())?;
        }
        if let Some(zero) = encoded.zero {
            set("TSCAL", 1.into())?;
            set("TZERO", Value::Raw(zero.to_owned()))?;
        }
        if let Some(dims) = &encoded.dims {
            set("TDIM", dims.as_str().into())?;
        }
    }
    header.extend_with(&table.header);
    Ok(header)
}

fn interleave(columns: &[Encoded], n_rows: usize) -> Vec<u8> {
    let mut data = Vec::new();
    let is_empty = columns.iter().all(|column| column.row_bytes == 0);
    for row in 0..if is_empty { 0 } else { n_rows } {
        for column in columns {
            let start = row * column.row_bytes;
            data.extend_from_slice(&column.bytes[start..start + column.row_bytes]);
        }
    }
    data
}

fn encode_column(column: &Column, heap: &mut Vec<u8>) -> Result<Encoded, &'static str> {
    if !column.nulls.is_empty() && column.nulls.len() != flat_len(&column.data) {
        return Err("its null flags are not as many as its values");
    }
    match &column.data {
        ColumnData::Text(texts) => encode_texts(texts, column.repeat),
        ColumnData::Lists { offsets, values } => encode_lists(column, offsets, values, heap),
        data => {
            let (code, values) = encode_values(data, &column.nulls)?;
            let row_bytes = column.repeat * values.element_bytes;
            Ok(Encoded {
                form: format!("{}{}", column.repeat, char::from(code)),
                dims: None,
                zero: values.zero,
                null: values.null,
                row_bytes,
                bytes: values.bytes,
            })
        }
    }
}

fn flat_len(data: &ColumnData) -> usize {
    match data {
        ColumnData::Lists { values, .. } => values.len(),
        other => other.len(),
    }
}

/// Flat values as bytes, with the offset and null value they need.
struct Values {
    bytes: Vec<u8>,
    element_bytes: usize,
    zero: Option<&'static str>,
    null: Option<i64>,
}

fn encode_values(data: &ColumnData, nulls: &[bool]) -> Result<(u8, Values), &'static str> {
    Ok(match data {
        ColumnData::Bool(v) => {
            let of = |(i, &truth): (usize, &bool)| match (nulls.get(i), truth) {
                (Some(true), _) => 0,
                (_, true) => b'T',
                (_, false) => b'F',
            };
            (b'L', plain(&v.iter().enumerate().map(of).collect::<Vec<u8>>(), None))
        }
        ColumnData::U8(v) => (b'B', with_null(v, u8::MAX, 255, nulls)?),
        ColumnData::I16(v) => (b'I', with_null(v, i16::MIN, i16::MIN.into(), nulls)?),
        ColumnData::I32(v) => (b'J', with_null(v, i32::MIN, i32::MIN.into(), nulls)?),
        ColumnData::I64(v) => (b'K', with_null(v, i64::MIN, i64::MIN, nulls)?),
        ColumnData::U64(v) => {
            let signed: Vec<i64> = v.iter().map(|&x| (x ^ U64_FLIP) as i64).collect();
            let mut values = with_null(&signed, i64::MAX, i64::MAX, nulls)?;
            // As digits: readers take the column for floats when they find a point.
            values.zero = Some("9223372036854775808");
            (b'K', values)
        }
        ColumnData::F32(v) => (b'E', floats(v, f32::NAN, nulls)),
        ColumnData::F64(v) => (b'D', floats(v, f64::NAN, nulls)),
        ColumnData::Text(_) | ColumnData::Lists { .. } => return Err("lists of text or lists"),
    })
}

fn plain<T: Number>(values: &[T], null: Option<i64>) -> Values {
    let mut bytes = Vec::with_capacity(values.len() * T::BYTES);
    values.iter().for_each(|&value| value.push_be(&mut bytes));
    Values { bytes, element_bytes: T::BYTES, zero: None, null }
}

fn floats<T: Number>(values: &[T], nan: T, nulls: &[bool]) -> Values {
    plain(&replace_nulls(values, nan, nulls), None)
}

fn with_null<T: Number + PartialEq>(values: &[T], null: T, tnull: i64, nulls: &[bool]) -> Result<Values, &'static str> {
    if !nulls.contains(&true) {
        return Ok(plain(values, None));
    }
    let is_used = values.iter().zip(nulls).any(|(&value, &is_null)| value == null && !is_null);
    if is_used {
        return Err("it needs a null value, but the extreme value kept for that is in use");
    }
    Ok(plain(&replace_nulls(values, null, nulls), Some(tnull)))
}

fn replace_nulls<T: Number>(values: &[T], null: T, nulls: &[bool]) -> Vec<T> {
    let is_null = |i: usize| nulls.get(i).copied().unwrap_or(false);
    let pick = |(i, &value)| if is_null(i) { null } else { value };
    values.iter().enumerate().map(pick).collect()
}

fn encode_texts(texts: &[String], repeat: usize) -> Result<Encoded, &'static str> {
    if !texts.iter().all(|text| text.bytes().all(|b| (0x20..0x7f).contains(&b))) {
        return Err("its text is not plain printable ASCII");
    }
    let width = texts.iter().map(String::len).max().unwrap_or(0).max(1);
    let mut bytes = Vec::with_capacity(width * texts.len());
    for text in texts {
        bytes.extend_from_slice(text.as_bytes());
        bytes.resize(bytes.len() + width - text.len(), b' ');
    }
    Ok(Encoded {
        form: format!("{}A", width * repeat),
        dims: (repeat > 1).then(|| format!("({width},{repeat})")),
        zero: None,
        null: None,
        row_bytes: width * repeat,
        bytes,
    })
}

fn encode_lists(
    column: &Column,
    offsets: &[usize],
    values: &ColumnData,
    heap: &mut Vec<u8>,
) -> Result<Encoded, &'static str> {
    let is_rising = offsets.first() == Some(&0) && offsets.is_sorted();
    if !is_rising || offsets.last() != Some(&values.len()) || column.repeat > 1 {
        return Err("the offsets of its lists do not rise from 0 to the number of values");
    }
    let (code, encoded) = encode_values(values, &column.nulls)?;
    let longest = offsets.windows(2).map(|pair| pair[1] - pair[0]).max().unwrap_or(0);
    let mut bytes = Vec::new();
    for pair in offsets.windows(2) {
        let start = heap.len() + pair[0] * encoded.element_bytes;
        for number in [pair[1] - pair[0], start] {
            (number as i64).push_be(&mut bytes);
        }
    }
    heap.extend_from_slice(&encoded.bytes);
    Ok(Encoded {
        form: format!("{}Q{}({longest})", column.repeat, char::from(code)),
        dims: None,
        zero: encoded.zero,
        null: encoded.null,
        row_bytes: 16 * column.repeat,
        bytes,
    })
}
