//! One process at a time fits in a folder.

use crate::Error;
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::Duration;

/// Between two looks at a lock that another process holds.
const WAIT: Duration = Duration::from_millis(200);

/// Held as long as it lives; the system takes it back from a process that is killed.
pub(crate) struct FitLock {
    _file: File,
}

impl FitLock {
    /// Waits until no other process holds the folder's lock; `None` when `stop` said so first.
    ///
    /// # Errors
    /// When the folder has no room for the lock's file, or it cannot be locked.
    pub(crate) fn wait(folder: &Path, stop: &dyn Fn() -> bool) -> Result<Option<Self>, Error> {
        let path = folder.join("lock");
        let file = File::create(&path).map_err(Error::io(&path))?;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(Self { _file: file })),
                Err(TryLockError::WouldBlock) if stop() => return Ok(None),
                Err(TryLockError::WouldBlock) => std::thread::sleep(WAIT),
                // Where files cannot be locked, that processes do not share a folder is up to whoever starts them.
                Err(TryLockError::Error(error)) if error.kind() == std::io::ErrorKind::Unsupported => {
                    return Ok(Some(Self { _file: file }));
                }
                Err(TryLockError::Error(error)) => return Err(Error::io(&path)(error)),
            }
        }
    }
}
