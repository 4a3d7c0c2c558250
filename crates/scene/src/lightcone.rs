//! The expected number of haloes on the light cone, ready for drawing.
//!
//! `dN / (dOmega dz dlnM) = dn/dlnM(M200m, z) dV/(dOmega dz)`, with the mass function of Tinker08, integrated over
//! redshift shells and cells in ln M. Within a shell the redshift follows the volume element to first order; within a
//! cell the mass is uniform in ln M times the slope between the cell's ends.

use crate::setup::HaloRange;
use arcmin_sky::{Cosmology, LinearPower, Tinker08};
use arcmin_units::{M200m, Redshift};
use rand::{Rng, RngExt};
use rayon::prelude::*;
use std::ops::Range;

/// Width of a redshift shell aimed at.
const SHELL_WIDTH: f64 = 0.01;
/// Width of a mass cell in ln M aimed at.
///
/// The trapezoid rule is then off by 0.1% where the mass function falls as M^-5.
const CELL_WIDTH: f64 = 0.025;

/// Haloes per steradian in shells of redshift.
#[derive(Clone, Debug)]
pub(crate) struct LightCone {
    ln_m_min: f64,
    cell_width: f64,
    shells: Vec<Shell>,
}

/// One shell of redshift.
#[derive(Clone, Debug)]
struct Shell {
    z_near: f64,
    width: f64,
    /// Haloes per steradian and redshift at the far side over that at the near side.
    far_over_near: f64,
    /// Haloes per steradian below the upper end of each mass cell, summed from the lightest.
    cumulative_per_sr: Vec<f64>,
    /// Number density in ln M at the nodes between cells, in any unit.
    density: Vec<f64>,
}

impl LightCone {
    /// Tabulates the light cone.
    pub(crate) fn new(range: &HaloRange, cosmology: &Cosmology, power: &LinearPower) -> Self {
        let (ln_m_min, ln_m_max) = (range.m200m_min.value().ln(), range.m200m_max.value().ln());
        let (z_min, z_max) = (range.z_min.value(), range.z_max.value());
        let n_cells = ((ln_m_max - ln_m_min) / CELL_WIDTH).ceil() as usize;
        let n_shells = ((z_max - z_min) / SHELL_WIDTH).ceil() as usize;
        let cell_width = (ln_m_max - ln_m_min) / n_cells as f64;
        let width = (z_max - z_min) / n_shells as f64;
        let mass_function = Tinker08::new(power);
        let density_at = |z: f64| -> Vec<f64> {
            let volume = cosmology.comoving_volume_element_mpc3_sr(Redshift::new(z));
            let mass = |node: usize| M200m::new((ln_m_min + node as f64 * cell_width).exp());
            (0..=n_cells).map(|node| volume * mass_function.dn_dlnm(mass(node), Redshift::new(z))).collect()
        };
        let nodes: Vec<Vec<f64>> =
            (0..=n_shells).into_par_iter().map(|node| density_at(z_min + node as f64 * width)).collect();
        let shell =
            |idx: usize| Shell::new(z_min + idx as f64 * width, width, cell_width, &nodes[idx], &nodes[idx + 1]);
        Self { ln_m_min, cell_width, shells: (0..n_shells).map(shell).collect() }
    }

    /// Number of shells.
    pub(crate) fn n_shells(&self) -> usize {
        self.shells.len()
    }

    /// Expected haloes per steradian in one shell.
    pub(crate) fn per_sr(&self, shell: usize) -> f64 {
        self.shells[shell].total_per_sr()
    }

    /// Number of mass cells.
    pub(crate) fn n_cells(&self) -> usize {
        self.shells[0].cumulative_per_sr.len()
    }

    /// Mass at a node between cells.
    pub(crate) fn mass_at_node(&self, node: usize) -> M200m {
        M200m::new((self.ln_m_min + node as f64 * self.cell_width).exp())
    }

