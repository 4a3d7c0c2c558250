//! The configuration of the method.

use crate::Error;
use arcmin_find_learned::check::{positive, require};
use arcmin_find_learned::{TargetConfig, TilesKept};
use arcmin_nn::networks::DeepszResnetConfig;
use arcmin_nn::train::TrainSettings;
use serde::{Deserialize, Serialize};

/// How cutouts are made and labelled, and how the network is made, fed, trained and used.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CnnConfig {
    /// The network.
    pub network: NetworkConfig,
    /// Where cutouts lie.
    #[serde(default)]
    pub cutouts: CutoutsConfig,
    /// Which haloes make a cutout positive.
    #[serde(default)]
    pub target: TargetConfig,
    /// What the network is shown of a cutout.
    #[serde(default)]
    pub input: InputConfig,
    /// Whether training cutouts are flipped and turned by quarters, anew in each epoch. Lin21 does not.
    #[serde(default)]
    pub augment: bool,
    /// In which shares cutouts are trained on.
    pub sampling: SamplingConfig,
    /// The training.
    pub training: TrainSettings,
    /// What becomes of the tiles when the training is over.
    #[serde(default)]
    pub tiles: TilesKept,
    /// The use of the trained network.
    #[serde(default)]
    pub search: SearchConfig,
}

/// The residual network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NetworkConfig {
    /// Channels of the first layers; 64 in Lin21, with 9.7 million parameters.
    pub width: usize,
    /// Outputs of the two hidden layers; 256 in Lin21.
    pub hidden_width: usize,
    /// Of the first weights.
    pub seed: u64,
}

/// Where cutouts lie, and which are left out of the training.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct CutoutsConfig {
    /// Side of a cutout: the first one of the equal-area lattice begins at the first pixel, the last ends within the tile.
    /// The network sees 32 x 32 pixels about the centre, which are these 8' where pixels have 0.25'.
    pub side_arcmin: f64,
    /// Distance between neighbours, and side of the central part whose clusters a cutout is answerable for.
    pub stride_arcmin: f64,
    /// The lattice of training and validation; a search takes the equal-area one.
    pub lattice: LatticeConfig,
    /// What becomes of cutouts beside positive ones in training; validation has them all.
    pub adjacent_negatives: AdjacentNegatives,
}

impl Default for CutoutsConfig {
    /// 8' every 6' (Lin21, Sect. 1.2), with equal area; diagonal neighbours dropped.
    fn default() -> Self {
        Self {
            side_arcmin: 8.0,
            stride_arcmin: 6.0,
            lattice: LatticeConfig::EqualArea,
            adjacent_negatives: AdjacentNegatives::DropDiagonal,
        }
    }
}

/// Where cutouts lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LatticeConfig {
    /// Equal steps along the axes of the tile.
    EqualArea,
    /// Steps of 0.1 deg in right ascension and declination without cos(dec), centres at 4' + 6' i, as the public code of Lin21
    /// has them: towards the poles cutouts overlap, and of those that hold a cluster only the one with the nearest centre is
    /// labelled. Each is cut from the tile's own pixels.
    RaDec,
}

/// Cutouts without a cluster beside one with a cluster.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdjacentNegatives {
    /// All are trained on.
    Keep,
    /// The four diagonal neighbours are not, as in the public code of Lin21.
    DropDiagonal,
    /// None of the eight neighbours is.
    DropAll,
}

/// What the network is shown of a cutout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum InputConfig {
    /// Pixels over a constant.
    Scaled {
        /// One number of uK for all bands, or one for each.
        scale_uk: Vec<f64>,
    },
    /// Each cutout from 0 to 1 over its least and largest pixel of all bands, as in the public code of Lin21: amplitudes are
    /// lost.
    MinMax,
}

impl Default for InputConfig {
    /// 100 uK, about the deviation of the CMB.
    fn default() -> Self {
        Self::Scaled { scale_uk: vec![100.0] }
    }
}

/// In which shares cutouts with and without a cluster are trained on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SamplingConfig {
    /// Negatives over positives, one after the other; the last one lasts. 1, 2, ..., 20 in Lin21.
    pub ratios: Vec<f64>,
    /// Epochs for which a ratio lasts.
    pub epochs_per_ratio: u64,
    /// Batches of an epoch. Negatives go round in an order of their own across epochs; positives are drawn with replacement.
    pub batches_per_epoch: u64,
}

impl SamplingConfig {
    /// Negatives over positives in an epoch.
    pub(crate) fn ratio(&self, epoch: u64) -> f64 {
        let number = (epoch / self.epochs_per_ratio) as usize;
        self.ratios[number.min(self.ratios.len() - 1)]
    }
}

/// The use of the trained network.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SearchConfig {
    /// Least probability of a candidate.
    pub probability_min: f64,
    /// Largest share of missing pixels of a cutout that is searched; they take the mean of the others, band by band.
    pub masked_share_max: f64,
}

impl Default for SearchConfig {
    /// 0.01, and a tenth.
    fn default() -> Self {
        Self { probability_min: 0.01, masked_share_max: 0.1 }
    }
}

impl CnnConfig {
    /// Checks what the network and the training do not check themselves.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let CutoutsConfig { side_arcmin, stride_arcmin, .. } = self.cutouts;
        positive("cutouts.stride_arcmin", stride_arcmin)?;
        let fits = side_arcmin.is_finite() && side_arcmin >= stride_arcmin;
        require("cutouts.side_arcmin", side_arcmin, fits, "finite and at least the stride")?;
        self.target.check()?;
        if let InputConfig::Scaled { scale_uk } = &self.input {
            require("input.scale_uk", 0.0, !scale_uk.is_empty(), "a list of one number, or of one a band")?;
            scale_uk.iter().try_for_each(|&scale| positive("input.scale_uk", scale))?;
        }
        let SamplingConfig { ratios, epochs_per_ratio, batches_per_epoch } = &self.sampling;
        require("sampling.ratios", 0.0, !ratios.is_empty(), "a list of one number or more")?;
        ratios.iter().try_for_each(|&ratio| positive("sampling.ratios", ratio))?;
        positive("sampling.epochs_per_ratio", *epochs_per_ratio as f64)?;
        positive("sampling.batches_per_epoch", *batches_per_epoch as f64)?;
        let SearchConfig { probability_min, masked_share_max } = self.search;
        let is_share = |share: f64| (0.0..1.0).contains(&share);
        require("search.probability_min", probability_min, is_share(probability_min), "from 0 to below 1")?;
        Ok(require("search.masked_share_max", masked_share_max, is_share(masked_share_max), "from 0 to below 1")?)
    }

    /// The network for a number of bands.
    pub(crate) fn network(&self, n_bands: usize) -> DeepszResnetConfig {
        let NetworkConfig { width, hidden_width, seed } = self.network;
        DeepszResnetConfig { in_channels: n_bands, width, hidden_width, seed }
    }
}
