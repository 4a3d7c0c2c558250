//! Logistic regression by Newton's method.

/// Most steps; it takes about ten where there is something to learn.
const MAX_STEPS: usize = 200;
/// Added to the curvature alone, so that terms which are all alike do no harm.
const LEAST_CURVATURE: f64 = 1e-9;

/// Samples of the same terms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample<const N: usize> {
    /// The values of the terms.
    pub terms: [f64; N],
    /// How many such samples there are.
    pub weight: f64,
    /// The probability that is aimed at, from 0 to 1: for labels 1 and 0, or what stands for them.
    pub target: f64,
}

/// `p = 1 / (1 + exp(-terms . coefficients))`.
pub fn probability<const N: usize>(terms: &[f64; N], coefficients: &[f64; N]) -> f64 {
    1.0 / (1.0 + (-log_odds(terms, coefficients)).exp())
}

fn log_odds<const N: usize>(terms: &[f64; N], coefficients: &[f64; N]) -> f64 {
    terms.iter().zip(coefficients).map(|(term, coefficient)| term * coefficient).sum()
}

/// The coefficients of least `-sum of weight (target ln p + (1 - target) ln(1 - p)) + sum of ridge coefficient^2 / 2`.
///
/// Newton's steps from `start`, halved where a whole one leads uphill. A ridge keeps labels that the terms part without error
/// from driving a coefficient to infinity; a term that is zero in all samples keeps the coefficient zero. Sums go in the order given.
pub fn fit<const N: usize>(samples: &[Sample<N>], ridge: [f64; N], start: [f64; N]) -> [f64; N] {
    let mut at = start;
    let mut least = cost(samples, &ridge, &at);
    for _ in 0..MAX_STEPS {
        let Some(step) = newton_step(samples, &ridge, &at) else { break };
        let tried = (0..40).map(|halvings| 0.5f64.powi(halvings)).find_map(|share| {
            let next: [f64; N] = std::array::from_fn(|i| at[i] - share * step[i]);
            let cost = cost(samples, &ridge, &next);
            (cost < least).then_some((next, cost))
        });
        let Some((next, cost)) = tried else { break };
        (at, least) = (next, cost);
    }
    at
}

/// What is made small, without overflow.
fn cost<const N: usize>(samples: &[Sample<N>], ridge: &[f64; N], at: &[f64; N]) -> f64 {
    let of = |sample: &Sample<N>| {
        let f = log_odds(&sample.terms, at);
        sample.weight * (f.max(0.0) - f * sample.target + (-f.abs()).exp().ln_1p())
    };
    samples.iter().map(of).sum::<f64>() + 0.5 * at.iter().zip(ridge).map(|(c, ridge)| ridge * c * c).sum::<f64>()
}

/// To be subtracted; `None` where the curvature is none.
fn newton_step<const N: usize>(samples: &[Sample<N>], ridge: &[f64; N], at: &[f64; N]) -> Option<[f64; N]> {
    let mut gradient: [f64; N] = std::array::from_fn(|i| ridge[i] * at[i]);
    let mut curvature = [[0.0; N]; N];
    for (i, ridge) in ridge.iter().enumerate() {
        curvature[i][i] = ridge + LEAST_CURVATURE;
    }
    for sample in samples {
        let p = probability(&sample.terms, at);
        let slope = sample.weight * (p - sample.target);
        let bend = sample.weight * p * (1.0 - p);
        for (i, &term) in sample.terms.iter().enumerate() {
            gradient[i] += slope * term;
            for (j, &other) in sample.terms[..=i].iter().enumerate() {
                curvature[i][j] += bend * term * other;
            }
        }
    }
    solve(curvature, gradient)
}

