//! One tile on its way to a sky: what every painted component may look at.

use crate::TileKey;
use crate::population::PlacedHalo;
use crate::window::Window;
use arcmin_maps::Geometry;

/// A tile, its haloes and its large-scale structure.
#[derive(Clone, Debug)]
pub(crate) struct TileContext {
    /// Root of the tile's random streams.
    pub(crate) key: TileKey,
    /// Pixels of the tile on the sky, without the rim.
    pub(crate) geometry: Geometry,
    /// The tile and its rim in the tangent plane; images of painted components are `window.padded`.
    pub(crate) window: Window,
    /// The haloes of the tile and its rim, numbered.
    pub(crate) placed: Vec<PlacedHalo>,
}
