//! How much the y of haloes tells: an observer who is told where they are and how far, and measures their y as well as it can be.
//!
//! The observer knows position, size and redshift of each halo, and of its central Compton y what a matched filter of its very shape
//! measures: the true value plus Gaussian noise of the width that the sky's power spectra leave. What remains to be guessed is whether
//! the halo is heavy enough, which noise and the scatter of y at a given mass blur. It makes no detection of nothing. Finders are
//! told none of this, so that theirs is a harder task. It is no strict bound on them: the size of a cluster tells of its mass beside
//! its y, which this observer does not use, and so does whatever is not Gaussian in the noise.

use crate::outcome::{Counterpart, DetectionOutcome, HaloOutcome, TileOutcome, Verdict};
use crate::{Error, HaloSelection};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::{Rng, SeedableRng};

/// Haloes of most alike redshift from which the observer knows how y goes with mass.
const N_ALIKE: usize = 400;
/// Smallest width of the kernel over y, as a share of y: it smooths over the haloes, which are few.
const LEAST_WIDTH: f64 = 0.05;

/// What the observer goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdealScore {
    /// The probability that the halo is a target, given its measured y and its redshift.
    Probability,
    /// The signal to noise: what a threshold on the best of filters can reach.
    SignalToNoise,
}

/// An observer who has seen some haloes.
#[derive(Clone, Debug)]
pub struct IdealObserver {
    selection: HaloSelection,
    /// Redshift, central y, whether it is a target; by rising redshift, all at the target's redshifts.
    seen: Vec<(f64, f64, bool)>,
}

impl IdealObserver {
    /// One who has seen the haloes of some tiles, with their true y.
    ///
    /// # Errors
    /// [`Error::NoThreshold`] when there is no target among them.
    pub fn new<'a>(tiles: impl Iterator<Item = &'a TileOutcome>, selection: HaloSelection) -> Result<Self, Error> {
        let (mut seen, mut n_tiles) = (Vec::new(), 0);
        for tile in tiles {
            n_tiles += 1;
            let haloes = tile.haloes.iter().filter(|halo| halo.redshift >= selection.redshift_min);
            seen.extend(haloes.map(|halo| (halo.redshift, halo.true_y0, halo.is_target)));
        }
        if !seen.iter().any(|halo| halo.2) {
            return Err(Error::NoThreshold { n_tiles, n_detections: seen.len() as u64, n_targets: 0 });
        }
        seen.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(Self { selection, seen })
    }

    /// The probability that a halo is a target, `sum_targets K / sum_all K` over the haloes seen of most alike redshift, with a
    /// Gaussian `K` of their y about the measured one.
    pub fn probability(&self, y_measured: f64, y_error: f64, redshift: f64) -> f64 {
        if redshift < self.selection.redshift_min {
            return 0.0;
        }
        let middle = self.seen.partition_point(|halo| halo.0 < redshift);
        let first = middle.saturating_sub(N_ALIKE / 2).min(self.seen.len().saturating_sub(N_ALIKE));
        let alike = &self.seen[first..(first + N_ALIKE).min(self.seen.len())];
        let chi2 = |y: f64| ((y_measured - y) / y_error.hypot(LEAST_WIDTH * y)).powi(2);
        // Relative to the nearest, so that a y beyond all others has a probability too.
        let nearest = alike.iter().map(|halo| chi2(halo.1)).fold(f64::INFINITY, f64::min);
        let (mut targets, mut all) = (0.0, 0.0);
        for &(_, y, is_target) in alike {
            let weight = (-0.5 * (chi2(y) - nearest)).exp() / y_error.hypot(LEAST_WIDTH * y);
            all += weight;
            targets += if is_target { weight } else { 0.0 };
        }
        targets / all
    }

    /// What the observer says of a tile whose haloes an outcome tells; `y_error` gives the width of the noise of y for a `theta500` in
    /// arcmin. The noise of each halo is drawn from the seed, the tile and the halo's number.
    pub fn observe(
        &self,
        tile: &TileOutcome,
        score: IdealScore,
        y_error: &dyn Fn(f64) -> f64,
        seed: u64,
    ) -> TileOutcome {
        let mut outcome = tile.clone();
        outcome.detections.clear();
        // A cutout without a halo has none of either.
        outcome.matching.cutouts.no_detection_score = 0.0;
        for halo in outcome.haloes.iter_mut() {
            halo.score = None;
            if !halo.is_searched {
                continue;
            }
            let sigma = y_error(halo.theta500_arcmin);
            let y = halo.true_y0 + sigma * normal(seed, tile.tile, halo.id);
            let value = match score {
                IdealScore::Probability => self.probability(y, sigma, halo.redshift),
                IdealScore::SignalToNoise => y / sigma,
            };
            halo.score = Some(value);
            outcome.detections.push(detection(halo, value));
        }
        outcome.detections.sort_by(|a, b| b.score.total_cmp(&a.score));
        outcome
    }
}

