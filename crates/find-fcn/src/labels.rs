//! What a tile teaches: its haloes, and from them what is asked of each cell.

use crate::grid::Grid;
use crate::{Error, FcnConfig};
use arcmin_find_learned::{Sky, Tile, TileKind};
use arcmin_maps::Shape;
use arcmin_scene::{Halo, Scene};
use arcmin_units::HaloMass;
use serde::{Deserialize, Serialize};

/// Version of the form of tiles.
const FORM: u32 = 2;

/// Virial mass that logarithms are taken over.
pub(crate) const PIVOT_MSUN: f64 = 1e14;

/// A halo of a tile: a target, or one that is heavy enough to be weighed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LabelledHalo {
    /// Position on the grid of cells, where whole numbers are middles of cells.
    #[serde(with = "exact")]
    pub(crate) x: f64,
    #[serde(with = "exact")]
    pub(crate) y: f64,
    /// `ln(Mvir / 1e14 Msun)`.
    #[serde(with = "exact")]
    pub(crate) ln_mass: f64,
    pub(crate) is_target: bool,
}

/// Numbers as text: what is read has the bits of what was written, which JSON's own numbers need not have.
mod exact {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// The haloes of a scene on a grid.
pub(crate) fn haloes(scene: &Scene, grid: &Grid, config: &FcnConfig) -> Vec<LabelledHalo> {
    let geometry = scene.observation.geometry();
    let labelled = |halo: &Halo| {
        let is_target = config.target.contains(halo);
        let counts = is_target || halo.mvir.msun() >= config.cells.weighed_mvir_min_msun;
        let [x, y] = grid.cell_position(geometry.sky_to_pix(halo.position).filter(|_| counts)?);
        let within = |at: f64, n: usize| at > -1.0 && at < n as f64;
        let ln_mass = (halo.mvir.msun() / PIVOT_MSUN).ln();
        (within(x, grid.cells().nx) && within(y, grid.cells().ny)).then_some(LabelledHalo { x, y, ln_mass, is_target })
    };
    scene.truth.haloes.iter().filter_map(labelled).collect()
}

/// Training tiles as a configuration has them: the grid's channels, then one that tells which pixels are searched.
pub(crate) struct GridTiles<'a>(pub(crate) &'a FcnConfig);

impl TileKind for GridTiles<'_> {
    type Labels = Vec<LabelledHalo>;
    type Error = Error;

    fn settings(&self) -> serde_json::Value {
        let FcnConfig { input, target, cells, .. } = self.0;
        serde_json::json!([FORM, input, target, cells.weighed_mvir_min_msun])
    }

    fn tile(&self, scene: &Scene) -> Result<Tile<Self::Labels>, Error> {
        let grid = Grid::new(&scene.observation, self.0)?;
        let searched = grid.searched_cells();
        let Shape { ny, nx } = grid.shape;
        let mut pixels = Vec::with_capacity(ny * nx * (grid.n_channels + 1));
        for (i, pixel) in grid.pixels.chunks_exact(grid.n_channels).enumerate() {
            let cell = i / nx / 2 * (nx / 2) + i % nx / 2;
            pixels.extend_from_slice(pixel);
            pixels.push(f32::from(u8::from(searched[cell])));
        }
        let labels = haloes(scene, &grid, self.0);
        Ok(Tile { sky: Sky::of(&scene.observation)?, shape: [ny, nx, grid.n_channels + 1], pixels, labels })
    }
}

/// The channels of a tile, or of a piece of it whose width is given, and whether its cells are searched.
pub(crate) fn channels_and_searched(stored: &[f32], nx: usize, n_channels: usize) -> (Vec<f32>, Vec<bool>) {
    let n_pixels = stored.len() / (n_channels + 1);
    let (mut channels, mut searched) = (Vec::with_capacity(n_pixels * n_channels), Vec::with_capacity(n_pixels / 4));
    for (i, pixel) in stored.chunks_exact(n_channels + 1).enumerate() {
        channels.extend_from_slice(&pixel[..n_channels]);
        if (i / nx).is_multiple_of(2) && (i % nx).is_multiple_of(2) {
            searched.push(pixel[n_channels] > 0.5);
        }
    }
    (channels, searched)
}

/// Numbers that are asked of a cell: see [`CellTarget`].
pub(crate) const N_TARGETS: usize = 6;

