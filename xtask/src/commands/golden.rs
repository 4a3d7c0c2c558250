//! `cargo xtask golden`: remake the golden values and shipped tables, and compare them with the files kept here.

use crate::workspace::{call, root, say};
use anyhow::{Context, Result, bail};
use std::path::{Path, PathBuf};
use std::process::Command;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Python interpreter with the packages of data/make/requirements.txt
    #[arg(long, default_value = "python3")]
    python: PathBuf,
    /// Keep what was remade instead of only comparing
    #[arg(long)]
    write: bool,
    /// Only scripts whose path holds this text
    #[arg(long)]
    only: Option<String>,
}

/// Runs each kept script (`make*.py OUT_DIR`) into a folder of its own and compares what it wrote.
pub(crate) fn run(args: &Args) -> Result<()> {
    let mut differing = 0;
    for script in scripts()? {
        let shown = script.strip_prefix(root()).unwrap_or(&script).display().to_string();
        if args.only.as_ref().is_some_and(|text| !shown.contains(text.as_str())) {
            continue;
        }
        if needs_data(&script)? && std::env::var_os("ARCMIN_DATA").is_none() {
            say(&format!("skipped {shown}: it needs the folder of reference data in ARCMIN_DATA"));
            continue;
        }
        differing += remake(&script, &shown, args)?;
    }
    if differing > 0 && !args.write {
        bail!("{differing} kept files differ from what their scripts make: look at why before using --write");
    }
    Ok(())
}

/// The scripts: `data/make/*.py` and `make*.py` in each crate's `tests/golden`.
fn scripts() -> Result<Vec<PathBuf>> {
    let mut folders = vec![root().join("data/make")];
    for entry in std::fs::read_dir(root().join("crates")).context("cannot list crates")? {
        folders.push(entry?.path().join("tests/golden"));
    }
    let mut found = Vec::new();
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        for entry in std::fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|e| e == "py") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

/// True for a script that reads the folder of reference data.
fn needs_data(script: &Path) -> Result<bool> {
    let text = std::fs::read_to_string(script).with_context(|| format!("cannot read {}", script.display()))?;
    Ok(text.contains("ARCMIN_DATA"))
}

/// Where the files of a script are kept: `data` for `data/make`, else the script's own folder.
fn kept_folder(script: &Path) -> PathBuf {
    let folder = script.parent().expect("a script lies in a folder");
    if folder.ends_with("data/make") { root().join("data") } else { folder.to_path_buf() }
}

fn remake(script: &Path, shown: &str, args: &Args) -> Result<usize> {
    let made = tempfile::tempdir().context("cannot make a temporary folder")?;
    call(Command::new(&args.python).arg(script).arg(made.path()))?;
    let mut differing = 0;
    for entry in std::fs::read_dir(made.path())? {
        let new = entry?.path();
        let kept = kept_folder(script).join(new.file_name().expect("a file of the folder has a name"));
        let same = std::fs::read(&kept).ok() == Some(std::fs::read(&new)?);
        say(&format!("{} {} (by {shown})", if same { "same   " } else { "DIFFERS" }, kept.display()));
        if !same {
            differing += 1;
            if args.write {
                std::fs::copy(&new, &kept).with_context(|| format!("cannot write {}", kept.display()))?;
            }
        }
    }
    Ok(differing)
}
