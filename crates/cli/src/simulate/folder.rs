//! The folder that a simulation is written to.

use crate::record::Inputs;
use anyhow::{Context, Result, bail};
use arcmin_eval::{create_dir, write_atomic};
use arcmin_job::differences;
use arcmin_scene::SceneConfig;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// What is written last of a tile.
pub(super) const LAST_FILE: &str = "truth.fits";
/// The number of tiles, which may differ: no tile depends on it.
const N_TILES: &str = "tiles.n_test";

/// Passes unless the folder holds tiles of another sky; nothing is written.
pub(super) fn check(out: &Path, config: &SceneConfig, inputs: &Inputs) -> Result<()> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    let path = out.join("scene.toml");
    match std::fs::read_to_string(&path) {
        Ok(theirs) => refuse_another_sky(&path, &theirs, &description(config, inputs)?),
        // What is in the way of the folder is told when it is made.
        Err(error) if [NotFound, NotADirectory].contains(&error.kind()) => Ok(()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Makes the folder and writes the description; a folder that [`check`] passed is taken up.
pub(super) fn take(out: &Path, config: &SceneConfig, inputs: &Inputs) -> Result<()> {
    create_dir(out)?;
    clear_leftovers(out)?;
    take_file(&out.join("scene.toml"), &description(config, inputs)?)
}

/// Writes a file that describes the sky, or makes sure that the one there describes the very same.
pub(super) fn take_file(path: &Path, ours: &str) -> Result<()> {
    match std::fs::read_to_string(path) {
        Ok(theirs) if theirs == ours => return Ok(()),
        Ok(theirs) => refuse_another_sky(path, &theirs, ours)?,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
    Ok(write_atomic(path, ours.as_bytes())?)
}

/// Folder of one tile.
pub(super) fn of_tile(out: &Path, tile: usize) -> PathBuf {
    out.join(format!("tile-{tile:03}"))
}

/// Whether a tile's maps and truth are all there.
pub(super) fn is_whole(folder: &Path) -> bool {
    folder.join(LAST_FILE).exists()
}

/// Removes what a killed process left half written.
pub(super) fn clear_leftovers(folder: &Path) -> Result<()> {
    let failed = || format!("cannot clear {}", folder.display());
    for entry in std::fs::read_dir(folder).with_context(failed)? {
        let entry = entry.with_context(failed)?;
        if is_temporary(&entry.file_name().to_string_lossy()) {
            std::fs::remove_file(entry.path()).with_context(failed)?;
        }
    }
    Ok(())
}

/// Whether a name is that of a file that was being written: `.NAME.RANDOM.tmp` or `.tmp-RANDOM`.
fn is_temporary(name: &str) -> bool {
    name.starts_with(".tmp-") || (name.starts_with('.') && name.ends_with(".tmp"))
}

/// The description as TOML, with the checksums of the beams' files as comments.
fn description(config: &SceneConfig, inputs: &Inputs) -> Result<String> {
    let toml = toml::to_string(config).context("the description cannot be written as TOML")?;
    let is_beam = |path: &str| config.bands.iter().any(|band| band.beam_file.as_deref() == Some(Path::new(path)));
    let beams: BTreeSet<String> = inputs
        .iter()
        .filter(|input| is_beam(&input.path))
        .map(|input| format!("# {} {}\n", input.path, input.checksum))
        .collect();
    Ok(beams.into_iter().collect::<String>() + &toml)
}

/// Passes when two descriptions differ in the number of tiles alone.
fn refuse_another_sky(path: &Path, theirs: &str, ours: &str) -> Result<()> {
    match differences(theirs, ours, &[N_TILES]).with_context(|| format!("in {}", path.display()))? {
        None => Ok(()),
        Some(listed) => bail!("{} describes another sky ({listed}): give another --out", path.display()),
    }
}
