//! Haloes drawn in proportion to the density of their kind, by thinning a uniform Poisson process.

use super::{Population, Seed};
use crate::TileKey;
use crate::clustering::LargeScale;
use crate::lightcone::LightCone;
use crate::stream::Draw;
use crate::window::Window;
use arcmin_sky::{LinearPower, Tinker10};
use arcmin_units::Redshift;
use rand::{Rng, RngExt};
use rand_distr::{Distribution, Poisson, StandardNormal};
use std::ops::Range;

/// Mass cells that are drawn together: 0.25 in ln M, over which the bias changes by a tenth.
const CELLS_PER_GROUP: usize = 10;

/// How haloes of one shell follow the density field.
#[derive(Clone, Debug)]
pub(super) struct ShellBias {
    near_mpc: f64,
    far_mpc: f64,
    /// Tinker10 bias times growth at the nodes between mass cells.
    growing_bias: Vec<f64>,
}

impl ShellBias {
    pub(super) fn new(light_cone: &LightCone, shell: usize, power: &LinearPower) -> Self {
        let [z_near, z_far] = light_cone.redshifts(shell);
        let middle = Redshift::new(0.5 * (z_near + z_far));
        let (tinker10, growth) = (Tinker10::new(power), power.growth().factor(middle));
        let at = |node| tinker10.bias(light_cone.mass_at_node(node), middle) * growth;
        let distance = |z| power.cosmology().comoving_distance(Redshift::new(z)).value();
        Self {
            near_mpc: distance(z_near),
            far_mpc: distance(z_far),
            growing_bias: (0..=light_cone.n_cells()).map(at).collect(),
        }
    }

    /// Bias times growth at a place among the nodes.
    fn at(&self, node: f64) -> f64 {
        let idx = (node.max(0.0) as usize).min(self.growing_bias.len() - 2);
        let part = node - idx as f64;
        self.growing_bias[idx] + part * (self.growing_bias[idx + 1] - self.growing_bias[idx])
    }

    /// Distance at a share of the shell's width in redshift.
    fn distance_mpc(&self, share: f64) -> f64 {
        self.near_mpc + share * (self.far_mpc - self.near_mpc)
    }
}

/// Haloes of neighbouring masses in one shell, and the most that the density can favour any of them.
struct Group {
    cells: Range<usize>,
    bias: [f64; 2],
    ln_max: f64,
}

impl Group {
    fn new(cells: Range<usize>, bias: &ShellBias, field_max: f64, variance: f64) -> Self {
        // The bias grows with mass, but near its minimum it need not.
        let nodes = &bias.growing_bias[cells.start..=cells.end];
        let bias = [nodes.iter().copied().fold(f64::MAX, f64::min), nodes.iter().copied().fold(0.0, f64::max)];
        Self { cells, bias, ln_max: ln_favour_max(bias, field_max, variance) }
    }
}

/// `ln(1 + delta)` of haloes with bias times growth `a` where the field is `g`: `a g - a^2 <g^2> / 2`.
fn ln_favour(a: f64, g: f64, variance: f64) -> f64 {
    a * g - 0.5 * a * a * variance
}

/// The largest over a range of `a`.
fn ln_favour_max([least, most]: [f64; 2], g: f64, variance: f64) -> f64 {
    ln_favour((g / variance).clamp(least, most), g, variance)
}

impl Population {
    /// Draws the haloes of one shell: a uniform process as dense as the densest cell would have it, of which each
    /// halo is kept with the ratio of its own cell's density to that.
    pub(super) fn draw_clustered(
        &self,
        shell: usize,
        key: TileKey,
        window: &Window,
        structure: &LargeScale,
    ) -> Vec<Seed> {
        let mut rng = key.stream(Draw::Haloes { shell });
        let bias = &self.bias[shell];
        let density = &structure.density;
        let field_max = density.max_between(bias.near_mpc, bias.far_mpc);
        let mut seeds = Vec::new();
        let n_cells = self.light_cone.n_cells();
        for start in (0..n_cells).step_by(CELLS_PER_GROUP) {
            let cells = start..(start + CELLS_PER_GROUP).min(n_cells);
            let group = Group::new(cells, bias, field_max, density.variance());
            let per_sr = self.light_cone.per_sr_in(shell, &group.cells) * self.abundance_factor;
            let expected = per_sr * window.flat_solid_angle_sr() * group.ln_max.exp();
            // Only a mean that is not above zero is refused.
            let n_proposed = Poisson::new(expected).map_or(0, |poisson| poisson.sample(&mut rng) as u64);
            for _ in 0..n_proposed {
                seeds.extend(self.propose(shell, &group, window, structure, &mut rng));
            }
        }
        seeds
    }

    /// Draws a halo of a group anywhere in the flat window, and keeps or drops it.
    fn propose(
        &self,
        shell: usize,
        group: &Group,
        window: &Window,
        structure: &LargeScale,
        rng: &mut impl Rng,
    ) -> Option<Seed> {
        let [x, y, along, keep]: [f64; 4] = rng.random();
        let pixel = window.position_at([x, y]);
        let (u, v) = window.tangent_plane(pixel);
        let q = 1.0 + u * u + v * v;
        let z = self.light_cone.redshift(shell, along);
        let [z_near, z_far] = self.light_cone.redshifts(shell);
        let distance_mpc = self.bias[shell].distance_mpc((z - z_near) / (z_far - z_near));
        let density = &structure.density;
        let cell = density.cells().cell(distance_mpc, [u, v]);
        let g = density.at(cell);
        // The area element of the gnomonic plane is part of the choice.
        let keep_ln = (keep * q * q.sqrt()).ln() + group.ln_max;
        if keep_ln >= ln_favour_max(group.bias, g, density.variance()) {
            return None;
        }
        let m200m = self.light_cone.draw_mass_in(shell, &group.cells, rng);
        let a = self.bias[shell].at(self.light_cone.node_of(m200m));
        (keep_ln < ln_favour(a, g, density.variance())).then(|| Seed {
            m200m,
            redshift: Redshift::new(z),
            pixel,
            y_normal: StandardNormal.sample(rng),
            cell,
        })
    }
}
