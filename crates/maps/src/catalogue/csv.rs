//! Catalogues as comma-separated values (RFC 4180): a header line, then a line a row.
//!
//! A field that holds a comma, a quote or a line break stands between quotes, inside which a quote is doubled. Numbers
//! are written with as many digits as give them back exactly; an empty field among numbers is NaN. Lines that begin with
//! `#` before the header are skipped.

use super::columns::ALWAYS_TEXT;
use super::positions::catalogue_from;
use super::{Catalogue, Column, Values};
use crate::{Error, text_file};
use std::borrow::Cow;
use std::path::Path;

pub(super) fn write(catalogue: &Catalogue, path: &Path) -> Result<(), Error> {
    let columns = catalogue.all_columns();
    let line = |fields: Vec<Cow<'_, str>>| fields.join(",") + "\n";
    let mut text = line(columns.iter().map(|column| quoted(&column.name)).collect());
    for row in 0..catalogue.len() {
        text += &line(columns.iter().map(|column| field(&column.values, row)).collect());
    }
    text_file::write(path, &text)
}

fn field(values: &Values, row: usize) -> Cow<'_, str> {
    match values {
        Values::F64(v) if v[row].is_nan() => Cow::Borrowed(""),
        Values::F64(v) => Cow::Owned(float(v[row])),
        Values::I64(v) => Cow::Owned(v[row].to_string()),
        Values::Text(v) => quoted(&v[row]),
    }
}

/// Digits that give the number back and show that it is not a whole number by kind.
fn float(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e7).contains(&magnitude) { format!("{value:e}") } else { format!("{value:?}") }
}

fn quoted(field: &str) -> Cow<'_, str> {
    // An empty line would not be seen as a row, a lone `#` in front might be taken for a comment.
    if field.contains(['"', ',', '\n', '\r']) || field.starts_with('#') {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

pub(super) fn read(path: &Path) -> Result<Catalogue, Error> {
    let text = text_file::read(path)?;
    let records = records(path, text.trim_start_matches('\u{feff}'))?;
    let mut records = records.into_iter();
    let Some((line, names)) = records.next() else {
        return Err(Error::BadLine { path: path.into(), line: 1, expected: "a line of column names" });
    };
    if names.iter().any(|name| name.trim().is_empty()) {
        return Err(Error::BadLine { path: path.into(), line, expected: "a line of column names" });
    }
    let mut fields: Vec<Vec<String>> = vec![Vec::new(); names.len()];
    for (line, record) in records {
        if record.len() != names.len() {
            return Err(Error::BadLine { path: path.into(), line, expected: "a row with a field for each column" });
        }
        fields.iter_mut().zip(record).for_each(|(column, field)| column.push(field));
    }
    let columns = names.into_iter().zip(fields).map(|(name, fields)| typed(name.trim(), fields)).collect();
    catalogue_from(path, columns)
}

/// Gives a column the narrowest kind that holds all its fields.
fn typed(name: &str, fields: Vec<String>) -> Column {
    let always_text = fields.is_empty() || ALWAYS_TEXT.contains(&name);
    let number = |field: &String| match field.trim() {
        "" => Some(f64::NAN),
        digits => digits.parse::<f64>().ok(),
    };
    let whole: Option<Vec<i64>> = fields.iter().map(|field| field.trim().parse().ok()).collect();
    let numbers: Option<Vec<f64>> = fields.iter().map(number).collect();
    let values = match (whole, numbers) {
        (Some(whole), _) if !always_text => Values::I64(whole),
        (_, Some(numbers)) if !always_text && !numbers.iter().all(|n| n.is_nan()) => Values::F64(numbers),
        _ => Values::Text(fields),
    };
    Column { name: name.to_owned(), unit: super::columns::unit_of(name).to_owned(), values }
}

/// A record and the number of the line on which it begins.
type Record = (usize, Vec<String>);

/// Splits a text into records; blank lines, and comments before the first record, are left out.
fn records(path: &Path, text: &str) -> Result<Vec<Record>, Error> {
    let mut records: Vec<Record> = Vec::new();
    let mut rest = text;
    let mut line = 1;
    while !rest.is_empty() {
        let first_line = rest.lines().next().unwrap_or_default();
        if first_line.trim().is_empty() || (records.is_empty() && first_line.starts_with('#')) {
            rest = rest.split_once('\n').map_or("", |(_, after)| after);
            line += 1;
            continue;
        }
        let open = || Error::BadLine { path: path.into(), line, expected: "a row whose quotes are closed" };
        let (record, after) = record(rest).ok_or_else(open)?;
        let n_lines = rest[..rest.len() - after.len()].matches('\n').count();
        records.push((line, record));
        (rest, line) = (after, line + n_lines);
    }
    Ok(records)
}

/// Takes one record from the beginning of a text; `None` when a quote is not closed, or followed by other text.
fn record(text: &str) -> Option<(Vec<String>, &str)> {
    let mut fields = Vec::new();
    let mut rest = text;
    loop {
        let (field, after) = if let Some(inside) = rest.strip_prefix('"') {
            quoted_field(inside)?
        } else {
            let end = rest.find([',', '\n']).unwrap_or(rest.len());
            (rest[..end].trim_end_matches('\r').to_owned(), &rest[end..])
        };
        fields.push(field);
        let after = after.strip_prefix('\r').unwrap_or(after);
        if let Some(next) = after.strip_prefix(',') {
            rest = next;
        } else if after.is_empty() {
            return Some((fields, after));
        } else {
            return after.strip_prefix('\n').map(|next| (fields, next));
        }
    }
}

/// The content of a field whose opening quote was taken, and what follows its closing one.
fn quoted_field(text: &str) -> Option<(String, &str)> {
    let mut field = String::new();
    let mut rest = text;
    loop {
        let (before, after) = rest.split_once('"')?;
        field.push_str(before);
        match after.strip_prefix('"') {
            Some(_) => field.push('"'),
            None => return Some((field, after)),
        }
        rest = &after[1..];
    }
}
