//! What can go wrong with a FITS file, each with what to do about it.

use crate::Place;
use std::io;
use std::path::PathBuf;

/// Errors of reading and writing FITS files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The operating system did not give us the file.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A directory, pipe or device where a file should be.
    #[error("{} is not a regular file: name the FITS file itself", path.display())]
    NotAFile {
        /// What was named.
        path: PathBuf,
    },
    /// A file of no bytes.
    #[error("{place} is empty: fetch or write the file again")]
    Empty {
        /// The file.
        place: Place,
    },
    /// The file does not begin as a FITS file must.
    #[error("{place} is not a FITS file: it begins with {found:?}, not with \"SIMPLE  =\"")]
    NotFits {
        /// The file.
        place: Place,
        /// Its first bytes, as text.
        found: String,
    },
    /// The gzip wrapper around the whole file is damaged.
    #[error("{place}: the gzip stream is damaged ({source}): fetch the file again")]
    GzipFile {
        /// The file.
        place: Place,
        /// What the decoder said.
        source: io::Error,
    },
    /// Something is, or says it is, larger than we are ready to hold.
    #[error("{place}: {what} needs {bytes} bytes, more than the {limit_bytes} that {reason}")]
    TooLarge {
        /// The file and HDU.
        place: Place,
        /// What would be that large.
        what: &'static str,
        /// How large it would be.
        bytes: u128,
        /// The limit.
        limit_bytes: u64,
        /// Where the limit comes from, and what to do.
        reason: &'static str,
    },
    /// The file ends before what its header declares.
    #[error(
        "{place} is truncated: it declares {declared_bytes} bytes, the file has {file_bytes}: fetch the file again"
    )]
    Truncated {
        /// The file and HDU.
        place: Place,
        /// Length of the file up to the end of this HDU, as declared.
        declared_bytes: u128,
        /// Length of the file (unpacked, if it was gzip'd).
        file_bytes: u64,
    },
    /// A header without END card.
    #[error("{place}: the header has no END card in {cards} cards: the file is truncated or damaged, fetch it again")]
    NoEnd {
        /// The file and HDU.
        place: Place,
        /// How many cards were looked at.
        cards: usize,
    },
    /// A keyword that must be there is not.
    #[error("{place}: keyword {key} is missing ({needed_for})")]
    MissingKeyword {
        /// The file and HDU.
        place: Place,
        /// The keyword.
        key: String,
        /// What cannot be done without it.
        needed_for: &'static str,
    },
    /// A keyword has a value that cannot be used.
    #[error("{place}: keyword {key} = {value} is not {expected}: correct the header")]
    BadKeyword {
        /// The file and HDU.
        place: Place,
        /// The keyword.
        key: String,
        /// Its value.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
    /// The HDU asked for is not in the file.
    #[error("{place} does not exist; the file holds: {holds}")]
    NoSuchHdu {
        /// The file and the HDU asked for.
        place: Place,
        /// What is in the file.
        holds: String,
    },
    /// The HDU asked for, or the whole file, is not of the kind asked for.
    #[error("{place} holds no {wanted}; the file holds: {holds}")]
    WrongKind {
        /// The file, and the HDU where one was asked for.
        place: Place,
        /// What was asked for.
        wanted: &'static str,
        /// What is in the file.
        holds: String,
    },
    /// A valid file that uses something this reader does not know.
    #[error("{place}: {what} is not supported: {remedy}")]
    Unsupported {
        /// The file and HDU.
        place: Place,
        /// What is not supported, by its name in the file.
        what: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A tile of a compressed image cannot be decoded.
    #[error("{place}: tile {tile} of the compressed image is damaged ({reason}): fetch the file again")]
    CorruptTile {
        /// The file and HDU.
        place: Place,
        /// Number of the tile, the first being 1 as in the standard.
        tile: usize,
        /// What was wrong with it.
        reason: &'static str,
    },
    /// A table column whose description or content is not usable.
    #[error("{place}: column {column}: {reason}")]
    BadColumn {
        /// The file and HDU.
        place: Place,
        /// Name of the column, or its number where it has none.
        column: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A table lacks a column.
    #[error("{place}: no column {column}; the table has: {columns}")]
    NoColumn {
        /// The file and HDU.
        place: Place,
        /// The column asked for.
        column: String,
        /// The columns there are.
        columns: String,
    },
    /// A card that FITS cannot hold.
    #[error("header card {key}: {reason}")]
    BadCard {
        /// The keyword.
        key: String,
        /// Why it cannot be.
        reason: &'static str,
    },
    /// A pixel array does not fit its axes.
    #[error("{place}: {got} pixels for the axes {axes:?}")]
    PixelCount {
        /// Where it was to be written, or was read.
        place: Place,
        /// Axis lengths in FITS order.
        axes: Vec<usize>,
        /// Length of the pixel array.
        got: usize,
    },
    /// An image that should have two axes has others.
    #[error("{place}: the image has the axes {axes:?}, not two: choose an HDU or slice with a map")]
    NotTwoAxes {
        /// The file and HDU.
        place: Place,
        /// Axis lengths in FITS order.
        axes: Vec<usize>,
    },
    /// A file could not be written; nothing is left under its name that was not there before.
    #[error("cannot write {}: {source}; {}", path.display(), write_remedy(source.kind()))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

fn write_remedy(kind: io::ErrorKind) -> &'static str {
    use io::ErrorKind as K;
    match kind {
        K::NotFound => "make its directory first",
        K::PermissionDenied | K::ReadOnlyFilesystem => "choose a directory you may write to",
        K::StorageFull | K::QuotaExceeded | K::WriteZero => "free some space on that disk",
        K::IsADirectory | K::NotADirectory => "name a file inside a directory",
        _ => "check the directory and its disk",
    }
}
