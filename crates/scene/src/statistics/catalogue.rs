//! A catalogue of haloes of another simulation, against the mass function that ours are drawn from.

use super::Statistic;
use super::distribution::{Cluster, Expected, MVIR_MIN_MSUN, Z_MIN, catalogue_shapes};
use crate::{Error, SceneConfig};

/// Farthest redshift of the clusters that are compared.
const Z_MAX: f64 = 3.0;
/// Accepted difference between the clusters of a catalogue and those of the normalisation in use.
const COUNT_TOLERANCE: f64 = 0.05;

/// Compares the haloes of a catalogue, virial mass in Msun and redshift, over a number of square degrees, with those
/// that a survey draws: clusters of Mvir > 2e14 Msun and z > 0.25 per square degree, and how they are spread over
/// redshift and mass.
///
/// The count is compared with Tinker08 times the survey's `haloes.abundance_factor`, and both numbers stand in its
/// name: the catalogue of Sehgal et al. 2010 agrees with a factor of 0.86. The shapes are compared at the catalogue's
/// own total.
///
/// # Errors
/// Those of checking the configuration, and an area that is not above zero.
pub fn check_catalogue(config: &SceneConfig, haloes: &[(f64, f64)], area_deg2: f64) -> Result<Vec<Statistic>, Error> {
    crate::setup::positive("the area of the halo catalogue in deg2", area_deg2)?;
    let setup = config.check()?;
    let expected = Expected::new(&setup.cosmology, [Z_MIN, Z_MAX]);
    let counted = |&&(mvir, z): &&Cluster| mvir > MVIR_MIN_MSUN && z > Z_MIN && z < Z_MAX;
    let clusters: Vec<Cluster> = haloes.iter().filter(counted).copied().collect();
    let factor = setup.haloes.abundance_factor;
    let (value, target) = (clusters.len() as f64 / area_deg2, expected.per_deg2() * factor);
    let name = format!(
        "the catalogue's clusters of Mvir > 2e14 Msun, z > 0.25, per deg2 ({:.3} of Tinker08's {:.2}; simulated: {factor})",
        value / expected.per_deg2(),
        expected.per_deg2()
    );
    let tolerance = COUNT_TOLERANCE * target + super::SIGMAS * (target / area_deg2).sqrt();
    let mut statistics = vec![Statistic { name, value, target, tolerance }];
    statistics.extend(catalogue_shapes(&clusters, &expected));
    Ok(statistics)
}
