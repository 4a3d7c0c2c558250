//! How a long search is followed and stopped.

/// Follows a long search: is told how much there is to do and what is done, and asked whether to stop.
///
/// A finder may search in several passes, each of which begins anew.
pub trait Watch {
    /// A pass over `n_pieces` pieces of `what` (a plural: `cutouts`) begins.
    fn begins(&self, what: &'static str, n_pieces: u64);

    /// So many more of them are done.
    fn done(&self, n_pieces: u64);

    /// Whether the search is to end without an answer.
    fn stops(&self) -> bool;
}

/// Nobody follows.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unwatched;

impl Watch for Unwatched {
    fn begins(&self, _what: &'static str, _n_pieces: u64) {}

    fn done(&self, _n_pieces: u64) {}

    fn stops(&self) -> bool {
        false
    }
}
