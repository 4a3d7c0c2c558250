//! The settings of the matched filter: a file, and the options over it.

use super::args::Args;
use crate::record::Inputs;
use anyhow::{Context, Result, bail};
use arcmin_find_mmf::MatchedFilterConfig;
use arcmin_find_mmf::config::{Profile, SourceTreatment, SourcesConfig};

/// Candidates below this S/N are not listed unless --threshold or the file says otherwise.
const DEFAULT_SNR_MIN: f64 = 5.0;
/// theta500 of the Arnaud10 templates, in arcmin, unless given.
const ARNAUD10_SCALES_ARCMIN: [f64; 12] = [0.6, 0.8, 1.0, 1.3, 1.6, 2.0, 2.5, 3.2, 4.0, 5.0, 6.5, 8.0];
/// The fixed scale of the Arnaud10 templates, in arcmin.
const ARNAUD10_FIXED_ARCMIN: f64 = 2.0;

/// The settings that the arguments ask for.
pub(super) fn settings(args: &Args, inputs: &mut Inputs) -> Result<MatchedFilterConfig> {
    let mut config = match &args.config {
        None => MatchedFilterConfig { snr_min: DEFAULT_SNR_MIN, ..MatchedFilterConfig::default() },
        Some(path) => {
            let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
            inputs.note(path)?;
            toml::from_str(&text).with_context(|| format!("in {}", path.display()))?
        }
    };
    match args.profile.as_deref() {
        None => {}
        Some("beta") => config.profile = Profile::Beta,
        Some("arnaud10") => {
            config.profile = Profile::Arnaud10;
            config.scales_arcmin = ARNAUD10_SCALES_ARCMIN.to_vec();
            config.fixed_scale_arcmin = ARNAUD10_FIXED_ARCMIN;
        }
        Some(other) => bail!("--profile {other} is not known: use beta or arnaud10"),
    }
    if let Some(scales) = &args.scales_arcmin {
        config.scales_arcmin.clone_from(scales);
    }
    config.sources = sources(args, config.sources.take());
    config.snr_min = args.threshold.unwrap_or(config.snr_min);
    config.ell_max = args.ell_max.or(config.ell_max);
    config.ell_min = args.ell_min.unwrap_or(config.ell_min);
    Ok(config)
}

/// The point sources to take out: what the options ask for, over what a file does.
pub(super) fn sources(args: &Args, of_file: Option<SourcesConfig>) -> Option<SourcesConfig> {
    let (treatment, above_mjy) = match (args.mask_sources, args.subtract_sources) {
        (Some(above_mjy), _) => (SourceTreatment::Mask, above_mjy),
        (None, Some(above_mjy)) => (SourceTreatment::Subtract, above_mjy),
        (None, None) => return of_file,
    };
    let rest = of_file.unwrap_or_else(|| SourcesConfig::above(treatment, above_mjy));
    Some(SourcesConfig { treatment, above_mjy, ..rest })
}
