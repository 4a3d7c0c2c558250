//! Cutouts as FITS files.
//!
//! The primary image has the axes x, y, band and cutout, NaN where a pixel is missing. Its header says what the pixels
//! are: `CUTPROJ` (`TAN`, `ZEA`, or `MAP` when they were copied off a map), `CUTPIX` (arcmin), `CUTCRPIX` (the centre, the
//! first pixel being 1), `CUTFRAME`, `NBANDS` and, for each band, `BANDn`, `BUNITn` and `FREQn` (GHz). The table `CUTOUTS`
//! behind it holds the catalogue of the centres, the flags and the number of missing pixels, and for copied pixels
//! where each cutout begins on the map, whose geometry stands in the table's header.

use super::{CentrePixel, CutoutBand, CutoutCounts, CutoutGrid, CutoutLayout, CutoutProjection, CutoutUnit, Cutouts};
use crate::catalogue::fits_table;
use crate::{Catalogue, Error, Geometry};
use arcmin_fits::{FitsFile, Header, PixelSink, Table, write_image_stream};
use arcmin_units::{Arcmin, Frame, Ghz};
use std::path::Path;

const FLAGS: &str = "cutoutFlags";
const N_MISSING: &str = "nMissing";
const FIRST_X: &str = "firstX";
const FIRST_Y: &str = "firstY";

impl Cutouts {
    /// Writes all cutouts to one file, under a temporary name at first.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), Error> {
        write_cutouts(path, self.len(), std::iter::once(Ok::<_, Error>(self.clone()))).map(|_| ())
    }

    /// Reads all cutouts of a file that [`write`](Self::write) or [`write_cutouts`] made; the file is held in memory.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or holds no cutouts ([`Error::NotCutouts`]).
    pub fn read(path: &Path) -> Result<Self, Error> {
        let file = FitsFile::open(path)?;
        let not_cutouts = |reason: &str| Error::NotCutouts { path: path.into(), reason: reason.to_owned() };
        let (image, table) = (file.first_image()?, file.first_table()?);
        let [nx, ny, n_bands, n] = image.axes[..] else { return Err(not_cutouts("its image has not four axes")) };
        let header = &image.header;
        if nx != ny || header.get_i64("NBANDS")? != Some(n_bands as i64) {
            return Err(not_cutouts("its image is not square, or NBANDS is not its third axis"));
        }
        let bands = (1..=n_bands).map(|number| read_band(header, number)).collect::<Result<Vec<_>, _>>()?;
        let bands = bands.into_iter().collect::<Option<Vec<_>>>();
        let bands = bands.ok_or_else(|| not_cutouts("a band has no BANDn, or a BUNITn that is not ours"))?;
        let all_columns = fits_table::catalogue_of(path, table.clone())?;
        if all_columns.len() != n {
            return Err(not_cutouts("its table has not one row a cutout"));
        }
        let (flags, n_missing) = (whole_numbers(&all_columns, FLAGS)?, whole_numbers(&all_columns, N_MISSING)?);
        let layout =
            read_layout(header, &table, &all_columns, nx)?.ok_or_else(|| not_cutouts("CUTPROJ is not ours"))?;
        let mut pixels = image.data.to_f32_with_nan();
        let valid = valid_of(&mut pixels, n_bands, nx * ny);
        let catalogue = [FLAGS, N_MISSING, FIRST_X, FIRST_Y].iter().fold(all_columns, |c, name| c.without(name));
        let mut cutouts = Self::new(layout, bands, catalogue, (pixels, valid, vec![false; n]))?;
        cutouts.flags = flags.into_iter().map(|bits| bits as u32).collect();
        cutouts.n_missing = n_missing.into_iter().map(|count| count as u32).collect();
        Ok(cutouts)
    }
}

