//! Which algorithm serves a geometry fastest.

use crate::direct::TapTable;
use crate::geometry::ConvGeometry;
use crate::plan::Pass;
use crate::winograd::{Form, n_points_along};

/// A way to compute a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// The sum as it is written. Serves every geometry.
    Direct,
    /// Winograd's F(2x2, 3x3). Serves 3x3 kernels of stride 1 with channels in multiples of 16.
    WinogradF2,
    /// Winograd's F(4x4, 3x3). As [`Algorithm::WinogradF2`].
    WinogradF4,
}

impl Algorithm {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Direct, Self::WinogradF2, Self::WinogradF4];

    /// Winograd's form, `None` for the direct algorithm.
    pub(crate) fn form(self) -> Option<Form> {
        match self {
            Self::Direct => None,
            Self::WinogradF2 => Some(Form::F2),
            Self::WinogradF4 => Some(Form::F4),
        }
    }

    /// Whether the algorithm serves a geometry.
    pub fn serves(self, geometry: &ConvGeometry) -> bool {
        self.form().is_none_or(|form| form.check(geometry).is_ok())
    }
}

/// Which algorithms a plan may take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum AlgorithmChoice {
    /// The fastest by measured rules.
    #[default]
    Fastest,
    /// The direct algorithm, whose rounding error is smallest at large kernels and the same for every pixel.
    WithoutWinograd,
    /// This one, or an error where it does not serve the geometry.
    Only(Algorithm),
}

impl AlgorithmChoice {
    /// The algorithm for one pass.
    pub fn algorithm(self, geometry: &ConvGeometry, pass: Pass) -> Algorithm {
        match self {
            Self::WithoutWinograd => Algorithm::Direct,
            Self::Only(algorithm) => algorithm,
            Self::Fastest => fastest(geometry, pass),
        }
    }
}

fn fastest(geometry: &ConvGeometry, pass: Pass) -> Algorithm {
    let served = Algorithm::ALL.into_iter().filter(|algorithm| algorithm.serves(geometry));
    let timed = served.map(|algorithm| (expected_ms(geometry, pass, algorithm), algorithm));
    timed.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(Algorithm::Direct, |(_, algorithm)| algorithm)
}

/// Sums of a weight gradient in Winograd's domain from which on they go through memory with each stage, and milliseconds of one
/// thread that a million of them takes then: 8.7 instead of the direct 7.1 ms for 512 channels on 32 images of 5x5.
const CACHED_SUM_BYTES: usize = 32 << 20;
const MEMORY_SUM: f64 = 0.5;

/// Product of the channels from which on the direct algorithm hides all but its products.
const NARROW_CHANNELS: f64 = 64.0 * 64.0;

/// Milliseconds of one thread for a billion products, for a million weights in Winograd's domain (or packed, for the direct
/// algorithm), and for a million numbers of tiles in that domain.
///
/// Fitted to 96 passes of 64 to 512 channels, dilations 1 to 4 and batches 4 and 32 on a Zen 5 core with AVX-512, to 15 %, before
/// F(4x4) had tiles of two pixels; with them the choice is still within 15 % of the fastest in each of these passes.
/// With AVX2 products take twice as long, which moves the choice only where two algorithms are close.
///
/// `visits` is nanoseconds for each tap of each pixel where a tile of the direct algorithm is narrower than 64 x 64 channels and
/// cannot hide them; fitted to 16 and 32 channels, for which the products alone would have chosen weight gradients of twice the
/// fastest's time.
struct Cost {
    products: f64,
    weights: f64,
    tiles: f64,
    visits: f64,
}

fn cost(algorithm: Algorithm, pass: Pass) -> Cost {
    let of = |products, weights, tiles| Cost { products, weights, tiles, visits: 0.0 };
    match (algorithm, pass) {
        (Algorithm::Direct, Pass::Forward) => Cost { visits: 2.9, ..of(10.2, 0.27, 0.0) },
        (Algorithm::Direct, Pass::InputGradient) => Cost { visits: 3.1, ..of(10.6, 0.6, 0.0) },
        (Algorithm::Direct, Pass::WeightGradient) => Cost { visits: 6.3, ..of(10.0, 0.1, 0.0) },
        (Algorithm::WinogradF2, Pass::Forward) => of(9.2, 0.5, 0.15),
        (Algorithm::WinogradF2, Pass::InputGradient) => of(9.2, 0.8, 0.17),
        (Algorithm::WinogradF2, Pass::WeightGradient) => of(11.0, 0.2, 0.16),
        (Algorithm::WinogradF4, Pass::Forward) => of(10.0, 0.55, 0.23),
        (Algorithm::WinogradF4, Pass::InputGradient) => of(10.0, 0.65, 0.24),
        (Algorithm::WinogradF4, Pass::WeightGradient) => of(11.4, 0.12, 0.3),
    }
}

/// Time of one pass by a model of products and memory.
fn expected_ms(geometry: &ConvGeometry, pass: Pass, algorithm: Algorithm) -> f64 {
    let cost = cost(algorithm, pass);
    let sizes = geometry.sizes();
    let channels = (sizes.in_channels * sizes.out_channels) as f64;
    let Some(form) = algorithm.form() else {
        let products = geometry.n_products() * TapTable::forward(geometry).inside_fraction();
        let visits = products * (1.0 / channels - 1.0 / NARROW_CHANNELS).max(0.0);
        return products * 1e-9 * cost.products
            + visits * 1e-6 * cost.visits
            + geometry.n_taps() as f64 * channels * 1e-6 * cost.weights;
    };
    let [n, height, width] = match pass {
        Pass::InputGradient => [sizes.n, sizes.height, sizes.width],
        _ => [sizes.n, geometry.out_height(), geometry.out_width()],
    };
    let along = |size| n_points_along(size, sizes.dilation, form);
    let points = (n * along(height) * along(width)) as f64;
    let tile_channels = (sizes.in_channels + sizes.out_channels) as f64;
    let weight_bytes = form.n_points() * sizes.in_channels * sizes.out_channels * size_of::<f32>();
    let is_sum_in_memory = pass == Pass::WeightGradient && weight_bytes >= CACHED_SUM_BYTES;
    let weights = cost.weights + if is_sum_in_memory { MEMORY_SUM } else { 0.0 };
    points * channels * 1e-9 * cost.products
        + form.n_points() as f64 * channels * 1e-6 * weights
        + points * tile_channels * 1e-6 * cost.tiles
}
