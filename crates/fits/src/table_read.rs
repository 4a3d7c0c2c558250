//! Reading binary tables (FITS40 section 7.3).

use crate::number::decode;
use crate::tform::{List, TForm};
use crate::{Column, ColumnData, Error, Header, ImageData, Table};

/// Lists may share bytes of the heap; more than this many times the table's size is an attack.
const HEAP_SHARING_MAX: usize = 16;

/// The rows and heap of a table, the columns found but not decoded.
pub(crate) struct RawTable<'a> {
    pub(crate) header: &'a Header,
    pub(crate) n_rows: usize,
    pub(crate) columns: Vec<RawColumn>,
    row_bytes: usize,
    rows: &'a [u8],
    heap: &'a [u8],
    data_bytes: usize,
}

/// Where a column stands in the row and how it is stored.
#[derive(Clone)]
pub(crate) struct RawColumn {
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) form: TForm,
    start: usize,
}

/// Reads a whole table.
pub(crate) fn read(header: &Header, data: &[u8]) -> Result<Table, Error> {
    let raw = RawTable::new(header, data)?;
    let columns = raw.columns.iter().map(|column| raw.read_column(column));
    Ok(Table { columns: columns.collect::<Result<_, _>>()?, header: header.clone(), n_rows: raw.n_rows })
}

impl<'a> RawTable<'a> {
    /// Finds rows, heap and columns; `data` is as long as the header declares.
    pub(crate) fn new(header: &'a Header, data: &'a [u8]) -> Result<Self, Error> {
        let row_bytes = header.need_usize("NAXIS1", "bytes a table row")?;
        let n_rows = header.need_usize("NAXIS2", "number of table rows")?;
        let rows_bytes = row_bytes.saturating_mul(n_rows);
        let heap_start = header.usize_or("THEAP", rows_bytes)?;
        let (Some(rows), Some(heap)) = (data.get(..rows_bytes), data.get(heap_start..)) else {
            let value = (heap_start as i64).into();
            return Err(header.bad("THEAP", &value, "inside the data of the table"));
        };
        Ok(Self {
            columns: find_columns(header, row_bytes)?,
            header,
            n_rows,
            row_bytes,
            rows,
            heap,
            data_bytes: data.len(),
        })
    }

    /// Some rows of a table without their heap; `rows` holds `n_rows` of `row_bytes` each.
    pub(crate) fn of_rows(
        header: &'a Header,
        columns: &[RawColumn],
        (row_bytes, n_rows): (usize, usize),
        rows: &'a [u8],
    ) -> Self {
        Self { header, n_rows, columns: columns.to_vec(), row_bytes, rows, heap: &[], data_bytes: rows.len() }
    }

    /// The column of this name, capitals or not.
    pub(crate) fn find(&self, name: &str) -> Option<&RawColumn> {
        self.columns.iter().find(|column| column.name.eq_ignore_ascii_case(name))
    }

    /// Decodes one column.
    pub(crate) fn read_column(&self, column: &RawColumn) -> Result<Column, Error> {
        let number = column.number;
        let (data, nulls) = match column.form.list {
            List::No => self.decode_values(column, self.gather(column))?,
            List::P | List::Q => self.decode_lists(column)?,
        };
        let is_text = matches!(data, ColumnData::Text(_));
        let repeat = match (column.form.list, column.form.code) {
            (List::No, b'A') => data.len().checked_div(self.n_rows).unwrap_or(1),
            (List::No, b'C' | b'M') => 2 * column.form.repeat,
            _ => column.form.repeat,
        };
        Ok(Column {
            name: column.name.clone(),
            unit: self.header.get_str(&format!("TUNIT{number}"))?.map(str::to_owned),
            repeat,
            nulls: if is_text { Vec::new() } else { nulls },
            data,
        })
    }

