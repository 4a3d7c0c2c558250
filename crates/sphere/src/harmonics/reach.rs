//! How far in m a ring is reached by the harmonics of a degree.

/// Harmonics below `exp(-this)` of their largest value are left out.
const NEGLIGIBLE_LN: f64 = 70.0;

/// Largest order `m <= lmax` that matters on a ring: beyond it every `lambda_lm` with `l <= lmax` is below 1e-30.
///
/// Towards the pole from the turning point `sin theta = m / L`, `L = lmax + 1/2`, the harmonic falls as `exp(-I)` with
/// `I = integral sqrt(m^2 - L^2 sin^2) dtheta / sin = m artanh(W / (m c)) - L artanh(W / (L c))`, `c = |cos theta|`,
/// `W = sqrt(m^2 - L^2 sin^2 theta)`: the phase integral of `d^2 lambda / d(ln tan(theta/2))^2 = (m^2 - l(l+1) sin^2)
/// lambda`. The bound by `m <= l sin theta` plus a margin (RS13) is of the same kind, with a margin of fixed size.
pub(super) fn largest_order(lmax: usize, abs_z: f64, sin_theta: f64) -> usize {
    let ell = lmax as f64 + 0.5;
    let depth = |m: usize| {
        let m = m as f64;
        let w2 = m * m - (ell * sin_theta).powi(2);
        if w2 <= 0.0 || abs_z == 0.0 {
            return 0.0;
        }
        let w = w2.sqrt() / abs_z;
        m * (w / m).min(1.0).atanh() - ell * (w / ell).min(1.0).atanh()
    };
    if depth(lmax) <= NEGLIGIBLE_LN {
        return lmax;
    }
    let (mut reached, mut beyond) = (0, lmax);
    while beyond - reached > 1 {
        let middle = reached.midpoint(beyond);
        if depth(middle) <= NEGLIGIBLE_LN { reached = middle } else { beyond = middle }
    }
    reached
}