    /// Where a mass lies among the nodes.
    pub(crate) fn node_of(&self, mass: M200m) -> f64 {
        (mass.value().ln() - self.ln_m_min) / self.cell_width
    }

    /// Redshifts of the near and far side of a shell.
    pub(crate) fn redshifts(&self, shell: usize) -> [f64; 2] {
        let shell = &self.shells[shell];
        [shell.z_near, shell.z_near + shell.width]
    }

    /// Expected haloes per steradian in some mass cells of one shell.
    pub(crate) fn per_sr_in(&self, shell: usize, cells: &Range<usize>) -> f64 {
        let shell = &self.shells[shell];
        shell.below(cells.end) - shell.below(cells.start)
    }

    /// Draws mass and redshift of one halo of a shell.
    pub(crate) fn draw(&self, shell: usize, rng: &mut impl Rng) -> (M200m, Redshift) {
        let [mass, redshift]: [f64; 2] = rng.random();
        let mass = self.mass(shell, mass * self.shells[shell].total_per_sr());
        (mass, Redshift::new(self.redshift(shell, redshift)))
    }

    /// Draws the mass of one halo among some mass cells of a shell.
    pub(crate) fn draw_mass_in(&self, shell: usize, cells: &Range<usize>, rng: &mut impl Rng) -> M200m {
        let below = self.shells[shell].below(cells.start) + rng.random::<f64>() * self.per_sr_in(shell, cells);
        self.mass(shell, below)
    }

    /// The redshift within a shell below which a share of its haloes lies.
    pub(crate) fn redshift(&self, shell: usize, share: f64) -> f64 {
        let shell = &self.shells[shell];
        shell.z_near + shell.width * invert_ramp(share, shell.far_over_near)
    }

    /// The mass of a shell below which a number of haloes per steradian lies.
    fn mass(&self, shell: usize, below: f64) -> M200m {
        let shell = &self.shells[shell];
        let cell = shell.cumulative_per_sr.partition_point(|&sum| sum <= below).min(shell.last_cell());
        let cell_start = if cell == 0 { 0.0 } else { shell.cumulative_per_sr[cell - 1] };
        let within = (below - cell_start) / (shell.cumulative_per_sr[cell] - cell_start);
        let along = invert_ramp(within, shell.density[cell + 1] / shell.density[cell]);
        let ln_m = self.ln_m_min + (cell as f64 + along) * self.cell_width;
        M200m::new(ln_m.exp())
    }
}

impl Shell {
    fn new(z_near: f64, width: f64, cell_width: f64, near: &[f64], far: &[f64]) -> Self {
        let density: Vec<f64> = near.iter().zip(far).map(|(a, b)| 0.5 * (a + b)).collect();
        let mut sum = 0.0;
        let mut add = |cell: &[f64]| {
            sum += 0.5 * (cell[0] + cell[1]) * cell_width * width;
            sum
        };
        let cumulative_per_sr = density.windows(2).map(&mut add).collect();
        let far_over_near = far.iter().sum::<f64>() / near.iter().sum::<f64>();
        Self { z_near, width, far_over_near, cumulative_per_sr, density }
    }

    /// The heaviest cell that holds anything: beyond it the mass function underflows to zero.
    fn last_cell(&self) -> usize {
        self.cumulative_per_sr.partition_point(|&sum| sum < self.total_per_sr())
    }

    /// Haloes per steradian below a node.
    fn below(&self, node: usize) -> f64 {
        if node == 0 { 0.0 } else { self.cumulative_per_sr[node - 1] }
    }

    fn total_per_sr(&self) -> f64 {
        *self.cumulative_per_sr.last().expect("a light cone has at least one mass cell")
    }
}

