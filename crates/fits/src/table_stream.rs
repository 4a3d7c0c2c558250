//! Reading a binary table piece by piece, for tables that do not fit in memory twice.

use crate::hdu::{declared_bytes, kind_of};
use crate::header::BLOCK_BYTES;
use crate::table_read::{RawColumn, RawTable, find_columns};
use crate::tform::List;
use crate::{Column, Error, HduKind, HduSummary, Header, Place};
use flate2::read::MultiGzDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

/// Rows are read in pieces of about this many bytes.
const PIECE_BYTES: usize = 4 << 20;
/// Buffers grow at most this much ahead of the bytes that really come.
const AHEAD_BYTES: usize = 64 << 20;
/// Longest header that is looked through for its END, as for files in memory.
const HEADER_BYTES_MAX: usize = 36_000 * 80;

/// A binary table whose rows are read in pieces of a few MiB; plain or gzip'd.
///
/// ```
/// use arcmin_fits::{Column, Table, TableStream, write_table};
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("table.fits");
/// write_table(&path, &Table::new(vec![Column::new("T", vec![1.0f32, 2.0, 3.0])]))?;
/// let mut table = TableStream::open(&path, |_| true)?;
/// let column = table.column_index("t")?;
/// let mut sum = 0.0;
/// while let Some(columns) = table.next_rows(&[column])? {
///     sum += columns[0].to_f64_with_nan().unwrap().iter().sum::<f64>();
/// }
/// assert_eq!(sum, 6.0);
/// # Ok::<(), arcmin_fits::Error>(())
/// ```
pub struct TableStream {
    header: Header,
    columns: Vec<RawColumn>,
    row_bytes: usize,
    n_rows: usize,
    rows_read: usize,
    source: Source,
    buffer: Vec<u8>,
}

/// The bytes of a file from some place on.
enum Source {
    Plain { file: BufReader<File>, path: std::path::PathBuf, file_bytes: u64, at: u64 },
    Gzip { unpacked: Box<MultiGzDecoder<BufReader<File>>>, at: u64 },
}

impl TableStream {
    /// Opens the first binary table of a file that is `wanted`; its rows are not read yet.
    ///
    /// # Errors
    /// When the file cannot be read or is not FITS, when it has no such table, and when a plain file ends before what
    /// its headers declare; a gzip'd one tells that when its rows are read.
    pub fn open(path: impl AsRef<Path>, mut wanted: impl FnMut(&HduSummary) -> bool) -> Result<Self, Error> {
        let path = path.as_ref();
        let file = Place::file(path);
        let mut source = Source::open(path)?;
        let mut seen: Vec<HduSummary> = Vec::new();
        while let Some(header) = source.next_header(&file, seen.len())? {
            let hdu = HduSummary::new(seen.len(), &header, kind_of(&header)?);
            let data_bytes = declared_bytes(&header)?;
            source.check_holds(&header, data_bytes)?;
            if matches!(hdu.kind, HduKind::BinTable { .. }) && wanted(&hdu) {
                return Self::new(header, source);
            }
            source.skip(&header, data_bytes.next_multiple_of(BLOCK_BYTES as u128))?;
            seen.push(hdu);
        }
        let holds = seen.iter().map(HduSummary::to_string).collect::<Vec<_>>().join(", ");
        Err(Error::WrongKind { place: file, wanted: "such binary table", holds })
    }

    fn new(header: Header, source: Source) -> Result<Self, Error> {
        let row_bytes = header.need_usize("NAXIS1", "bytes a table row")?;
        // Rows without bytes hold nothing, however many there are said to be.
        let n_rows = if row_bytes == 0 { 0 } else { header.need_usize("NAXIS2", "number of table rows")? };
        let columns = find_columns(&header, row_bytes)?;
        Ok(Self { header, columns, row_bytes, n_rows, rows_read: 0, source, buffer: Vec::new() })
    }

    /// The header of the table.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The names of the columns in their order.
    pub fn column_names(&self) -> Vec<&str> {
        self.columns.iter().map(|column| column.name.as_str()).collect()
    }

