//! Logistic regression with a small ridge, by Newton's method.

/// Number of terms, the constant first.
pub(crate) const N_TERMS: usize = 8;
/// Ridge on all terms but the constant: labels that the terms part without error do not drive them to infinity.
const RIDGE: f64 = 1e-3;
/// Most steps; it takes about ten.
const MAX_STEPS: usize = 200;

/// The values of the terms for one sample.
pub(crate) type Terms = [f64; N_TERMS];

/// Samples of the same terms and label.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Sample {
    pub(crate) terms: Terms,
    pub(crate) weight: f64,
    pub(crate) is_target: bool,
}

/// `p = 1 / (1 + exp(-terms . coefficients))`.
pub(crate) fn probability(terms: &Terms, coefficients: &Terms) -> f64 {
    1.0 / (1.0 + (-log_odds(terms, coefficients)).exp())
}

fn log_odds(terms: &Terms, coefficients: &Terms) -> f64 {
    terms.iter().zip(coefficients).map(|(term, coefficient)| term * coefficient).sum()
}

/// The coefficients of least `-ln likelihood + RIDGE / 2 |coefficients|^2`; terms that are not `used` have none.
///
/// Newton's steps, halved where a whole one leads uphill. Sums go in the order given.
pub(crate) fn fit(samples: &[Sample], used: [bool; N_TERMS]) -> Terms {
    let mut at = [0.0; N_TERMS];
    let mut least = cost(samples, &at);
    for _ in 0..MAX_STEPS {
        let Some(step) = newton_step(samples, used, &at) else { break };
        let tried = (0..40).map(|halvings| 0.5f64.powi(halvings)).find_map(|share| {
            let next: Terms = std::array::from_fn(|i| at[i] + share * step[i]);
            let cost = cost(samples, &next);
            (cost < least).then_some((next, cost))
        });
        let Some((next, cost)) = tried else { break };
        (at, least) = (next, cost);
    }
    at
}

/// `-ln p` of the labels without overflow, and the ridge.
fn cost(samples: &[Sample], at: &Terms) -> f64 {
    let of = |sample: &Sample| {
        let f = log_odds(&sample.terms, at);
        let hit = if sample.is_target { f } else { 0.0 };
        sample.weight * (f.max(0.0) - hit + (-f.abs()).exp().ln_1p())
    };
    samples.iter().map(of).sum::<f64>() + 0.5 * RIDGE * at[1..].iter().map(|c| c * c).sum::<f64>()
}

fn newton_step(samples: &[Sample], used: [bool; N_TERMS], at: &Terms) -> Option<Terms> {
    let mut gradient = [0.0; N_TERMS];
    let mut curvature = [[0.0; N_TERMS]; N_TERMS];
    for sample in samples {
        let p = probability(&sample.terms, at);
        let slope = sample.weight * (p - if sample.is_target { 1.0 } else { 0.0 });
        let bend = sample.weight * p * (1.0 - p);
        for (i, &term) in sample.terms.iter().enumerate() {
            gradient[i] += slope * term;
            for (j, &other) in sample.terms[..=i].iter().enumerate() {
                curvature[i][j] += bend * term * other;
            }
        }
    }
    for (i, coefficient) in at.iter().enumerate().skip(1) {
        gradient[i] += RIDGE * coefficient;
        curvature[i][i] += RIDGE;
    }
    for i in (0..N_TERMS).filter(|&i| !used[i]) {
        gradient[i] = 0.0;
        curvature[i] = [0.0; N_TERMS];
        curvature.iter_mut().for_each(|row| row[i] = 0.0);
        curvature[i][i] = 1.0;
    }
    solve(curvature, gradient).map(|step| step.map(|s| -s))
}

