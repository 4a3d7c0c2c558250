//! Priors on masses, and posteriors on them.
//!
//! `p(M | d) ~ p(M) int p(ln A) exp(A x(M) - A^2 F(M) / 2) dln A`, with `x = s^T C^-1 d` and `F = s^T C^-1 s`: the
//! likelihood of a Gaussian sky, up to what does not depend on the mass, and a log-normal amplitude about one.

use crate::{Error, TemplateBank};
use arcmin_method::MassPosterior;
use arcmin_units::M200c;

/// Points over five deviations of the amplitude on either side for each deviation of the likelihood.
const POINTS_PER_WIDTH: f64 = 3.0;
/// Points over the amplitude at least.
const POINTS_MIN: usize = 41;
/// Masses of a prior that is uniform in mass.
const UNIFORM_MASSES: usize = 600;

/// Masses with their prior probability, and all that their posterior needs.
#[derive(Debug)]
pub struct MassGrid {
    masses: Vec<f64>,
    /// Whether the masses stand for the intervals between them, or for themselves.
    is_continuous: bool,
    places: Vec<(usize, [f64; 4])>,
    information: Vec<f64>,
    /// Amplitudes and the logarithms of their weights.
    amplitudes: Vec<(f64, f64)>,
}

/// The posterior of one map.
#[derive(Clone, Debug, PartialEq)]
pub struct Posterior {
    masses: Vec<f64>,
    probability: Vec<f64>,
    is_continuous: bool,
}

impl MassGrid {
    /// Equal prior probability on each of some masses.
    ///
    /// # Errors
    /// No mass, a scatter that is negative or not finite.
    pub fn listed(bank: &TemplateBank, m200c_msun: &[f64], y_ln_scatter: f64) -> Result<Self, Error> {
        Self::new(bank, m200c_msun.to_vec(), false, y_ln_scatter)
    }

    /// A prior that is uniform in mass between two.
    ///
    /// # Errors
    /// A range that does not rise, a scatter that is negative or not finite.
    pub fn uniform(bank: &TemplateBank, range_msun: [f64; 2], y_ln_scatter: f64) -> Result<Self, Error> {
        let [min, max] = range_msun;
        if !(min > 0.0 && max > min && max.is_finite()) {
            return Err(Error::BadValue {
                what: "upper end of a prior in Msun",
                value: max,
                must_be: "above the lower",
            });
        }
        let step = (max - min) / UNIFORM_MASSES as f64;
        let masses = (0..UNIFORM_MASSES).map(|i| min + step * (i as f64 + 0.5)).collect();
        Self::new(bank, masses, true, y_ln_scatter)
    }

    fn new(bank: &TemplateBank, masses: Vec<f64>, is_continuous: bool, y_ln_scatter: f64) -> Result<Self, Error> {
        if masses.is_empty() {
            return Err(Error::BadValue { what: "number of masses of a prior", value: 0.0, must_be: "above zero" });
        }
        if !(y_ln_scatter.is_finite() && y_ln_scatter >= 0.0) {
            return Err(Error::BadValue {
                what: "y_ln_scatter",
                value: y_ln_scatter,
                must_be: "finite and not negative",
            });
        }
        let places = masses.iter().map(|&msun| bank.place(M200c::new(msun))).collect();
        let information: Vec<f64> = masses.iter().map(|&msun| bank.information(M200c::new(msun))).collect();
        let widest = information.iter().copied().fold(0.0, f64::max).sqrt();
        Ok(Self { masses, is_continuous, places, information, amplitudes: amplitudes(y_ln_scatter, widest) })
    }

