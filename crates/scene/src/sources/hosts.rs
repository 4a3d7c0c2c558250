//! Haloes as hosts of sources.

use crate::population::PlacedHalo;
use crate::setup::Setup;
use crate::window::Window;
use arcmin_maps::PixelPosition;
use arcmin_sky::{LinearPower, Tinker08};
use arcmin_units::{M200m, Redshift};
use rand::{Rng, RngExt};
use std::f64::consts::TAU;

/// Lighter haloes host no sources.
const M200M_MIN: M200m = M200m::new(1e13);
/// Mass in whose units weights are taken.
const M200M_PIVOT: M200m = M200m::new(1e14);
/// Share of the haloes with sources whose brightest sits at the centre; all others follow the halo's NFW profile.
const CENTRAL_SHARE: f64 = 0.7;
/// Steps of the integral over redshift and mass.
const Z_STEPS: usize = 80;
const MASS_STEPS: usize = 80;

/// Weight of a halo among hosts, `(M200m / 1e14 Msun)^slope`, zero below 1e13 Msun.
pub(super) fn weight(m200m: M200m, slope: f64) -> f64 {
    if m200m.value() < M200M_MIN.value() { 0.0 } else { (m200m.value() / M200M_PIVOT.value()).powf(slope) }
}

/// Expected sum per steradian of a function of mass over the haloes of a survey.
///
/// It is taken from the mass function and not from the haloes of a tile, so that a halo hosts as many sources when it is
/// the only one asked for as when it is one of thousands.
pub(super) fn sum_per_sr(setup: &Setup, function: impl Fn(M200m) -> f64) -> f64 {
    let power = LinearPower::eisenstein_hu98(&setup.cosmology);
    let mass_function = Tinker08::new(&power);
    let range = &setup.haloes;
    let midpoints = |from: f64, to: f64, n: usize| {
        let step = (to / from).ln() / n as f64;
        (0..n).map(move |idx| ((from.ln() + (idx as f64 + 0.5) * step).exp(), step))
    };
    let mut sum = 0.0;
    for (z, dlnz) in midpoints(range.z_min.value(), range.z_max.value(), Z_STEPS) {
        let volume = setup.cosmology.comoving_volume_element_mpc3_sr(Redshift::new(z)) * z * dlnz;
        for (m, dlnm) in midpoints(range.m200m_min.value(), range.m200m_max.value(), MASS_STEPS) {
            let m200m = M200m::new(m);
            sum += volume * mass_function.dn_dlnm(m200m, Redshift::new(z)) * dlnm * function(m200m);
        }
    }
    sum * range.abundance_factor
}

/// The hosts of one tile.
pub(super) struct Hosts {
    /// Sums of the weights up to and with each halo.
    cumulative: Vec<f64>,
}

impl Hosts {
    /// Weighs the haloes of a tile.
    pub(super) fn new(placed: &[PlacedHalo], slope: f64) -> Self {
        let mut sum = 0.0;
        let mut add = |placed: &PlacedHalo| {
            sum += weight(placed.halo.m200m, slope);
            sum
        };
        let cumulative = placed.iter().map(&mut add).collect();
        Self { cumulative }
    }

    /// Sum of all weights.
    pub(super) fn total_weight(&self) -> f64 {
        self.cumulative.last().copied().unwrap_or(0.0)
    }

    /// Draws the number of a host in the list of the tile, by its weight; there must be one.
    pub(super) fn draw(&self, rng: &mut impl Rng) -> usize {
        let share: f64 = rng.random();
        let below = share * self.total_weight();
        self.cumulative.partition_point(|&sum| sum <= below).min(self.cumulative.len() - 1)
    }
}

/// A source's rank in its halo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    /// The brightest.
    First,
    /// Any other: were they at the centre too, clusters would hold coherent piles of faint sources.
    Other,
}

/// Draws the place of a source in its halo, in pixels of the tile.
pub(super) fn draw_place(host: &PlacedHalo, rank: Rank, window: &Window, rng: &mut impl Rng) -> PixelPosition {
    let [central, mass, height, turn]: [f64; 4] = rng.random();
    if rank == Rank::First && central < CENTRAL_SHARE {
        return host.pixel;
    }
    let halo = &host.halo;
    let theta200_rad = halo.theta500.value() * (2.5 * halo.m200c.value() / halo.m500c.value()).cbrt();
    let radius_rad = theta200_rad * nfw_radius(mass, halo.c200c) / halo.c200c;
    // A random direction in space, seen along the line of sight.
    let projected = (1.0 - (2.0 * height - 1.0).powi(2)).sqrt();
    let pixels = radius_rad * projected / window.pixel_rad();
    let (sin, cos) = (TAU * turn).sin_cos();
    PixelPosition { x: host.pixel.x + pixels * cos, y: host.pixel.y + pixels * sin }
}

/// The radius in scale radii within which lies a share of the mass of an NFW halo inside `x = c`.
fn nfw_radius(share: f64, c: f64) -> f64 {
    let mass = |x: f64| x.ln_1p() - x / (1.0 + x);
    let target = share * mass(c);
    let (mut low, mut high) = (0.0, c);
    for _ in 0..40 {
        let middle = 0.5 * (low + high);
        if mass(middle) < target { low = middle } else { high = middle }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn nfw_radii_hold_their_share(share in 0.0..1.0f64, c in 1.0..20.0f64) {
            let mass = |x: f64| x.ln_1p() - x / (1.0 + x);
            let x = nfw_radius(share, c);
            prop_assert!((mass(x) / mass(c) - share).abs() < 1e-9 && x <= c);
        }
    }
}