/// Solves `A x = b` by Cholesky's factor of the lower half of `A`; `None` where it has none.
fn solve(mut a: [[f64; N_TERMS]; N_TERMS], mut b: Terms) -> Option<Terms> {
    for i in 0..N_TERMS {
        for j in 0..=i {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            let rest = a[i][j] - sum;
            a[i][j] = if i == j { (rest > 0.0).then(|| rest.sqrt())? } else { rest / a[j][j] };
        }
        let sum: f64 = (0..i).map(|k| a[i][k] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    for i in (0..N_TERMS).rev() {
        let sum: f64 = (i + 1..N_TERMS).map(|k| a[k][i] * b[k]).sum();
        b[i] = (b[i] - sum) / a[i][i];
    }
    Some(b)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// First and second score (zero for none), weight, label.
    #[rustfmt::skip]
    pub(crate) const CUTOUTS: [(f64, f64, f64, u8); 60] = [
        (5.31, 0.74, 3.0, 1), (0.0, 0.446, 1.0, 1), (0.0, 0.0, 1.0, 1), (10.07, 0.322, 1.0, 1), (9.79, 0.597, 1.0, 1),
        (7.02, 0.0, 1.0, 1), (11.26, 0.434, 1.0, 1), (12.58, 0.541, 3.0, 1), (8.42, 0.629, 1.0, 1), (7.99, 0.496, 1.0,
        1), (5.25, 0.28, 1.0, 1), (12.02, 0.701, 1.0, 1), (9.15, 0.111, 1.0, 1), (0.0, 0.852, 1.0, 1), (12.12, 0.517,
        3.0, 1), (16.11, 0.975, 1.0, 1), (12.65, 0.428, 1.0, 1), (15.49, 0.678, 1.0, 1), (11.52, 0.575, 1.0, 1), (9.4,
        0.841, 1.0, 1), (2.77, 0.322, 1.0, 0), (0.0, 0.03, 3.0, 0), (0.0, 0.025, 1.0, 0), (2.78, 0.118, 1.0, 0), (0.0,
        0.435, 1.0, 0), (2.71, 0.094, 1.0, 0), (4.98, 0.068, 1.0, 0), (3.64, 0.0, 1.0, 0), (4.67, 0.201, 3.0, 0),
        (0.0, 0.175, 1.0, 0), (0.0, 0.0, 1.0, 0), (0.0, 0.0, 1.0, 0), (0.0, 0.126, 1.0, 0), (0.0, 0.19, 1.0, 0),
        (2.76, 0.083, 1.0, 0), (2.97, 0.192, 3.0, 0), (4.58, 0.0, 1.0, 0), (0.0, 0.0, 1.0, 0), (0.0, 0.0, 1.0, 0),
        (0.0, 0.138, 1.0, 0), (0.0, 0.0, 1.0, 0), (0.0, 0.235, 1.0, 0), (4.5, 0.63, 3.0, 0), (2.93, 0.124, 1.0, 0),
        (3.79, 0.0, 1.0, 0), (0.0, 0.0, 1.0, 0), (0.0, 0.076, 1.0, 0), (4.89, 0.233, 1.0, 0), (2.83, 0.051, 1.0, 0),
        (0.0, 0.631, 3.0, 0), (3.04, 0.0, 1.0, 0), (1.72, 0.076, 1.0, 0), (0.0, 0.0, 1.0, 0), (0.0, 0.0, 1.0, 0),
        (0.0, 0.064, 1.0, 0), (13.16, 0.0, 1.0, 0), (4.55, 0.34, 3.0, 0), (0.0, 0.207, 1.0, 0), (0.0, 0.117, 1.0, 0),
        (0.0, 0.0, 1.0, 0),
    ];

    /// Terms as they are with the least scores 1.72 and 0.025 for zero.
    fn samples() -> Vec<Sample> {
        let odds = |p: f64| (p / (1.0 - p)).ln();
        let sample = |&(first, second, weight, label): &(f64, f64, f64, u8)| {
            let found = |score: f64| if score > 0.0 { 1.0 } else { 0.0 };
            let u1 = if first > 0.0 { (first / 1.72).ln() } else { 0.0 };
            let u2 = if second > 0.0 { odds(second) - odds(0.025) } else { 0.0 };
            Sample {
                terms: [1.0, found(first), found(second), u1, u2, u1 * u2, 0.0, 0.0],
                weight,
                is_target: label == 1,
            }
        };
        CUTOUTS.iter().map(sample).collect()
    }

    /// numpy 2.4.6: 200 plain Newton steps on the same likelihood and ridge with `linalg.solve`; gradient below 2e-15.
    #[test]
    fn coefficients_are_those_of_an_independent_fit() {
        let close = |got: Terms, expected: Terms| {
            let off = got.iter().zip(expected).map(|(g, e)| (g - e).abs()).fold(0.0, f64::max);
            assert!(off < 2e-6, "{got:?}");
        };
        let all = [-2.18967517, -7.54059688, -2.36032866, 5.57849856, 0.8177655, 0.70779632, 0.0, 0.0];
        close(fit(&samples(), [true; N_TERMS]), all);
        let without_product = [-2.92331011, -5.51335177, -2.53958239, 5.77438199, 1.15713417, 0.0, 0.0, 0.0];
        close(fit(&samples(), [true, true, true, true, true, false, true, true]), without_product);
    }

    #[test]
    fn mean_probability_is_the_share_of_targets() {
        let samples = samples();
        let coefficients = fit(&samples, [true; N_TERMS]);
        let sum = |of: &dyn Fn(&Sample) -> f64| samples.iter().map(|s| s.weight * of(s)).sum::<f64>();
        let expected = sum(&|s| if s.is_target { 1.0 } else { 0.0 });
        assert!((sum(&|s| probability(&s.terms, &coefficients)) - expected).abs() < 1e-6);
    }

    #[test]
    fn labels_parted_without_error_leave_the_numbers_finite() {
        let sample = |u: f64| Sample { terms: [1.0, 1.0, 0.0, u, 0.0, 0.0, 0.0, 0.0], weight: 1.0, is_target: u > 0.5 };
        let samples: Vec<Sample> = (0..50).map(|i| sample(f64::from(i) / 49.0)).collect();
        let coefficients = fit(&samples, [true; N_TERMS]);
        assert!(coefficients.iter().all(|c| c.is_finite() && c.abs() < 1e3), "{coefficients:?}");
        assert!(probability(&samples[49].terms, &coefficients) > 0.95);
    }
}
