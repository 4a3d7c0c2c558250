//! The configuration of the method.

use crate::Error;
use crate::answer::N_OUTPUTS;
use arcmin_find_learned::check::{not_negative, positive, require};
use arcmin_find_learned::{TargetConfig, TilesKept};
use arcmin_find_mmf::MatchedFilterConfig;
use arcmin_nn::networks::CellNetConfig;
use arcmin_nn::train::TrainSettings;
use serde::{Deserialize, Serialize};

/// What the network is shown, what it is to say, and how it is made, trained and used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FcnConfig {
    /// The network.
    pub network: NetworkConfig,
    /// What it is shown.
    #[serde(default)]
    pub input: InputConfig,
    /// Which haloes are to be found.
    #[serde(default)]
    pub target: TargetConfig,
    /// What it is to say of a cell.
    #[serde(default)]
    pub cells: CellsConfig,
    /// The pieces of tiles that are trained on.
    #[serde(default)]
    pub crops: CropsConfig,
    /// The training.
    pub training: TrainSettings,
    /// What becomes of the tiles when the training is over.
    #[serde(default)]
    pub tiles: TilesKept,
    /// The use of the trained network.
    #[serde(default)]
    pub search: SearchConfig,
}

/// The network, see [`CellNet`](arcmin_nn::networks::CellNet).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Channels.
    pub width: usize,
    /// Dilations of the residual stages.
    pub dilations: Vec<usize>,
    /// Of the first weights.
    pub seed: u64,
}

/// Which maps the network is shown, where there is a filter.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ShownConfig {
    /// The bands and the filter's signal to noise.
    #[default]
    BandsAndSnr,
    /// The bands alone: what the filter adds is seen by leaving it out.
    Bands,
    /// The signal to noise alone.
    Snr,
    /// The bands, the signal to noise, and that of the residual: of the map less the clusters that the filter is sure of.
    BandsSnrAndResidual,
}

impl ShownConfig {
    fn is_default(&self) -> bool {
        *self == Self::default()
    }
}

/// S/N from which on the filter is sure of a cluster unless told otherwise.
const SURE_SNR: f64 = 5.0;

/// Whether a setting is the default: weights of networks without residuals do not speak of it.
fn is_sure_snr(snr: &f64) -> bool {
    *snr == SURE_SNR
}

/// What the network is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct InputConfig {
    /// Side of a cell. The map is averaged to pixels of half of it.
    pub cell_arcmin: f64,
    /// The mean over a square of this side about each pixel is taken out of a band, and with it most of the CMB.
    pub high_pass_arcmin: f64,
    /// Bands are divided by this.
    pub scale_uk: f64,
    /// The matched filter whose signal to noise at each of its scales is shown beside the bands, if any.
    pub filter: Option<MatchedFilterConfig>,
    /// Which of the two; the filter decides where is searched in any case.
    #[serde(skip_serializing_if = "ShownConfig::is_default")]
    pub shown: ShownConfig,
    /// Signals to noise are divided by this.
    pub scale_snr: f64,
    /// Least S/N of clusters that a residual lacks.
    #[serde(skip_serializing_if = "is_sure_snr")]
    pub residual_above_snr: f64,
    /// Width of the border of the observed area that is not searched; that of the filter counts where there is one.
    pub border_arcmin: f64,
}

impl Default for InputConfig {
    /// Cells of 1', a square of 10', 20 uK, no filter, a border of 10'.
    fn default() -> Self {
        Self {
            cell_arcmin: 1.0,
            high_pass_arcmin: 10.0,
            scale_uk: 20.0,
            filter: None,
            shown: ShownConfig::default(),
            scale_snr: 5.0,
            residual_above_snr: SURE_SNR,
            border_arcmin: 10.0,
        }
    }
}

/// What the network is to say of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CellsConfig {
    /// A cell is positive when a target lies within this of its middle. Take the radius within which detections are matched.
    pub radius_arcmin: f64,
    /// Least virial mass of haloes whose mass and position are learnt; candidates may turn out to be lighter than targets.
    pub weighed_mvir_min_msun: f64,
    /// Weight of the likelihood of masses beside the cross-entropy.
    pub mass_weight: f64,
    /// Weight of the likelihood of positions.
    pub position_weight: f64,
}

