//! Templates over mass, and what a map says of them.

use crate::Error;
use crate::gaussian_sky::{GaussianSky, SquareGrid, dot};
use arcmin_scene::ClusterSky;
use arcmin_units::{M200c, Redshift};
use rayon::prelude::*;

/// Nodes in ln M.
const NODES: usize = 33;

/// An amplitude of a template with its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Amplitude {
    /// `s^T C^-1 d / s^T C^-1 s`.
    pub value: f64,
    /// `(s^T C^-1 s)^-1/2`.
    pub error: f64,
}

/// The least error that an unbiased estimate of ln M can have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MassBound {
    /// Where the amplitude follows from the mass: `F^-1/2`, `F = s'^T C^-1 s'` with `s' = ds / dln M`.
    pub without_scatter: f64,
    /// Where the logarithm of the amplitude scatters by a given deviation: the matrix of (ln M, ln A) with that prior,
    /// inverted.
    pub with_scatter: f64,
}

/// Templates `s(M)` at even steps of ln M with `C^-1 s(M)`; between them everything is interpolated by cubics.
#[derive(Debug)]
pub struct TemplateBank {
    redshift: Redshift,
    ln_m_first: f64,
    ln_m_step: f64,
    templates: Vec<Vec<f64>>,
    weights: Vec<Vec<f64>>,
    sky: GaussianSky,
}

impl TemplateBank {
    /// The templates of the clusters of a sky at one redshift, over all of its masses.
    ///
    /// # Errors
    /// A redshift outside of the sky's, or a covariance that cannot be inverted.
    pub fn new(sky: &ClusterSky, redshift: Redshift) -> Result<Self, Error> {
        let config = sky.config();
        let (first, last) = (config.m200c_min_msun.ln(), config.m200c_max_msun.ln());
        let step = (last - first) / (NODES - 1) as f64;
        let template = |idx: usize| -> Result<Vec<f64>, Error> {
            let m200c = M200c::new((first + step * idx as f64).exp());
            Ok(sky.cluster(m200c, redshift)?.iter().map(|&pixel| f64::from(pixel)).collect())
        };
        let templates = (0..NODES).map(template).collect::<Result<Vec<_>, _>>()?;
        let grid = SquareGrid { n_kept: sky.n_pixels_side(), n_simulated: sky.n_simulated_side(), pixel: sky.pixel() };
        let noise: Vec<f64> = sky.bands().iter().map(|band| band.noise_uk_arcmin).collect();
        let gaussian = GaussianSky::new(grid, &noise, |a, b, ell| sky.sky_power_uk2_sr(a, b, ell))?;
        let weights = templates.par_iter().map(|template| gaussian.solve(template)).collect::<Result<_, _>>()?;
        Ok(Self { redshift, ln_m_first: first, ln_m_step: step, templates, weights, sky: gaussian })
    }

    /// Redshift of the templates.
    pub fn redshift(&self) -> Redshift {
        self.redshift
    }

    /// The covariance of the pixels.
    pub fn sky(&self) -> &GaussianSky {
        &self.sky
    }

    /// `s^T C^-1 d` at the nodes of a map `[band, y, x]`.
    pub(crate) fn projections(&self, map: &[f32]) -> Vec<f64> {
        let project = |weights: &Vec<f64>| weights.iter().zip(map).map(|(w, d)| w * f64::from(*d)).sum();
        self.weights.iter().map(project).collect()
    }

    /// `s^T C^-1 s` at a mass.
    pub(crate) fn information(&self, m200c: M200c) -> f64 {
        let (template, weights) =
            (self.at(&self.templates, m200c, value_weights), self.at(&self.weights, m200c, value_weights));
        dot(&template, &weights)
    }

    /// Where a mass lies among the nodes: the first of four, and the weights of a value there.
    pub(crate) fn place(&self, m200c: M200c) -> (usize, [f64; 4]) {
        let (start, t) = self.start(m200c);
        (start, value_weights(t))
    }

    fn start(&self, m200c: M200c) -> (usize, f64) {
        let at = (m200c.value().ln() - self.ln_m_first) / self.ln_m_step;
        let start = (at.floor() as isize - 1).clamp(0, NODES as isize - 4) as usize;
        (start, at - start as f64)
    }

    fn at(&self, nodes: &[Vec<f64>], m200c: M200c, weights: fn(f64) -> [f64; 4]) -> Vec<f64> {
        let (start, t) = self.start(m200c);
        let weights = weights(t);
        (0..nodes[0].len()).map(|i| (0..4).map(|k| weights[k] * nodes[start + k][i]).sum()).collect()
    }

    /// The amplitude of the template of a mass in a map: the matched filter with a known profile.
    pub fn amplitude(&self, m200c: M200c, map: &[f32]) -> Amplitude {
        let (start, weights) = self.place(m200c);
        let projections = self.projections(map);
        let projection: f64 = (0..4).map(|k| weights[k] * projections[start + k]).sum();
        let information = self.information(m200c);
        Amplitude { value: projection / information, error: information.powf(-0.5) }
    }

    /// The bound on the error of ln M at a mass, for a scatter of the logarithm of the amplitude.
    pub fn bound(&self, m200c: M200c, y_ln_scatter: f64) -> MassBound {
        let per_step = |nodes| self.at(nodes, m200c, slope_weights).into_iter().map(|x| x / self.ln_m_step).collect();
        let (slope, slope_weights): (Vec<f64>, Vec<f64>) = (per_step(&self.templates), per_step(&self.weights));
        let weights = self.at(&self.weights, m200c, value_weights);
        let (mm, ma) = (dot(&slope, &slope_weights), dot(&slope, &weights));
        let aa = self.information(m200c);
        // Matrix [[mm, ma], [ma, aa + 1/scatter^2]]; the scatter multiplies through so that it may be zero.
        let scatter2 = y_ln_scatter * y_ln_scatter;
        let variance = (aa * scatter2 + 1.0) / (mm * (aa * scatter2 + 1.0) - ma * ma * scatter2);
        MassBound { without_scatter: mm.powf(-0.5), with_scatter: variance.sqrt() }
    }
}

/// Lagrange's cubic through nodes 0, 1, 2, 3: weights of the value at t.
fn value_weights(t: f64) -> [f64; 4] {
    let weight = |i: usize| (0..4).filter(|&j| j != i).map(|j| (t - j as f64) / (i as f64 - j as f64)).product();
    [0, 1, 2, 3].map(weight)
}

/// The same of the slope at t.
fn slope_weights(t: f64) -> [f64; 4] {
    let weight = |i: usize| -> f64 {
        let others: Vec<usize> = (0..4).filter(|&j| j != i).collect();
        let denominator: f64 = others.iter().map(|&j| i as f64 - j as f64).product();
        let without = |skip: usize| -> f64 { others.iter().filter(|&&j| j != skip).map(|&j| t - j as f64).product() };
        others.iter().map(|&skip| without(skip)).sum::<f64>() / denominator
    };
    [0, 1, 2, 3].map(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cubics_are_met_with_their_slopes() {
        let cubic = |t: f64| 0.3 - 1.2 * t + 0.7 * t * t - 0.1 * t * t * t;
        for t in [0.0, 0.4, 1.5, 2.9] {
            let sum = |weights: [f64; 4]| -> f64 { (0..4).map(|k| weights[k] * cubic(k as f64)).sum() };
            assert!((sum(value_weights(t)) - cubic(t)).abs() < 1e-12);
            assert!((sum(slope_weights(t)) - (-1.2 + 1.4 * t - 0.3 * t * t)).abs() < 1e-12);
        }
    }
}
