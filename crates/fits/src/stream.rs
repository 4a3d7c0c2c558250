//! Images that are written piece by piece, as they are made.

use crate::number::Number;
use crate::write::{BLOCK_OF_ZEROS, image_header, write_by_name, write_table_part};
use crate::{Error, Header, Place, Table};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Writes a single-precision image as the primary HDU without ever holding all of it, then the tables that `fill`
/// returns; gzip'd when the name ends in `.gz`.
///
/// `axes` in FITS order, the fastest (x) first; `fill` pushes their product of pixels.
///
/// # Errors
/// What `fill` returns; [`Error::PixelCount`] when it pushed too few or too many pixels; [`Error::BadColumn`];
/// [`Error::Write`]. On any error nothing new stands under `path`.
///
/// # Examples
/// ```
/// use arcmin_fits::{Error, FitsFile, Header, write_image_stream};
/// let folder = tempfile::tempdir().unwrap();
/// let path = folder.path().join("cube.fits");
/// write_image_stream(&path, &Header::new(), &[2, 2, 3], |sink| {
///     for plane in 0..3 {
///         sink.push(&[plane as f32; 4])?;
///     }
///     Ok::<_, Error>(Vec::new())
/// })?;
/// assert_eq!(FitsFile::open(&path)?.first_image()?.axes, [2, 2, 3]);
/// # Ok::<(), Error>(())
/// ```
pub fn write_image_stream<E: From<Error>>(
    path: impl AsRef<Path>,
    header: &Header,
    axes: &[usize],
    fill: impl FnOnce(&mut PixelSink<'_>) -> Result<Vec<Table>, E>,
) -> Result<(), E> {
    let path = path.as_ref();
    let place = Place::file(path).with_hdu(0);
    let header = image_header(header, axes, -32, &place)?;
    let n_pixels = axes.iter().try_fold(1usize, |n, &axis| n.checked_mul(axis));
    let n_pixels = n_pixels.ok_or_else(|| Error::PixelCount { place, axes: axes.to_vec(), got: 0 })?;
    let mut failure = None;
    let write = |out: &mut dyn Write| -> io::Result<()> {
        out.write_all(&header.to_blocks())?;
        let mut sink = PixelSink { path: path.to_owned(), axes, out, pushed: 0, n_pixels, buffer: Vec::new() };
        match fill(&mut sink).and_then(|tables| Ok(sink.finish(&tables)?)) {
            Ok(()) => Ok(()),
            Err(error) => {
                failure = Some(error);
                Err(io::Error::other("the pixels could not be made"))
            }
        }
    };
    let written = write_by_name(path, write);
    match failure {
        Some(error) => Err(error),
        None => Ok(written?),
    }
}

/// Where the pixels of [`write_image_stream`] go.
pub struct PixelSink<'a> {
    path: PathBuf,
    axes: &'a [usize],
    out: &'a mut dyn Write,
    pushed: usize,
    n_pixels: usize,
    buffer: Vec<u8>,
}

impl PixelSink<'_> {
    /// Writes the next pixels.
    ///
    /// # Errors
    /// [`Error::PixelCount`] when they are more than the axes hold, [`Error::Write`].
    pub fn push(&mut self, pixels: &[f32]) -> Result<(), Error> {
        self.pushed += pixels.len();
        if self.pushed > self.n_pixels {
            return Err(self.wrong_count());
        }
        for piece in pixels.chunks(1 << 14) {
            self.buffer.clear();
            piece.iter().for_each(|&pixel| pixel.push_be(&mut self.buffer));
            self.out.write_all(&self.buffer).map_err(|source| self.cannot_write(source))?;
        }
        Ok(())
    }

    /// Fills the last block up and writes the tables.
    fn finish(&mut self, tables: &[Table]) -> Result<(), Error> {
        if self.pushed != self.n_pixels {
            return Err(self.wrong_count());
        }
        let bytes = self.n_pixels * f32::BYTES;
        let padding = bytes.next_multiple_of(BLOCK_OF_ZEROS.len()) - bytes;
        self.out.write_all(&BLOCK_OF_ZEROS[..padding]).map_err(|source| self.cannot_write(source))?;
        for (hdu, table) in (1..).zip(tables) {
            let place = Place::file(&self.path).with_hdu(hdu);
            write_table_part(table, place, self.out)?.map_err(|source| self.cannot_write(source))?;
        }
        Ok(())
    }

    fn wrong_count(&self) -> Error {
        Error::PixelCount { place: Place::file(&self.path).with_hdu(0), axes: self.axes.to_vec(), got: self.pushed }
    }

    fn cannot_write(&self, source: io::Error) -> Error {
        Error::Write { path: self.path.clone(), source }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Column, ColumnData, FitsBuilder, FitsFile};

    #[test]
    fn pieces_give_the_file_that_the_whole_gives() {
        let folder = tempfile::tempdir().unwrap();
        let pixels: Vec<f32> = (0..5 * 7 * 11).map(|i| i as f32).collect();
        let table = Table::new(vec![Column::new("a", ColumnData::I64(vec![1, 2, 3]))]);
        let mut header = Header::new();
        header.set("BUNIT", "uK", "").unwrap();
        for name in ["a.fits", "a.fits.gz"] {
            let path = folder.path().join(name);
            write_image_stream(&path, &header, &[5, 7, 11], |sink| {
                pixels.chunks(13).try_for_each(|piece| sink.push(piece))?;
                Ok::<_, Error>(vec![table.clone()])
            })
            .unwrap();
            let whole = FitsBuilder::new().image(&header, &[5, 7, 11], &pixels).table(&table);
            whole.write(folder.path().join(format!("b-{name}"))).unwrap();
            let read = |name: &str| std::fs::read(folder.path().join(name)).unwrap();
            assert_eq!(read(name), read(&format!("b-{name}")));
            assert_eq!(FitsFile::open(&path).unwrap().first_image().unwrap().axes, [5, 7, 11]);
        }
    }

    #[test]
    fn a_wrong_number_of_pixels_or_a_failure_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.fits");
        for n in [0, 5, 7] {
            let error = write_image_stream(&path, &Header::new(), &[2, 3], |sink| {
                sink.push(&vec![1.0; n])?;
                Ok::<_, Error>(Vec::new())
            });
            assert!(matches!(error, Err(Error::PixelCount { got, .. }) if got == n), "{n}");
        }
        let failed = write_image_stream(&path, &Header::new(), &[2, 3], |_| {
            Err(Error::NotFits { place: Place::memory(), found: String::new() })
        });
        assert!(matches!(failed, Err(Error::NotFits { .. })), "the failure itself comes back");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
