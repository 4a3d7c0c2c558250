//! Spherical mass profiles of the parts of a cluster, their projections, and the mass that they have within a sphere
//! about another centre.

use super::shape::simpson;
use crate::paint::ProfileTable;
use std::f64::consts::PI;

/// Mass of an NFW profile within x scale radii over `4 pi rho_s r_s^3`.
pub(crate) fn nfw_enclosed(x: f64) -> f64 {
    x.ln_1p() - x / (1.0 + x)
}

/// The x within which an NFW profile has a given share of the mass within `x_max`.
pub(crate) fn nfw_radius_of_share(share: f64, x_max: f64) -> f64 {
    let target = share * nfw_enclosed(x_max);
    let (mut low, mut high) = (0.0, x_max);
    // The bisection ends at the precision of the numbers.
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if nfw_enclosed(middle) < target { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

/// `int rho dl / (2 rho_s r_s)` at projected x of an NFW profile that ends at `x_max`, both in scale radii.
///
/// Source: TakadaJain03, Eq. 27, where the halo ends at its virial radius.
pub(crate) fn truncated_nfw_line_integral(x: f64, x_max: f64) -> f64 {
    if x >= x_max {
        return 0.0;
    }
    let root = (x_max * x_max - x * x).sqrt();
    let difference = 1.0 - x * x;
    if difference.abs() < 1e-4 {
        return (x_max * x_max - 1.0).max(0.0).sqrt() / (3.0 * (1.0 + x_max)) * (1.0 + 1.0 / (1.0 + x_max));
    }
    let argument = (x * x + x_max) / (x * (1.0 + x_max));
    let angle = if difference > 0.0 { argument.max(1.0).acosh() } else { -argument.clamp(-1.0, 1.0).acos() };
    -root / (difference * (1.0 + x_max)) + angle / difference.abs().powf(1.5)
}

/// The profile of a subhalo: `rho(x) = rho_s / [x (1 + x)^2] t^2 / (t^2 + x^2)`, x in scale radii and t the truncation
/// radius   (BaltzMarshallOguri09, Eq. A3), up to ten truncation radii, beyond which 1% of the mass would lie.
#[derive(Clone, Debug)]
pub(crate) struct SubhaloProfile {
    truncation: f64,
    /// `int rho dl / (M / r_s^2)` by the square of x.
    pub(crate) projected: ProfileTable,
    total: f64,
}

impl SubhaloProfile {
    /// Ends at this many truncation radii.
    const EXTENT: f64 = 10.0;

    /// The profile with a truncation radius in scale radii.
    pub(crate) fn new(truncation: f64) -> Self {
        let x_max = Self::EXTENT * truncation;
        let total = smooth_enclosed(x_max, truncation);
        let line_integral = |x: f64| {
            // With l = x sinh(t) the cusp is smooth.
            let end = (x_max / x).acosh();
            let density = |r: f64| r / (r * (1.0 + r).powi(2) * (1.0 + (r / truncation).powi(2)));
            2.0 * simpson(0.0, end, 64, |t| density(x * t.cosh())) / (4.0 * PI * total)
        };
        Self { truncation, projected: ProfileTable::new(line_integral, x_max), total }
    }

    /// Where it ends, in scale radii.
    pub(crate) fn x_max(&self) -> f64 {
        Self::EXTENT * self.truncation
    }

    /// Share of the mass within x scale radii.
    pub(crate) fn enclosed(&self, x: f64) -> f64 {
        if x >= self.x_max() { 1.0 } else { smooth_enclosed(x, self.truncation) / self.total }
    }
}

/// `int_0^x x t^2 / [(1 + x)^2 (t^2 + x^2)] dx`, derived here by partial fractions; for the whole halo it is
/// BaltzMarshallOguri09, Eq. A4.
fn smooth_enclosed(x: f64, t: f64) -> f64 {
    let n = t * t + 1.0;
    let a = (t * t - 1.0) / (n * n);
    t * t * (a * (x.ln_1p() - 0.5 * (x / t).powi(2).ln_1p()) - x / ((1.0 + x) * n) + 2.0 * t / (n * n) * (x / t).atan())
}

/// Share of the mass of a sphere, with `enclosed(r)` the share within r and nothing beyond `r_max`, that lies within a
/// distance `radius` of a point at a distance `distance` above zero from its centre.
///
/// Integrated by parts: of the shell at r a share `f(r) = [radius^2 - (distance - r)^2] / (4 distance r)` lies inside.
pub(crate) fn share_in_sphere(enclosed: impl Fn(f64) -> f64, r_max: f64, distance: f64, radius: f64) -> f64 {
    if distance + r_max <= radius {
        return 1.0;
    }
    if distance - r_max >= radius {
        return 0.0;
    }
    // Nothing lies within 1e-9 of a radius; it keeps the quotients below from dividing zero by zero.
    let (start, end) = ((radius - distance).abs().max(1e-9 * r_max), (radius + distance).min(r_max));
    if start >= r_max {
        return if radius > distance { 1.0 } else { 0.0 };
    }
    let inside = |r: f64| (radius * radius - (distance - r).powi(2)) / (4.0 * distance * r);
    // f dM integrated by parts: f M at the ends less int M df.
    let slope = |r: f64| ((distance * distance - radius * radius) / (r * r) - 1.0) / (4.0 * distance);
    let whole = if radius > distance { enclosed(start) } else { 0.0 };
    let at_start = if radius > distance { 1.0 } else { 0.0 };
    whole + inside(end) * enclosed(end)
        - at_start * enclosed(start)
        - simpson(start, end, 128, |r| enclosed(r) * slope(r))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::shape::draw_direction;
    use rand::{RngExt, SeedableRng};
    use rand_xoshiro::Xoshiro256PlusPlus;

    #[test]
    fn truncated_nfw_is_the_integral_along_the_line() {
        for x_max in [1.5_f64, 4.0, 9.0] {
            for x in [1e-3_f64, 0.1, 0.6, 0.999, 1.0, 1.003, 1.3, 3.0, 8.0] {
                let twin = if x < x_max {
                    let end = (x_max / x).acosh();
                    simpson(0.0, end, 4000, |t| (1.0 + x * t.cosh()).powi(-2))
                } else {
                    0.0
                };
                let ours = truncated_nfw_line_integral(x, x_max);
                assert!((ours - twin).abs() < 1e-4 * twin.max(0.01), "{x} of {x_max}: {ours} {twin}");
            }
        }
    }

    #[test]
    fn subhaloes_hold_their_mass_in_three_and_in_two_dimensions() {
        for truncation in [0.7_f64, 2.0, 5.0] {
            let profile = SubhaloProfile::new(truncation);
            let density = |x: f64| x / ((1.0 + x).powi(2) * (1.0 + (x / truncation).powi(2)));
            for x in [0.3, 1.0, 4.0] {
                let twin = simpson(0.0, x, 2000, density) / simpson(0.0, 10.0 * truncation, 20_000, density);
                assert!((profile.enclosed(x) / twin - 1.0).abs() < 1e-6, "{x}: {} {twin}", profile.enclosed(x));
            }
            // In s = x^(1/4) the logarithmic cusp is smooth.
            let ring = |s: f64| {
                let x = s.powi(4);
                2.0 * PI * x * f64::from(profile.projected.at_square((x * x) as f32)) * 4.0 * s.powi(3)
            };
            let mass = simpson(0.0, profile.x_max().powf(0.25), 4000, ring);
            assert!((mass - 1.0).abs() < 1e-3, "{truncation}: {mass}");
        }
    }

    #[test]
    fn shares_of_nfw_mass_are_inverted() {
        for share in [1e-4, 0.1, 0.5, 0.999] {
            let x = nfw_radius_of_share(share, 1.7);
            assert!((nfw_enclosed(x) / nfw_enclosed(1.7) - share).abs() < 1e-12);
        }
    }

    /// Random points of a sphere of constant density; false alarm 4e-4 (4 sigma, six cases).
    #[test]
    fn mass_in_another_sphere_is_that_of_random_points() {
        let enclosed = |r: f64| (r / 0.8).powi(3).min(1.0);
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(3);
        for (distance, radius) in [(0.3, 0.4), (0.3, 0.9), (0.9, 0.4), (1.1, 0.5), (0.1, 0.2), (0.5, 0.5)] {
            let ours = share_in_sphere(enclosed, 0.8, distance, radius);
            let n = 40_000;
            let is_inside = |_: &i32| {
                let r = 0.8 * rng.random::<f64>().cbrt();
                let point = draw_direction(&mut rng).map(|component| component * r);
                (point[0] - distance).hypot(point[1]).hypot(point[2]) < radius
            };
            let share = (0..n).filter(is_inside).count() as f64 / f64::from(n);
            let sigma = (ours * (1.0 - ours) / f64::from(n)).sqrt();
            assert!((share - ours).abs() < 4.0 * sigma + 1e-4, "{distance} {radius}: {share} {ours}");
        }
    }
}
