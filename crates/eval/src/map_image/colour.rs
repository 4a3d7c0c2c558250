//! From values to colours.

use super::shrink::Shrunk;
use crate::statistics::quantile;
use colorous::Color;

/// Which values the ends of the colour scale stand for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum ColourRange {
    /// Percentiles of the drawn cells.
    Percentile {
        /// Percentile in 0..100 at the lower end.
        low: f64,
        /// Percentile in 0..100 at the upper end.
        high: f64,
    },
    /// From minus to plus a percentile of the absolute values of the drawn cells.
    Symmetric {
        /// Percentile in 0..100.
        percentile: f64,
    },
    /// Given values.
    Fixed {
        /// Value at the lower end.
        low: f64,
        /// Value at the upper end.
        high: f64,
    },
}

/// The colours of the scale.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColourScale {
    /// Dark to bright, perceptually even (inferno).
    Sequential,
    /// Blue over white to red, for values around zero.
    Diverging,
    /// Black to white.
    Grey,
}

impl ColourScale {
    fn at(self, t: f64) -> Color {
        match self {
            ColourScale::Sequential => colorous::INFERNO.eval_continuous(t),
            ColourScale::Diverging => colorous::RED_BLUE.eval_continuous(1.0 - t),
            ColourScale::Grey => colorous::GREYS.eval_continuous(1.0 - t),
        }
    }
}

/// A colour scale with its ends fixed.
pub(super) struct Colouring {
    pub(super) low: f64,
    pub(super) high: f64,
    scale: ColourScale,
}

impl Colouring {
    pub(super) fn new(map: &Shrunk, range: ColourRange, scale: ColourScale) -> Self {
        let values = || map.cells.iter().flatten().map(|&value| f64::from(value));
        let (low, high) = match range {
            ColourRange::Fixed { low, high } => (low, high),
            ColourRange::Percentile { low, high } => {
                let sorted = sorted(values());
                (percentile(&sorted, low), percentile(&sorted, high))
            }
            ColourRange::Symmetric { percentile: p } => {
                let reach = percentile(&sorted(values().map(f64::abs)), p);
                (-reach, reach)
            }
        };
        Self::between((low, high), scale)
    }

    /// A scale between two values. A constant map still has a colour: the middle of the scale.
    pub(super) fn between((low, high): (f64, f64), scale: ColourScale) -> Self {
        if low < high { Self { low, high, scale } } else { Self { low: low - 0.5, high: low + 0.5, scale } }
    }

    /// Colour of a value; values beyond the ends take the end's colour.
    pub(super) fn colour(&self, value: f64) -> Color {
        self.scale.at(((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0))
    }
}

fn sorted(values: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut sorted: Vec<f64> = values.collect();
    sorted.sort_unstable_by(f64::total_cmp);
    sorted
}

fn percentile(sorted: &[f64], percent: f64) -> f64 {
    quantile(sorted, percent / 100.0).unwrap_or(0.0)
}