/// Writes `total` cutouts to one file as they come, chunk by chunk, and counts their flags.
///
/// Memory holds one chunk, and the catalogue of the centres.
///
/// # Errors
/// What a chunk brings instead of cutouts; [`Error::CutoutChunk`] when chunks have different layouts or bands; and when
/// the file cannot be written or the number of cutouts is not `total`. Nothing new then stands under `path`.
pub fn write_cutouts<E: From<Error>>(
    path: &Path,
    total: usize,
    chunks: impl Iterator<Item = Result<Cutouts, E>>,
) -> Result<CutoutCounts, E> {
    let mut chunks = chunks.peekable();
    let first = match chunks.peek() {
        None => return Err(Error::NothingToCut { catalogue: "the catalogue".to_owned() }.into()),
        Some(Err(_)) => return Err(chunks.next().and_then(Result::err).expect("it was just seen")),
        Some(Ok(first)) => first,
    };
    let (bands, layout) = (first.bands.clone(), first.layout.clone());
    let side = layout.shape().nx;
    let header = header_of(&bands, &layout).map_err(Error::from)?;
    let mut counts = CutoutCounts::default();
    let written = write_image_stream(path, &header, &[side, side, bands.len(), total], |sink| {
        let mut tables = Vec::new();
        for chunk in chunks {
            let chunk = chunk.map_err(Failure::Chunk)?;
            if chunk.bands != bands || !chunk.layout.same_kind(&layout) {
                return Err(Failure::Ours(Error::CutoutChunk));
            }
            push(sink, &chunk).map_err(Failure::Ours)?;
            counts.add(&chunk.counts());
            tables.push(chunk.table_catalogue().map_err(Failure::Ours)?);
        }
        let catalogue = Catalogue::concatenate(&tables).map_err(Failure::Ours)?;
        Ok(vec![table_of(&catalogue, &layout).map_err(Failure::Ours)?])
    });
    match written {
        Ok(()) => Ok(counts),
        Err(Failure::Ours(error)) => Err(error.into()),
        Err(Failure::Chunk(error)) => Err(error),
    }
}

/// Why the writing stopped.
enum Failure<E> {
    Ours(Error),
    Chunk(E),
}

impl<E> From<arcmin_fits::Error> for Failure<E> {
    fn from(error: arcmin_fits::Error) -> Self {
        Failure::Ours(error.into())
    }
}

impl Cutouts {
    /// The catalogue with the columns that the file has beside it.
    fn table_catalogue(&self) -> Result<Catalogue, Error> {
        let catalogue = self
            .catalogue
            .clone()
            .with_i64(FLAGS, self.flags.iter().map(|bits| i64::from(*bits)).collect())?
            .with_i64(N_MISSING, self.n_missing.iter().map(|count| i64::from(*count)).collect())?;
        match &self.layout {
            CutoutLayout::Projected(_) => Ok(catalogue),
            CutoutLayout::Aligned { first_pixels, .. } => catalogue
                .with_i64(FIRST_X, first_pixels.iter().map(|[x, _]| *x).collect())?
                .with_i64(FIRST_Y, first_pixels.iter().map(|[_, y]| *y).collect()),
        }
    }
}

/// Pushes the pixels of a chunk, NaN where they are missing.
fn push(sink: &mut PixelSink<'_>, chunk: &Cutouts) -> Result<(), Error> {
    let n_pixels = chunk.shape().n_pixels();
    let mut image = vec![0.0; chunk.bands.len() * n_pixels];
    for idx in 0..chunk.len() {
        image.copy_from_slice(chunk.cutout(idx));
        for plane in image.chunks_exact_mut(n_pixels) {
            let missing = plane.iter_mut().zip(chunk.valid(idx)).filter(|(_, valid)| !**valid);
            missing.for_each(|(pixel, _)| *pixel = f32::NAN);
        }
        sink.push(&image)?;
    }
    Ok(())
}

fn header_of(bands: &[CutoutBand], layout: &CutoutLayout) -> Result<Header, arcmin_fits::Error> {
    let mut header = Header::new();
    let (projection, pixel, reference, frame) = match layout {
        CutoutLayout::Projected(grid) => {
            let code = match grid.projection() {
                CutoutProjection::Tan => "TAN",
                CutoutProjection::Zea => "ZEA",
            };
            (code, grid.pixel(), Some(grid.centre_pixel().of_side(grid.side())), grid.frame())
        }
        CutoutLayout::Aligned { map, .. } => ("MAP", map.pixel_size().to_arcmin(), None, map.frame()),
    };
    header.set("CTYPE3", "BAND", "third axis")?;
    header.set("CTYPE4", "CUTOUT", "fourth axis: rows of the table CUTOUTS")?;
    header.set("CUTPROJ", projection, "projection, each cutout around its own centre")?;
    header.set("CUTPIX", pixel.value(), "[arcmin] side of a pixel")?;
    if let Some(p) = reference {
        header.set("CUTCRPIX", p.x + 1.0, "pixel of the centre on both axes, the first being 1")?;
    }
    header.set("CUTFRAME", frame.to_string().as_str(), "frame whose north is up")?;
    header.set("NBANDS", bands.len() as i64, "number of bands")?;
    for (number, band) in (1..).zip(bands) {
        header.set(&format!("BAND{number}"), band.name.as_str(), "name of the band")?;
        header.set(&format!("BUNIT{number}"), band.unit.name(), "unit of its pixels")?;
        if let Some(nu) = band.nu {
            header.set(&format!("FREQ{number}"), nu.value(), "[GHz] effective frequency")?;
        }
    }
    Ok(header)
}