fn detection(halo: &HaloOutcome, score: f64) -> DetectionOutcome {
    DetectionOutcome {
        lon_deg: halo.lon_deg,
        lat_deg: halo.lat_deg,
        score,
        verdict: if halo.is_target { Verdict::Target } else { Verdict::BelowSelection },
        counterpart: Some(Counterpart {
            halo_id: halo.id,
            mvir_msun: halo.mvir_msun,
            redshift: halo.redshift,
            true_y0: halo.true_y0,
            offset_arcmin: 0.0,
        }),
        cutouts: halo.cutouts,
        from_middle_arcmin: None,
        scale_arcmin: None,
        y_best: None,
        y_fixed: None,
        mass: None,
        position_error_arcmin: None,
    }
}

/// A standard normal number (Box and Muller) of its own for each halo.
fn normal(seed: u64, tile: u64, id: u64) -> f64 {
    let mix = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ tile.wrapping_mul(0xbf58_476d_1ce4_e5b9).rotate_left(31);
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(mix ^ id.wrapping_mul(0x94d0_49bb_1331_11eb));
    let mut uniform = || ((rng.next_u64() >> 11) as f64 + 0.5) / (1u64 << 53) as f64;
    (-2.0 * uniform().ln()).sqrt() * (std::f64::consts::TAU * uniform()).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cutout_lattice::{CutoutCells, CutoutNumbers};
    use crate::outcome::OUTCOME_FORMAT;
    use crate::{CutoutCounting, MatchConfig, ScoreConfig, TileSummary, score_cutouts};

    /// Haloes of log-normal mass, each in a cutout of its own, with `y = 1e-4 (M / 2e14)^(5/3)` and no scatter.
    fn tile(number: u64) -> TileOutcome {
        let halo = |id: u64| {
            let mvir_msun = 2e14 * (0.4 * normal(9, number, id)).exp();
            HaloOutcome {
                id,
                lon_deg: 0.0,
                lat_deg: 0.0,
                mvir_msun,
                m500c_msun: mvir_msun,
                redshift: if id.is_multiple_of(10) { 0.1 } else { 0.5 },
                true_y0: 1e-4 * (mvir_msun / 2e14).powf(5.0 / 3.0),
                theta500_arcmin: 2.0,
                is_target: mvir_msun >= 2e14 && !id.is_multiple_of(10),
                is_searched: id != 7,
                cutouts: CutoutCells { equal_area: Some(id as u32), ra_dec: id as u32 },
                score: None,
            }
        };
        TileOutcome {
            format: OUTCOME_FORMAT,
            tile: number,
            matching: MatchConfig::default(),
            footprint_deg2: 1.0,
            searched_deg2: 1.0,
            n_cutouts: CutoutNumbers { equal_area: 10_000, ra_dec: 10_000 },
            detections: Vec::new(),
            haloes: (0..500).map(halo).collect(),
        }
    }

    fn f1(sigma: f64, score: IdealScore) -> f64 {
        let tiles: Vec<TileOutcome> = (0..4).map(tile).collect();
        let observer = IdealObserver::new(tiles[..2].iter(), MatchConfig::default().selection).unwrap();
        let observed = |tile: &TileOutcome| TileSummary::new(&observer.observe(tile, score, &|_| sigma, 1));
        let summaries: Vec<TileSummary> = tiles.iter().map(observed).collect();
        let (validation, test) = summaries.split_at(2);
        let scores = score_cutouts(validation, test, CutoutCounting::EQUAL_AREA, &ScoreConfig::default()).unwrap();
        scores.f1.value.unwrap()
    }

    #[test]
    fn noise_blurs_what_is_known_and_the_redshift_helps() {
        let [sure, blurred, drowned] = [1e-7, 2e-5, 1e-4].map(|sigma| f1(sigma, IdealScore::Probability));
        assert!(sure > 0.99 && blurred < sure - 0.03 && drowned < blurred - 0.03, "{sure} {blurred} {drowned}");
        let by_snr = f1(1e-7, IdealScore::SignalToNoise);
        assert!(by_snr < sure - 0.02, "clusters that are too near look alike: {by_snr}");
    }

    /// With as many targets as others beside the limit, a halo at the limit is one with probability one half.
    #[test]
    fn probabilities_are_shares_of_haloes() {
        let tiles: Vec<TileOutcome> = (0..4).map(tile).collect();
        let observer = IdealObserver::new(tiles.iter(), MatchConfig::default().selection).unwrap();
        assert!((observer.probability(1e-4, 3e-5, 0.5) - 0.5).abs() < 0.15);
        assert!(observer.probability(3e-4, 3e-5, 0.5) > 0.99 && observer.probability(1e-2, 1e-6, 0.5) > 0.99);
        assert!(observer.probability(1e-5, 1e-5, 0.5) < 0.01);
        assert_eq!(observer.probability(3e-4, 3e-5, 0.2), 0.0);
        assert!(IdealObserver::new([].into_iter(), MatchConfig::default().selection).is_err());
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_and_what_is_not_searched_is_not_seen() {
        let observer = IdealObserver::new([tile(0)].iter(), MatchConfig::default().selection).unwrap();
        let observe = |seed| observer.observe(&tile(1), IdealScore::SignalToNoise, &|_| 1e-5, seed);
        assert_eq!(observe(1), observe(1));
        assert_ne!(observe(1), observe(2));
        assert_eq!(observe(1).detections.len(), 499);
    }
}