    /// Where the column of this name stands, capitals or not; the first is 0.
    ///
    /// # Errors
    /// [`Error::NoColumn`], which lists those there are.
    pub fn column_index(&self, name: &str) -> Result<usize, Error> {
        let found = self.columns.iter().position(|column| column.name.trim().eq_ignore_ascii_case(name.trim()));
        found.ok_or_else(|| Error::NoColumn {
            place: self.header.place().clone(),
            column: name.to_owned(),
            columns: self.column_names().join(", "),
        })
    }

    /// Values a row of a column.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn repeat(&self, column: usize) -> usize {
        self.columns[column].form.repeat
    }

    /// Unit of a column (`TUNIT`), if one is given.
    ///
    /// # Errors
    /// [`Error::BadKeyword`] when the keyword is not text.
    ///
    /// # Panics
    /// When there is no such column.
    pub fn unit(&self, column: usize) -> Result<Option<&str>, Error> {
        self.header.get_str(&format!("TUNIT{}", self.columns[column].number))
    }

    /// Reads some columns of the next rows; `None` after the last one.
    ///
    /// # Errors
    /// [`Error::Unsupported`] for a column of lists of varying length, [`Error::Truncated`], [`Error::Read`].
    ///
    /// # Panics
    /// When there is no such column.
    pub fn next_rows(&mut self, columns: &[usize]) -> Result<Option<Vec<Column>>, Error> {
        let n_rows = (PIECE_BYTES / self.row_bytes.max(1)).max(1).min(self.n_rows - self.rows_read);
        if n_rows == 0 {
            return Ok(None);
        }
        self.source.fill(&self.header, &mut self.buffer, n_rows * self.row_bytes)?;
        self.rows_read += n_rows;
        let piece = RawTable::of_rows(&self.header, &self.columns, (self.row_bytes, n_rows), &self.buffer);
        let read = |&column: &usize| {
            let column = &self.columns[column];
            if column.form.list != List::No {
                return Err(Error::Unsupported {
                    place: self.header.place().clone(),
                    what: format!("column {} of lists of varying length", column.name),
                    remedy: "read the table as a whole",
                });
            }
            piece.read_column(column)
        };
        columns.iter().map(read).collect::<Result<_, _>>().map(Some)
    }
}

impl Source {
    fn open(path: &Path) -> Result<Self, Error> {
        let read = |source| Error::Read { path: path.to_owned(), source };
        let file = File::open(path).map_err(read)?;
        let meta = file.metadata().map_err(read)?;
        if !meta.is_file() {
            return Err(Error::NotAFile { path: path.to_owned() });
        }
        let mut file = BufReader::new(file);
        let head = io::BufRead::fill_buf(&mut file).map_err(read)?;
        if head.is_empty() {
            return Err(Error::Empty { place: Place::file(path) });
        }
        if head.starts_with(&[0x1f, 0x8b]) {
            return Ok(Source::Gzip { unpacked: Box::new(MultiGzDecoder::new(file)), at: 0 });
        }
        Ok(Source::Plain { file, path: path.to_owned(), file_bytes: meta.len(), at: 0 })
    }

    /// The header that begins here; `None` where the file, or its last extension, has ended.
    fn next_header(&mut self, file: &Place, index: usize) -> Result<Option<Header>, Error> {
        let place = file.with_hdu(index);
        let begin = if index == 0 { "SIMPLE  =" } else { "XTENSION" };
        let mut bytes = Vec::new();
        loop {
            let start = bytes.len();
            let n = self.read_block(file, &mut bytes)?;
            if start == 0 && !bytes.starts_with(begin.as_bytes()) {
                if index > 0 {
                    return Ok(None);
                }
                let found = String::from_utf8_lossy(&bytes[..bytes.len().min(30)]).into_owned();
                return Err(Error::NotFits { place: file.clone(), found });
            }
            // Only a block that seems to end the header is worth reading it again from its beginning.
            if n == BLOCK_BYTES && bytes.len() < HEADER_BYTES_MAX && !has_end(&bytes[start..]) {
                continue;
            }
            match Header::parse(&bytes, place.clone()) {
                Ok((header, _)) => return Ok(Some(header)),
                Err(error) if n < BLOCK_BYTES || bytes.len() >= HEADER_BYTES_MAX => return Err(error),
                Err(_) => {}
            }
        }
    }

