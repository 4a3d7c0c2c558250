//! Files that appear under their name only when they are whole.

use crate::Error;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a file through a temporary one in the same directory: contents flushed and synced,
/// each step checked, then renamed. On error nothing new stands under `path`.
///
/// # Errors
/// [`Error::Write`], which names the path and what to do.
pub fn write_atomically(
    path: impl AsRef<Path>,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Error> {
    let path = path.as_ref();
    let write = |source| Error::Write { path: path.to_owned(), source };
    if path.is_dir() {
        return Err(write(io::ErrorKind::IsADirectory.into()));
    }
    let directory = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let temporary = temporary_in(directory, path).map_err(write)?;
    let mut writer = BufWriter::with_capacity(1 << 18, temporary.as_file());
    fill(&mut writer).and_then(|()| writer.flush()).map_err(write)?;
    drop(writer);
    temporary.as_file().sync_all().map_err(write)?;
    temporary.persist(path).map_err(|error| write(error.error))?;
    sync_directory(directory).map_err(write)
}

fn temporary_in(directory: &Path, path: &Path) -> io::Result<tempfile::NamedTempFile> {
    let name = path.file_name().ok_or(io::ErrorKind::IsADirectory)?;
    let mut builder = tempfile::Builder::new();
    let prefix = format!(".{}.", name.to_string_lossy());
    builder.prefix(&prefix).suffix(".tmp");
    #[cfg(unix)]
    {
        // The umask applies, as to any file; the default would be closed to other users.
        use std::os::unix::fs::PermissionsExt;
        builder.permissions(std::fs::Permissions::from_mode(0o666));
    }
    builder.tempfile_in(directory)
}

/// Makes the rename itself survive a power cut; only Unix can open a directory for that.
fn sync_directory(directory: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(directory)?.sync_all() } else { Ok(()) }
}