/// Solves `A x = b` by Cholesky's factor of the lower half of `A`; `None` where it has none.
fn solve<const N: usize>(mut a: [[f64; N]; N], mut b: [f64; N]) -> Option<[f64; N]> {
    for i in 0..N {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - sum;
            a[i][j] = if i == j { (rest > 0.0).then(|| rest.sqrt())? } else { rest / a[j][j] };
        }
        let sum: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    for i in (0..N).rev() {
        let sum: f64 = (i + 1..N).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    Some(b)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// Drawn from two normal laws, the first eight positive.
    pub(crate) const LOG_ODDS: [f64; 32] = [
        3.949, -1.567, 2.002, 0.819, 0.957, 1.241, -0.924, 1.222, -1.865, 2.323, -0.774, -1.353, -1.281, -1.668,
        -2.055, -1.391, -0.518, -1.239, -0.042, -1.2, -0.976, 0.546, -0.455, -1.505, -1.183, -0.459, 0.935, -1.27,
        -1.244, 0.002, -1.886, -1.292,
    ];

    const RIDGE: [f64; 3] = [0.0, 1e-3, 1e-3];

    fn samples() -> Vec<Sample<3>> {
        let weight = |i: usize| if i.is_multiple_of(5) { 3.0 } else { 1.0 };
        let target = |i: usize| if i < 8 { 1.0 } else { 0.0 };
        let sample = |(i, &x): (usize, &f64)| Sample { terms: [1.0, x, x * x], weight: weight(i), target: target(i) };
        LOG_ODDS.iter().enumerate().map(sample).collect()
    }

    /// numpy 2.4.6: 200 plain Newton steps on the same likelihood and ridge with `linalg.solve`; gradient below 1e-15.
    #[test]
    fn coefficients_are_those_of_an_independent_fit() {
        let expected = [-1.070_851_331_691_989, 1.354_565_868_942_418, -0.015_363_146_150_853_63];
        for start in [[0.0; 3], [2.0, -3.0, 1.0]] {
            let fitted = fit(&samples(), RIDGE, start);
            let off = fitted.iter().zip(expected).map(|(got, expected)| (got - expected).abs()).fold(0.0, f64::max);
            assert!(off < 1e-7, "{fitted:?}");
        }
    }

    #[test]
    fn mean_probability_is_the_mean_target() {
        let fitted = fit(&samples(), RIDGE, [0.0; 3]);
        let sum = |of: &dyn Fn(&Sample<3>) -> f64| samples().iter().map(|s| s.weight * of(s)).sum::<f64>();
        assert!((sum(&|s| probability(&s.terms, &fitted)) - sum(&|s| s.target)).abs() < 1e-6);
    }

    #[test]
    fn a_weight_counts_samples_and_a_target_is_a_share_of_them() {
        let (one, share) = ([[1.0, 0.5], [1.0, -0.7]], [0.25, 0.75]);
        let sample = |terms, weight, target| Sample { terms, weight, target };
        let together: Vec<Sample<2>> = (0..2).map(|i| sample(one[i], 4.0, share[i])).collect();
        let labels = |i: usize| (0..4).map(move |n| if f64::from(n) < 4.0 * share[i] { 1.0 } else { 0.0 });
        let apart: Vec<Sample<2>> =
            (0..2).flat_map(|i| labels(i).map(move |label| sample(one[i], 1.0, label))).collect();
        let [together, apart] = [together, apart].map(|samples| fit(&samples, [0.0; 2], [0.0; 2]));
        assert!(together.iter().zip(apart).all(|(a, b)| (a - b).abs() < 1e-7), "{together:?} {apart:?}");
        // As many coefficients as shares: both are met.
        assert!((0..2).all(|i| (probability(&one[i], &together) - share[i]).abs() < 1e-7));
    }

    #[test]
    fn a_term_that_is_always_zero_changes_nothing() {
        let wider = |Sample { terms: [constant, x, x2], weight, target }: Sample<3>| Sample {
            terms: [constant, x, 0.0, x2],
            weight,
            target,
        };
        let samples_wider: Vec<Sample<4>> = samples().into_iter().map(wider).collect();
        let [constant, x, zero, x2] = fit(&samples_wider, [0.0, 1e-3, 1e-3, 1e-3], [0.0; 4]);
        assert_eq!(([constant, x, x2], zero), (fit(&samples(), RIDGE, [0.0; 3]), 0.0));
    }

    #[test]
    fn labels_parted_without_error_leave_the_numbers_finite() {
        let sample = |u: f64| Sample { terms: [1.0, u], weight: 1.0, target: if u > 0.5 { 1.0 } else { 0.0 } };
        let samples: Vec<Sample<2>> = (0..50).map(|i| sample(f64::from(i) / 49.0)).collect();
        let fitted = fit(&samples, [0.0, 1e-3], [0.0; 2]);
        assert!(fitted.iter().all(|c| c.is_finite() && c.abs() < 1e3), "{fitted:?}");
        assert!(probability(&samples[49].terms, &fitted) > 0.95);
    }
}