    /// Appends the next block, or what is left of the file; tells how many bytes came.
    fn read_block(&mut self, file: &Place, bytes: &mut Vec<u8>) -> Result<usize, Error> {
        match self {
            Source::Plain { file, path, at, .. } => {
                let n = file.by_ref().take(BLOCK_BYTES as u64).read_to_end(bytes);
                let n = n.map_err(|source| Error::Read { path: path.clone(), source })?;
                *at += n as u64;
                Ok(n)
            }
            Source::Gzip { unpacked, at } => {
                let n = unpacked.by_ref().take(BLOCK_BYTES as u64).read_to_end(bytes);
                let n = n.map_err(|source| Error::GzipFile { place: file.clone(), source })?;
                *at += n as u64;
                Ok(n)
            }
        }
    }

    /// Compares what a header declares with the length of the file, where that is known before reading.
    fn check_holds(&self, header: &Header, data_bytes: u128) -> Result<(), Error> {
        match self {
            Source::Plain { file_bytes, at, .. } if u128::from(*at) + data_bytes > u128::from(*file_bytes) => {
                Err(self.truncated(header, data_bytes, *file_bytes))
            }
            _ => Ok(()),
        }
    }

    fn truncated(&self, header: &Header, data_bytes: u128, file_bytes: u64) -> Error {
        let (Source::Plain { at, .. } | Source::Gzip { at, .. }) = self;
        Error::Truncated { place: header.place().clone(), declared_bytes: u128::from(*at) + data_bytes, file_bytes }
    }

    /// Leaves out data; the last block of a file may be short.
    fn skip(&mut self, header: &Header, bytes: u128) -> Result<(), Error> {
        let bytes = u64::try_from(bytes).map_err(|_| self.truncated(header, bytes, u64::MAX))?;
        match self {
            Source::Plain { file, path, file_bytes, at } => {
                let skipped = bytes.min(*file_bytes - *at);
                *at += skipped;
                let moved =
                    i64::try_from(skipped).map_or(Err(io::ErrorKind::FileTooLarge.into()), |n| file.seek_relative(n));
                moved.map_err(|source| Error::Read { path: path.clone(), source })
            }
            Source::Gzip { unpacked, at } => {
                let skipped = io::copy(&mut unpacked.by_ref().take(bytes), &mut io::sink());
                *at += skipped.map_err(|source| Error::GzipFile { place: header.place().clone(), source })?;
                Ok(())
            }
        }
    }

    /// Fills the buffer with the next `n` bytes.
    fn fill(&mut self, header: &Header, buffer: &mut Vec<u8>, n: usize) -> Result<(), Error> {
        buffer.clear();
        buffer.reserve(n.min(AHEAD_BYTES));
        let got = match self {
            Source::Plain { file, path, .. } => {
                let read = |source| Error::Read { path: path.clone(), source };
                file.by_ref().take(n as u64).read_to_end(buffer).map_err(read)?
            }
            Source::Gzip { unpacked, .. } => {
                let read = |source| Error::GzipFile { place: header.place().clone(), source };
                unpacked.by_ref().take(n as u64).read_to_end(buffer).map_err(read)?
            }
        };
        let (Source::Plain { at, .. } | Source::Gzip { at, .. }) = &mut *self;
        if got < n {
            let file_bytes = *at + got as u64;
            return Err(self.truncated(header, n as u128, file_bytes));
        }
        *at += got as u64;
        Ok(())
    }
}

/// Whether a block holds an END card.
fn has_end(block: &[u8]) -> bool {
    block.chunks_exact(80).any(|card| card.starts_with(b"END") && card[3..].iter().all(|&byte| byte == b' '))
}
