//! The median that posteriors typically have at each true mass, and the way back: from a median to the mass that has it.

use serde::{Deserialize, Serialize};

/// Deviation in ln M of the clusters that speak for one mass.
const WIDTH: f64 = 0.12;
/// Distance in ln M of the masses at which the curve is kept.
const STEP: f64 = 0.08;
/// Least rise of the curve, so that the way back is never a leap.
const LEAST_SLOPE: f64 = 0.1;

/// True mass against the median, over skies, of the posteriors' medians. A prior pulls each posterior towards the masses that it
/// thinks likely; read backwards, this curve takes that out of the mean of many clusters.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MedianCurve {
    /// ln of the true mass and of the typical median in Msun, both rising.
    points: Vec<[f64; 2]>,
}

impl MedianCurve {
    /// From the `[ln true mass, ln median]` of many clusters, all masses of which lie close together: at each mass the median of
    /// the distances of median from truth, near clusters counting most (a Gaussian in ln M of deviation 0.12).
    pub(crate) fn measured(mut clusters: Vec<[f64; 2]>) -> Self {
        clusters.sort_by(|a, b| (a[1] - a[0]).total_cmp(&(b[1] - b[0])));
        let ends = clusters.iter().fold([f64::INFINITY, f64::NEG_INFINITY], |[a, b], c| [a.min(c[0]), b.max(c[0])]);
        let n_steps = ((ends[1] - ends[0]) / STEP).max(0.0) as usize;
        let mut points: Vec<[f64; 2]> = Vec::new();
        for i in 0..=n_steps {
            let Some(mut point) = point(&clusters, ends[0] + STEP * i as f64) else { continue };
            if let Some(before) = points.last() {
                if point[0] <= before[0] {
                    continue;
                }
                point[1] = point[1].max(before[1] + LEAST_SLOPE * (point[0] - before[0]));
            }
            points.push(point);
        }
        Self { points }
    }

    /// The mass of which a median is typical; beyond the curve's ends, the end.
    pub(crate) fn mass_msun(&self, median_msun: f64) -> f64 {
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else { return median_msun };
        let median = median_msun.ln();
        let i = self.points.partition_point(|point| point[1] < median);
        let ln = match i {
            0 => first[0],
            i if i == self.points.len() => last[0],
            i => {
                let ([x0, y0], [x1, y1]) = (self.points[i - 1], self.points[i]);
                x0 + (x1 - x0) * (median - y0) / (y1 - y0)
            }
        };
        ln.exp()
    }
}

/// The curve near a mass, `None` where no cluster is near; clusters come by rising distance of median from truth.
fn point(clusters: &[[f64; 2]], ln_mass: f64) -> Option<[f64; 2]> {
    let weight = |cluster: &[f64; 2]| (-0.5 * ((cluster[0] - ln_mass) / WIDTH).powi(2)).exp();
    let (sum, moment) = clusters.iter().fold((0.0, 0.0), |(sum, moment), cluster| {
        let weight = weight(cluster);
        (sum + weight, moment + weight * cluster[0])
    });
    let mut below = 0.0;
    let middle = clusters.iter().find(|cluster| {
        below += weight(cluster);
        below >= 0.5 * sum
    });
    // The clusters' own mean mass: near an end they all lie on one side.
    let mean = moment / sum;
    middle.filter(|_| sum > 0.0).map(|cluster| [mean, mean + cluster[1] - cluster[0]])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clusters of masses as likely as a uniform prior has them, whose medians are `law(ln M)` with a spread that is even.
    fn clusters(law: impl Fn(f64) -> f64) -> Vec<[f64; 2]> {
        let n = 20_000;
        let one = |i: usize| {
            let ln_mass = (2.5e13 + 1.475e15 * (i as f64 + 0.5) / n as f64).ln();
            let spread = ((i * 7919) % 1000) as f64 / 1000.0 - 0.4995;
            [ln_mass, law(ln_mass) + 0.5 * spread]
        };
        (0..n).map(one).collect()
    }

    #[test]
    fn the_way_back_undoes_the_law() {
        // Pulled up at low masses as a prior does it, and 3 % low otherwise.
        let law = |ln_mass: f64| ln_mass + 0.5 * (-(ln_mass - 2.5e13f64.ln()) / 0.7).exp() - 0.03;
        let curve = MedianCurve::measured(clusters(law));
        for mass in [1e14, 2e14, 3.3e14, 5e14, 7e14, 1e15, 1.3e15] {
            let found = curve.mass_msun(law(f64::ln(mass)).exp());
            assert!((found / mass - 1.0).abs() < 0.006, "{mass:e}: {found:e}");
        }
        let [low, high] = [1e12, 1e17].map(|median| curve.mass_msun(median));
        // The ends are the mean masses of those that speak for them.
        assert!(low > 2.5e13 && low < 3.5e13 && high < 1.5e15 && high > 1.3e15, "{low:e} {high:e}");
    }

    #[test]
    fn few_clusters_or_none_break_nothing() {
        assert_eq!(MedianCurve::measured(Vec::new()).mass_msun(3e14), 3e14);
        let one = MedianCurve::measured(vec![[2e14f64.ln(), 3e14f64.ln()]]);
        assert!((one.mass_msun(1e15) / 2e14 - 1.0).abs() < 1e-9);
        // Medians that fall with mass: the curve still rises.
        let falling = MedianCurve::measured(clusters(|ln_mass| 70.0 - ln_mass));
        assert!(falling.points.windows(2).all(|pair| pair[0][1] < pair[1][1]));
    }
}
