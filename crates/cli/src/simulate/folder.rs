//! The folder that a simulation is written to.

use crate::record::Inputs;
use anyhow::{Context, Result, bail};
use arcmin_eval::{create_dir, write_atomic};
use arcmin_scene::SceneConfig;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What is written last of a tile.
pub(super) const LAST_FILE: &str = "truth.fits";
/// The number of tiles, which may differ: no tile depends on it.
const N_TILES: &str = "tiles.n_test";
/// Differences that an error lists.
const LISTED: usize = 5;

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
    let (theirs, ours) = (entries(theirs).with_context(|| format!("in {}", path.display()))?, entries(ours)?);
    let keys: BTreeSet<&String> = theirs.keys().chain(ours.keys()).filter(|key| *key != N_TILES).collect();
    let absent = || "absent".to_owned();
    let differences: Vec<String> = keys
        .into_iter()
        .filter(|key| theirs.get(*key) != ours.get(*key))
        .map(|key| {
            let [there, here] = [&theirs, &ours].map(|entries| entries.get(key).cloned().unwrap_or_else(absent));
            format!("{key} is {there} there, {here} here")
        })
        .collect();
    if differences.is_empty() {
        return Ok(());
    }
    let more = differences.len().saturating_sub(LISTED);
    let more = if more > 0 { format!("; {more} more") } else { String::new() };
    let listed = differences[..differences.len().min(LISTED)].join("; ");
    bail!("{} describes another sky ({listed}{more}): give another --out", path.display())
}

/// Every value of a description by its key, `bands.0.nu_ghz` say, and every checksum by its file.
fn entries(text: &str) -> Result<BTreeMap<String, String>> {
    let mut entries = BTreeMap::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("# ")) {
        let (path, checksum) = line.rsplit_once(' ').unwrap_or((line, ""));
        entries.insert(format!("content of {path}"), checksum.to_owned());
    }
    let table: toml::Table = toml::from_str(text)?;
    flatten(String::new(), &toml::Value::Table(table), &mut entries);
    Ok(entries)
}

fn flatten(key: String, value: &toml::Value, entries: &mut BTreeMap<String, String>) {
    let below = |name: &str| if key.is_empty() { name.to_owned() } else { format!("{key}.{name}") };
    match value {
        toml::Value::Table(table) => table.iter().for_each(|(name, value)| flatten(below(name), value, entries)),
        toml::Value::Array(list) if list.iter().any(toml::Value::is_table) => {
            list.iter().enumerate().for_each(|(idx, value)| flatten(below(&idx.to_string()), value, entries));
        }
        other => {
            entries.insert(key, other.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEIRS: &str = "seed = 1\nlist = [1, 2]\n[tiles]\nn_test = 4\n[[bands]]\nnu_ghz = 90.0\n";

    fn refusal(from: &str, to: &str) -> String {
        refuse_another_sky(Path::new("scene.toml"), THEIRS, &THEIRS.replace(from, to)).unwrap_err().to_string()
    }

    #[test]
    fn differences_are_told_by_key_with_both_values() {
        assert!(refusal("seed = 1", "seed = 2").contains("seed is 1 there, 2 here"));
        assert!(refusal("90.0", "91.0").contains("bands.0.nu_ghz is 90.0 there, 91.0 here"));
        assert!(refusal("[1, 2]", "[2]").contains("list is [1, 2] there, [2] here"));
        assert!(refusal("seed = 1\n", "").contains("seed is 1 there, absent here"));
        let beam = refusal("seed", "# beam.txt blake3:ab\nseed");
        assert!(beam.contains("content of beam.txt is absent there, blake3:ab here"), "{beam}");
    }

    #[test]
    fn the_number_of_tiles_may_differ() {
        let more = THEIRS.replace("n_test = 4", "n_test = 9");
        assert!(refuse_another_sky(Path::new("scene.toml"), THEIRS, &more).is_ok());
    }

    #[test]
    fn long_lists_of_differences_are_cut() {
        let many: String = (0..9).map(|k| format!("key{k} = {k}\n")).collect();
        let message = refuse_another_sky(Path::new("scene.toml"), "", &many).unwrap_err().to_string();
        assert!(message.contains("key4 is absent there, 4 here; 4 more"), "{message}");
    }
}
