//! The published Planck networks give the published numbers: weights that nobody here made.

use arcmin_nn::networks::{Network, PlanckVgg, PlanckVggConfig};
use arcmin_nn::{Pass, Value};
use candle_core::{Device, Tensor};
use std::path::{Path, PathBuf};

/// The folder of the published files, or a line that says why the test was skipped.
#[allow(clippy::print_stderr, reason = "a skipped test must say so")]
fn folder() -> Option<PathBuf> {
    let folder = std::env::var_os("ARCMIN_DATA").map(|data| Path::new(&data).join("data/deepplanck"));
    if folder.is_none() {
        eprintln!("skipped: ARCMIN_DATA is not set, so the published Planck networks are not at hand");
    }
    folder
}

fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The pixels of a FITS file's first image: f64 or f32, big-endian, rows from the first on.
fn image(path: &Path) -> Vec<f64> {
    let bytes = read(path);
    let card = |key: &str| -> Option<i64> {
        let cards = bytes.chunks_exact(80).map(|card| String::from_utf8_lossy(card).into_owned());
        let mut values = cards.take_while(|card| !card.starts_with("END ")).filter(|card| card.starts_with(key));
        values.next()?[10..].split('/').next()?.trim().parse().ok()
    };
    let n_cards = bytes.chunks_exact(80).position(|card| card.starts_with(b"END ")).expect("a FITS header") + 1;
    let begin = (n_cards * 80).div_ceil(2880) * 2880;
    let n = (card("NAXIS1").expect("columns") * card("NAXIS2").expect("rows")) as usize;
    match card("BITPIX  ") {
        Some(-64) => {
            bytes[begin..].chunks_exact(8).take(n).map(|b| f64::from_be_bytes(b.try_into().expect("eight"))).collect()
        }
        Some(-32) => bytes[begin..]
            .chunks_exact(4)
            .take(n)
            .map(|b| f64::from(f32::from_be_bytes(b.try_into().expect("four"))))
            .collect(),
        other => panic!("BITPIX {other:?}"),
    }
}

#[test]
fn the_published_network_weighs_the_real_cluster() -> arcmin_nn::Result<()> {
    let Some(folder) = folder() else { return Ok(()) };
    let reference: serde_json::Value =
        serde_json::from_slice(&read(&folder.join("vgg_reference.json"))).expect("a JSON file");
    let bin = 2;
    let (mu, sigma) = (reference["mu"][bin - 1].as_f64(), reference["sigma"][bin - 1].as_f64());
    let (mu, sigma) = (mu.expect("a number"), sigma.expect("a number"));
    let weights: Vec<f32> = read(&folder.join(format!("vgg_bin{bin}_f32le.bin")))
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().expect("four")))
        .collect();
    let network = PlanckVgg::new(&PlanckVggConfig::default())?;
    network.set_flat(&weights)?;

    let y: Vec<f32> = image(&folder.join("PSZ2G359.07-32.12.fits")).iter().map(|y| ((y - mu) / sigma) as f32).collect();
    let cutout = Value::constant(Tensor::from_vec(y, (1, 96, 96, 1), &Device::Cpu)?);
    let pass = Pass::evaluation();
    let net = &reference["nets"][0];
    for (i, block) in network.blocks(&cutout, &pass)?.iter().enumerate() {
        let shape: Vec<u64> = block.dims()[1..].iter().map(|&n| n as u64).collect();
        assert_eq!(serde_json::json!(shape), net[format!("block{}_shape", i + 1)]);
        let sum: f64 = block.tensor().flatten_all()?.to_vec1::<f32>()?.iter().map(|x| f64::from(*x)).sum();
        let expected = net[format!("block{}_sum", i + 1)].as_f64().expect("a number");
        assert!((sum / expected - 1.0).abs() < 1e-5, "block {}: {sum} instead of {expected}", i + 1);
    }
    let output = f64::from(network.forward(&cutout, &pass)?.tensor().flatten_all()?.to_vec1::<f32>()?[0]);
    let mass = output - 0.678f64.log10();
    assert!((mass - 14.682933).abs() < 1e-5, "log10(M500 / Msun) = {mass}");
    Ok(())
}