impl Default for CellsConfig {
    /// 1', 1e14 Msun, weights of 0.3.
    fn default() -> Self {
        Self { radius_arcmin: 1.0, weighed_mvir_min_msun: 1e14, mass_weight: 0.3, position_weight: 0.3 }
    }
}

/// The pieces of tiles that are trained on: anywhere on a tile, flipped and turned, anew in each epoch.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CropsConfig {
    /// Side of a piece in cells.
    pub side_cells: usize,
    /// Cells along its edges that are shown, but not asked for: the network is used without edges.
    pub rim_cells: usize,
    /// Pieces of each tile in an epoch.
    pub per_tile: usize,
}

impl Default for CropsConfig {
    /// 80 cells, 8 of them rim, 64 a tile.
    fn default() -> Self {
        Self { side_cells: 80, rim_cells: 8, per_tile: 64 }
    }
}

/// The use of the trained network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Least probability of a candidate.
    pub probability_min: f64,
    /// Of peaks closer than this the higher one counts.
    pub separation_arcmin: f64,
}

impl Default for SearchConfig {
    /// 0.01, and 2'.
    fn default() -> Self {
        Self { probability_min: 0.01, separation_arcmin: 2.0 }
    }
}

impl FcnConfig {
    /// Checks what network, filter and training do not check themselves.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let InputConfig { cell_arcmin, high_pass_arcmin, scale_uk, filter, shown, scale_snr, .. } = &self.input;
        positive("input.cell_arcmin", *cell_arcmin)?;
        let is_wide = high_pass_arcmin.is_finite() && *high_pass_arcmin >= 2.0 * cell_arcmin;
        require("input.high_pass_arcmin", *high_pass_arcmin, is_wide, "finite and two cells or more")?;
        positive("input.scale_uk", *scale_uk)?;
        positive("input.scale_snr", *scale_snr)?;
        positive("input.residual_above_snr", self.input.residual_above_snr)?;
        not_negative("input.border_arcmin", self.input.border_arcmin)?;
        filter.as_ref().map_or(Ok(()), |filter| filter.check().map(drop))?;
        if matches!(shown, ShownConfig::Snr | ShownConfig::BandsSnrAndResidual) && filter.is_none() {
            return Err(Error::NothingShown);
        }
        self.target.check()?;
        let CellsConfig { radius_arcmin, weighed_mvir_min_msun, mass_weight, position_weight } = self.cells;
        let holds_a_middle = radius_arcmin.is_finite() && radius_arcmin >= 0.75 * cell_arcmin;
        require("cells.radius_arcmin", radius_arcmin, holds_a_middle, "finite and three quarters of a cell or more")?;
        positive("cells.weighed_mvir_min_msun", weighed_mvir_min_msun)?;
        not_negative("cells.mass_weight", mass_weight)?;
        not_negative("cells.position_weight", position_weight)?;
        let CropsConfig { side_cells, rim_cells, per_tile } = self.crops;
        let has_room = side_cells > 2 * rim_cells;
        require("crops.side_cells", side_cells as f64, has_room, "more than twice crops.rim_cells")?;
        positive("crops.per_tile", per_tile as f64)?;
        let SearchConfig { probability_min, separation_arcmin } = self.search;
        let is_share = probability_min > 0.0 && probability_min < 1.0;
        require("search.probability_min", probability_min, is_share, "above 0 and below 1")?;
        Ok(positive("search.separation_arcmin", separation_arcmin)?)
    }

    /// The network for a number of channels.
    pub(crate) fn network(&self, in_channels: usize) -> CellNetConfig {
        let NetworkConfig { width, dilations, seed } = self.network.clone();
        CellNetConfig { in_channels, out_channels: N_OUTPUTS, width, dilations, seed }
    }

    /// Channels that the network is shown of an observation with a number of bands.
    pub(crate) fn n_channels(&self, n_bands: usize) -> usize {
        let n_scales = self.input.filter.as_ref().map_or(0, |filter| filter.scales_arcmin.len());
        match self.input.shown {
            ShownConfig::BandsAndSnr => n_bands + n_scales,
            ShownConfig::Bands => n_bands,
            ShownConfig::Snr => n_scales,
            ShownConfig::BandsSnrAndResidual => n_bands + 2 * n_scales,
        }
    }
}
