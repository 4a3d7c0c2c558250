//! A training tile on disk: its pixels as raw numbers, and what is known of it beside them.
//!
//! `NAME.f32` holds the pixels `[y, x, band]` as little-endian `f32` and nothing else, so that a cutout is 32 short reads.
//! `NAME.json` holds their shape, what the maps are like, where cutouts lie and which of them hold a cluster; it is written
//! last, so that a tile is there when its JSON is.

use crate::lattice::{Lattice, Place, SIDE};
use crate::{CnnConfig, Error, Sky};
use arcmin_maps::{Mask, Shape};
use arcmin_scene::Scene;
use arcmin_units::HaloMass;
use serde::{Deserialize, Serialize};
use std::collections::HashSet;
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Version of this form.
const FORMAT: u32 = 1;

/// What is known of a tile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TileAbout {
    format: u32,
    /// Of all that decides the tile and its labels.
    fingerprint: String,
    /// Rows and columns.
    shape: [usize; 2],
    /// blake3 of the pixels' file.
    checksum: String,
    /// What the maps are like.
    pub(crate) sky: Sky,
    /// The cutouts, none with a missing pixel.
    pub(crate) cutouts: Vec<CutoutAbout>,
    /// The haloes that make cutouts positive.
    pub(crate) haloes: Vec<HaloAbout>,
}

/// One cutout: row and column in its lattice, first pixel along x and y, whether it holds a cluster, whether it is beside one
/// that does.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct CutoutAbout {
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

/// One halo.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct HaloAbout {
    x: f64,
    y: f64,
    mvir_msun: f64,
    redshift: f64,
}

/// What decides a tile's pixels and labels, as one line of hexadecimal digits.
pub(crate) fn fingerprint(origin: &str, tile: usize, config: &CnnConfig) -> String {
    let decides = serde_json::json!([FORMAT, origin, tile, config.cutouts, config.target]);
    blake3::hash(decides.to_string().as_bytes()).to_hex().to_string()
}

/// A tile that is on disk.
#[derive(Debug)]
pub(crate) struct TileFile {
    path: PathBuf,
    file: File,
    pub(crate) about: TileAbout,
}

impl TileFile {
    /// Writes a scene's maps and labels; `stem` is the path without the ending.
    pub(crate) fn write(stem: &Path, fingerprint: &str, scene: &Scene, config: &CnnConfig) -> Result<(), Error> {
        let sky = Sky::of(&scene.observation)?;
        let checksum = replace(&pixels_path(stem), |file| write_pixels(file, scene))?;
        let Shape { ny, nx } = scene.observation.geometry().shape();
        let (cutouts, haloes) = label(scene, config);
        let (format, fingerprint) = (FORMAT, fingerprint.to_owned());
        let about = TileAbout { format, fingerprint, shape: [ny, nx], checksum, sky, cutouts, haloes };
        let text = serde_json::to_vec(&about).expect("a plain struct with string keys");
        replace(&about_path(stem), |file| file.write_all(&text))?;
        Ok(())
    }

