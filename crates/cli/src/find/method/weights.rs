//! What trained methods are made of: shipped, or left by a run.
//!
//! A combination of finders belongs to the very network and the very filter on whose scores it was fitted. A run's folder holds the
//! three together, which is why one option, `--weights`, names either a network's file or such a folder, and no options
//! name the parts.

use crate::find::args::Args;
use crate::record::Inputs;
use anyhow::{Context, Result, anyhow, ensure};
use arcmin_find_cnn::CnnFinder;
use arcmin_find_ensemble::FittedCombinations;
use arcmin_find_fcn::FcnFinder;
use arcmin_find_mmf::MatchedFilterConfig;
use std::path::{Path, PathBuf};

/// Files in the folder of a run of `deepsz`.
const NETWORK: &str = "training/cnn/cnn.safetensors";
const MAP_NETWORK: &str = "training/fcn/fcn.safetensors";
const COMBINATIONS: &str = "training/ensemble.json";
const CONFIG: &str = "config.toml";
/// The configuration of the run that the shipped combinations come from.
const SHIPPED_CONFIG: &str = include_str!("../../../../../data/weights/find-ensemble-deepsz.toml");

/// The network.
pub(super) fn network(args: &Args, inputs: &mut Inputs) -> Result<CnnFinder> {
    let Some(path) = given(args, NETWORK) else { return Ok(CnnFinder::shipped()?) };
    let network = CnnFinder::load(&path).context("--weights")?;
    inputs.note(&path)?;
    Ok(network)
}

/// The network that goes over whole maps.
pub(super) fn map_network(args: &Args, inputs: &mut Inputs) -> Result<FcnFinder> {
    let Some(path) = given(args, MAP_NETWORK) else { return Ok(FcnFinder::shipped()?) };
    let network = FcnFinder::load(&path).context("--weights")?;
    inputs.note(&path)?;
    Ok(network)
}

/// The file that `--weights` means: itself, or the one of that name in the folder of a run.
fn given(args: &Args, in_run: &str) -> Option<PathBuf> {
    let given = args.weights.as_ref()?;
    Some(if given.is_dir() { given.join(in_run) } else { given.clone() })
}

/// What an ensemble is made of.
pub(super) struct EnsembleParts {
    pub(super) network: CnnFinder,
    pub(super) filter: MatchedFilterConfig,
    pub(super) combinations: FittedCombinations,
}

/// The three that belong together.
pub(super) fn ensemble(args: &Args, inputs: &mut Inputs) -> Result<EnsembleParts> {
    let network = network(args, inputs)?;
    let Some(folder) = &args.weights else {
        let filter = filter_of(SHIPPED_CONFIG).context("in the configuration that ships")?;
        return Ok(EnsembleParts { network, filter, combinations: FittedCombinations::shipped()? });
    };
    ensure!(
        folder.is_dir(),
        "--weights {} is a file: an ensemble needs the folder of the run, which holds the network, {COMBINATIONS} and the settings of \
         the filter that go with it",
        folder.display()
    );
    let [combinations, config]: [PathBuf; 2] = [COMBINATIONS, CONFIG].map(|name| folder.join(name));
    let fitted = FittedCombinations::load(&combinations).context("--weights")?;
    let filter = read_filter(&config).context("--weights")?;
    inputs.note(&combinations)?;
    inputs.note(&config)?;
    Ok(EnsembleParts { network, filter, combinations: fitted })
}

fn read_filter(path: &Path) -> Result<MatchedFilterConfig> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    filter_of(&text).with_context(|| format!("in {}", path.display()))
}

/// The settings of the matched filter in the configuration of a run.
fn filter_of(text: &str) -> Result<MatchedFilterConfig> {
    let config: toml::Table = toml::from_str(text)?;
    let finders = config.get("settings").and_then(|settings| settings.get("finders"));
    let filter = finders.and_then(|finders| finders.get("mmf"));
    let filter = filter.ok_or_else(|| anyhow!("there is no [settings.finders.mmf]: is it that of a run of deepsz?"))?;
    filter.clone().try_into().context("[settings.finders.mmf]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use arcmin_find_ensemble::Kind;

    #[test]
    fn what_ships_goes_together() {
        let network = CnnFinder::shipped().expect("our own file");
        let map_network = FcnFinder::shipped().expect("our own file");
        assert_eq!(map_network.about().sky, network.about().sky);
        let combinations = FittedCombinations::shipped().expect("our own file");
        let filter = filter_of(SHIPPED_CONFIG).expect("our own file");
        assert!(Kind::ALL.iter().all(|&kind| combinations.get(kind).is_some()));
        let config: toml::Table = toml::from_str(SHIPPED_CONFIG).expect("our own file");
        let finders = &config["settings"]["finders"];
        let trained: arcmin_find_cnn::CnnConfig = finders["cnn"].clone().try_into().expect("a network's configuration");
        assert_eq!(trained, network.about().config, "the network is that of the run");
        assert!(filter.snr_min > 0.0);
        let bands = config["settings"]["scene"]["bands"].as_array().expect("bands");
        let nu: Vec<f64> = bands.iter().filter_map(|band| band["nu_ghz"].as_float()).collect();
        assert_eq!(nu, network.about().sky.bands.iter().map(|band| band.nu_ghz).collect::<Vec<_>>());
    }

    #[test]
    fn a_configuration_without_a_filter_is_refused() {
        assert!(filter_of("[settings]").expect_err("no filter").to_string().contains("settings.finders.mmf"));
        assert!(filter_of("[settings.finders.mmf]\nspeed = 3").is_err());
    }
}
