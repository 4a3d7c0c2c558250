//! With the feature `cuda`: the kernels' PTX, by nvcc where there is one. Without the feature nothing is done.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// PTX for this runs on every later device too; tensor cores as they are used begin here.
const DEFAULT_CAPABILITY: &str = "80";

fn main() {
    println!("cargo::rerun-if-changed=kernels");
    if env::var_os("CARGO_FEATURE_CUDA").is_none() {
        return;
    }
    for variable in ["NVCC", "CUDA_HOME", "CUDA_PATH", "CUDA_COMPUTE_CAP", "PATH"] {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo names the folder"));
    let nvcc = nvcc();
    for stem in ["conv2d", "conv2d_sums"] {
        let ptx = out.join(format!("{stem}.ptx"));
        // Without PTX the embedded text is empty, and the library compiles the source at run time.
        fs::write(&ptx, "").expect("cargo's folder can be written");
        compile(&nvcc, &Path::new("kernels").join(format!("{stem}.cu")), &ptx);
    }
}

/// Makes PTX. A kernel that does not compile is an error, a machine without nvcc is not.
fn compile(nvcc: &Path, source: &Path, ptx: &Path) {
    let capability = env::var("CUDA_COMPUTE_CAP").unwrap_or_else(|_| DEFAULT_CAPABILITY.to_owned());
    let output = Command::new(nvcc)
        .args(["--ptx", "-O3", "-std=c++17", "-lineinfo"])
        .arg(format!("-gencode=arch=compute_{capability},code=compute_{capability}"))
        .arg("-o")
        .arg(ptx)
        .arg(source)
        .output();
    match output {
        Err(error) => {
            println!("cargo::warning=no nvcc ({}: {error}): NVRTC compiles the kernels at run time", nvcc.display());
        }
        Ok(output) if !output.status.success() => {
            let complaint = String::from_utf8_lossy(&output.stderr);
            panic!("{} does not compile {}:\n{complaint}", nvcc.display(), source.display());
        }
        Ok(_) if fs::metadata(ptx).is_ok_and(|file| file.len() > 0) => {}
        Ok(_) => println!("cargo::warning={} makes no PTX: NVRTC compiles the kernels at run time", nvcc.display()),
    }
}

/// `$NVCC`, that of the toolkit's folder, or whatever the path has.
fn nvcc() -> PathBuf {
    if let Some(named) = env::var_os("NVCC") {
        return named.into();
    }
    let folders = ["CUDA_HOME", "CUDA_PATH"].iter().filter_map(env::var_os).map(PathBuf::from);
    let mut candidates = folders.map(|folder| folder.join("bin/nvcc"));
    candidates.find(|path| path.is_file()).unwrap_or_else(|| "nvcc".into())
}