    /// Opens a tile; `None` when it was not written yet.
    ///
    /// # Errors
    /// A file that is damaged, cut short, or of another sky or configuration.
    pub(crate) fn open(stem: &Path, fingerprint: &str) -> Result<Option<Self>, Error> {
        let path = about_path(stem);
        let refuse = |path: &Path, reason: String| Error::TileFile { path: path.to_owned(), reason };
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::io(&path))?,
        };
        let about: TileAbout =
            serde_json::from_slice(&text).map_err(|e| refuse(&path, format!("it is damaged ({e})")))?;
        if about.format != FORMAT || about.fingerprint != fingerprint {
            return Err(refuse(&path, "it is of another sky or configuration".to_owned()));
        }
        let path = pixels_path(stem);
        let file = File::open(&path).map_err(Error::io(&path))?;
        let expected = 4 * (about.shape.iter().product::<usize>() * about.sky.bands.len()) as u64;
        let got = file.metadata().map_err(Error::io(&path))?.len();
        if got != expected {
            return Err(refuse(&path, format!("it has {got} bytes in place of {expected}")));
        }
        if checksum(&file).map_err(Error::io(&path))? != about.checksum {
            return Err(refuse(&path, "its bytes are not those that were written".to_owned()));
        }
        Ok(Some(Self { path, file, about }))
    }

    /// Pixels `[y, x, band]` of the cutout whose first pixel is given.
    pub(crate) fn cutout(&self, x0: u32, y0: u32) -> Result<Vec<f32>, Error> {
        let (nx, n_bands) = (self.about.shape[1], self.about.sky.bands.len());
        let n_row = SIDE * n_bands * 4;
        let mut bytes = vec![0; SIDE * n_row];
        for (y, row) in bytes.chunks_exact_mut(n_row).enumerate() {
            let offset = 4 * ((y0 as usize + y) * nx + x0 as usize) * n_bands;
            read_exact_at(&self.file, row, offset as u64).map_err(Error::io(&self.path))?;
        }
        let number = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        Ok(bytes.chunks_exact(4).map(number).collect())
    }
}

#[cfg(unix)]
fn read_exact_at(file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, offset)
}

/// One thread at a time reads a training's cutouts.
#[cfg(not(unix))]
fn read_exact_at(mut file: &File, bytes: &mut [u8], offset: u64) -> std::io::Result<()> {
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(offset))?;
    file.read_exact(bytes)
}

fn pixels_path(stem: &Path) -> PathBuf {
    stem.with_extension("f32")
}

fn about_path(stem: &Path) -> PathBuf {
    stem.with_extension("json")
}

