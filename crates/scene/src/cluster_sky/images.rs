//! Images of clusters of any mass and redshift, by tables.
//!
//! The gas of Arnaud10 has one shape: an image is the central y times a function of theta500 alone. That function is
//! tabulated for each pixel at even steps of ln theta500 and interpolated by cubics, to 1e-5 of the centre.

use super::config::ClusterSkyConfig;
use crate::Error;
use crate::conversion::nfw;
use crate::setup::Setup;
use arcmin_maps::Beam;
use arcmin_sky::pressure::{Arnaud10, ProjectedGnfw};
use arcmin_sky::{Cosmology, LinearPower};
use arcmin_units::{Arcmin, M200c, M500c, Radian, Redshift};
use rayon::prelude::*;

/// Nodes of the images in ln theta500.
const THETA_NODES: usize = 64;
/// Nodes of the masses in ln M200c, and in ln(1 + z) where the redshift varies.
const MASS_NODES: usize = 128;
const Z_NODES: usize = 48;
/// Points along a side of a pixel over which an image without beam is averaged.
const SUBPIXELS: usize = 5;

/// Tables of images.
#[derive(Debug)]
pub(super) struct ClusterImages {
    cosmology: Cosmology,
    ln_m200c: Nodes,
    ln_1_plus_z: Nodes,
    /// `ln(M500c / M200c)`, `[z, m]`.
    ln_m500c_ratio: Vec<f64>,
    ln_theta500: Nodes,
    /// For each band, images of central y one, averaged over pixels and through its beam, `[theta500][y, x]`.
    through_beam: Vec<Vec<Vec<f64>>>,
    /// The same without beam, averaged over pixels.
    bare: Vec<Vec<f64>>,
}

/// Even steps from `first`; one node where nothing varies.
#[derive(Clone, Copy, Debug)]
struct Nodes {
    first: f64,
    step: f64,
    len: usize,
}

impl Nodes {
    fn between(first: f64, last: f64, len: usize) -> Self {
        match last > first {
            true => Self { first, step: (last - first) / (len - 1) as f64, len },
            false => Self { first, step: 1.0, len: 1 },
        }
    }

    fn at(&self, idx: usize) -> f64 {
        self.first + self.step * idx as f64
    }

    /// The first of the nodes around a value and their weights: four by Lagrange's cubic, or the only one.
    fn weights(&self, value: f64) -> (usize, Vec<f64>) {
        if self.len < 4 {
            return (0, vec![1.0]);
        }
        let at = (value - self.first) / self.step;
        let start = (at.floor() as isize - 1).clamp(0, self.len as isize - 4) as usize;
        let t = at - start as f64;
        let weight = |i: usize| (0..4).filter(|&j| j != i).map(|j| (t - j as f64) / (i as f64 - j as f64)).product();
        (start, (0..4).map(weight).collect())
    }
}

impl ClusterImages {
    /// Tabulates the images of a description.
    pub(super) fn new(config: &ClusterSkyConfig, setup: &Setup) -> Result<Self, Error> {
        let cosmology = setup.cosmology;
        let ln_m200c = Nodes::between(config.m200c_min_msun.ln(), config.m200c_max_msun.ln(), MASS_NODES);
        let ln_1_plus_z = Nodes::between(config.redshift_min.ln_1p(), config.redshift_max.ln_1p(), Z_NODES);
        let power = LinearPower::eisenstein_hu98(&cosmology);
        let ratio = |idx: usize| -> Result<f64, Error> {
            let m200c = M200c::new(ln_m200c.at(idx % ln_m200c.len).exp());
            let z = Redshift::new(ln_1_plus_z.at(idx / ln_m200c.len).exp() - 1.0);
            let halo = nfw(m200c, z, setup.concentration, &cosmology, &power)?;
            Ok((halo.mass_in::<M500c>().value() / m200c.value()).ln())
        };
        let ln_m500c_ratio =
            (0..ln_m200c.len * ln_1_plus_z.len).into_par_iter().map(ratio).collect::<Result<_, _>>()?;
        let mut images = Self {
            cosmology,
            ln_m200c,
            ln_1_plus_z,
            ln_m500c_ratio,
            ln_theta500: Nodes::between(0.0, 0.0, 1),
            through_beam: Vec::new(),
            bare: Vec::new(),
        };
        images.ln_theta500 = images.theta500_nodes(config)?;
        let pixels = SquarePixels { n: config.n_pixels_side, pixel: Arcmin::new(config.pixel_arcmin) };
        images.bare = images.unit_images(&pixels, &Beam::Delta)?;
        let through = setup.bands.iter().map(|band| images.unit_images(&pixels, &band.beam));
        images.through_beam = through.collect::<Result<_, _>>()?;
        Ok(images)
    }

    /// Steps that hold every theta500 of the masses and redshifts.
    fn theta500_nodes(&self, config: &ClusterSkyConfig) -> Result<Nodes, Error> {
        let (mut least, mut most) = (f64::INFINITY, f64::NEG_INFINITY);
        for z_idx in 0..self.ln_1_plus_z.len {
            let z = Redshift::new(self.ln_1_plus_z.at(z_idx).exp() - 1.0);
            for m200c_msun in [config.m200c_min_msun, config.m200c_max_msun] {
                let ln_theta = self.gas(M200c::new(m200c_msun), z)?.theta500().value().ln();
                (least, most) = (least.min(ln_theta), most.max(ln_theta));
            }
        }
        Ok(Nodes::between(least - 0.01, most + 0.01, THETA_NODES))
    }