/// Inverts the cumulative distribution of a density on 0..1 that goes linearly from 1 to `ratio`.
fn invert_ramp(share: f64, ratio: f64) -> f64 {
    // The root of (ratio - 1) t^2 / 2 + t = share (ratio + 1) / 2, in the form that is stable for a ratio near one.
    let area = share * (ratio + 1.0);
    area / (1.0 + (1.0 + (ratio - 1.0) * area).max(0.0).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PressureModel;
    use proptest::prelude::*;
    use rand::SeedableRng;
    use rand_xoshiro::Xoshiro256PlusPlus;

    fn range() -> HaloRange {
        HaloRange {
            m200m_min: M200m::new(3e13),
            m200m_max: M200m::new(5e15),
            z_min: Redshift::new(0.1),
            z_max: Redshift::new(2.0),
            y_ln_scatter: 0.0,
            concentration_ln_scatter: 0.0,
            pressure: PressureModel::Arnaud10,
            abundance_factor: 1.0,
        }
    }

    /// Haloes per steradian between masses and redshifts, straight from the mass function by the midpoint rule.
    fn expected(masses: [f64; 2], redshifts: [f64; 2], cosmology: &Cosmology, power: &LinearPower) -> f64 {
        const STEPS: usize = 60;
        let dlnm = (masses[1] / masses[0]).ln() / STEPS as f64;
        let dz = (redshifts[1] - redshifts[0]) / STEPS as f64;
        let mass_function = Tinker08::new(power);
        let at = |k: usize| {
            let z = Redshift::new(redshifts[0] + ((k / STEPS) as f64 + 0.5) * dz);
            let mass = M200m::new(masses[0] * (((k % STEPS) as f64 + 0.5) * dlnm).exp());
            mass_function.dn_dlnm(mass, z) * cosmology.comoving_volume_element_mpc3_sr(z) * dlnm * dz
        };
        (0..STEPS * STEPS).map(at).sum()
    }

    /// Drawn haloes in boxes of mass and redshift against the integral; false alarm 2e-3 (4 sigma in 30 boxes).
    #[test]
    fn draws_follow_the_mass_function() {
        const N: usize = 400_000;
        let cosmology = Cosmology::sehgal_wmap5();
        let power = LinearPower::eisenstein_hu98(&cosmology);
        let cone = LightCone::new(&range(), &cosmology, &power);
        let total: f64 = (0..cone.n_shells()).map(|shell| cone.per_sr(shell)).sum();
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(1);
        let mut drawn = Vec::with_capacity(N);
        let mut owed = 0.0;
        for shell in 0..cone.n_shells() {
            owed += N as f64 * cone.per_sr(shell) / total;
            while (drawn.len() as f64) < owed {
                drawn.push(cone.draw(shell, &mut rng));
            }
        }
        let (masses, redshifts) = ([3e13, 5e13, 8e13, 1.2e14, 2e14, 4e14, 5e15], [0.1, 0.32, 0.551, 0.8, 1.2, 2.0]);
        for m in masses.windows(2) {
            for z in redshifts.windows(2) {
                let inside = |&&(mass, at): &&(M200m, Redshift)| {
                    (m[0]..m[1]).contains(&mass.value()) && (z[0]..z[1]).contains(&at.value())
                };
                let count = drawn.iter().filter(inside).count() as f64;
                let target = N as f64 * expected([m[0], m[1]], [z[0], z[1]], &cosmology, &power) / total;
                let tolerance = 4.0 * target.sqrt() + 0.002 * target + 2.0;
                assert!((count - target).abs() < tolerance, "M {m:?} z {z:?}: {count} for {target}");
            }
        }
    }

    proptest! {
        #[test]
        fn ramp_is_inverted(share in 0.0..1.0f64, ratio in 0.0..50.0f64) {
            let t = invert_ramp(share, ratio);
            let cumulative = (t + 0.5 * (ratio - 1.0) * t * t) / (0.5 * (ratio + 1.0));
            prop_assert!((0.0..=1.0).contains(&t) && (cumulative - share).abs() < 1e-12);
        }
    }
}