/// Writes under another name and renames; tells the checksum of what was written.
fn replace(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<String, Error> {
    let part = path.with_extension("part");
    let written = || -> std::io::Result<String> {
        let mut hashed = Hashed { file: BufWriter::new(File::create(&part)?), hasher: blake3::Hasher::new() };
        write(&mut hashed)?;
        hashed.file.into_inner().map_err(|error| error.into_error())?.sync_all()?;
        std::fs::rename(&part, path)?;
        Ok(hashed.hasher.finalize().to_hex().to_string())
    };
    written().map_err(|source| {
        // What is left of a failed attempt only takes room: that it stays is no second error.
        let _ = std::fs::remove_file(&part);
        Error::Io { path: path.to_owned(), source }
    })
}

struct Hashed {
    file: BufWriter<File>,
    hasher: blake3::Hasher,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.hasher.update(bytes);
        self.file.write_all(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}

fn checksum(mut file: &File) -> std::io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut piece = vec![0; 1 << 20];
    loop {
        let n = file.read(&mut piece)?;
        if n == 0 {
            return Ok(hasher.finalize().to_hex().to_string());
        }
        hasher.update(&piece[..n]);
    }
}

/// Pixels `[y, x, band]`, a row at a time. Missing ones are zero and never read: no cutout holds one.
fn write_pixels(file: &mut dyn Write, scene: &Scene) -> std::io::Result<()> {
    let mask = scene.observation.mask();
    let nx = mask.geometry().shape().nx.max(1);
    let bands: Vec<&[f32]> = scene.observation.bands().iter().map(|band| band.map.pixels()).collect();
    let mut row = Vec::with_capacity(4 * nx * bands.len());
    for first in (0..mask.valid().len()).step_by(nx) {
        row.clear();
        for i in first..first + nx {
            let valid = mask.valid()[i];
            row.extend(bands.iter().flat_map(|pixels| if valid { pixels[i] } else { 0.0 }.to_le_bytes()));
        }
        file.write_all(&row)?;
    }
    Ok(())
}

/// The cutouts without missing pixels, and the haloes whose centre makes one positive: Mvir and redshift are the target's, and
/// the cutout's central part holds the centre.
fn label(scene: &Scene, config: &CnnConfig) -> (Vec<CutoutAbout>, Vec<HaloAbout>) {
    let geometry = scene.observation.geometry();
    let lattice = Lattice::new(geometry, &config.cutouts);
    let targets: Vec<_> = scene.truth.haloes.iter().filter(|halo| config.target.contains(halo)).collect();
    let held: HashSet<_> = targets.iter().filter_map(|halo| lattice.cell_of(halo.position)).collect();
    let mask = scene.observation.mask();
    let about = |place: &Place| {
        let near = lattice.neighbours(place.cell).map(|cell| held.contains(&cell));
        CutoutAbout {
            row: place.cell.row,
            column: place.cell.column,
            x0: place.x0 as u32,
            y0: place.y0 as u32,
            is_positive: held.contains(&place.cell),
            is_diagonal: near[..4].contains(&true),
            is_adjacent: near.contains(&true),
        }
    };
    let cutouts = lattice.places().iter().filter(|place| is_whole(mask, place)).map(about).collect();
    let halo = |halo: &&arcmin_scene::Halo| {
        let at = geometry.sky_to_pix(halo.position)?;
        let (mvir_msun, redshift) = (halo.mvir.msun(), halo.redshift.value());
        Some(HaloAbout { x: at.x, y: at.y, mvir_msun, redshift })
    };
    (cutouts, targets.iter().filter_map(halo).collect())
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
    use crate::{AdjacentNegatives, CutoutsConfig, LatticeConfig};
    use arcmin_maps::{Observation, PixelPosition};
    use arcmin_scene::SceneSource;

    fn config(lattice: LatticeConfig) -> CnnConfig {
        let text = include_str!("../tests/common/small_network.toml");
        let config: CnnConfig = toml::from_str(text).expect("the description parses");
        CnnConfig { cutouts: CutoutsConfig { lattice, ..config.cutouts }, ..config }
    }

    fn source() -> ToySource {
        ToySource { seed: 5, n_tiles: 1, side: 200, n_haloes: 12, dec_deg: 50.0 }
    }

    fn written(scene: &Scene, config: &CnnConfig) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let stem = folder.path().join("train-0000");
        TileFile::write(&stem, "f", scene, config).expect("room");
        (folder, stem)
    }

    #[test]
    fn cutouts_hold_the_pixels_of_the_map() {
        for lattice in [LatticeConfig::EqualArea, LatticeConfig::RaDec] {
            let scene = source().scene(0).expect("a scene");
            let (_folder, stem) = written(&scene, &config(lattice));
            let tile = TileFile::open(&stem, "f").expect("whole").expect("there");
            assert!(tile.about.cutouts.len() >= 64);
            for cutout in &tile.about.cutouts {
                let pixels = tile.cutout(cutout.x0, cutout.y0).expect("pixels");
                let (x0, y0) = (cutout.x0 as usize, cutout.y0 as usize);
                for (i, values) in pixels.chunks(3).enumerate() {
                    let at = (y0 + i / SIDE) * 200 + x0 + i % SIDE;
                    let bands = scene.observation.bands().iter().map(|band| band.map.pixels()[at]);
                    assert!(bands.eq(values.iter().copied()));
                }
            }
        }
    }

    /// The slow twin: every cutout against every halo, by the distance of the halo from the cutout's centre.
    #[test]
    fn labels_are_those_of_haloes_within_the_central_part() {
        let scene = source().scene(0).expect("a scene");
        let geometry = scene.observation.geometry();
        let config = config(LatticeConfig::EqualArea);
        let (cutouts, haloes) = label(&scene, &config);
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
        assert_eq!(haloes.len(), scene.truth.haloes.iter().filter(|halo| config.target.contains(halo)).count());
    }

    #[test]
    fn on_the_grid_in_ra_and_dec_the_nearest_centre_has_the_cluster_and_its_neighbours_have_not() {
        let scene = source().scene(0).expect("a scene");
        let (cutouts, haloes) = label(&scene, &config(LatticeConfig::RaDec));
        // At 50 deg cells are 0.64 times as wide as cutouts: several cutouts hold a cluster well inside, one has it.
        let n_positives = cutouts.iter().filter(|cutout| cutout.is_positive).count();
        assert!(n_positives >= 3 && n_positives <= haloes.len());
        let well_inside = |cutout: &&CutoutAbout| {
            let off = |first: u32, at: f64| (at - f64::from(first) - 15.5).abs() < 10.0;
            haloes.iter().any(|halo| off(cutout.x0, halo.x) && off(cutout.y0, halo.y))
        };
        assert!(cutouts.iter().filter(well_inside).count() > n_positives);
    }

    #[test]
    fn neighbours_of_positives_are_marked() {
        let scene = source().scene(0).expect("a scene");
        let (cutouts, _) = label(&scene, &config(LatticeConfig::EqualArea));
        for cutout in &cutouts {
            let steps = |other: &CutoutAbout| ((cutout.row - other.row).abs(), (cutout.column - other.column).abs());
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
        let (cutouts, _) = label(&scene, &config);
        let holds = |first: u32| (first..first + 32).contains(&100);
        assert!(cutouts.iter().all(|cutout| !(holds(cutout.x0) && holds(cutout.y0))));
        let n_holding = |at: usize| (0..8).filter(|i| (24 * i..24 * i + 32).contains(&at)).count();
        assert_eq!(cutouts.len(), 64 - n_holding(100) * n_holding(100));
    }

    #[test]
    fn damaged_shortened_and_foreign_tiles_are_refused() {
        let scene = source().scene(0).expect("a scene");
        let (_folder, stem) = written(&scene, &config(LatticeConfig::EqualArea));
        let refusal = |fingerprint: &str| TileFile::open(&stem, fingerprint).expect_err("refused").to_string();
        assert!(refusal("g").contains("another sky or configuration; delete it"));
        let whole = std::fs::read(pixels_path(&stem)).expect("pixels");
        std::fs::write(pixels_path(&stem), &whole[..whole.len() - 4]).expect("room");
        assert!(refusal("f").contains("bytes in place of"), "{}", refusal("f"));
        let mut flipped = whole.clone();
        flipped[77] ^= 1;
        std::fs::write(pixels_path(&stem), &flipped).expect("room");
        assert!(refusal("f").contains("not those that were written"));
        std::fs::write(pixels_path(&stem), &whole).expect("room");
        let text = std::fs::read(about_path(&stem)).expect("about");
        std::fs::write(about_path(&stem), &text[..text.len() / 2]).expect("room");
        assert!(refusal("f").contains("train-0000.json: it is damaged"));
        std::fs::remove_file(about_path(&stem)).expect("deleted");
        assert!(TileFile::open(&stem, "f").expect("no error").is_none(), "without its JSON a tile was not written yet");
    }

    #[test]
    fn fingerprints_tell_skies_tiles_labels_and_lattices_apart_and_nothing_else() {
        let ours = config(LatticeConfig::EqualArea);
        let first = fingerprint("sky", 0, &ours);
        let mut heavier = ours.clone();
        heavier.target.mvir_min_msun = 3e14;
        let all = [fingerprint("other sky", 0, &ours), fingerprint("sky", 1, &ours), fingerprint("sky", 0, &heavier)];
        assert!(all.iter().all(|other| *other != first));
        assert_ne!(fingerprint("sky", 0, &config(LatticeConfig::RaDec)), first);
        let mut other_training = ours.clone();
        other_training.training.seed = 9;
        assert_eq!(fingerprint("sky", 0, &other_training), first);
        assert_eq!(ours.cutouts.adjacent_negatives, AdjacentNegatives::DropDiagonal);
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
