//! The arguments of `arcmin find`.

use crate::input::MapArgs;
use std::path::PathBuf;

/// Find clusters in FITS maps.
///
/// Unit, frequency, beam and noise are read from each map's header where it has them; an option given once holds
/// for all maps, one given as often as --map goes with the maps in order.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) input: MapArgs,
    /// How to find them: mmf (matched filter), fcn (a network over whole maps, with masses), cnn (a network that looks at cutouts) or
    /// ensemble (mmf and cnn in one score)
    ///
    /// The networks that ship were trained on maps at 90, 148 and 219 GHz with white noise of 2.8, 2.6 and 6.6 uK arcmin, without
    /// beam, on pixels of 0.25', of skies without point sources above 2 mJy (see --mask-sources); maps of another kind are refused.
    /// Their scores are probabilities.
    #[arg(long, default_value = "mmf")]
    pub(crate) method: String,
    /// For cnn and fcn, weights that `cargo xtask run deepsz` wrote (training/cnn/cnn.safetensors, training/fcn/fcn.safetensors); for
    /// ensemble, and for the others as well, the folder of such a run; those that ship with arcmin unless given
    #[arg(long, value_name = "FILE|DIR")]
    pub(crate) weights: Option<PathBuf>,
    /// For ensemble, how the two scores become one: calibrated (a probability, the default), and (the smaller score over its threshold)
    /// or prod (product of ranks)
    #[arg(long)]
    pub(crate) combination: Option<String>,
    /// Folder to write to: catalogue (FITS, CSV, DS9), map of S/N (mmf) or of probability (fcn), picture, record
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// HEALPix maps are searched in overlapping gnomonic tiles of this width; 10 unless given
    #[arg(long = "tile-deg", value_name = "DEG")]
    pub(crate) tile_deg: Option<f64>,
    /// Side of a pixel of these tiles; that of a HEALPix pixel unless given, or that of the network's training
    #[arg(long = "tile-pixel-arcmin", value_name = "ARCMIN")]
    pub(crate) tile_pixel_arcmin: Option<f64>,
    /// Catalogue of the centres of these tiles; they cover all that the maps hold unless given
    #[arg(long = "tile-centres", value_name = "FILE")]
    pub(crate) tile_centres: Option<PathBuf>,
    /// How a pixel of these tiles gets its value: nearest or bilinear
    #[arg(long, default_value = "nearest")]
    pub(crate) interpolation: String,
    /// Mask circles of 4 arcmin around the point sources with more than this flux in any temperature band up to 225 GHz, before any
    /// method looks
    #[arg(long = "mask-sources", value_name = "MJY", conflicts_with = "subtract_sources")]
    pub(crate) mask_sources: Option<f64>,
    /// Subtract the point sources with more than this flux, each from the bands in which it is found, before any method looks;
    /// needs maps with a beam of some pixels. For mmf, --config sets bands, least S/N (5) and radius
    #[arg(long = "subtract-sources", value_name = "MJY")]
    pub(crate) subtract_sources: Option<f64>,
    /// Write the S/N map of every scale too, as snr-SCALE.fits
    #[arg(long = "write-scales")]
    pub(crate) write_scales: bool,
    /// Profile of the templates: beta (1 + (theta/theta_c)^2)^-1, or arnaud10 on a theta500 grid
    #[arg(long)]
    pub(crate) profile: Option<String>,
    /// Core radii (beta) or theta500 (arnaud10) of the templates, comma-separated
    #[arg(long = "scales-arcmin", value_delimiter = ',', value_name = "LIST")]
    pub(crate) scales_arcmin: Option<Vec<f64>>,
    /// Lowest score of a candidate: S/N (mmf; 5 unless given) or probability (0.5 unless given)
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
