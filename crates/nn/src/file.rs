//! Whole files or none: written under another name and renamed.

use crate::{Error, Result};
use std::io::Write;
use std::path::Path;

/// Replaces the file at `path`; whoever reads it sees the old bytes or the new ones.
///
/// # Errors
/// When the folder cannot be written.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".part-{}", std::process::id()));
    let part = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        let mut file = std::fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&part, path)
    };
    write().map_err(|source| {
        // What is left of a failed attempt only takes room: that it stays is no second error.
        let _ = std::fs::remove_file(&part);
        Error::Io { path: path.to_owned(), source }
    })
}

/// All bytes of a file.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|source| Error::Io { path: path.to_owned(), source })
}

/// Removes what writes that were killed have left of these files of a folder, by whatever process.
///
/// # Errors
/// When the folder cannot be read or written.
pub(crate) fn remove_leftovers(folder: &Path, names: &[&str]) -> Result<()> {
    let io = |source| Error::Io { path: folder.to_owned(), source };
    for entry in std::fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let is_left = |file: &str| name.strip_prefix(file).is_some_and(|rest| rest.starts_with(".part-"));
        if names.iter().any(|file| is_left(file)) {
            std::fs::remove_file(&path).map_err(|source| Error::Io { path: path.clone(), source })?;
        }
    }
    Ok(())
}