    /// The median gas of a cluster.
    ///
    /// # Errors
    /// A mass or redshift that is not above zero.
    pub(super) fn gas(&self, m200c: M200c, z: Redshift) -> Result<Arnaud10, Error> {
        let (m_start, m_weights) = self.ln_m200c.weights(m200c.value().ln());
        let (z_start, z_weights) = self.ln_1_plus_z.weights(z.value().ln_1p());
        let row = |z_idx: usize| {
            let row = &self.ln_m500c_ratio[(z_start + z_idx) * self.ln_m200c.len + m_start..];
            m_weights.iter().zip(row).map(|(weight, ratio)| weight * ratio).sum::<f64>()
        };
        let ln_ratio: f64 = z_weights.iter().enumerate().map(|(z_idx, weight)| weight * row(z_idx)).sum();
        Ok(Arnaud10::new(M500c::new(m200c.value() * ln_ratio.exp()), z, &self.cosmology)?)
    }

    /// Images of central y one at the nodes of theta500.
    fn unit_images(&self, pixels: &SquarePixels, beam: &Beam) -> Result<Vec<Vec<f64>>, Error> {
        let shape = ProjectedGnfw::arnaud10();
        // At one redshift theta500 is a power law of the mass: any value can be had from a mass.
        let z = Redshift::new(self.ln_1_plus_z.at(0).exp() - 1.0);
        let reference = Arnaud10::new(M500c::new(1e14), z, &self.cosmology)?;
        let image = |idx: usize| -> Result<Vec<f64>, Error> {
            let stretch = self.ln_theta500.at(idx).exp() / reference.theta500().value();
            let gas = Arnaud10::new(M500c::new(1e14 * stretch.powi(3)), z, &self.cosmology)?;
            Ok(match beam {
                Beam::Gaussian { fwhm } => {
                    let smooth = Radial::new(pixels, |theta| gas.y_smoothed(theta, fwhm.to_rad(), &shape) / gas.y0());
                    pixels.averaged(|theta| smooth.at(theta))
                }
                _ => pixels.averaged(|theta| shape.at(theta.value() / gas.theta500().value())),
            })
        };
        (0..self.ln_theta500.len).into_par_iter().map(image).collect()
    }

    /// Adds a factor times the Compton y through a band's beam to an image, `[y, x]`.
    pub(super) fn add_through_beam(&self, band_idx: usize, gas: &Arnaud10, factor: f64, image: &mut [f32]) {
        self.add(&self.through_beam[band_idx], gas, factor, image);
    }

    /// Adds a factor times the Compton y without beam to an image, `[y, x]`.
    pub(super) fn add_bare(&self, gas: &Arnaud10, factor: f64, image: &mut [f32]) {
        self.add(&self.bare, gas, factor, image);
    }

    fn add(&self, images: &[Vec<f64>], gas: &Arnaud10, factor: f64, image: &mut [f32]) {
        let (start, weights) = self.ln_theta500.weights(gas.theta500().value().ln());
        let factors: Vec<f64> = weights.iter().map(|weight| weight * factor * gas.y0()).collect();
        for (i, pixel) in image.iter_mut().enumerate() {
            *pixel += factors.iter().zip(&images[start..]).map(|(f, image)| f * image[i]).sum::<f64>() as f32;
        }
    }
}

/// The pixels of a cutout around the cluster at pixel `(n/2, n/2)`.
struct SquarePixels {
    n: usize,
    pixel: Arcmin,
}

impl SquarePixels {
    /// A function of the angle from the centre, averaged over each pixel.
    fn averaged(&self, value: impl Fn(Radian) -> f64) -> Vec<f64> {
        let half = (self.n / 2) as f64;
        let step = self.pixel.to_rad().value();
        let offset = |i: usize| (i as f64 + 0.5) / SUBPIXELS as f64 - 0.5;
        let at = |i: usize| {
            let (x, y) = ((i % self.n) as f64 - half, (i / self.n) as f64 - half);
            let points =
                (0..SUBPIXELS * SUBPIXELS).map(|k| (x + offset(k % SUBPIXELS)).hypot(y + offset(k / SUBPIXELS)));
            points.map(|distance| value(Radian::new(distance * step))).sum::<f64>() / (SUBPIXELS * SUBPIXELS) as f64
        };
        (0..self.n * self.n).map(at).collect()
    }
}

/// A smooth function of the angle from the centre at steps of a quarter of a pixel.
struct Radial {
    nodes: Nodes,
    values: Vec<f64>,
}

impl Radial {
    fn new(pixels: &SquarePixels, value: impl Fn(Radian) -> f64) -> Self {
        let step = 0.25 * pixels.pixel.to_rad().value();
        // Up to the corner of the cutout, and one node before the centre.
        let nodes = Nodes { first: -step, step, len: 3 * pixels.n + 8 };
        let values = (0..nodes.len).map(|i| value(Radian::new(nodes.at(i).abs()))).collect();
        Self { nodes, values }
    }

    fn at(&self, theta: Radian) -> f64 {
        let (start, weights) = self.nodes.weights(theta.value());
        weights.iter().zip(&self.values[start..]).map(|(weight, value)| weight * value).sum()
    }
}
