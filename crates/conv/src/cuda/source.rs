//! Where a device's code comes from: PTX that the build made with nvcc, or the kernels' source, compiled at run time.

use super::launch::Module;
use crate::error::Error;
use candle_core::cuda_backend::CudaDevice;
use candle_core::cuda_backend::cudarc::nvrtc::{CompileError, CompileOptions, compile_ptx_with_opts};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// Names `.cu` or `.ptx` files, separated as in `PATH`, that replace the modules of the same file stem. With it kernels can
/// be worked on where there is a GPU and no Rust; that is why a library reads an environment variable here.
pub const KERNELS_VARIABLE: &str = "ARCMIN_CUDA_KERNELS";

/// What a module is made of.
struct Embedded {
    stem: &'static str,
    source: &'static str,
    /// From the build's nvcc; empty if there was none.
    ptx: &'static str,
}

impl Module {
    /// The module's name on the device.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Products => "arcmin-conv2d",
            Self::Sums => "arcmin-conv2d-sums",
        }
    }

    fn embedded(self) -> Embedded {
        match self {
            Self::Products => Embedded {
                stem: "conv2d",
                source: include_str!("../../kernels/conv2d.cu"),
                ptx: include_str!(concat!(env!("OUT_DIR"), "/conv2d.ptx")),
            },
            Self::Sums => Embedded {
                stem: "conv2d_sums",
                source: include_str!("../../kernels/conv2d_sums.cu"),
                ptx: include_str!(concat!(env!("OUT_DIR"), "/conv2d_sums.ptx")),
            },
        }
    }
}

/// Compute capability of a device, `(major, minor)`.
pub(crate) type Capability = (i32, i32);

/// The device's compute capability.
pub(crate) fn capability(device: &CudaDevice) -> Result<Capability, Error> {
    device.cuda_stream().context().compute_capability().map_err(|e| Error::CudaDriver { reason: e.to_string() })
}

/// The PTX of a module for a device, made once a process.
///
/// In this order: the file that [`KERNELS_VARIABLE`] names; the build's PTX, if the device is not older than its target; the
/// source, compiled by NVRTC for the device.
pub(crate) fn ptx(module: Module, capability: Capability) -> Result<Arc<str>, Error> {
    type Made = HashMap<(Module, Capability), Arc<str>>;
    static MADE: LazyLock<Mutex<Made>> = LazyLock::new(Mutex::default);
    let mut made = MADE.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(ptx) = made.get(&(module, capability)) {
        return Ok(ptx.clone());
    }
    let embedded = module.embedded();
    let ptx: Arc<str> = match replacement(embedded.stem) {
        Some(path) => from_file(&path, capability)?.into(),
        None if target(embedded.ptx).is_some_and(|target| target <= capability) => embedded.ptx.into(),
        None => compile(embedded.source, capability)?.into(),
    };
    made.insert((module, capability), ptx.clone());
    Ok(ptx)
}

/// The file that replaces a module.
fn replacement(stem: &str) -> Option<PathBuf> {
    let named = std::env::var_os(KERNELS_VARIABLE)?;
    std::env::split_paths(&named).find(|path| path.file_stem().is_some_and(|name| name == stem))
}

fn from_file(path: &Path, capability: Capability) -> Result<String, Error> {
    let text = std::fs::read_to_string(path).map_err(|error| Error::CudaFile {
        path: path.display().to_string(),
        variable: KERNELS_VARIABLE,
        reason: error.to_string(),
    })?;
    if path.extension().is_some_and(|extension| extension == "ptx") { Ok(text) } else { compile(&text, capability) }
}

/// The capability that PTX is made for, `.target sm_90` or `sm_90a`; none if the text is no PTX.
fn target(ptx: &str) -> Option<Capability> {
    let line = ptx.lines().find_map(|line| line.strip_prefix(".target sm_"))?;
    let digits: String = line.chars().take_while(char::is_ascii_digit).collect();
    let number: i32 = digits.parse().ok()?;
    Some((number / 10, number % 10))
}

/// Compiles a source by NVRTC, which needs no header.
pub(crate) fn compile(source: &str, (major, minor): Capability) -> Result<String, Error> {
    let options = vec![format!("--gpu-architecture=compute_{major}{minor}"), "--std=c++17".to_owned()];
    let options = CompileOptions { options, ..CompileOptions::default() };
    compile_ptx_with_opts(source, options).map(|ptx| ptx.to_src()).map_err(|error| match error {
        CompileError::CompileError { log, .. } => Error::CudaCompile { log: log.to_string_lossy().into_owned() },
        other => Error::CudaCompile { log: format!("{other:?}; is libnvrtc on the library path?") },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_target_is_read_from_ptx_and_nothing_else() {
        assert_eq!(target("//\n.version 9.0\n.target sm_80\n.address_size 64\n"), Some((8, 0)));
        assert_eq!(target(".target sm_120a, debug\n"), Some((12, 0)));
        assert_eq!(target(""), None);
    }

    /// Needs libnvrtc but no GPU. Where the build had a stand-in or no nvcc, this is what will run on a device.
    #[test]
    fn nvrtc_compiles_the_sources_and_its_complaints_are_kept() {
        if compile("", (9, 0)).is_err() {
            use std::io::Write;
            writeln!(std::io::stderr(), "no NVRTC: skipped, the sources were not compiled at run time").expect("open");
            return;
        }
        for (module, kernel) in [(Module::Products, "forward_tf32_128_4"), (Module::Sums, "sum_splits")] {
            let ptx = compile(module.embedded().source, (9, 0)).expect("the sources need no header");
            assert!(ptx.contains(&format!(".entry {kernel}")));
            assert_eq!(target(&ptx), Some((9, 0)));
        }
        let message = compile("__global__ void broken( {}", (9, 0)).unwrap_err().to_string();
        assert!(message.contains("error"), "{message}");
    }
}
