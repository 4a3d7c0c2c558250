//! A search followed at the terminal.

use arcmin_job::{Interrupt, Progress};
use arcmin_method::Watch;
use std::cell::{OnceCell, RefCell};

/// Shows the progress of a long search and stops it when the user says so. Until a search begins to tell of itself an
/// interruption ends the program as ever.
#[derive(Default)]
pub(super) struct Follow {
    interrupt: OnceCell<Interrupt>,
    progress: RefCell<Option<Progress>>,
}

impl Watch for Follow {
    fn begins(&self, what: &'static str, n_pieces: u64) {
        // Without a handler the first request ends the program, which loses nothing here.
        self.interrupt.get_or_init(|| Interrupt::install().unwrap_or_default());
        tracing::info!("{n_pieces} {what} to search: an interruption ends the search");
        let before = self.progress.replace(Some(Progress::new(what, n_pieces)));
        before.iter().for_each(Progress::finish);
    }

    fn done(&self, n_pieces: u64) {
        self.progress.borrow().iter().for_each(|progress| progress.advance(n_pieces));
    }

    fn stops(&self) -> bool {
        self.interrupt.get().is_some_and(Interrupt::requested)
    }
}

impl Drop for Follow {
    fn drop(&mut self) {
        self.progress.borrow().iter().for_each(Progress::finish);
    }
}

/// Stops a tile's search when the user says so; the tiles themselves are what is counted.
pub(super) struct Stop<'a>(pub(super) &'a Interrupt);

impl Watch for Stop<'_> {
    fn begins(&self, _what: &'static str, _n_pieces: u64) {}

    fn done(&self, _n_pieces: u64) {}

    fn stops(&self) -> bool {
        self.0.requested()
    }
}
