//! Training tiles of the cutout classifier: where cutouts lie, and which of them hold a cluster.

use crate::lattice::{Lattice, Place, SIDE};
use crate::{CnnConfig, Error};
use arcmin_find_learned::{Sky, Tile, TileKind};
use arcmin_maps::{Mask, Observation, Shape};
use arcmin_scene::{Halo, Scene};
use serde::{Deserialize, Serialize};
use std::collections::HashSet;

/// One cutout without a missing pixel: row and column in its lattice, first pixel along x and y, whether it holds a cluster,
/// whether it is beside one that does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct LabelledCutout {
    pub(crate) row: i32,
    pub(crate) column: i32,
    pub(crate) x0: u32,
    pub(crate) y0: u32,
    pub(crate) is_positive: bool,
    /// Whether a diagonal neighbour is positive.
    pub(crate) is_diagonal: bool,
    /// Whether any neighbour is positive.
    pub(crate) is_adjacent: bool,
}

/// Tiles as a configuration has them.
pub(crate) struct CutoutTiles<'a>(pub(crate) &'a CnnConfig);

impl TileKind for CutoutTiles<'_> {
    type Labels = Vec<LabelledCutout>;
    type Error = Error;

    fn settings(&self) -> serde_json::Value {
        serde_json::json!([self.0.cutouts, self.0.target])
    }

    fn tile(&self, scene: &Scene) -> Result<Tile<Self::Labels>, Error> {
        let sky = Sky::of(&scene.observation)?;
        let Shape { ny, nx } = scene.observation.geometry().shape();
        let shape = [ny, nx, sky.bands.len()];
        Ok(Tile { sky, shape, pixels: pixels(&scene.observation), labels: label(scene, self.0) })
    }
}

/// Pixels `[y, x, band]`. Missing ones are zero and never read: no cutout holds one.
fn pixels(observation: &Observation) -> Vec<f32> {
    let bands: Vec<&[f32]> = observation.bands().iter().map(|band| band.map.pixels()).collect();
    let pixel = |(i, &valid): (usize, &bool)| {
        let value = move |pixels: &&[f32]| if valid { pixels[i] } else { 0.0 };
        bands.iter().map(value).collect::<Vec<f32>>()
    };
    observation.mask().valid().iter().enumerate().flat_map(pixel).collect()
}

/// The cutouts without missing pixels. One is positive when its central part holds the centre of a target.
fn label(scene: &Scene, config: &CnnConfig) -> Vec<LabelledCutout> {
    let lattice = Lattice::new(scene.observation.geometry(), &config.cutouts);
    let targets = scene.truth.haloes.iter().filter(|halo: &&Halo| config.target.contains(halo));
    let held: HashSet<_> = targets.filter_map(|halo| lattice.cell_of(halo.position)).collect();
    let mask = scene.observation.mask();
    let labelled = |place: &Place| {
        let near = lattice.neighbours(place.cell).map(|cell| held.contains(&cell));
        LabelledCutout {
            row: place.cell.row,
            column: place.cell.column,
            x0: place.x0 as u32,
            y0: place.y0 as u32,
            is_positive: held.contains(&place.cell),
            is_diagonal: near[..4].contains(&true),
            is_adjacent: near.contains(&true),
        }
    };
    lattice.places().iter().filter(|place| is_whole(mask, place)).map(labelled).collect()
}

