//! Catalogues as FITS binary tables.
//!
//! Columns of one value a row are read: numbers, text and truth values (as 0 and 1). Columns of arrays are left out.

use super::columns;
use super::positions::catalogue_from;
use super::{Catalogue, Column, Values};
use crate::Error;
use arcmin_fits::{ColumnData, FitsFile, Table, write_table};
use std::path::Path;

pub(super) fn read(path: &Path) -> Result<Catalogue, Error> {
    catalogue_of(path, FitsFile::open(path)?.first_table()?)
}

/// The catalogue in a table of a file.
pub(crate) fn catalogue_of(path: &Path, table: Table) -> Result<Catalogue, Error> {
    catalogue_from(path, table.columns.into_iter().filter_map(column_from).collect())
}

fn column_from(column: arcmin_fits::Column) -> Option<Column> {
    if column.repeat != 1 {
        return None;
    }
    let has_nulls = column.nulls.iter().any(|null| *null);
    let values = match &column.data {
        ColumnData::Text(v) => Values::Text(v.clone()),
        ColumnData::Bool(v) => Values::I64(v.iter().map(|truth| i64::from(*truth)).collect()),
        ColumnData::U8(v) if !has_nulls => Values::I64(v.iter().map(|n| i64::from(*n)).collect()),
        ColumnData::I16(v) if !has_nulls => Values::I64(v.iter().map(|n| i64::from(*n)).collect()),
        ColumnData::I32(v) if !has_nulls => Values::I64(v.iter().map(|n| i64::from(*n)).collect()),
        ColumnData::I64(v) if !has_nulls => Values::I64(v.clone()),
        _ => Values::F64(column.to_f64_with_nan()?),
    };
    Some(Column { name: column.name, unit: column.unit.unwrap_or_default(), values })
}

pub(super) fn write(catalogue: &Catalogue, path: &Path) -> Result<(), Error> {
    Ok(write_table(path, &table_of(catalogue)?)?)
}

/// The table that a file holds.
pub(crate) fn table_of(catalogue: &Catalogue) -> Result<Table, Error> {
    let columns = catalogue.all_columns().into_iter().map(|column| {
        let data = match column.values {
            Values::F64(v) => ColumnData::F64(v),
            Values::I64(v) => ColumnData::I64(v),
            Values::Text(v) => ColumnData::Text(v),
        };
        let written = arcmin_fits::Column::new(&column.name, data);
        if column.unit.is_empty() { written } else { written.with_unit(&column.unit) }
    });
    let mut table = Table::new(columns.collect());
    table.header.set("EXTNAME", "CATALOGUE", "")?;
    table.header.set("RADESYS", "ICRS", "frame of RADeg and decDeg")?;
    for info in columns::STANDARD {
        if table.has_column(info.name) {
            table.header.add_commentary("COMMENT", &format!("{}: {}", info.name, info.meaning))?;
        }
    }
    Ok(table)
}