    /// The bytes of a list in the heap, and how many elements they are.
    pub(crate) fn list(&self, column: &RawColumn, row: usize) -> Result<(usize, &'a [u8]), Error> {
        let at = row * self.row_bytes + column.start;
        let descriptor = &self.rows[at..at + column.form.bytes()];
        let (count, offset) = match (column.form.list, descriptor.len()) {
            (List::P, 8) => {
                let [count, offset] = [0, 4].map(|i| decode::<i32>(&descriptor[i..i + 4])[0]);
                (i64::from(count), i64::from(offset))
            }
            (List::Q, 16) => {
                let [count, offset] = [0, 8].map(|i| decode::<i64>(&descriptor[i..i + 8])[0]);
                (count, offset)
            }
            _ => (0, 0),
        };
        let outside = || self.bad(column, format!("the list of row {row} lies outside the heap"));
        let count = usize::try_from(count).map_err(|_| outside())?;
        if count == 0 {
            return Ok((0, &[]));
        }
        let start = usize::try_from(offset).map_err(|_| outside())?;
        let bytes = column.form.element_bytes(count).ok_or_else(outside)?;
        let end = start.checked_add(bytes).ok_or_else(outside)?;
        Ok((count, self.heap.get(start..end).ok_or_else(outside)?))
    }

    /// The bytes of one column, row after row.
    fn gather(&self, column: &RawColumn) -> Vec<u8> {
        let width = column.form.bytes();
        let mut bytes = Vec::with_capacity(width * self.n_rows);
        if width > 0 {
            for row in self.rows.chunks_exact(self.row_bytes) {
                bytes.extend_from_slice(&row[column.start..column.start + width]);
            }
        }
        bytes
    }

    fn decode_values(&self, column: &RawColumn, bytes: Vec<u8>) -> Result<(ColumnData, Vec<bool>), Error> {
        match column.form.code {
            b'A' => Ok((ColumnData::Text(self.texts(column, &bytes)?), Vec::new())),
            b'X' => {
                let row_bytes = column.form.bytes().max(1);
                let rows = bytes.chunks_exact(row_bytes);
                let bits = rows.flat_map(|row| unpack_bits(row, column.form.repeat));
                Ok((ColumnData::Bool(bits.collect()), Vec::new()))
            }
            _ => self.decode_plain(column, &bytes),
        }
    }

    fn decode_lists(&self, column: &RawColumn) -> Result<(ColumnData, Vec<bool>), Error> {
        let limit = self.data_bytes.saturating_mul(HEAP_SHARING_MAX);
        let (mut bytes, mut bits, mut texts) = (Vec::new(), Vec::new(), Vec::new());
        let mut offsets = vec![0];
        let mut total = 0;
        let mut used = 0;
        for row in 0..if column.form.bytes() > 0 { self.n_rows } else { 0 } {
            let (count, list) = self.list(column, row)?;
            used += list.len();
            if used > limit {
                return Err(self.bad(column, "its lists overlap in the heap".to_owned()));
            }
            match column.form.code {
                b'A' => texts.push(text_of(list)),
                b'X' => bits.extend(unpack_bits(list, count)),
                _ => bytes.extend_from_slice(list),
            }
            total += if matches!(column.form.code, b'C' | b'M') { 2 * count } else { count };
            offsets.push(total);
        }
        let (values, nulls) = match column.form.code {
            b'A' => return Ok((ColumnData::Text(texts), Vec::new())),
            b'X' => (ColumnData::Bool(bits), Vec::new()),
            _ => self.decode_plain(column, &bytes)?,
        };
        let values = Box::new(values);
        Ok((ColumnData::Lists { offsets, values }, nulls))
    }

