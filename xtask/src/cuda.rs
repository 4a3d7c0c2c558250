//! The build with the feature `cuda`: type-checked and linked in CI, measured where there is a GPU.

use crate::workspace::{call, cargo, root, say};
use anyhow::{Context, Result, bail};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

/// All that runs on a device. Everything is built for all of it, so that candle is built once.
const CHECKED: [&str; 7] = [
    "--release",
    "--package",
    "arcmin-conv",
    "--package",
    "arcmin-nn",
    "--features",
    "arcmin-conv/cuda,arcmin-nn/cuda",
];
/// Exit code of the example and of the peer's script where there is no GPU.
const NO_GPU: i32 = 3;

/// Lints, links and runs what is behind the feature `cuda`: with the toolkit of this machine, else with the stand-in of
/// `$ARCMIN_DATA/tools/get-cuda.sh`, which type-checks and links but compiles no kernel; else says that it does not.
pub(crate) fn check() -> Result<()> {
    let Some(toolkit) = Toolkit::find()? else {
        say("cuda: SKIPPED, there is neither an nvcc nor $ARCMIN_DATA/tools/get-cuda.sh");
        return Ok(());
    };
    say(&format!("cuda: {}", toolkit.description()));
    let kinds = ["--all-targets", "--", "-D", "warnings"];
    call(toolkit.cargo().arg("clippy").args(CHECKED).args(kinds))?;
    call(toolkit.cargo().arg("test").args(CHECKED).args(["--lib", "--test", "gpu"]))?;
    without_gpu_or_well(toolkit.example("check")?, "the check of the kernels")
}

/// Checks the kernels against float64 on a GPU, times them beside candle's and PyTorch's, one JSON line a case.
pub(crate) fn bench(python: &Path) -> Result<()> {
    let toolkit = Toolkit::find()?.context("no nvcc: install a CUDA toolkit, or set ARCMIN_DATA for the stand-in")?;
    say(&format!("cuda: {}", toolkit.description()));
    without_gpu_or_well(toolkit.example("all")?, "the kernels' check and times")?;
    let status = Command::new(python)
        .arg(root().join("benches/peers/conv_gpu.py"))
        .status()
        .with_context(|| format!("cannot start {}; name an interpreter with --python", python.display()))?;
    without_gpu_or_well(status, "PyTorch")
}

fn without_gpu_or_well(status: ExitStatus, what: &str) -> Result<()> {
    match status.code() {
        Some(0) => Ok(()),
        Some(NO_GPU) => {
            say(&format!("{what}: NOT RUN, there is no GPU"));
            Ok(())
        }
        _ => bail!("{what}: failed ({status})"),
    }
}

/// Where nvcc and the libraries to link with come from.
enum Toolkit {
    /// Installed here.
    Installed,
    /// Made by `get-cuda.sh --check-only` in this folder.
    StandIn(PathBuf),
}

impl Toolkit {
    fn find() -> Result<Option<Self>> {
        let nvcc = std::env::var_os("NVCC").unwrap_or_else(|| "nvcc".into());
        if Command::new(nvcc).arg("--version").output().is_ok_and(|output| output.status.success()) {
            return Ok(Some(Self::Installed));
        }
        let Some(data) = std::env::var_os("ARCMIN_DATA").map(PathBuf::from) else { return Ok(None) };
        let script = data.join("tools/get-cuda.sh");
        if !script.is_file() || !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
            return Ok(None);
        }
        let folder = root().join("target/cuda/stand-in");
        if !folder.join("env-standin.sh").is_file() {
            call(Command::new("bash").arg(script).arg("--check-only").arg(&folder))?;
        }
        Ok(Some(Self::StandIn(folder)))
    }

    fn description(&self) -> &'static str {
        match self {
            Self::Installed => "with the toolkit of this machine",
            Self::StandIn(_) => "with a stand-in for nvcc: types are checked and programs linked, kernels not compiled",
        }
    }

    /// The target folder, one of its own: candle's kernels are cached without regard to which nvcc made them, and those of the
    /// stand-in are empty.
    fn target(&self) -> PathBuf {
        root().join("target/cuda").join(match self {
            Self::Installed => "installed",
            Self::StandIn(_) => "built-with-stand-in",
        })
    }

    fn cargo(&self) -> Command {
        self.command(cargo().get_program())
    }

    /// A program in the toolkit's environment, in the root of the workspace.
    fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = match self {
            Self::Installed => Command::new(program),
            Self::StandIn(folder) => {
                let mut command = Command::new("bash");
                command.args(["-c", r#". "$0/env-standin.sh" && exec "$@""#]).arg(folder).arg(program);
                command
            }
        };
        command.env("CARGO_TARGET_DIR", self.target()).current_dir(root());
        command
    }

    /// Builds and runs the example that checks and times the kernels.
    fn example(&self, what: &str) -> Result<ExitStatus> {
        call(self.cargo().arg("build").args(CHECKED).args(["--example", "conv-gpu"]))?;
        let program = self.target().join("release/examples/conv-gpu");
        self.command(&program).arg(what).status().with_context(|| format!("cannot start {}", program.display()))
    }
}
