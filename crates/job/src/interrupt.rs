//! Ctrl-C and termination asked for once: finish the piece at hand, keep what is done, stop.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Tells whether the user asked the program to stop.
#[derive(Clone, Debug, Default)]
pub struct Interrupt(Arc<AtomicBool>);

/// The handler could not be installed.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen for interruption: {0}")]
pub struct InterruptError(#[from] ctrlc::Error);

impl Interrupt {
    /// Installs the handler; a second request ends the program at once with exit code 130.
    ///
    /// # Errors
    /// When a handler is installed already or the system refuses it.
    pub fn install() -> Result<Self, InterruptError> {
        let interrupt = Self::default();
        let flag = Arc::clone(&interrupt.0);
        ctrlc::set_handler(move || {
            if flag.swap(true, Ordering::SeqCst) {
                std::process::exit(130);
            }
        })?;
        Ok(interrupt)
    }

    /// True once the user has asked to stop.
    pub fn requested(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}