    /// The posterior of a map `[band, y, x]`.
    pub fn posterior(&self, bank: &TemplateBank, map: &[f32]) -> Posterior {
        let projections = bank.projections(map);
        let ln_likelihood: Vec<f64> = self
            .places
            .iter()
            .zip(&self.information)
            .map(|((start, weights), information)| {
                let x: f64 = (0..4).map(|k| weights[k] * projections[start + k]).sum();
                ln_sum_exp(self.amplitudes.iter().map(|(a, ln_w)| ln_w + a * x - 0.5 * a * a * information))
            })
            .collect();
        let most = ln_likelihood.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let mut probability: Vec<f64> = ln_likelihood.iter().map(|ln| (ln - most).exp()).collect();
        let total: f64 = probability.iter().sum();
        probability.iter_mut().for_each(|p| *p /= total);
        Posterior { masses: self.masses.clone(), probability, is_continuous: self.is_continuous }
    }
}

/// Amplitudes and logarithms of weights of a log-normal amplitude, fine enough for a likelihood of given information.
fn amplitudes(y_ln_scatter: f64, widest: f64) -> Vec<(f64, f64)> {
    if y_ln_scatter == 0.0 {
        return vec![(1.0, 0.0)];
    }
    const REACH: f64 = 5.0;
    let n = (2.0 * REACH * y_ln_scatter * widest * POINTS_PER_WIDTH).ceil() as usize;
    let n = n.max(POINTS_MIN);
    let at = |i: usize| REACH * (2.0 * i as f64 / (n - 1) as f64 - 1.0);
    (0..n).map(|i| ((y_ln_scatter * at(i)).exp(), -0.5 * at(i) * at(i))).collect()
}

/// `ln sum exp(x)` without overflow; terms that are too small to count are not evaluated.
fn ln_sum_exp(terms: impl Iterator<Item = f64> + Clone) -> f64 {
    let most = terms.clone().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = terms.filter(|term| term - most > -40.0).map(|term| (term - most).exp()).sum();
    most + sum.ln()
}

impl Posterior {
    /// Mean and quantiles, as every method answers.
    pub fn answer(&self) -> MassPosterior {
        MassPosterior {
            mean: self.mean(),
            unbiased: self.likeliest(),
            quantiles: MassPosterior::LEVELS.map(|level| self.quantile(level)),
            flags: 0,
        }
    }

    /// Mean mass.
    pub fn mean(&self) -> M200c {
        M200c::new(self.masses.iter().zip(&self.probability).map(|(mass, p)| mass * p).sum())
    }

    /// The likeliest mass: every prior here gives the same probability to each mass, so that this is the likelihood's.
    pub fn likeliest(&self) -> M200c {
        let p = &self.probability;
        let most = (0..p.len()).max_by(|&a, &b| p[a].total_cmp(&p[b])).expect("a grid has masses");
        if !self.is_continuous || most == 0 || most + 1 == p.len() {
            return M200c::new(self.masses[most]);
        }
        // The top of the parabola through the logarithms of three.
        let [before, at, after] = [p[most - 1], p[most], p[most + 1]].map(f64::ln);
        let bend = before - 2.0 * at + after;
        // A neighbour whose probability has become zero leaves no parabola.
        let shift = if bend < 0.0 && bend.is_finite() { 0.5 * (before - after) / bend } else { 0.0 };
        M200c::new(self.within(most, 0.5 + shift))
    }

    /// The mass below which a share of the probability lies; of listed masses, the first that reaches it.
    pub fn quantile(&self, level: f64) -> M200c {
        let mut below = 0.0;
        for (i, p) in self.probability.iter().enumerate() {
            if below + p >= level && *p > 0.0 {
                return M200c::new(if self.is_continuous {
                    self.within(i, (level - below) / p)
                } else {
                    self.masses[i]
                });
            }
            below += p;
        }
        M200c::new(*self.masses.last().expect("a grid has masses"))
    }

    /// A place within the interval that a mass stands for.
    fn within(&self, idx: usize, share: f64) -> f64 {
        let step = (self.masses[self.masses.len() - 1] - self.masses[0]) / (self.masses.len() - 1) as f64;
        self.masses[idx] + step * (share - 0.5)
    }
}
