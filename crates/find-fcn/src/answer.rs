//! What the network says of a cell.

/// Numbers that a cell is answered with: see [`Answer`].
pub(crate) const N_OUTPUTS: usize = 6;

/// Logarithms of errors are kept within these, so that neither error nor gradient overflows.
const LN_SIGMA: std::ops::RangeInclusive<f64> = -5.0..=3.0;

/// The answer for one cell. Positions and their errors are in cells, from the middle of the cell; masses in `ln(Mvir / 1e14 Msun)`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Answer {
    /// Log-odds that a target lies within the radius of the cell's middle.
    pub(crate) log_odds: f64,
    /// Mean offset of the halo along x and y.
    pub(crate) offset: [f64; 2],
    /// Logarithm of the error of the offset along each axis.
    pub(crate) ln_sigma_offset: f64,
    /// Mean logarithm of its mass.
    pub(crate) ln_mass: f64,
    /// Logarithm of the error of that.
    pub(crate) ln_sigma_mass: f64,
}

impl Answer {
    /// From a cell's row of the network's output.
    pub(crate) fn new(row: &[f32]) -> Self {
        let at = |i: usize| f64::from(row[i]);
        Self {
            log_odds: at(0),
            offset: [at(1), at(2)],
            ln_sigma_offset: clamped(at(3)),
            ln_mass: at(4),
            ln_sigma_mass: clamped(at(5)),
        }
    }

    /// Whether the errors as the network gave them lie within bounds; beyond, they have no gradient.
    pub(crate) fn has_free_errors(row: &[f32]) -> [bool; 2] {
        [3, 5].map(|i| LN_SIGMA.contains(&f64::from(row[i])))
    }
}

fn clamped(ln_sigma: f64) -> f64 {
    ln_sigma.clamp(*LN_SIGMA.start(), *LN_SIGMA.end())
}
