//! Text files: read as a whole, written under a temporary name and renamed.

use crate::Error;
use std::io::Write;
use std::path::Path;

pub(crate) fn read(path: &Path) -> Result<String, Error> {
    std::fs::read_to_string(path).map_err(|source| Error::ReadText { path: path.into(), source })
}

/// Writes so that a crash leaves either the old file or the new one.
pub(crate) fn write(path: &Path, text: &str) -> Result<(), Error> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let write = || {
        let mut file = tempfile::Builder::new().suffix(".tmp").tempfile_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map_err(|failed| failed.error)
    };
    write().map(drop).map_err(|source| Error::WriteText { path: path.into(), source })
}
