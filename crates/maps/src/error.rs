//! What can go wrong with pixels.

use crate::geometry::{Geometry, Shape};
use arcmin_fits::Place;
use std::path::PathBuf;

/// Errors of maps, geometries, catalogues and their files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A pixel array does not fit its geometry.
    #[error("{got} pixels given, the geometry of {shape} needs {}", shape.n_pixels())]
    PixelCount {
        /// Shape of the geometry.
        shape: Shape,
        /// Length of the array.
        got: usize,
    },
    /// A pixel array does not fit its HEALPix grid.
    #[error("{got} pixels given, the HEALPix map of nside {nside} needs {n}")]
    HealpixPixelCount {
        /// Resolution of the grid.
        nside: arcmin_sphere::Nside,
        /// How many pixels there must be.
        n: u64,
        /// Length of the array.
        got: usize,
    },
    /// HEALPix pixels that cannot be.
    #[error(transparent)]
    Sphere(#[from] arcmin_sphere::Error),
    /// Two maps that should share a geometry do not.
    #[error("{what} lies on another geometry: {got}; expected {expected}")]
    GeometryMismatch {
        /// Which map or band.
        what: String,
        /// Geometry of the first map.
        expected: Box<Geometry>,
        /// Geometry of this one.
        got: Box<Geometry>,
    },
    /// A geometry that cannot be.
    #[error("geometry of {shape} with pixels of {pixel_arcmin} arcmin is not usable: {reason}")]
    BadGeometry {
        /// Shape asked for.
        shape: Shape,
        /// Pixel size asked for, in arcmin.
        pixel_arcmin: f64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A pixel that is not masked is NaN or infinite.
    #[error("{what}: {count} unmasked pixels are NaN or infinite (the first at x {x}, y {y}): mask them")]
    NonFinite {
        /// Which map or band.
        what: String,
        /// How many there are.
        count: usize,
        /// Column of the first.
        x: usize,
        /// Row of the first.
        y: usize,
    },
    /// An observation without bands.
    #[error("an observation needs at least one band")]
    NoBands,
    /// HEALPix bands of different resolutions.
    #[error("band {band} has nside {got}, band {first} nside {expected}: bring all bands to one nside first")]
    BandNside {
        /// Name of the band.
        band: String,
        /// Its resolution.
        got: u64,
        /// Name of the first band.
        first: String,
        /// Resolution of the first band.
        expected: u64,
    },
    /// Two bands of one name.
    #[error("two bands are named {name}: give each band its own name")]
    DuplicateBand {
        /// The name used twice.
        name: String,
    },
    /// A noise level that is negative or not finite.
    #[error("band {band}: noise level {noise_arcmin} per arcmin is not a number above or equal to zero")]
    BadNoise {
        /// Name of the band.
        band: String,
        /// The level, in map unit times arcmin.
        noise_arcmin: f64,
    },
    /// A weight that is negative, NaN or infinite.
    #[error("weight {value} at x {x}, y {y} is not a number above or equal to zero")]
    BadWeight {
        /// The weight.
        value: f32,
        /// Its column.
        x: usize,
        /// Its row.
        y: usize,
    },
    /// Weights that are zero everywhere.
    #[error("all weights are zero: the mask leaves nothing to measure")]
    NoWeight,
    /// Bins of multipoles that cannot be.
    #[error("bins of multipoles need two or more edges that increase from zero or above, not {edges:?}")]
    BadBins {
        /// The edges given.
        edges: Vec<f64>,
    },
    /// A text file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    ReadText {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A line of a text file is not what it should be.
    #[error("{}, line {line}: this is not {expected}", path.display())]
    BadLine {
        /// The file.
        path: PathBuf,
        /// Number of the line, the first being 1.
        line: usize,
        /// What should stand there.
        expected: &'static str,
    },
    /// A beam that cannot be.
    #[error("beam is not usable: {reason}")]
    BadBeam {
        /// What is wrong with it.
        reason: String,
    },
    /// A file with a beam that cannot be.
    #[error("{}: {source}", path.display())]
    InBeamFile {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: Box<Error>,
    },
    /// A FITS file could not be read or written.
    #[error(transparent)]
    Fits(#[from] arcmin_fits::Error),
    /// A header whose axes are not longitude and latitude in a projection that we know.
    #[error("{place}: CTYPE '{ctype}' is not a sky projection of kind TAN, CAR, SFL or ZEA: reproject the map")]
    UnsupportedProjection {
        /// The file and HDU.
        place: Place,
        /// Axis type as in the header.
        ctype: String,
    },
    /// A header with distortions that we do not apply.
    #[error("{place}: keyword {key} describes a distortion, which is not supported: reproject the map")]
    UnsupportedDistortion {
        /// The file and HDU.
        place: Place,
        /// The keyword.
        key: String,
    },
    /// A header that does not say which frame its coordinates are in.
    #[error("{place}: CTYPE '{ctype}' names no frame: give it with --frame equatorial or --frame galactic")]
    MissingFrame {
        /// The file and HDU.
        place: Place,
        /// Axis type as in the header.
        ctype: String,
    },
    /// A frame that is neither equatorial (ICRS, FK5 J2000) nor galactic.
    #[error("{place}: frame {frame} is not supported: convert the map, or say with --frame what it may be taken for")]
    UnsupportedFrame {
        /// The file and HDU.
        place: Place,
        /// The frame as the header has it.
        frame: String,
    },
    /// A header whose numbers make no geometry.
    #[error("{place}: the header's sky coordinates are not usable: {reason}")]
    HeaderGeometry {
        /// The file and HDU.
        place: Place,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// A map whose header does not name the unit of its pixels.
    #[error(
        "{place}: no BUNIT, UNITS or TUNIT keyword says what the pixels are: give it with --unit uK or --unit compton-y"
    )]
    MissingUnit {
        /// The file and HDU.
        place: Place,
    },
    /// A map in a unit that is not ours.
    #[error(
        "{place}: {keyword} = '{unit}' is not a unit we know: say with --unit (uK, mK, K, Jy/sr, MJy/sr, compton-y) what it is"
    )]
    UnknownUnit {
        /// The file and HDU.
        place: Place,
        /// The keyword.
        keyword: &'static str,
        /// Unit as in the header.
        unit: String,
    },
    /// A map whose header names two units.
    #[error(
        "{place}: {first} and {second} name different units: say with --unit (uK, mK, K, Jy/sr, MJy/sr, compton-y) which it is"
    )]
    ContradictingUnits {
        /// The file and HDU.
        place: Place,
        /// The first keyword.
        first: &'static str,
        /// The other keyword.
        second: &'static str,
    },
    /// A map of brightness without its frequency.
    #[error("{place}: a map in {unit} needs its frequency (no FREQ keyword): give it with --freq-ghz")]
    BrightnessFrequency {
        /// The file and HDU.
        place: Place,
        /// Unit of the pixels.
        unit: crate::file::FileUnit,
    },
    /// A table that is no HEALPix map.
    #[error("{place} is not a HEALPix map: it has neither PIXTYPE = 'HEALPIX' nor the keyword NSIDE")]
    NotHealpix {
        /// The file and HDU.
        place: Place,
    },
    /// A HEALPix map that does not say in which order its pixels are.
    #[error("{place}: no ORDERING keyword says how the pixels are counted: give it with --ordering ring or nested")]
    MissingOrdering {
        /// The file and HDU.
        place: Place,
    },
    /// A HEALPix map whose order of pixels does not exist.
    #[error("{place}: ORDERING = '{ordering}' is neither RING nor NESTED: say with --ordering which it is")]
    UnknownOrdering {
        /// The file and HDU.
        place: Place,
        /// The order as in the header.
        ordering: String,
    },
    /// A HEALPix map that does not say which frame its positions are in.
    #[error("{place}: no COORDSYS keyword names the frame: give it with --frame equatorial or --frame galactic")]
    MissingCoordsys {
        /// The file and HDU.
        place: Place,
    },
    /// A HEALPix map whose number of pixels is not that of its resolution.
    #[error("{place}: NSIDE = {nside} has {expected} pixels, the table holds {got}{hint}: correct the header")]
    HealpixTableLength {
        /// The file and HDU.
        place: Place,
        /// Resolution by the header.
        nside: arcmin_sphere::Nside,
        /// Pixels that the header promises.
        expected: u64,
        /// Pixels in the table.
        got: u64,
        /// What resolution the table might have.
        hint: String,
    },
    /// A HEALPix map with the number of a pixel that does not exist.
    #[error("{place}: row {row} is for pixel {pixel}, nside {nside} has the pixels 0 to {}", nside.n_pixels() - 1)]
    NoSuchPixel {
        /// The file and HDU.
        place: Place,
        /// Number of the row, the first being 1.
        row: u64,
        /// Number of the pixel.
        pixel: i64,
        /// Resolution.
        nside: arcmin_sphere::Nside,
    },
    /// A HEALPix map with two values for one pixel.
    #[error("{place}: pixel {pixel} has two rows: which of them counts is not known")]
    RepeatedPixel {
        /// The file and HDU.
        place: Place,
        /// Number of the pixel.
        pixel: u64,
    },
    /// Two HEALPix maps that should have the same resolution do not.
    #[error("{what} has nside {got}, the map {expected}: bring it to the map's resolution first")]
    NsideDiffers {
        /// Which map.
        what: &'static str,
        /// Resolution of the first map.
        expected: arcmin_sphere::Nside,
        /// Resolution of this one.
        got: arcmin_sphere::Nside,
    },
    /// A resolution to which a HEALPix map cannot be brought.
    #[error("a map of nside {from} cannot be brought to nside {to}: both must be powers of two")]
    BadRegrading {
        /// Resolution of the map.
        from: arcmin_sphere::Nside,
        /// Resolution asked for.
        to: arcmin_sphere::Nside,
    },
    /// A temperature map without its frequency.
    #[error("band {band}: no FREQ keyword says at what frequency it was observed: give it with --freq-ghz")]
    MissingFrequency {
        /// Name of the band.
        band: String,
    },
    /// A mask that does not lie where the maps lie.
    #[error("{place}: the mask lies on another geometry: {got}; the map's is {expected}")]
    MaskGeometry {
        /// The file and HDU.
        place: Place,
        /// Geometry or shape of the mask.
        got: String,
        /// Geometry of the map.
        expected: Box<Geometry>,
    },
    /// Arrays of cutouts that do not fit together.
    #[error("{cutouts} cutouts need {expected} {what}, not {got}")]
    CutoutPixels {
        /// Which array.
        what: &'static str,
        /// Number of cutouts.
        cutouts: usize,
        /// Length that it should have.
        expected: usize,
        /// Length that it has.
        got: usize,
    },
    /// Chunks of one file that differ.
    #[error("chunks of cutouts for one file must have the same bands and lie on the same grid")]
    CutoutChunk,
    /// A file that holds no cutouts.
    #[error("{} holds no cutouts: {reason}", path.display())]
    NotCutouts {
        /// The file.
        path: PathBuf,
        /// What is missing or wrong.
        reason: String,
    },
    /// Tiles that cannot cover the sphere.
    #[error("tiles of {width_arcmin} arcmin with borders of {border_arcmin} arcmin cannot be: {reason}")]
    BadTiling {
        /// Width asked for, in arcmin.
        width_arcmin: f64,
        /// Border asked for, in arcmin.
        border_arcmin: f64,
        /// What is wrong with them.
        reason: &'static str,
    },
    /// A catalogue without rows where cutouts were asked for.
    #[error("{catalogue} has no rows: there is nothing to cut out")]
    NothingToCut {
        /// The file, or "the catalogue" when it was made in memory.
        catalogue: String,
    },
    /// No position of a catalogue lies inside the map.
    #[error("none of the {rows} positions of {catalogue} lies inside the map: check its columns and the map's frame")]
    NoneInside {
        /// The file, or "the catalogue" when it was made in memory.
        catalogue: String,
        /// Rows of the catalogue.
        rows: usize,
    },
    /// A file has no part of the name asked for.
    #[error("{} has no HDU named {name}; it holds: {holds}", path.display())]
    NoHduOfName {
        /// The file.
        path: PathBuf,
        /// The name asked for.
        name: String,
        /// What there is.
        holds: String,
    },
    /// A catalogue lacks a column.
    #[error("{catalogue} has no column {column}; it has: {present}")]
    NoColumn {
        /// The file, or "the catalogue" when it was made in memory.
        catalogue: String,
        /// The column asked for.
        column: String,
        /// The columns there are.
        present: String,
    },
    /// A column holds something else than what was asked for.
    #[error("column {column} of {catalogue} holds {got}, not {expected}")]
    ColumnKind {
        /// The file, or "the catalogue" when it was made in memory.
        catalogue: String,
        /// The column.
        column: String,
        /// What was asked for.
        expected: &'static str,
        /// What it holds.
        got: String,
    },
    /// A column has not one value for each row of its catalogue.
    #[error("column {column} has {got} values, the catalogue {rows} rows")]
    ColumnLength {
        /// The column.
        column: String,
        /// Rows of the catalogue.
        rows: usize,
        /// Length of the column.
        got: usize,
    },
    /// A name that a further column cannot have.
    #[error("a further column cannot be named '{column}'")]
    ColumnName {
        /// The name.
        column: String,
    },
    /// A row of a catalogue is nowhere on the sky.
    #[error("{}, row {row}: ({lon_deg}, {lat_deg}) deg is not a position on the sky", path.display())]
    BadPosition {
        /// The file.
        path: PathBuf,
        /// Number of the row, the first being 1.
        row: usize,
        /// Longitude in degrees.
        lon_deg: f64,
        /// Latitude in degrees.
        lat_deg: f64,
    },
}
