//! The arguments of `arcmin find`.

use std::path::PathBuf;

/// Find clusters in FITS maps.
///
/// Unit, frequency, beam and noise are read from each map's header where it has them; an option given once holds
/// for all maps, one given as often as --map goes with the maps in order.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// FITS map of one band (plain, gzip'd or tile-compressed); repeat for each band
    #[arg(long = "map", required = true, value_name = "FILE")]
    pub(crate) maps: Vec<PathBuf>,
    /// Folder to write to: catalogue (FITS, CSV, DS9), S/N map, picture, record
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Unit of the pixels, over what the header says: compton-y, uK, mK or K (thermodynamic)
    #[arg(long)]
    pub(crate) unit: Option<String>,
    /// Frame of the sky coordinates, over what the header says: equatorial or galactic
    #[arg(long)]
    pub(crate) frame: Option<String>,
    /// HDU that holds the image; the first image unless given
    #[arg(long)]
    pub(crate) hdu: Option<usize>,
    /// Effective frequency of a temperature map for the SZ spectrum
    #[arg(long = "freq-ghz", value_name = "GHZ")]
    pub(crate) freq_ghz: Vec<f64>,
    /// Full width at half maximum of the Gaussian beam; none unless the header has one
    #[arg(long = "beam-arcmin", value_name = "ARCMIN")]
    pub(crate) beam_arcmin: Vec<f64>,
    /// Two-column text table of l and B_l, instead of --beam-arcmin
    #[arg(long = "beam-table", value_name = "FILE", conflicts_with = "beam_arcmin")]
    pub(crate) beam_table: Vec<PathBuf>,
    /// White-noise level in map unit times arcmin, used where a --config file asks for modelled noise
    #[arg(long = "noise-arcmin", value_name = "LEVEL", allow_hyphen_values = true)]
    pub(crate) noise_arcmin: Vec<f64>,
    /// Which pixels count: a FITS mask (non-zero = valid), `zeros` (zero pixels are missing) or `nan` (NaN and infinite
    /// pixels are missing)
    #[arg(long, value_name = "FILE|zeros|nan")]
    pub(crate) mask: Option<String>,
    /// Profile of the templates: beta (1 + (theta/theta_c)^2)^-1, or arnaud10 on a theta500 grid
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// Core radii (beta) or theta500 (arnaud10) of the templates, comma-separated
    #[arg(long = "scales-arcmin", value_delimiter = ',', value_name = "LIST")]
    pub(crate) scales_arcmin: Option<Vec<f64>>,
    /// Lowest S/N of a candidate
    #[arg(long)]
    pub(crate) threshold: Option<f64>,
    /// Highest multipole used; found from the data unless given
    #[arg(long = "ell-max")]
    pub(crate) ell_max: Option<f64>,
    /// Lowest multipole used
    #[arg(long = "ell-min")]
    pub(crate) ell_min: Option<f64>,
    /// TOML file with all settings of the matched filter; the options above go over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Catalogue (FITS or CSV) of known clusters to mark in the picture and to match with what was found; repeat at will
    #[arg(long, value_name = "FILE")]
    pub(crate) mark: Vec<PathBuf>,
    /// Mark only rows whose column reaches a value, e.g. xi=5; repeat for more conditions
    #[arg(long = "mark-min", value_name = "COLUMN=VALUE")]
    pub(crate) mark_min: Vec<String>,
    /// Search the negated maps too and count what is found there: an estimate of the false detections
    #[arg(long)]
    pub(crate) negated: bool,
    /// A second half-survey map and its partner (two paths a band): search (first - second) / 2 and count what is found
    #[arg(long = "half", num_args = 2, value_names = ["FIRST", "SECOND"])]
    pub(crate) halves: Vec<PathBuf>,
}
