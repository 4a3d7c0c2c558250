//! A training tile on disk: its pixels as raw numbers, and what is known of it beside them.
//!
//! `NAME.f32` holds the pixels `[y, x, channel]` as little-endian `f32` and nothing else, so that a piece of a tile is one short
//! read a row. `NAME.json` holds their shape, what the maps are like and the finder's labels; it is written last, so that a tile is
//! there when its JSON is.

use crate::{Error, Sky, Tile};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fs::File;
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

/// Version of this form.
pub(crate) const FORMAT: u32 = 2;

/// What is known of a tile.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct About<L> {
    format: u32,
    /// Of all that decides the tile and its labels.
    fingerprint: String,
    /// Rows, columns, channels.
    shape: [usize; 3],
    /// blake3 of the pixels' file.
    checksum: String,
    sky: Sky,
    labels: L,
}

/// What tells a tile from others.
#[derive(Deserialize)]
struct Head {
    format: u32,
    fingerprint: String,
}

/// A tile that is on disk, with labels of type `L`.
#[derive(Debug)]
pub struct TileFile<L> {
    path: PathBuf,
    file: File,
    about: About<L>,
}

impl<L: Serialize + DeserializeOwned> TileFile<L> {
    /// Writes a tile; `stem` is the path without the ending, `fingerprint` tells all that decides it.
    ///
    /// # Errors
    /// When there is no room. Nothing is left of a failed attempt.
    pub fn write(stem: &Path, fingerprint: &str, tile: Tile<L>) -> Result<(), Error> {
        let Tile { sky, shape, pixels, labels } = tile;
        let n_row = (shape[1] * shape[2]).max(1);
        let checksum = replace_file(&pixels_path(stem), |file| {
            pixels.chunks(n_row).try_for_each(|row| {
                let bytes: Vec<u8> = row.iter().flat_map(|pixel| pixel.to_le_bytes()).collect();
                file.write_all(&bytes)
            })
        })?;
        let about = About { format: FORMAT, fingerprint: fingerprint.to_owned(), shape, checksum, sky, labels };
        let text = serde_json::to_vec(&about).expect("a plain struct with string keys");
        replace_file(&about_path(stem), |file| file.write_all(&text))?;
        Ok(())
    }

    /// Opens a tile; `None` when it was not written yet.
    ///
    /// # Errors
    /// A file that is damaged, cut short, or of another sky or configuration.
    pub fn open(stem: &Path, fingerprint: &str) -> Result<Option<Self>, Error> {
        let path = about_path(stem);
        let refuse = |path: &Path, reason: String| Error::TileFile { path: path.to_owned(), reason };
        let text = match std::fs::read(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            other => other.map_err(Error::io(&path))?,
        };
        let damaged = |e: serde_json::Error| refuse(&path, format!("it is damaged ({e})"));
        // First, as labels of another form need not be readable.
        let head: Head = serde_json::from_slice(&text).map_err(damaged)?;
        if head.format != FORMAT || head.fingerprint != fingerprint {
            return Err(refuse(&path, "it is of another sky or configuration".to_owned()));
        }
        let about: About<L> = serde_json::from_slice(&text).map_err(damaged)?;
        let path = pixels_path(stem);
        let file = File::open(&path).map_err(Error::io(&path))?;
        let expected = 4 * about.shape.iter().product::<usize>() as u64;
        let got = file.metadata().map_err(Error::io(&path))?.len();
        if got != expected {
            return Err(refuse(&path, format!("it has {got} bytes in place of {expected}")));
        }
        if checksum(&file).map_err(Error::io(&path))? != about.checksum {
            return Err(refuse(&path, "its bytes are not those that were written".to_owned()));
        }
        Ok(Some(Self { path, file, about }))
    }
}

impl<L> TileFile<L> {
    /// What the maps are like.
    pub fn sky(&self) -> &Sky {
        &self.about.sky
    }

