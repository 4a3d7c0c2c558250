//! The arguments of `arcmin weigh`.

use crate::input::MapArgs;
use std::path::PathBuf;

/// Weigh the clusters of a catalogue by their SZ image: M200c with errors.
///
/// The network that ships with arcmin was trained on 150 GHz maps with a beam of 1' and noise of 5 uK arcmin: other
/// frequencies are refused, and so are beams and noise levels that are far from these; those that are close are flagged. A cluster whose
/// square reaches beyond the map or onto masked pixels is not weighed unless --infill is given.
#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) input: MapArgs,
    /// Catalogue (FITS, CSV or DS9 regions) of the clusters; a column `redshift` tells their redshifts
    #[arg(long, value_name = "FILE")]
    pub(crate) catalogue: PathBuf,
    /// Folder to write to: masses.fits, masses.csv, record.json
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Weights that `cargo xtask run sz-mass` wrote; those that ship with arcmin unless given
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// Redshift of all clusters, where the catalogue has no column for it
    #[arg(long)]
    pub(crate) redshift: Option<f64>,
    /// Least and largest mass in Msun that are possible beforehand, all equally likely; those of the training unless given
    #[arg(long = "prior-msun", num_args = 2, value_names = ["MIN", "MAX"])]
    pub(crate) prior_msun: Option<Vec<f64>>,
    /// Fill missing pixels smoothly from their neighbours; such masses are flagged
    #[arg(long)]
    pub(crate) infill: bool,
}