/// What is asked of a cell.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct CellTarget {
    /// Whether anything is: rims and what is not searched are not.
    pub(crate) counts: bool,
    /// Whether a target lies within the radius of its middle.
    pub(crate) is_positive: bool,
    /// The heaviest halo there: offset along x and y in cells, and `ln(Mvir / 1e14 Msun)`.
    pub(crate) halo: Option<([f64; 2], f64)>,
}

impl CellTarget {
    pub(crate) fn to_row(self) -> [f32; N_TARGETS] {
        let flag = |holds: bool| f32::from(u8::from(holds));
        let ([dx, dy], ln_mass) = self.halo.unwrap_or_default();
        let halo = flag(self.halo.is_some());
        [flag(self.counts), flag(self.is_positive), halo, dx as f32, dy as f32, ln_mass as f32]
    }

    pub(crate) fn of_row(row: &[f32]) -> Self {
        let at = |i: usize| f64::from(row[i]);
        let halo = (row[2] > 0.5).then(|| ([at(3), at(4)], at(5)));
        Self { counts: row[0] > 0.5, is_positive: row[1] > 0.5, halo }
    }
}

/// What is asked of the cells of a piece, of which those count that `counts` says; haloes are in the piece's own cells.
pub(crate) fn cell_targets(haloes: &[LabelledHalo], counts: &[bool], nx: usize, radius_cells: f64) -> Vec<CellTarget> {
    let mut targets: Vec<CellTarget> =
        counts.iter().map(|&counts| CellTarget { counts, ..CellTarget::default() }).collect();
    let ny = counts.len() / nx.max(1);
    for halo in haloes {
        let around = |at: f64, n: usize| {
            let first = (at - radius_cells).ceil().max(0.0) as usize;
            let last = (at + radius_cells).floor();
            if last < 0.0 { 0..0 } else { first..(last as usize + 1).min(n) }
        };
        for y in around(halo.y, ny) {
            for x in around(halo.x, nx) {
                let offset = [halo.x - x as f64, halo.y - y as f64];
                if offset[0].hypot(offset[1]) > radius_cells {
                    continue;
                }
                let target = &mut targets[y * nx + x];
                target.is_positive |= halo.is_target;
                if target.halo.is_none_or(|(_, ln_mass)| halo.ln_mass > ln_mass) {
                    target.halo = Some((offset, halo.ln_mass));
                }
            }
        }
    }
    targets
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The slow twin: every cell against every halo.
    #[test]
    fn cells_are_asked_for_what_lies_within_the_radius_of_their_middle() {
        let mut rng = arcmin_find_learned::stream(3, "haloes", 0, 0);
        let mut uniform = || (rand::Rng::next_u64(&mut rng) >> 11) as f64 / (1u64 << 53) as f64;
        let halo = |_| LabelledHalo {
            x: 26.0 * uniform() - 3.0,
            y: 17.0 * uniform() - 3.0,
            ln_mass: uniform(),
            is_target: uniform() < 0.5,
        };
        let haloes: Vec<LabelledHalo> = (0..60).map(halo).collect();
        let counts: Vec<bool> = (0..20 * 11).map(|i| i % 4 != 1).collect();
        let radius = 1.3;
        let targets = cell_targets(&haloes, &counts, 20, radius);
        let mut n_several = 0;
        for (i, target) in targets.iter().enumerate() {
            let (x, y) = ((i % 20) as f64, (i / 20) as f64);
            let near: Vec<&LabelledHalo> =
                haloes.iter().filter(|halo| (halo.x - x).hypot(halo.y - y) <= radius).collect();
            assert_eq!(target.counts, counts[i]);
            assert_eq!(target.is_positive, near.iter().any(|halo| halo.is_target));
            let heaviest = near.iter().max_by(|a, b| a.ln_mass.total_cmp(&b.ln_mass));
            assert_eq!(target.halo, heaviest.map(|halo| ([halo.x - x, halo.y - y], halo.ln_mass)));
            n_several += usize::from(near.len() > 1);
        }
        assert!(n_several > 20);
    }

    #[test]
    fn rows_come_back() {
        let target = CellTarget { counts: true, is_positive: false, halo: Some(([0.5, -0.25], 1.5)) };
        assert_eq!(CellTarget::of_row(&target.to_row()), target);
        assert_eq!(CellTarget::of_row(&CellTarget::default().to_row()), CellTarget::default());
    }
}
