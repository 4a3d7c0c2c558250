//! Times one task of ours and prints one JSON line, as the Python scripts beside this file do for the peers.
//!
//! `ours fft PASS FLOAT N THREADS` with `PASS` one of `forward`, `inverse`, `filter`; `ours mmf N THREADS`; `ours paint N THREADS`;
//! `ours cutouts nearest|bilinear N NSIDE THREADS`; `ours cluster_skies N THREADS`;
//! `ours sht PEER PASS NSIDE THREADS` with `PASS` one of `synthesis`, `analysis`, `PEER` who it is timed against.
//! `ours nn NETWORK PASS BATCH HOW THREADS` with `NETWORK` one of `mresunet`, `resnet`, `cellnet`, `PASS` one of `step`, `forward`, and
//! `HOW` the peer's settings.
//! `ours lensing STEP N THREADS` with `STEP` one of `deflection`, `lens`.
//! `ours healpix PASS NSIDE THREADS` with `PASS` one of `ring`, `nested`, `weights`, `values`.

mod cluster_skies;
mod cutout_sky;
mod halo_lensing;
mod harmonics;
mod healpix;
mod matched_filter;
mod networks;
mod painted_haloes;

use anyhow::{Result, bail};
use arcmin_fft::{HalfPlane, Real, RealFft2};
use arcmin_scene::lensing::{Deflection, lens};
use num_complex::Complex;
use std::hint::black_box;
use std::time::Instant;

// PERF: a training step of the mResUNet asks for 200 MB in buffers of megabytes, which glibc gives back to the system and
// faults in anew: 226 to 245 ms of one core a step, against 205 to 211 with this allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["fft", pass, float, n, threads] => {
            let size = n.parse()?;
            let seconds = pool(threads)?.install(|| match float {
                "f32" => fft::<f32>(pass, size),
                "f64" => fft::<f64>(pass, size),
                _ => bail!("float {float} is neither f32 nor f64"),
            })?;
            report(&format!("fft_{pass}_{float}_{n}_{threads}t"), seconds, None);
        }
        ["mmf", n, threads] => {
            let maps = matched_filter::maps(n.parse()?);
            let (seconds, check) = pool(threads)?.install(|| -> Result<_> {
                let check = rms(&matched_filter::run(&maps)?.snr);
                Ok((best(|| drop(black_box(matched_filter::run(&maps)))), check))
            })?;
            report(&format!("mmf_12scales_3bands_{n}_{threads}t"), seconds, Some(check));
        }
        ["sht", peer, pass, nside, threads] => {
            let mut sky = harmonics::Sky::new(nside.parse()?)?;
            let (seconds, check) = pool(threads)?.install(|| -> Result<_> {
                Ok(match pass {
                    "synthesis" => (best(|| sky.synthesise()), sky.map_rms()),
                    "analysis" => (best(|| sky.analyse()), sky.alm_rms()),
                    _ => bail!("pass {pass} is neither synthesis nor analysis"),
                })
            })?;
            report(&format!("sht_{peer}_{pass}_{nside}_{threads}t"), seconds, Some(check));
        }
        ["healpix", pass, nside, threads] => {
            let nside = nside.parse()?;
            let (seconds, check) = pool(threads)?.install(|| healpix::run(pass, nside, |task| best(task)))?;
            report(&format!("healpix_{pass}_{nside}_{threads}t"), seconds, Some(check));
        }
        ["cutouts", how, n, nside, threads] => {
            let (maps, centres) = (cutout_sky::map(nside.parse()?)?, cutout_sky::centres(n.parse()?));
            let (seconds, check) = pool(threads)?.install(|| -> Result<_> {
                let check = cutout_sky::cut(&maps, how, &centres)?;
                Ok((best(|| drop(black_box(cutout_sky::cut(&maps, how, &centres)))), check))
            })?;
            report(&format!("cutouts_healpix_{how}_{n}_nside{nside}_{threads}t"), seconds, Some(check));
        }
        ["cluster_skies", n, threads] => {
            let set = cluster_skies::set(n.parse()?)?;
            let seconds = pool(threads)?.install(|| best(|| drop(black_box(cluster_skies::make(&set)))));
            report(&format!("cluster_skies_{n}_{threads}t"), seconds, None);
        }
        ["nn", network, pass, batch, how, threads] => {
            let (seconds, check) =
                pool(threads)?.install(|| networks::run(network, pass, batch.parse()?, |task| best(task)))?;
            report(&format!("nn_{network}_{pass}_b{batch}_{how}_{threads}t"), seconds, check);
        }
        ["lensing", step, n, threads] => {
            let (seconds, check) = pool(threads)?.install(|| lensing(step, n.parse()?))?;
            report(&format!("lensing_{step}_{n}_{threads}t"), seconds, Some(check));
        }
        ["paint", n, threads] => {
            let sky = painted_haloes::Sky::new(n.parse()?)?;
            let (seconds, check) = pool(threads)?
                .install(|| -> Result<_> { Ok((best(|| drop(black_box(sky.paint()))), rms(&sky.paint()?))) })?;
            report(&format!("paint_{}haloes_{n}_{threads}t", painted_haloes::N_HALOES), seconds, Some(check));
        }
        _ => bail!(
            "usage: ours fft forward|inverse|filter f32|f64 N THREADS, ours mmf N THREADS, ours paint N THREADS, \
             ours sht PEER PASS NSIDE THREADS, ours lensing deflection|lens N THREADS, \
             ours cutouts nearest|bilinear N NSIDE THREADS, ours cluster_skies N THREADS, \
             or ours healpix ring|nested|weights|values NSIDE THREADS"
        ),
    }
    Ok(())
}

