//! How the clusters are spread over redshift and mass, against the mass function and against a catalogue of haloes.

use super::Statistic;
use arcmin_sky::{Cosmology, LinearPower, Tinker08};
use arcmin_units::{Mvir, Redshift};

/// Clusters above this virial mass and redshift are counted: those of paper 003.
pub(super) const MVIR_MIN_MSUN: f64 = 2e14;
pub(super) const Z_MIN: f64 = 0.25;
/// Haloes above this multiple of the least mass do not exist.
const MASS_RANGE: f64 = 50.0;
/// Steps of the expected distribution.
const Z_STEPS: usize = 240;
const LN_M_STEPS: usize = 240;
/// Most bins of a comparison, and the fewest clusters that are expected in each.
const MAX_BINS: usize = 30;
const LEAST_IN_A_BIN: f64 = 20.0;
/// Largest accepted chi-square per bin.
const CHI_SQUARE_MAX: f64 = 2.0;
/// Accepted difference of each bin between a catalogue and the mass function, beyond Poisson scatter.
const CATALOGUE_BIN_TOLERANCE: f64 = 0.1;

/// A cluster as counted: virial mass in Msun and redshift.
pub(super) type Cluster = (f64, f64);

/// Expected clusters per square degree in cells of redshift and mass, Tinker08 in the virial definition itself: no
/// conversion of masses enters.
pub(super) struct Expected {
    /// Upper edges and expected numbers.
    z: Vec<(f64, f64)>,
    mvir_msun: Vec<(f64, f64)>,
    per_deg2: f64,
}

impl Expected {
    /// Clusters between redshifts.
    pub(super) fn new(cosmology: &Cosmology, [z_min, z_max]: [f64; 2]) -> Self {
        let power = LinearPower::eisenstein_hu98(cosmology);
        let mass_function = Tinker08::new(&power);
        let (dz, dlnm) = ((z_max - z_min).max(0.0) / Z_STEPS as f64, MASS_RANGE.ln() / LN_M_STEPS as f64);
        let mass = |k: f64| MVIR_MIN_MSUN * (k * dlnm).exp();
        let (mut by_z, mut by_mass) = (Vec::new(), vec![0.0; LN_M_STEPS]);
        for step in 0..Z_STEPS {
            let z = Redshift::new(z_min + (step as f64 + 0.5) * dz);
            let volume = cosmology.comoving_volume_element_mpc3_sr(z) * dz * 1f64.to_radians().powi(2) * dlnm;
            let mut sum = 0.0;
            for (k, total) in by_mass.iter_mut().enumerate() {
                let count = mass_function.dn_dlnm(Mvir::new(mass(k as f64 + 0.5)), z) * volume;
                sum += count;
                *total += count;
            }
            by_z.push((z_min + (step as f64 + 1.0) * dz, sum));
        }
        let per_deg2 = by_z.iter().map(|(_, count)| count).sum();
        let mvir_msun = by_mass.into_iter().enumerate().map(|(k, count)| (mass(k as f64 + 1.0), count)).collect();
        Self { z: by_z, mvir_msun, per_deg2 }
    }

    /// All of them.
    pub(super) fn per_deg2(&self) -> f64 {
        self.per_deg2
    }
}

/// Chi-square per bin of the redshifts and of the masses of clusters, in bins of equal expectation, the total being
/// that of the clusters: shapes alone are compared. None where there are too few.
pub(super) fn shapes(clusters: &[Cluster], expected: &Expected) -> Vec<Statistic> {
    let z = chi_square(clusters.iter().map(|c| c.1), clusters.len(), &expected.z, 0.0);
    let mass = chi_square(clusters.iter().map(|c| c.0), clusters.len(), &expected.mvir_msun, 0.0);
    [("redshifts", z), ("masses", mass)]
        .into_iter()
        .filter_map(|(what, chi)| Some(chi?.statistic(format!("chi2 per bin of the {what} of clusters, Tinker08"))))
        .collect()
}

/// The same of a catalogue: each bin may be off by 10% beside its Poisson scatter, as simulations differ by that from
/// each other and from the mass function.
pub(super) fn catalogue_shapes(clusters: &[Cluster], expected: &Expected) -> Vec<Statistic> {
    let of = |value: fn(&Cluster) -> f64, bins: &[(f64, f64)]| {
        chi_square(clusters.iter().map(value), clusters.len(), bins, CATALOGUE_BIN_TOLERANCE)
    };
    [("redshifts", of(|c| c.1, &expected.z)), ("masses", of(|c| c.0, &expected.mvir_msun))]
        .into_iter()
        .filter_map(|(what, chi)| {
            Some(chi?.statistic(format!("chi2 per bin of the {what} of the catalogue's clusters, Tinker08, 10% a bin")))
        })
        .collect()
}