    /// Types whose elements are whole bytes, with `TNULL`, `TSCAL` and `TZERO` applied.
    fn decode_plain(&self, column: &RawColumn, bytes: &[u8]) -> Result<(ColumnData, Vec<bool>), Error> {
        let n = column.number;
        let data = match column.form.code {
            b'L' => {
                let values = bytes.iter().map(|&b| b == b'T').collect();
                let nulls = bytes.iter().map(|b| !matches!(b, b'T' | b'F')).collect();
                return Ok((ColumnData::Bool(values), without_none(nulls)));
            }
            b'B' => ImageData::U8(bytes.to_vec()),
            b'I' => ImageData::I16(decode(bytes)),
            b'J' => ImageData::I32(decode(bytes)),
            b'K' => ImageData::I64(decode(bytes)),
            b'E' | b'C' => ImageData::F32(decode(bytes)),
            _ => ImageData::F64(decode(bytes)),
        };
        let nulls = match self.header.get_i64(&format!("TNULL{n}"))? {
            Some(null) => without_none(data.equals(null)),
            None => Vec::new(),
        };
        let scale = self.header.get_f64(&format!("TSCAL{n}"))?.unwrap_or(1.0);
        let zero = self.header.get_f64(&format!("TZERO{n}"))?.unwrap_or(0.0);
        Ok((data.scaled(scale, zero).into(), nulls))
    }

    /// Strings of a column: one a row, or several of the length that `TDIM` gives first.
    fn texts(&self, column: &RawColumn, bytes: &[u8]) -> Result<Vec<String>, Error> {
        let width = column.form.repeat;
        if width == 0 {
            return Ok(Vec::new());
        }
        let dims = self.header.get_str(&format!("TDIM{}", column.number))?;
        let first = dims.and_then(first_dim).filter(|&first| first > 0 && width.is_multiple_of(first));
        Ok(bytes.chunks_exact(first.unwrap_or(width)).map(text_of).collect())
    }

    pub(crate) fn bad(&self, column: &RawColumn, reason: String) -> Error {
        Error::BadColumn { place: self.header.place().clone(), column: column.name.clone(), reason }
    }
}

pub(crate) fn find_columns(header: &Header, row_bytes: usize) -> Result<Vec<RawColumn>, Error> {
    let n_columns = header.need_usize("TFIELDS", "number of table columns")?;
    if n_columns > 999 {
        return Err(header.bad("TFIELDS", &(n_columns as i64).into(), "at most 999"));
    }
    let mut columns = Vec::new();
    let mut start: usize = 0;
    for number in 1..=n_columns {
        let key = format!("TFORM{number}");
        let text = header.get_str(&key)?.ok_or_else(|| Error::MissingKeyword {
            place: header.place().clone(),
            key: key.clone(),
            needed_for: "type of a table column",
        })?;
        let bad = |expected| header.bad(&key, &text.into(), expected);
        let form = TForm::parse(text).ok_or_else(|| bad("a column type such as 1E or 16A"))?;
        let name = header.get_str(&format!("TTYPE{number}"))?;
        let end = start.checked_add(form.bytes()).filter(|&end| end <= row_bytes);
        let end = end.ok_or_else(|| bad("a column that fits in a row of NAXIS1 bytes"))?;
        columns.push(RawColumn {
            number,
            name: name.map_or_else(|| format!("col{number}"), str::to_owned),
            form,
            start,
        });
        start = end;
    }
    Ok(columns)
}

/// Text ends at the first NUL; blanks at its end do not count (FITS40 section 7.3.3.1).
/// Bytes beyond ASCII, which some catalogues hold, are taken as Latin-1.
fn text_of(bytes: &[u8]) -> String {
    let text: String = bytes.iter().take_while(|&&b| b != 0).map(|&b| char::from(b)).collect();
    text.trim_end_matches(' ').to_owned()
}

fn unpack_bits(bytes: &[u8], n: usize) -> impl Iterator<Item = bool> {
    let bits = bytes.iter().flat_map(|byte| (0..8).map(move |i| byte & (0x80 >> i) != 0));
    bits.take(n)
}

fn first_dim(dims: &str) -> Option<usize> {
    dims.trim().strip_prefix('(')?.split([',', ')']).next()?.trim().parse().ok()
}

fn without_none(nulls: Vec<bool>) -> Vec<bool> {
    if nulls.contains(&true) { nulls } else { Vec::new() }
}