    /// Rows, columns and channels.
    pub fn shape(&self) -> [usize; 3] {
        self.about.shape
    }

    /// The finder's labels.
    pub fn labels(&self) -> &L {
        &self.about.labels
    }

    /// The labels, to be changed or taken.
    pub fn labels_mut(&mut self) -> &mut L {
        &mut self.about.labels
    }

    /// Pixels `[y, x, channel]` of the square of a side whose first pixel is given; it must lie within the tile.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn square(&self, x0: usize, y0: usize, side: usize) -> Result<Vec<f32>, Error> {
        self.piece([x0, y0], [side, side])
    }

    /// All pixels `[y, x, channel]`.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn pixels(&self) -> Result<Vec<f32>, Error> {
        let [ny, nx, _] = self.about.shape;
        self.piece([0, 0], [ny, nx])
    }

    fn piece(&self, [x0, y0]: [usize; 2], [n_rows, n_columns]: [usize; 2]) -> Result<Vec<f32>, Error> {
        let [_, nx, n_channels] = self.about.shape;
        let mut pixels = Vec::with_capacity(n_rows * n_columns * n_channels);
        let mut row = vec![0; n_columns * n_channels * 4];
        for y in y0..y0 + n_rows {
            let offset = 4 * (y * nx + x0) * n_channels;
            read_exact_at(&self.file, &mut row, offset as u64).map_err(Error::io(&self.path))?;
            pixels.extend(row.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])));
        }
        Ok(pixels)
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
///
/// # Errors
/// When there is no room. Nothing is left of a failed attempt.
fn replace_file(path: &Path, write: impl FnOnce(&mut dyn Write) -> std::io::Result<()>) -> Result<String, Error> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BandAbout;

    fn tile() -> Tile<Vec<u32>> {
        let band = |name: &str, nu_ghz| BandAbout {
            name: name.to_owned(),
            nu_ghz,
            beam_fwhm_arcmin: 1.4,
            noise_uk_arcmin: 2.0,
        };
        let sky = Sky { bands: vec![band("90", 90.0), band("148", 148.0)], pixel_arcmin: 0.25 };
        let pixels = (0..20 * 30 * 2).map(|i| i as f32).collect();
        Tile { sky, shape: [20, 30, 2], pixels, labels: vec![3, 1, 4] }
    }

    fn written() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().expect("a folder");
        let stem = folder.path().join("train-0000");
        TileFile::write(&stem, "f", tile()).expect("room");
        (folder, stem)
    }

    #[test]
    fn pixels_and_labels_come_back() {
        let (_folder, stem) = written();
        let file: TileFile<Vec<u32>> = TileFile::open(&stem, "f").expect("whole").expect("there");
        assert_eq!((file.sky(), file.shape(), file.labels()), (&tile().sky, [20, 30, 2], &vec![3, 1, 4]));
        let square = file.square(7, 11, 4).expect("pixels");
        for (i, &pixel) in square.iter().enumerate() {
            let (channel, x, y) = (i % 2, 7 + i / 2 % 4, 11 + i / 8);
            assert_eq!(pixel, ((y * 30 + x) * 2 + channel) as f32);
        }
        assert_eq!(file.pixels().expect("pixels"), tile().pixels);
    }

    #[test]
    fn damaged_shortened_and_foreign_tiles_are_refused() {
        let (_folder, stem) = written();
        let open = |fingerprint: &str| TileFile::<Vec<u32>>::open(&stem, fingerprint);
        let refusal = |fingerprint: &str| open(fingerprint).expect_err("refused").to_string();
        assert!(refusal("g").contains("another sky or configuration; delete it"));
        let other_labels = TileFile::<Vec<String>>::open(&stem, "g").expect_err("refused").to_string();
        assert!(other_labels.contains("another sky or configuration"), "{other_labels}");
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
        assert!(open("f").expect("no error").is_none(), "without its JSON a tile was not written yet");
    }
}
