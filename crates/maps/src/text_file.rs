//! Text files: read as a whole, written under a temporary name and renamed.

use crate::Error;
use std::path::Path;

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::ReadText { path: path.into(), source })
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    Ok(arcmin_fits::write_atomically(path, |out| out.write_all(text.as_bytes()))?)
}
