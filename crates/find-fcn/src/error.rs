//! What can go wrong.

/// Errors of the fit and of its use.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The network or its training.
    #[error(transparent)]
    Network(#[from] arcmin_nn::Error),
    /// A tensor.
    #[error(transparent)]
    Tensor(#[from] candle_core::Error),
    /// A sky, a tile or a file.
    #[error(transparent)]
    Learned(#[from] arcmin_find_learned::Error),
    /// A map.
    #[error(transparent)]
    Maps(#[from] arcmin_maps::Error),
    /// The matched filter.
    #[error(transparent)]
    Filter(#[from] arcmin_find_mmf::Error),
    /// No channel.
    #[error("input.shown asks for signals to noise, but there is no filter: give input.filter")]
    NothingShown,
    /// Pixels too large for the cells.
    #[error(
        "pixels of {pixel_arcmin:.3}' are larger than half a cell of {cell_arcmin}': give larger cells (input.cell_arcmin)"
    )]
    CellTooSmall {
        /// Size of a pixel.
        pixel_arcmin: f64,
        /// Size of a cell.
        cell_arcmin: f64,
    },
    /// Tiles that hold no piece to train on.
    #[error(
        "tiles of {tile_cells} cells hold no piece of {side_cells}: give larger tiles or smaller pieces (crops.side_cells)"
    )]
    TileTooSmall {
        /// Side of a tile.
        tile_cells: usize,
        /// Side of a piece.
        side_cells: usize,
    },
    /// Nothing to fit on.
    #[error("the {split} tiles have {n_targets} targets where they are searched: give more tiles (n_{split})")]
    TooFewTargets {
        /// Which tiles.
        split: &'static str,
        /// Targets.
        n_targets: usize,
    },
}
