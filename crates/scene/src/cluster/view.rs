//! Views of a cluster: the smooth parts in projection.

use super::Direction;
use super::drawn::Cluster;
use super::gas::Profile;
use super::parts::GasPart;
use super::shape::Ellipsoid;
use crate::Error;
use crate::paint::{ProfileTable, Stamp, paint};
use crate::setup::require;
use arcmin_units::constants::C_M_S;
use arcmin_units::{Arcmin, Mpc};

/// Pixels of a view: a square of `n x n`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ViewGrid {
    n_pixels_side: usize,
    pixel: Arcmin,
}

/// A cluster as seen along one line of sight; images of `n x n` pixels, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct ClusterView {
    /// Compton y, `sigma_T / (m_e c^2) int P_e dl`; dimensionless.
    pub compton_y: Vec<f32>,
    /// The kinetic term `sigma_T int n_e v / c dl`, v positive away from us; the temperature changes by minus this much of
    /// that of the CMB.
    pub kinetic: Vec<f32>,
    /// Projected mass of all parts in Msun per physical Mpc^2.
    pub mass_msun_mpc2: Vec<f32>,
    /// The pixels.
    pub grid: ViewGrid,
    /// Size of a pixel at the cluster's distance, physical.
    pub pixel_length: Mpc,
}

impl ViewGrid {
    /// A grid of `n_pixels_side` pixels along a side.
    ///
    /// # Errors
    /// No pixel or more than 8192 on a side, or a pixel that is not above zero and below 60'.
    pub fn new(n_pixels_side: usize, pixel: Arcmin) -> Result<Self, Error> {
        let n = n_pixels_side as f64;
        require("n_pixels_side of a view", n, (1..=8192).contains(&n_pixels_side), "from 1 to 8192")?;
        let size = pixel.value();
        require("pixel_arcmin of a view", size, size > 0.0 && size < 60.0, "above 0 and below 60")?;
        Ok(Self { n_pixels_side, pixel })
    }

    /// Pixels along a side.
    pub fn n_pixels_side(&self) -> usize {
        self.n_pixels_side
    }

    /// Size of a pixel.
    pub fn pixel(&self) -> Arcmin {
        self.pixel
    }

    /// Row and column that the centre of the main halo lies on.
    pub fn centre(&self) -> usize {
        self.n_pixels_side / 2
    }

    fn n_pixels(&self) -> usize {
        self.n_pixels_side * self.n_pixels_side
    }
}

impl ClusterView {
    /// What there is without turbulence.
    pub(super) fn smooth(cluster: &Cluster, direction: &Direction, grid: &ViewGrid) -> Self {
        let sheet = Sheet { cluster, direction, grid };
        let velocity_c = cluster.velocity_km_s(direction) * 1e3 / C_M_S;
        Self {
            compton_y: sheet.compton_y(),
            kinetic: sheet.kinetic(velocity_c),
            mass_msun_mpc2: sheet.mass(),
            grid: *grid,
            pixel_length: Mpc::new(cluster.pixel_mpc(grid)),
        }
    }

    /// Compton y within a projected physical radius of the centre of the main halo, in Mpc^2; pixels on the rim count by
    /// their part inside.
    pub fn y_within_mpc2(&self, radius: Mpc) -> f64 {
        self.integral_within(&self.compton_y, radius)
    }

    /// Mass in Msun within a projected physical radius of the centre of the main halo.
    pub fn mass_within_msun(&self, radius: Mpc) -> f64 {
        self.integral_within(&self.mass_msun_mpc2, radius)
    }

    fn integral_within(&self, image: &[f32], radius: Mpc) -> f64 {
        let (n, centre) = (self.grid.n_pixels_side, self.grid.centre() as f64);
        let radius_pixels = radius.value() / self.pixel_length.value();
        let value = |(idx, &pixel): (usize, &f32)| {
            let (dx, dy) = ((idx % n) as f64 - centre, (idx / n) as f64 - centre);
            f64::from(pixel) * part_inside(dx, dy, radius_pixels)
        };
        image.iter().enumerate().map(value).sum::<f64>() * self.pixel_length.value().powi(2)
    }
}

