//! Whole files, written under a temporary name and renamed.

use crate::Error;
use serde::{Serialize, de::DeserializeOwned};
use std::fs;
use std::io::Write;
use std::path::Path;

/// Writes a file so that its name never stands for half of it: into a temporary file beside it, synced, then renamed.
///
/// # Errors
/// [`Error::Io`] with the path: the folder is missing or not writable, or the disk is full. No file is left behind.
pub fn write_atomic(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let io = |action| move |source| Error::Io { path: path.to_owned(), action, source };
    let folder = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".tmp-")
        .permissions_like_new_file()
        .tempfile_in(folder)
        .map_err(io("create a temporary file beside it"))?;
    file.write_all(bytes).map_err(io("write"))?;
    file.as_file().sync_all().map_err(io("write"))?;
    file.persist(path).map_err(|error| io("rename the temporary file")(error.error))?;
    Ok(())
}

/// A temporary file is private by default; a result must be readable like any other file.
trait PermissionsLikeNewFile {
    fn permissions_like_new_file(&mut self) -> &mut Self;
}

impl PermissionsLikeNewFile for tempfile::Builder<'_, '_> {
    #[cfg(unix)]
    fn permissions_like_new_file(&mut self) -> &mut Self {
        use std::os::unix::fs::PermissionsExt;
        // The process's umask is still applied by the system when the file is opened.
        self.permissions(fs::Permissions::from_mode(0o666))
    }

    #[cfg(not(unix))]
    fn permissions_like_new_file(&mut self) -> &mut Self {
        self
    }
}

/// Makes a folder with its parents; a folder that exists is fine.
///
/// # Errors
/// [`Error::Io`] with the path.
pub fn create_dir(path: &Path) -> Result<(), Error> {
    fs::create_dir_all(path).map_err(|source| Error::Io { path: path.to_owned(), action: "make the folder", source })
}

/// Writes a value as JSON, one line or indented as the `form` makes it, with a final newline.
pub(crate) fn write_json<T: Serialize>(
    path: &Path,
    what: &'static str,
    value: &T,
    form: fn(&T) -> serde_json::Result<String>,
) -> Result<(), Error> {
    let mut text = form(value).map_err(|source| Error::Json { path: path.to_owned(), what, source })?;
    text.push('\n');
    write_atomic(path, text.as_bytes())
}

/// Reads a value from JSON.
pub(crate) fn read_json<T: DeserializeOwned>(path: &Path, what: &'static str) -> Result<T, Error> {
    let text =
        fs::read_to_string(path).map_err(|source| Error::Io { path: path.to_owned(), action: "read", source })?;
    serde_json::from_str(&text).map_err(|source| Error::Json { path: path.to_owned(), what, source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn failed_write_leaves_no_file_and_names_the_path() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("missing").join("record.json");
        let message = write_atomic(&path, b"x").unwrap_err().to_string();
        assert!(message.contains("record.json"), "{message}");
        assert!(!path.exists());
    }

    #[test]
    fn write_replaces_the_old_file_and_leaves_nothing_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.json");
        write_atomic(&path, b"old").unwrap();
        write_atomic(&path, b"new").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
