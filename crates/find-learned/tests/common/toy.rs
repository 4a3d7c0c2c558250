//! Small skies that are made in no time: white noise, and dark spots where the clusters are.

use arcmin_maps::{Band, BandMap, Beam, Geometry, Map, Mask, Observation, PixelPosition, Shape};
use arcmin_scene::{Error, Halo, Scene, SceneSource, Truth};
use arcmin_units::{Arcmin, Ghz, M200c, M200m, M500c, Mvir, Radian, Redshift, SkyPosition};
use rand::{Rng, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;

/// Brightness of a cluster of 4e14 Msun in the bands.
const BANDS: [(&str, f64, f32); 3] = [("90", 90.0, -160.0), ("148", 148.0, -100.0), ("219", 219.0, 0.0)];
const NOISE_UK_ARCMIN: f64 = 5.0;

/// Square tiles of 0.25' pixels with clusters above and below the paper's limits.
#[derive(Clone, Debug)]
pub(crate) struct ToySource {
    pub(crate) seed: u64,
    pub(crate) n_tiles: usize,
    pub(crate) side: usize,
    pub(crate) n_haloes: usize,
    pub(crate) dec_deg: f64,
}

impl ToySource {
    pub(crate) fn geometry(&self, index: usize) -> Geometry {
        let centre = SkyPosition::from_deg(20.0 + 3.0 * index as f64, self.dec_deg).expect("a position");
        Geometry::tile(centre, Shape { ny: self.side, nx: self.side }, Arcmin::new(0.25)).expect("a tile")
    }

    fn haloes(&self, rng: &mut Xoshiro256PlusPlus, geometry: &Geometry) -> Vec<Halo> {
        let halo = |id: u64, rng: &mut Xoshiro256PlusPlus| {
            let at = PixelPosition { x: uniform(rng) * self.side as f64, y: uniform(rng) * self.side as f64 };
            // Three of four are targets; the others are too light or too near, and not seen.
            let (mvir, z) = [(4e14, 0.5), (3e14, 0.9), (2.5e14, 0.3), (1e14, 0.5), (4e14, 0.1)][(id % 5) as usize];
            Halo {
                id,
                position: geometry.pix_to_sky(at).expect("a pixel of the tile"),
                redshift: Redshift::new(z),
                m200m: M200m::new(mvir),
                m200c: M200c::new(mvir),
                m500c: M500c::new(mvir),
                mvir: Mvir::new(mvir),
                y0: 1e-4,
                theta500: Radian::new(5e-4),
                c200c: 4.0,
                y500_mpc2: 1e-5,
                velocity_km_s: 0.0,
            }
        };
        (0..self.n_haloes as u64).map(|id| halo(id, rng)).collect()
    }
}

impl SceneSource for ToySource {
    fn len(&self) -> usize {
        self.n_tiles
    }

    fn origin(&self) -> String {
        format!("{self:?}")
    }

    fn scene(&self, index: usize) -> Result<Scene, Error> {
        let mut rng = Xoshiro256PlusPlus::seed_from_u64(self.seed * 1000 + index as u64);
        let geometry = self.geometry(index);
        let haloes = self.haloes(&mut rng, &geometry);
        let spots: Vec<(PixelPosition, f32)> = haloes
            .iter()
            .filter(|halo| halo.mvir.value() >= 2e14 && halo.redshift.value() >= 0.25)
            .map(|halo| (geometry.sky_to_pix(halo.position).expect("on the tile"), (halo.mvir.value() / 4e14) as f32))
            .collect();
        let mut bands = Vec::new();
        for (name, nu_ghz, brightness_uk) in BANDS {
            let mut pixels = vec![0.0f32; self.side * self.side];
            for (i, pixel) in pixels.iter_mut().enumerate() {
                let noise: f64 = (0..12).map(|_| uniform(&mut rng)).sum::<f64>() - 6.0;
                let (x, y) = ((i % self.side) as f64, (i / self.side) as f64);
                let spot = |(at, mass): &(PixelPosition, f32)| {
                    let r2 = (at.x - x).powi(2) + (at.y - y).powi(2);
                    brightness_uk * mass * (-0.5 * r2 / 9.0).exp() as f32
                };
                *pixel = (noise * NOISE_UK_ARCMIN / 0.25) as f32 + spots.iter().map(spot).sum::<f32>();
            }
            let map = BandMap::Temperature { nu: Ghz::new(nu_ghz), map: Map::new(geometry.clone(), pixels)? };
            let (name, noise_arcmin) = (name.to_owned(), Some(NOISE_UK_ARCMIN));
            bands.push(Band { name, beam: Beam::Delta, noise_arcmin, map });
        }
        let footprint = Mask::all_valid(geometry);
        let truth = Truth { tile: index as u64, haloes, sources: Vec::new(), footprint: footprint.clone() };
        Ok(Scene { observation: Observation::new(bands, footprint)?, truth })
    }
}

fn uniform(rng: &mut Xoshiro256PlusPlus) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}