struct ChiSquare {
    per_bin: f64,
    n_bins: usize,
}

impl ChiSquare {
    fn statistic(self, name: String) -> Statistic {
        // Four standard deviations of chi-square where the bins are few.
        let tolerance = (CHI_SQUARE_MAX - 1.0).max(4.0 * (2.0 / self.n_bins as f64).sqrt());
        Statistic { name: format!("{name}, {} bins", self.n_bins), value: self.per_bin, target: 1.0, tolerance }
    }
}

fn chi_square(
    values: impl Iterator<Item = f64>,
    n: usize,
    cells: &[(f64, f64)],
    bin_tolerance: f64,
) -> Option<ChiSquare> {
    let n_bins = ((n as f64 / LEAST_IN_A_BIN) as usize).min(MAX_BINS);
    if n_bins < 2 {
        return None;
    }
    let total: f64 = cells.iter().map(|(_, count)| count).sum();
    // Edges at cells, so that the expectation of each bin is a sum and no interpolation.
    let mut bins: Vec<(f64, f64)> = vec![(0.0, 0.0)];
    let mut sum = 0.0;
    for &(edge, count) in cells {
        if sum >= total * bins.len() as f64 / n_bins as f64 && bins.len() < n_bins {
            bins.push((0.0, 0.0));
        }
        sum += count;
        let last = bins.len() - 1;
        bins[last] = (edge, bins[last].1 + count * n as f64 / total);
    }
    let mut counts = vec![0.0; bins.len()];
    for value in values {
        counts[bins.partition_point(|(edge, _)| *edge <= value).min(bins.len() - 1)] += 1.0;
    }
    let term = |(&(_, expected), &count): (&(f64, f64), &f64)| {
        (count - expected).powi(2) / (expected + (bin_tolerance * expected).powi(2))
    };
    let chi_square: f64 = bins.iter().zip(&counts).map(term).sum();
    // The total is taken from the data.
    Some(ChiSquare { per_bin: chi_square / (bins.len() - 1) as f64, n_bins: bins.len() })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The distribution given with the entry cluster_counts_per_deg2 of the reference numbers (colossus 1.4.0): per square
    /// degree in bins of redshift, to the digits given, and 3.373 in all; 2% for the spectra, growth and interpolations of two codes.
    #[test]
    fn expected_clusters_are_those_of_the_reference() {
        let cosmology = Cosmology::sehgal_wmap5();
        let all = Expected::new(&cosmology, [0.25, 3.0]);
        assert!((all.per_deg2() / 3.373_121_571_877_018 - 1.0).abs() < 0.02, "{}", all.per_deg2());
        let edges = [0.25, 0.4, 0.6, 0.8, 1.0, 1.25, 1.5, 2.0];
        for (z, reference) in edges.windows(2).zip([0.53, 0.92, 0.82, 0.55, 0.36, 0.14, 0.05]) {
            let bin = Expected::new(&cosmology, [z[0], z[1]]).per_deg2();
            assert!((bin - reference).abs() < 0.006 + 0.02 * reference, "{z:?}: {bin} for {reference}");
        }
    }

    #[test]
    fn other_shapes_are_told_apart() {
        let expected = Expected::new(&Cosmology::sehgal_wmap5(), [0.25, 3.0]);
        // Clusters at even steps of the expected distribution fit too well; those of half the mass do not fit.
        let place = |share: f64, cells: &[(f64, f64)]| {
            let mut below = share * expected.per_deg2();
            let found = cells.iter().find(|(_, count)| {
                below -= count;
                below < 0.0
            });
            found.map_or(1.0, |(edge, _)| edge * 0.9999)
        };
        let shares = (0..1000).map(|k| (f64::from(k) + 0.5) / 1000.0);
        let clusters: Vec<Cluster> =
            shares.map(|s| (place(s, &expected.mvir_msun), place((s * 617.0).fract(), &expected.z))).collect();
        let good = shapes(&clusters, &expected);
        assert!(good.len() == 2 && good.iter().all(|s| s.passes() && s.value < 0.6), "{good:?}");
        let light: Vec<Cluster> = clusters.iter().map(|(m, z)| (2e14 + (m - 2e14) * 0.7, z * 1.2)).collect();
        assert!(shapes(&light, &expected).iter().all(|s| !s.passes()));
        assert!(shapes(&clusters[..30], &expected).is_empty());
    }
}
