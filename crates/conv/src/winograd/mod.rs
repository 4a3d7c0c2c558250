//! Winograd's minimal filtering for 3x3 kernels of stride 1 with any dilation: F(2x2) multiplies 16 times for 4 pixels, F(4x4)
//! 36 times for 16, where the direct algorithm does it 36 and 144 times.
//!
//! Where F(4x4) has one or two pixels left along an axis, its tile is two pixels wide there and takes 4 points instead of 6. Its
//! weights are those of the whole tile without the points that it leaves out.
//!
//! Three steps: tiles of the image to points, one matrix product of tiles by channels for each point, and back. Channels must
//! be multiples of 16.

mod rows;
mod tiles;
mod transform;
mod weight;

pub(crate) use rows::WinogradRows;
pub(crate) use tiles::n_points_along;
pub(crate) use weight::WinogradWeight;

use crate::error::Error;
use crate::geometry::ConvGeometry;
use crate::shared::{LINE, whole_lines};

/// Largest side of the output tile.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    F2,
    F4,
}

impl Form {
    /// Pixels of the output tile along one axis.
    pub(crate) fn side(self) -> usize {
        match self {
            Self::F2 => 2,
            Self::F4 => 4,
        }
    }

    /// Points of the transform along one axis.
    fn points_side(self) -> usize {
        self.side() + 2
    }

    /// Points of the transform, each a matrix product.
    pub(crate) fn n_points(self) -> usize {
        self.points_side() * self.points_side()
    }

    fn name(self) -> &'static str {
        match self {
            Self::F2 => "Winograd F(2x2, 3x3)",
            Self::F4 => "Winograd F(4x4, 3x3)",
        }
    }

    /// Refuses geometries that the form does not serve.
    pub(crate) fn check(self, geometry: &ConvGeometry) -> Result<(), Error> {
        let sizes = geometry.sizes();
        let is_served = sizes.kernel == 3
            && sizes.stride == 1
            && sizes.padding <= 2 * sizes.dilation
            && sizes.in_channels.is_multiple_of(LINE)
            && sizes.out_channels.is_multiple_of(LINE);
        if is_served {
            return Ok(());
        }
        Err(Error::Unsupported {
            algorithm: self.name(),
            needs: "a 3x3 kernel of stride 1, padding up to twice the dilation and channels in multiples of 16",
            found: format!("{sizes:?}"),
        })
    }
}

/// Distance of planes of `n` numbers: an odd number of cache lines, so that the same place of many planes, which a tile
/// touches one after another, does not fall into one set of the cache.
fn plane_step(n: usize) -> usize {
    let lines = whole_lines(n) / LINE;
    (lines | 1) * LINE
}
