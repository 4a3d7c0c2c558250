//! Masses and places of subhaloes.

use super::config::SubhaloesConfig;
use super::mass_profile::nfw_radius_of_share;
use super::shape::{Triaxial, Vector, draw_direction};
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson};

/// Subhaloes that would bring their sum beyond this share of M200c are left out: one cluster in some thousands.
const SHARE_MAX: f64 = 0.4;

/// A subhalo before its profile is known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subhalo {
    /// Mass over M200c of the cluster.
    pub(crate) mu: f64,
    /// Place in R200c, in the frame of the cluster.
    pub(crate) place_r200: Vector,
}

/// Draws the subhaloes of a cluster with concentration `c200c`, laid out like the main halo.
pub(crate) fn draw_subhaloes(
    config: &SubhaloesConfig,
    c200c: f64,
    shape: &Triaxial,
    rng: &mut impl Rng,
) -> Vec<Subhalo> {
    // Only a mean that is not above zero is refused.
    let Ok(number) = Poisson::new(config.mean_number_uncut()) else {
        return Vec::new();
    };
    let c_number = config.concentration_ratio * c200c;
    let mut sum = 0.0;
    let mut subhaloes = Vec::new();
    for _ in 0..number.sample(rng) as usize {
        let [mass, cut, radius]: [f64; 3] = rng.random();
        let towards = draw_direction(rng);
        let mu = power_law(mass, config.mu, config.slope);
        if cut < (-config.cutoff * mu.powi(3)).exp() && sum + mu <= SHARE_MAX {
            sum += mu;
            let radius_r200 = nfw_radius_of_share(radius, c_number) / c_number;
            subhaloes.push(Subhalo { mu, place_r200: shape.stretch(towards).map(|component| component * radius_r200) });
        }
    }
    subhaloes
}

/// The value below which a share of a distribution `dN / dln x ~ x^-slope` lies.
fn power_law(share: f64, [least, most]: [f64; 2], slope: f64) -> f64 {
    let (low, high) = (least.powf(-slope), most.powf(-slope));
    (low + share * (high - low)).powf(-1.0 / slope)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::shape::{dot, simpson};
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    /// Numbers in bins of mass and the median radius against the integrals; false alarm 5e-4 (4 sigma, six numbers).
    #[test]
    fn numbers_and_places_follow_their_distributions() {
        const CLUSTERS: u32 = 600;
        let config = SubhaloesConfig::default();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let all: Vec<Subhalo> =
            (0..CLUSTERS).flat_map(|_| draw_subhaloes(&config, 4.0, &Triaxial::SPHERE, &mut rng)).collect();
        let number = |ln_mu: f64| 0.02 * (-0.9 * ln_mu).exp() * (-12.3 * (3.0 * ln_mu).exp()).exp();
        for [low, high] in [[1e-4, 3e-4], [3e-4, 1e-3], [1e-3, 1e-2], [1e-2, 0.1], [0.1, 0.3]] {
            let expected = f64::from(CLUSTERS) * simpson(f64::ln(low), f64::ln(high), 200, number);
            let count = all.iter().filter(|subhalo| (low..high).contains(&subhalo.mu)).count() as f64;
            assert!((count - expected).abs() < 4.0 * expected.sqrt() + 2.0, "{low}..{high}: {count} {expected}");
        }
        let inner = nfw_radius_of_share(0.5, 1.6) / 1.6;
        let inside = all.iter().filter(|s| dot(s.place_r200, s.place_r200).sqrt() < inner).count() as f64;
        let n = all.len() as f64;
        assert!((inside / n - 0.5).abs() < 4.0 * 0.5 / n.sqrt(), "{}", inside / n);
    }
}
