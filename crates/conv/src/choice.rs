//! Which algorithm serves a geometry fastest.

use crate::direct::TapTable;
use crate::geometry::ConvGeometry;
use crate::plan::Pass;
use crate::winograd::Form;

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
    let timed = served.map(|algorithm| (expected_seconds(geometry, pass, algorithm), algorithm));
    timed.min_by(|a, b| a.0.total_cmp(&b.0)).map_or(Algorithm::Direct, |(_, algorithm)| algorithm)
}

/// Multiply-adds a second of one thread, and bytes a second through weights and through tiles in Winograd's domain. Measured
/// on a Zen 5 core with AVX-512; what matters is their ratio.
const PRODUCTS_PER_S: f64 = 125e9;
const WEIGHT_BYTES_PER_S: f64 = 8e9;
const TILE_BYTES_PER_S: f64 = 16e9;

/// Seconds of one thread by a model of products and memory.
fn expected_seconds(geometry: &ConvGeometry, pass: Pass, algorithm: Algorithm) -> f64 {
    let sizes = geometry.sizes();
    let channels = (sizes.in_channels * sizes.out_channels) as f64;
    let Some(form) = algorithm.form() else {
        let inside = TapTable::forward(geometry).inside_fraction();
        let packing = if pass == Pass::WeightGradient { 0.0 } else { geometry.n_taps() as f64 * channels * 4.0 };
        return geometry.n_products() * inside / PRODUCTS_PER_S + packing / WEIGHT_BYTES_PER_S;
    };
    let [n, height, width] = match pass {
        Pass::InputGradient => [sizes.n, sizes.height, sizes.width],
        _ => [sizes.n, geometry.out_height(), geometry.out_width()],
    };
    let along = |size: usize| -> usize {
        let phases = 0..sizes.dilation.min(size);
        phases.map(|phase| (size - phase).div_ceil(sizes.dilation).div_ceil(form.side())).sum()
    };
    let (points, tiles) = (form.n_points() as f64, (n * along(height) * along(width)) as f64);
    let tile_channels = (sizes.in_channels + sizes.out_channels) as f64;
    points * tiles * channels / PRODUCTS_PER_S
        + points * channels * 8.0 / WEIGHT_BYTES_PER_S
        + points * tiles * tile_channels * 8.0 / TILE_BYTES_PER_S
}