fn pool(threads: &str) -> Result<rayon::ThreadPool> {
    Ok(rayon::ThreadPoolBuilder::new().num_threads(threads.parse()?).build()?)
}

/// What ours and the peer must agree on.
fn rms(pixels: &[f32]) -> f64 {
    (pixels.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / pixels.len() as f64).sqrt()
}

fn fft<T: Real>(pass: &str, n: usize) -> Result<f64> {
    let plan = RealFft2::<T>::new(n, n)?;
    let map: Vec<T> = (0..n * n).map(|i| T::from_f64_lossy((i * 7919 % 1009) as f64 / 1009.0 - 0.5)).collect();
    let mut out = vec![T::default(); n * n];
    let mut spectrum = vec![Complex::<T>::default(); plan.spectrum_len()];
    let mut scratch = plan.make_scratch();
    plan.forward(&map, &mut spectrum, &mut scratch);
    let filter = vec![T::from_f64_lossy(0.5); plan.spectrum_len()];
    Ok(match pass {
        "forward" => best(|| plan.forward(black_box(&map), &mut spectrum, &mut scratch)),
        "inverse" => best(|| plan.inverse(black_box(&spectrum), &mut out, &mut scratch)),
        "filter" => best(|| plan.filter(black_box(&map), &HalfPlane(&filter), &mut out, &mut scratch)),
        _ => bail!("pass {pass} is none of forward, inverse, filter"),
    })
}

/// Time of adding up deflections or of moving a map by them, and the rms of the deflection or of the difference.
fn lensing(step: &str, n: usize) -> Result<(f64, f64)> {
    let (haloes, taper, shape) = (halo_lensing::haloes(n)?, halo_lensing::taper()?, halo_lensing::square(n));
    let deflection = Deflection::of_haloes(shape, &haloes, &taper);
    if step == "deflection" {
        let seconds = best(|| drop(black_box(Deflection::of_haloes(shape, black_box(&haloes), &taper))));
        return Ok((seconds, rms(&[deflection.x_pixels(), deflection.y_pixels()].concat())));
    }
    let map = halo_lensing::map(n);
    let moved: Vec<f32> = lens(&map, &deflection).iter().zip(&map).map(|(a, b)| a - b).collect();
    Ok((best(|| drop(black_box(lens(black_box(&map), &deflection)))), rms(&moved)))
}

/// Shortest time of a task over at least 5 repetitions and one second, after one to warm up.
///
/// The shortest is the one that other users of the machine disturbed least; the peers' scripts do the same.
fn best(mut task: impl FnMut()) -> f64 {
    task();
    let (start, mut best, mut n) = (Instant::now(), f64::INFINITY, 0);
    while n < 5 || start.elapsed().as_secs_f64() < 1.0 {
        let one = Instant::now();
        task();
        best = best.min(one.elapsed().as_secs_f64());
        n += 1;
    }
    best
}

#[allow(clippy::print_stdout, reason = "the answer of this program")]
fn report(name: &str, seconds: f64, check: Option<f64>) {
    let peak_bytes = peak_bytes();
    println!("{}", serde_json::json!({ "name": name, "seconds": seconds, "peak_bytes": peak_bytes, "check": check }));
}

/// Largest resident memory of this process so far, where the system tells it.
fn peak_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
