//! The components of the sky: chosen by name, and written one by one.

use anyhow::{Context, Result, ensure};
use arcmin_eval::create_dir;
use arcmin_job::Clock;
use arcmin_maps::file::write_band;
use arcmin_scene::{Component, Haloes, SceneConfig, Simulator, Split};
use std::path::{Path, PathBuf};

/// Keeps the components of a list, or drops some, by name.
pub(super) fn choose(config: &mut SceneConfig, kept: Option<&[String]>, dropped: &[String]) -> Result<()> {
    if let Some(kept) = kept {
        config.components = kept.iter().map(|name| named(name)).collect::<Result<_>>()?;
    }
    for name in dropped {
        let component = named(name)?;
        let is_there = config.components.contains(&component);
        ensure!(is_there, "--without {name}: the sky has no such component; it has {}", list(&config.components));
        config.components.retain(|kept| *kept != component);
    }
    Ok(())
}

fn named(name: &str) -> Result<Component> {
    let name = name.trim();
    let known = Component::ALL.into_iter().find(|component| component.name() == name);
    known.with_context(|| format!("no component is named {name:?}; known are {}", list(&Component::ALL)))
}

fn list(components: &[Component]) -> String {
    components.iter().map(|component| component.name()).collect::<Vec<_>>().join(", ")
}

/// Whether every map of every component of a tile is there.
pub(super) fn are_whole(folder: &Path, simulator: &Simulator) -> bool {
    let setup = simulator.setup();
    setup.components().iter().all(|component| is_whole(folder, simulator, *component))
}

fn is_whole(folder: &Path, simulator: &Simulator, component: Component) -> bool {
    simulator.setup().band_names().all(|band| path(folder, band, component).exists())
}

/// Makes and writes the maps of the components that a tile does not have yet.
pub(super) fn write(folder: &Path, simulator: &Simulator, tile: usize, clock: &mut Clock) -> Result<()> {
    create_dir(&folder.join("components"))?;
    super::folder::clear_leftovers(&folder.join("components"))?;
    for &component in simulator.setup().components() {
        if is_whole(folder, simulator, component) {
            continue;
        }
        let bands =
            clock.time("simulate", || simulator.component_bands(Split::Test, tile, component, Haloes::Drawn))?;
        for band in &bands {
            clock.time("write", || write_band(&path(folder, &band.name, component), band))?;
        }
    }
    Ok(())
}

fn path(folder: &Path, band: &str, component: Component) -> PathBuf {
    folder.join("components").join(format!("{band}-{component}.fits"))
}