/// The part of a pixel that lies within a circle.
fn part_inside(dx: f64, dy: f64, radius: f64) -> f64 {
    const POINTS: usize = 10;
    let distance = dx.hypot(dy);
    if distance < radius - 0.75 {
        return 1.0;
    }
    if distance > radius + 0.75 {
        return 0.0;
    }
    let offset = |k: usize| (k as f64 + 0.5) / POINTS as f64 - 0.5;
    let is_inside = |k: &usize| (dx + offset(k % POINTS)).hypot(dy + offset(k / POINTS)) < radius;
    (0..POINTS * POINTS).filter(is_inside).count() as f64 / (POINTS * POINTS) as f64
}

/// The plane that a cluster is projected on.
struct Sheet<'a> {
    cluster: &'a Cluster,
    direction: &'a Direction,
    grid: &'a ViewGrid,
}

impl Sheet<'_> {
    fn compton_y(&self) -> Vec<f32> {
        let mut image = vec![0f32; self.grid.n_pixels()];
        for part in &self.cluster.gas {
            self.add_gas(part, &self.cluster.shared.gas.pressure, part.y_per_mpc, &mut image);
        }
        image
    }

    fn kinetic(&self, velocity_c: f64) -> Vec<f32> {
        let mut image = vec![0f32; self.grid.n_pixels()];
        for part in &self.cluster.gas {
            let density = &self.cluster.shared.gas.density.of(part.core).profile;
            self.add_gas(part, density, velocity_c * part.tau_per_mpc, &mut image);
        }
        image
    }

    fn mass(&self) -> Vec<f32> {
        let mut image = vec![0f32; self.grid.n_pixels()];
        for part in &self.cluster.haloes {
            let stamp = self.stamp(&part.ellipsoid, part.scale_radius_mpc, part.surface_msun_mpc2);
            self.paint(&mut image, &[stamp], &part.projected);
        }
        let stamp = |part: &super::parts::SubhaloPart| {
            let surface_msun_mpc2 = part.mass_msun / part.scale_radius_mpc.powi(2);
            self.stamp(&part.ellipsoid, part.scale_radius_mpc, surface_msun_mpc2)
        };
        let subhaloes: Vec<Stamp> = self.cluster.subhaloes.iter().map(stamp).collect();
        self.paint(&mut image, &subhaloes, &self.cluster.shared.subhalo.projected);
        image
    }

    /// Adds gas whose quantity is `amplitude_per_mpc` times its profile.
    fn add_gas(&self, part: &GasPart, profile: &Profile, amplitude_per_mpc: f64, image: &mut [f32]) {
        let central = amplitude_per_mpc * part.r500_mpc * profile.central;
        let stamp = self.stamp(&part.ellipsoid, part.r500_mpc, central);
        self.paint(image, &[stamp], &profile.projected);
    }

    /// An ellipsoid with a radius as its unit, and the line integral through the centre of the sphere.
    fn stamp(&self, ellipsoid: &Ellipsoid, unit_mpc: f64, central: f64) -> Stamp {
        let seen = ellipsoid.project(self.direction.axes());
        let pixel_mpc = self.cluster.pixel_mpc(self.grid);
        let pixel_arcmin = self.grid.pixel().value();
        let [x, y] = seen.centre.map(|mpc| self.grid.centre() as f64 + mpc / pixel_mpc);
        Stamp {
            x,
            y,
            metric_arcmin2: seen.metric.map(|m| m * pixel_arcmin * pixel_arcmin),
            unit_arcmin: unit_mpc / pixel_mpc * pixel_arcmin,
            profile_idx: 0,
            central: central * seen.depth,
        }
    }

    fn paint(&self, image: &mut [f32], stamps: &[Stamp], profile: &ProfileTable) {
        paint(image, self.grid.n_pixels_side, stamps, std::slice::from_ref(profile));
    }
}