fn is_whole(mask: &Mask, place: &Place) -> bool {
    let nx = mask.geometry().shape().nx;
    let row = |y: usize| &mask.valid()[(place.y0 + y) * nx + place.x0..][..SIDE];
    (0..SIDE).all(|y| row(y).iter().all(|&valid| valid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toy::ToySource;
    use crate::{CutoutsConfig, LatticeConfig};
    use arcmin_maps::PixelPosition;
    use arcmin_scene::SceneSource;
    use arcmin_units::HaloMass;

    fn config(lattice: LatticeConfig) -> CnnConfig {
        let text = include_str!("../tests/common/small_network.toml");
        let config: CnnConfig = toml::from_str(text).expect("the description parses");
        CnnConfig { cutouts: CutoutsConfig { lattice, ..config.cutouts }, ..config }
    }

    /// Positions of the targets.
    fn targets(scene: &Scene, config: &CnnConfig) -> Vec<PixelPosition> {
        let geometry = scene.observation.geometry();
        let targets = scene.truth.haloes.iter().filter(|halo| config.target.contains(halo));
        targets.map(|halo| geometry.sky_to_pix(halo.position).expect("on the tile")).collect()
    }

    fn source() -> ToySource {
        ToySource { seed: 5, n_tiles: 1, side: 200, n_haloes: 12, dec_deg: 50.0 }
    }

    #[test]
    fn a_tile_holds_the_pixels_of_the_maps() {
        let scene = source().scene(0).expect("a scene");
        let tile = CutoutTiles(&config(LatticeConfig::EqualArea)).tile(&scene).expect("a tile");
        assert_eq!(tile.shape, [200, 200, 3]);
        for (i, values) in tile.pixels.chunks(3).enumerate() {
            let bands = scene.observation.bands().iter().map(|band| band.map.pixels()[i]);
            assert!(bands.eq(values.iter().copied()));
        }
    }

    /// The slow twin: every cutout against every halo, by the distance of the halo from the cutout's centre.
    #[test]
    fn labels_are_those_of_haloes_within_the_central_part() {
        let scene = source().scene(0).expect("a scene");
        let geometry = scene.observation.geometry();
        let config = config(LatticeConfig::EqualArea);
        let cutouts = label(&scene, &config);
        let mut n_positives = 0;
        for cutout in &cutouts {
            let holds = |halo: &arcmin_scene::Halo| {
                let at = geometry.sky_to_pix(halo.position).expect("on the tile");
                let off = |first: u32, at: f64| at - (f64::from(first) + 15.5);
                let inside = |off: f64| (-12.0..12.0).contains(&off);
                let is_target = halo.mvir.msun() >= 2e14 && halo.redshift.value() >= 0.25;
                is_target && inside(off(cutout.x0, at.x)) && inside(off(cutout.y0, at.y))
            };
            assert_eq!(cutout.is_positive, scene.truth.haloes.iter().any(holds), "{cutout:?}");
            n_positives += usize::from(cutout.is_positive);
        }
        assert!(n_positives >= 3);
    }

    #[test]
    fn on_the_grid_in_ra_and_dec_the_nearest_centre_has_the_cluster_and_its_neighbours_have_not() {
        let scene = source().scene(0).expect("a scene");
        let config = config(LatticeConfig::RaDec);
        let cutouts = label(&scene, &config);
        let haloes = targets(&scene, &config);
        // At 50 deg cells are 0.64 times as wide as cutouts: several cutouts hold a cluster well inside, one has it.
        let n_positives = cutouts.iter().filter(|cutout| cutout.is_positive).count();
        assert!(n_positives >= 3 && n_positives <= haloes.len());
        let well_inside = |cutout: &&LabelledCutout| {
            let off = |first: u32, at: f64| (at - f64::from(first) - 15.5).abs() < 10.0;
            haloes.iter().any(|halo| off(cutout.x0, halo.x) && off(cutout.y0, halo.y))
        };
        assert!(cutouts.iter().filter(well_inside).count() > n_positives);
    }

    #[test]
    fn neighbours_of_positives_are_marked() {
        let scene = source().scene(0).expect("a scene");
        let cutouts = label(&scene, &config(LatticeConfig::EqualArea));
        for cutout in &cutouts {
            let steps = |other: &LabelledCutout| ((cutout.row - other.row).abs(), (cutout.column - other.column).abs());
            // Haloes beyond the outermost cutouts mark the rim too, which this twin does not know.
            if [cutout.row, cutout.column].iter().any(|&idx| idx == 0 || idx == 7) {
                continue;
            }
            let near =
                |steps_of: &dyn Fn((i32, i32)) -> bool| cutouts.iter().any(|o| o.is_positive && steps_of(steps(o)));
            assert_eq!(cutout.is_diagonal, near(&|steps| steps == (1, 1)));
            assert_eq!(cutout.is_adjacent, near(&|steps| steps != (0, 0) && steps.0 <= 1 && steps.1 <= 1));
        }
    }

    #[test]
    fn cutouts_with_a_missing_pixel_are_left_out() {
        let mut scene = source().scene(0).expect("a scene");
        let mut mask = scene.observation.mask().clone();
        mask.valid_mut()[100 * 200 + 100] = false;
        scene.observation = Observation::new(scene.observation.bands().to_vec(), mask).expect("an observation");
        let config = config(LatticeConfig::EqualArea);
        let cutouts = label(&scene, &config);
        let holds = |first: u32| (first..first + 32).contains(&100);
        assert!(cutouts.iter().all(|cutout| !(holds(cutout.x0) && holds(cutout.y0))));
        let n_holding = |at: usize| (0..8).filter(|i| (24 * i..24 * i + 32).contains(&at)).count();
        assert_eq!(cutouts.len(), 64 - n_holding(100) * n_holding(100));
    }

    #[test]
    fn settings_tell_labels_and_lattices_apart_and_nothing_else() {
        let ours = config(LatticeConfig::EqualArea);
        let mut heavier = ours.clone();
        heavier.target.mvir_min_msun = 3e14;
        let settings = |config: &CnnConfig| CutoutTiles(config).settings();
        assert_ne!(settings(&heavier), settings(&ours));
        assert_ne!(settings(&config(LatticeConfig::RaDec)), settings(&ours));
        let mut other_training = ours.clone();
        other_training.training.seed = 9;
        assert_eq!(settings(&other_training), settings(&ours));
    }

    /// A halo on the very edge between two central parts belongs to one of them.
    #[test]
    fn an_edge_belongs_to_one_cutout() {
        let scene = source().scene(0).expect("a scene");
        let lattice = Lattice::new(scene.observation.geometry(), &CutoutsConfig::default());
        let cell = |x: f64| {
            let sky = scene.observation.geometry().pix_to_sky(PixelPosition { x, y: 15.5 }).expect("a pixel");
            lattice.cell_of(sky).map(|cell| cell.column)
        };
        assert_eq!([cell(27.499), cell(27.501)], [Some(0), Some(1)]);
    }
}
