//! The kernels as a program of this machine: compiled once a test run, fed with launches through a pipe.

use arcmin_conv::cuda::{Argument, CudaPlan, KernelCall, Slot};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::OnceLock;

/// How the program is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Build {
    /// Optimised; writes outside of a buffer are noticed by guards around it, and reads give NaN.
    Fast,
    /// With the address sanitizer, which notices both, in shared memory too.
    Sanitized,
}

/// Whether `__syncthreads` does its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Barriers {
    Keep,
    Drop,
}

/// Arrays by what they are to the kernels.
pub(crate) type Arrays = HashMap<Slot, Vec<f32>>;

/// A running program.
pub(crate) struct Emulator {
    child: Child,
    to: ChildStdin,
    from: BufReader<ChildStdout>,
}

impl Emulator {
    /// Starts the program, or says on standard error why this machine has none.
    pub(crate) fn start(build: Build) -> Option<Self> {
        let program = program(build)?;
        let mut command = Command::new(program);
        // Fibers change the stack under the sanitizer's feet: what concerns stacks alone is switched off.
        command.env("ASAN_OPTIONS", "detect_stack_use_after_return=0:detect_leaks=0");
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("a program just built");
        let to = child.stdin.take().expect("a pipe was asked for");
        let from = BufReader::new(child.stdout.take().expect("a pipe was asked for"));
        Some(Self { child, to, from })
    }

    /// Runs the launches of a plan on `arrays`; `seed` orders threads and blocks.
    pub(crate) fn run(&mut self, plan: &CudaPlan, arrays: &mut Arrays, seed: u32, barriers: Barriers) {
        arrays.insert(Slot::Parts, vec![f32::NAN; plan.parts_len()]);
        for call in plan.calls() {
            self.launch(call, arrays, seed, barriers);
        }
    }

    fn launch(&mut self, call: &KernelCall, arrays: &mut Arrays, seed: u32, barriers: Barriers) {
        let request = request(call, arrays, seed, barriers);
        self.to.write_all(&request).and_then(|()| self.to.flush()).expect("the emulator reads");
        let mut answer = String::new();
        self.from.read_line(&mut answer).expect("the emulator answers");
        assert_eq!(answer.trim(), "done", "the emulator stopped in {call:?}: see its message on standard error");
        for argument in &call.arguments {
            let Argument::Slot(slot) = argument else { continue };
            let array = arrays.get_mut(slot).expect("it was sent");
            let mut bytes = vec![0; array.len() * 4];
            self.from.read_exact(&mut bytes).expect("the emulator gives each buffer back");
            *array = bytes.chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        self.child.kill().and_then(|()| self.child.wait()).expect("a child of ours");
    }
}

/// A launch in the form that emulate.cpp reads.
fn request(call: &KernelCall, arrays: &Arrays, seed: u32, barriers: Barriers) -> Vec<u8> {
    let ([gx, gy, gz], [bx, by, bz]) = (call.grid, call.block);
    let barriers = if barriers == Barriers::Keep { "keep" } else { "drop" };
    let n = call.arguments.len();
    let mut request = format!("{} {gx} {gy} {gz} {bx} {by} {bz} {seed} {barriers} {n}\n", call.kernel).into_bytes();
    for argument in &call.arguments {
        match argument {
            Argument::Null => request.extend(b"null\n"),
            Argument::Int(value) => request.extend(format!("int {value}\n").bytes()),
            Argument::Long(value) => request.extend(format!("long {value}\n").bytes()),
            Argument::Geometry(geometry) => {
                let fields: Vec<String> = geometry.fields.iter().map(ToString::to_string).collect();
                request.extend(format!("geometry {}\n", fields.join(" ")).bytes());
            }
            Argument::Slot(slot) => {
                let array = arrays.get(slot).unwrap_or_else(|| panic!("{} needs {slot:?}", call.kernel));
                request.extend(format!("buffer {}\n", array.len() * 4).bytes());
                request.extend(array.iter().flat_map(|x| x.to_le_bytes()));
            }
        }
    }
    request
}

/// The compiled program, or why there is none, said once.
fn program(build: Build) -> Option<&'static Path> {
    static FAST: OnceLock<Option<PathBuf>> = OnceLock::new();
    static SANITIZED: OnceLock<Option<PathBuf>> = OnceLock::new();
    let cell = if build == Build::Fast { &FAST } else { &SANITIZED };
    let program = cell.get_or_init(|| {
        compile(build).inspect_err(|why| say(&format!("emulated CUDA kernels ({build:?}): SKIPPED, {why}"))).ok()
    });
    program.as_deref()
}

/// Past the test harness, which hides what passing tests print.
fn say(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error is open");
}

/// # Panics
/// If the kernels do not compile: only a missing compiler or sanitizer is an excuse.
fn compile(build: Build) -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_endian = "little")) {
        return Err("the emulator's fibers are written for Linux".to_owned());
    }
    let compiler = compiler()?;
    let sanitizer: &[&str] = match build {
        Build::Fast => &["-O2", "-U_FORTIFY_SOURCE"], // whose longjmp refuses to change stacks
        Build::Sanitized => &["-O1", "-g1", "-fsanitize=address", "-DEMULATOR_UNDER_SANITIZER"],
    };
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    if build == Build::Sanitized && !links(&compiler, sanitizer, folder) {
        return Err(format!("{compiler} does not link with -fsanitize=address"));
    }
    let crate_root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let program = folder.join(format!("emulate-{build:?}-{}", std::process::id()));
    let output = Command::new(&compiler)
        .args(["-std=c++17", "-fno-strict-aliasing", "-Wno-unknown-pragmas", "-Wall", "-Werror"])
        .args(sanitizer)
        .arg("-I")
        .arg(crate_root.join("kernels"))
        .arg(crate_root.join("tests/emulated/emulate.cpp"))
        .arg("-o")
        .arg(&program)
        .output()
        .expect("the compiler started before");
    assert!(output.status.success(), "{compiler}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(program)
}

/// The first C++ compiler that starts.
fn compiler() -> Result<String, String> {
    let named = std::env::var("CXX").into_iter();
    let mut candidates = named.chain(["c++", "g++", "clang++"].map(str::to_owned));
    candidates
        .find(|name| Command::new(name).arg("--version").output().is_ok_and(|output| output.status.success()))
        .ok_or_else(|| "there is no C++ compiler (CXX, c++, g++, clang++)".to_owned())
}

fn links(compiler: &str, options: &[&str], folder: &Path) -> bool {
    let source = folder.join("links.cpp");
    std::fs::write(&source, "int main() {}\n").expect("the target folder can be written");
    let mut command = Command::new(compiler);
    command.args(options).arg(&source).arg("-o").arg(folder.join("links"));
    command.output().is_ok_and(|output| output.status.success())
}