fn table_of(catalogue: &Catalogue, layout: &CutoutLayout) -> Result<Table, Error> {
    let mut table = fits_table::table_of(catalogue)?;
    table.header.set("EXTNAME", "CUTOUTS", "")?;
    if let CutoutLayout::Aligned { map, .. } = layout {
        table.header.set("MAPNX", map.shape().nx as i64, "columns of the map")?;
        table.header.set("MAPNY", map.shape().ny as i64, "rows of the map")?;
        for card in map.to_header().iter() {
            if let Some(value) = card.value() {
                table.header.set(card.key(), value.clone(), "of the map")?;
            }
        }
    }
    Ok(table)
}

fn read_band(header: &Header, number: usize) -> Result<Option<CutoutBand>, Error> {
    let name = header.get_str(&format!("BAND{number}"))?.map(|name| name.trim().to_owned());
    let unit = match header.get_str(&format!("BUNIT{number}"))?.map(str::trim) {
        Some(unit) if unit == CutoutUnit::MicroKelvinCmb.name() => Some(CutoutUnit::MicroKelvinCmb),
        Some(unit) if unit == CutoutUnit::ComptonY.name() => Some(CutoutUnit::ComptonY),
        _ => None,
    };
    let nu = header.get_f64(&format!("FREQ{number}"))?.map(Ghz::new);
    Ok(name.zip(unit).map(|(name, unit)| CutoutBand { name, unit, nu }))
}

/// The layout that a file describes, `None` when it is not one of ours.
fn read_layout(
    header: &Header,
    table: &Table,
    catalogue: &Catalogue,
    side: usize,
) -> Result<Option<CutoutLayout>, Error> {
    let pixel = Arcmin::new(header.get_f64("CUTPIX")?.unwrap_or(f64::NAN));
    let frame = match header.get_str("CUTFRAME")?.map(str::trim) {
        Some("galactic") => Frame::Galactic,
        _ => Frame::Equatorial,
    };
    let projection = match header.get_str("CUTPROJ")?.map(str::trim) {
        Some("TAN") => CutoutProjection::Tan,
        Some("ZEA") => CutoutProjection::Zea,
        Some("MAP") => return Ok(Some(read_aligned(table, catalogue, side)?)),
        _ => return Ok(None),
    };
    let crpix = header.get_f64("CUTCRPIX")?;
    let at = |centre: &CentrePixel| crpix.is_some_and(|crpix| (centre.of_side(side).x + 1.0 - crpix).abs() < 1e-6);
    let all = [CentrePixel::Middle, CentrePixel::HalfSide, CentrePixel::AfterMiddle];
    let Some(centre) = all.into_iter().find(at) else { return Ok(None) };
    Ok(Some(CutoutLayout::Projected(CutoutGrid::new(projection, side, pixel)?.centred(centre).in_frame(frame))))
}

fn read_aligned(table: &Table, catalogue: &Catalogue, side: usize) -> Result<CutoutLayout, Error> {
    let mut header = table.header.clone();
    for (key, from) in [("NAXIS1", "MAPNX"), ("NAXIS2", "MAPNY")] {
        header.set(key, table.header.get_i64(from)?.unwrap_or(0), "")?;
    }
    let map = Geometry::from_header(&header, None)?;
    let first = catalogue.i64(FIRST_X)?.iter().zip(catalogue.i64(FIRST_Y)?);
    Ok(CutoutLayout::Aligned { map, side, first_pixels: first.map(|(x, y)| [*x, *y]).collect() })
}

fn whole_numbers(catalogue: &Catalogue, column: &str) -> Result<Vec<i64>, Error> {
    catalogue.i64(column).map(<[i64]>::to_vec)
}

/// Valid where all bands hold a number; what is missing becomes zero.
fn valid_of(pixels: &mut [f32], n_bands: usize, n_pixels: usize) -> Vec<bool> {
    let mut flags = Vec::with_capacity(pixels.len() / n_bands.max(1));
    for cutout in pixels.chunks_exact_mut((n_bands * n_pixels).max(1)) {
        let valid: Vec<bool> =
            (0..n_pixels).map(|i| (0..n_bands).all(|band| cutout[band * n_pixels + i].is_finite())).collect();
        for plane in cutout.chunks_exact_mut(n_pixels) {
            let missing = plane.iter_mut().zip(&valid).filter(|(_, valid)| !**valid);
            missing.for_each(|(pixel, _)| *pixel = 0.0);
        }
        flags.extend(valid);
    }
    flags
}
