//! A sky of random haloes and a finder whose completeness, contamination and bias are known.

// Each program that includes this module uses a part of it.
#![allow(dead_code)]

use arcmin_eval::{MatchConfig, TileOutcome, TileSummary};
use arcmin_maps::{Geometry, Mask, Shape};
use arcmin_method::{Candidate, Detections, Measured, SizeMeasured};
use arcmin_scene::{Halo, Truth};
use arcmin_units::{Arcmin, M200c, M200m, M500c, Mvir, Redshift, SkyPosition};
use rand::RngExt;
use rand_distr::{Distribution, Exp1, Poisson, StandardNormal};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

/// Scores of true detections are `TRUE_FLOOR` plus an exponential of this mean, those of false ones likewise.
const FLOOR: f64 = 4.0;
const TRUE_MEAN: f64 = 6.0;
const FALSE_MEAN: f64 = 1.0;
const SIDE: usize = 300;
const PIXEL_ARCMIN: f64 = 1.0;

/// What the finder does, on average.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FakeFinder {
    /// Haloes above the selection per square degree.
    pub(crate) targets_per_deg2: f64,
    /// Probability that a searched halo is detected at all.
    pub(crate) completeness: f64,
    /// Detections of nothing per searched square degree.
    pub(crate) false_per_deg2: f64,
    /// Recovered over injected y.
    pub(crate) y_bias: f64,
    /// Share of each tile that is searched: its lower rows.
    pub(crate) searched_frac: f64,
}

impl Default for FakeFinder {
    fn default() -> Self {
        Self { targets_per_deg2: 3.0, completeness: 0.8, false_per_deg2: 2.0, y_bias: 1.0, searched_frac: 1.0 }
    }
}

impl FakeFinder {
    /// Share of true detections with a score at or above `cut`.
    pub(crate) fn true_above(&self, cut: f64) -> f64 {
        (-(cut - FLOOR).max(0.0) / TRUE_MEAN).exp()
    }

    /// Share of false detections with a score at or above `cut`.
    pub(crate) fn false_above(&self, cut: f64) -> f64 {
        (-(cut - FLOOR).max(0.0) / FALSE_MEAN).exp()
    }

    /// A tile of 25 square degrees, matched.
    pub(crate) fn summary(&self, tile: u64) -> TileSummary {
        let (detections, truth) = self.tile(tile);
        TileSummary::new(&TileOutcome::new(&detections, &truth, &MatchConfig::default()).unwrap())
    }

    /// A tile of 25 square degrees.
    pub(crate) fn tile(&self, tile: u64) -> (Detections, Truth) {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(tile);
        let centre = SkyPosition::from_deg(2.0, -30.0).unwrap();
        let shape = Shape { ny: SIDE, nx: SIDE };
        let geometry = Geometry::tile(centre, shape, Arcmin::new(PIXEL_ARCMIN)).unwrap();
        let footprint = Mask::all_valid(geometry.clone());
        let mut searched = footprint.clone();
        let searched_rows = (self.searched_frac * SIDE as f64).round() as usize;
        searched.valid_mut()[searched_rows * SIDE..].fill(false);

        let n_haloes = poisson(self.targets_per_deg2 * footprint.area_deg2(), &mut rng);
        let haloes: Vec<Halo> = (0..n_haloes).map(|id| halo(id, &geometry, SIDE, &mut rng)).collect();
        let mut candidates = Vec::new();
        for halo in &haloes {
            let in_searched = geometry.sky_to_pix(halo.position).unwrap().y.round() < searched_rows as f64;
            if in_searched && rng.random_bool(self.completeness) {
                candidates.push(self.detection(halo, &mut rng));
            }
        }
        for _ in 0..poisson(self.false_per_deg2 * searched.area_deg2(), &mut rng) {
            let score = FLOOR + FALSE_MEAN * exponential(&mut rng);
            candidates.push(candidate(random_position(&geometry, searched_rows, &mut rng), score, None));
        }
        candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
        (Detections { candidates, searched }, Truth { tile, haloes, sources: Vec::new(), footprint })
    }

    fn detection(&self, halo: &Halo, rng: &mut Xoshiro256PlusPlus) -> Candidate {
        let score = FLOOR + TRUE_MEAN * exponential(rng);
        let shift = |rng: &mut Xoshiro256PlusPlus| 0.004 * normal(rng).clamp(-2.5, 2.5);
        let (dx, dy) = (shift(rng), shift(rng));
        let position = SkyPosition::from_deg(halo.position.lon_deg() + dx, halo.position.lat_deg() + dy).unwrap();
        let y = halo.y0 * (self.y_bias + normal(rng) / score);
        candidate(position, score, Some(Measured { value: y, error: halo.y0 / score }))
    }
}

fn halo(id: u64, geometry: &Geometry, rows: usize, rng: &mut Xoshiro256PlusPlus) -> Halo {
    let mvir = 2e14 * (0.35 * exponential(rng)).exp();
    Halo {
        id,
        position: random_position(geometry, rows, rng),
        redshift: Redshift::new(rng.random_range(0.25..1.45)),
        m200m: M200m::new(1.1 * mvir),
        m500c: M500c::new(0.6 * mvir),
        mvir: Mvir::new(mvir),
        y0: 8e-5 * (mvir / 2e14).powf(1.1) * (0.2 * normal(rng)).exp(),
        theta500: Arcmin::new(2.0).to_rad(),
        m200c: M200c::new(0.9 * mvir),
        c200c: 5.0,
        y500_mpc2: 3e-5 * (mvir / 5e14),
        velocity_km_s: 0.0,
    }
}

fn candidate(position: SkyPosition, score: f64, y_c: Option<Measured>) -> Candidate {
    let best = y_c.map(|y_c| SizeMeasured { template: "fake".to_owned(), scale_arcmin: 1.0, y_c });
    Candidate { fixed: best.clone(), best, tile_name: "fake".to_owned(), ..Candidate::new(position, score) }
}

fn random_position(geometry: &Geometry, rows: usize, rng: &mut Xoshiro256PlusPlus) -> SkyPosition {
    let x = rng.random_range(-0.5..SIDE as f64 - 0.5);
    let y = rng.random_range(-0.5..rows.max(1) as f64 - 0.5);
    geometry.pix_to_sky(arcmin_maps::PixelPosition { x, y }).unwrap()
}

fn poisson(mean: f64, rng: &mut Xoshiro256PlusPlus) -> u64 {
    if mean > 0.0 { Poisson::new(mean).unwrap().sample(rng) as u64 } else { 0 }
}

fn exponential(rng: &mut Xoshiro256PlusPlus) -> f64 {
    Exp1.sample(rng)
}

fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    StandardNormal.sample(rng)
}
