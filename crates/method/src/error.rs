//! What can go wrong while a method is fitted or used.

/// Error of a method: what was being done, and the method's own error as the source.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The method's own error.
    #[error("{method}: {source}")]
    Method {
        /// Name of the method.
        method: String,
        /// The method's own error.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A fit was stopped, and what it had reached is kept; or a search was, of which nothing is.
    #[error("stopped: the same command goes on from what was kept")]
    Interrupted,
}
