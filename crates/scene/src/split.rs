//! Training, validation and test tiles.

/// What a tile may be used for; no tile, halo or random stream belongs to two splits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Split {
    /// For fitting.
    Train,
    /// For thresholds and other choices.
    Validation,
    /// For the scores that are reported.
    Test,
}

impl Split {
    /// All splits.
    pub const ALL: [Split; 3] = [Split::Train, Split::Validation, Split::Test];

    /// Name in configurations and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Split::Train => "train",
            Split::Validation => "validation",
            Split::Test => "test",
        }
    }

    /// Number in the derivation of random streams and positions; it must never change.
    pub(crate) const fn code(self) -> u64 {
        self as u64
    }
}

impl std::fmt::Display for Split {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
