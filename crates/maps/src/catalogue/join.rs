//! Many catalogues as one file, with one of them in memory at a time.

use super::{Catalogue, Values, fits_table};
use crate::Error;
use arcmin_fits::write_table_pieces;
use std::path::{Path, PathBuf};

impl Catalogue {
    /// Writes the rows of the catalogues in many files after one another into one FITS table: the bytes that
    /// [`Catalogue::concatenate`] and [`Catalogue::write`] would give.
    ///
    /// Each file is read twice, first to count the rows and the letters of its texts, so that one is in memory at a time.
    ///
    /// # Errors
    /// When a file cannot be read, lacks a column of the first, or when the table cannot be written. Nothing new then
    /// stands under `path`.
    pub fn join_files(parts: &[PathBuf], path: &Path) -> Result<(), Error> {
        let Some(first) = parts.first() else { return Self::concatenate(&[])?.write(path) };
        let empty = Self::read(first)?.take(&[]);
        let read = |part: &PathBuf| Self::concatenate(&[empty.clone(), Self::read(part)?]);
        let (mut n_rows, mut widths) = (0, vec![0; empty.columns.len()]);
        for part in parts {
            let part = read(part)?;
            n_rows += part.len();
            part.columns.iter().zip(&mut widths).for_each(|(column, width)| *width = text_width(column).max(*width));
        }
        let header = fits_table::table_of(&empty)?.header;
        // A part without rows has nothing to write, but a table needs a piece that tells its columns.
        let filled =
            parts.iter().map(read).filter(|part| part.as_ref().map_or(true, |part| !part.is_empty() || n_rows == 0));
        let piece = |part: Self| Ok(fits_table::table_of(&part.with_text_widths(&widths))?.columns);
        let filled = filled.take(if n_rows == 0 { 1 } else { parts.len() });
        write_table_pieces(path, &header, n_rows, filled.map(|part| part.and_then(piece)))
    }

    /// Fills the first text of each column up with blanks, which a file does not keep, so that all parts reserve the same
    /// room for their texts.
    fn with_text_widths(mut self, widths: &[usize]) -> Self {
        for (column, &width) in self.columns.iter_mut().zip(widths) {
            if let Values::Text(texts) = &mut column.values
                && let Some(first) = texts.first_mut()
            {
                *first = format!("{first:<width$}");
            }
        }
        self
    }
}

/// Bytes of the longest text of a column; zero for numbers.
fn text_width(column: &super::Column) -> usize {
    match &column.values {
        Values::Text(texts) => texts.iter().map(String::len).max().unwrap_or(0),
        Values::F64(_) | Values::I64(_) => 0,
    }
}
