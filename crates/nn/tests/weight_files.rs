//! Weight files go out and come in whole, and foreign ones are told from ours.

use arcmin_nn::networks::{DeepszResnet, DeepszResnetConfig, Network, UNet, UNetConfig, UNetForm};
use arcmin_nn::weights::{Kind, load, save};
use arcmin_nn::{Error, Pass, Result, Value};
use candle_core::{Device, Tensor};
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::BTreeMap;
use std::path::Path;

fn resnet(seed: u64) -> Result<DeepszResnet> {
    DeepszResnet::new(&DeepszResnetConfig { width: 2, hidden_width: 4, seed, ..DeepszResnetConfig::default() })
}

fn answer(network: &dyn Network, shape: (usize, usize, usize, usize)) -> Result<Vec<f32>> {
    let n = shape.0 * shape.1 * shape.2 * shape.3;
    let values: Vec<f32> = (0..n).map(|i| (i as f32 * 0.7).sin()).collect();
    let x = Value::constant(Tensor::from_vec(values, shape, &Device::Cpu)?);
    Ok(network.forward(&x, &Pass::evaluation())?.tensor().flatten_all()?.to_vec1()?)
}

/// A file's tensors: shape and bytes by name.
type Tensors = BTreeMap<String, (Dtype, Vec<usize>, Vec<u8>)>;

fn tensors(path: &Path) -> Tensors {
    let bytes = std::fs::read(path).expect("a file");
    let file = SafeTensors::deserialize(&bytes).expect("safetensors");
    file.iter().map(|(name, v)| (name.to_owned(), (v.dtype(), v.shape().to_vec(), v.data().to_vec()))).collect()
}

fn write(path: &Path, tensors: &Tensors) {
    let views = tensors.iter().map(|(name, (dtype, shape, bytes))| {
        (name.as_str(), TensorView::new(*dtype, shape.clone(), bytes).expect("bytes of the shape"))
    });
    std::fs::write(path, safetensors::serialize(views, None).expect("serialisable"))
        .expect("the folder can be written");
}

#[test]
fn a_saved_network_comes_back() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.safetensors");
    let (a, b) = (resnet(1)?, resnet(2)?);
    a.forward(
        &Value::constant(Tensor::ones((2, 32, 32, 3), candle_core::DType::F32, &Device::Cpu)?),
        &Pass::training(0, 0),
    )?;
    save(&path, a.parameters(), "{\"width\":2}")?;
    assert_ne!(answer(&a, (1, 32, 32, 3))?, answer(&b, (1, 32, 32, 3))?);
    assert_eq!(load(&path, b.parameters())?.as_deref(), Some("{\"width\":2}"));
    assert_eq!(answer(&a, (1, 32, 32, 3))?, answer(&b, (1, 32, 32, 3))?);
    let transposed = |seed| {
        UNet::new(&UNetConfig { width: 2, n_pools: 2, form: UNetForm::TransposeConv, seed, ..Default::default() })
    };
    let (a, b) = (transposed(1)?, transposed(2)?);
    save(&path, a.parameters(), "")?;
    load(&path, b.parameters())?;
    assert_eq!(answer(&a, (1, 16, 16, 1))?, answer(&b, (1, 16, 16, 1))?);
    Ok(())
}

#[test]
fn names_and_layouts_are_those_of_pytorch() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.safetensors");
    save(&path, resnet(1)?.parameters(), "")?;
    let tensors = tensors(&path);
    let shape = |name: &str| tensors[name].1.clone();
    assert_eq!(shape("conv1.weight"), [2, 3, 3, 3]);
    assert_eq!(shape("layer2.0.downsample.0.weight"), [16, 8, 1, 1]);
    assert_eq!(shape("layer1.0.bn2.running_var"), [2]);
    assert_eq!(shape("fc1.weight"), [4, 128]);
    Ok(())
}

#[test]
fn pytorchs_counters_are_passed_over() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.safetensors");
    save(&path, resnet(1)?.parameters(), "")?;
    let mut tensors = tensors(&path);
    tensors.insert("bn1.num_batches_tracked".to_owned(), (Dtype::I64, Vec::new(), vec![7, 0, 0, 0, 0, 0, 0, 0]));
    write(&path, &tensors);
    assert_eq!(load(&path, resnet(2)?.parameters())?, None);
    Ok(())
}

#[test]
fn foreign_and_damaged_files_are_told() -> Result<()> {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("weights.safetensors");
    let network = resnet(1)?;
    save(&path, network.parameters(), "")?;
    let whole = std::fs::read(&path).expect("a file");
    let before = answer(&network, (1, 32, 32, 3))?;
    let complaint = || load(&path, network.parameters()).expect_err("a bad file").to_string();

    for n in [0, 5, 200, whole.len() - 1] {
        std::fs::write(&path, &whole[..n]).expect("the folder can be written");
        assert!(complaint().contains("not a whole safetensors file"), "{n} bytes: {}", complaint());
    }
    std::fs::write(&path, &whole).expect("the folder can be written");
    let good = tensors(&path);
    let spoil = |change: &dyn Fn(&mut Tensors)| {
        let mut tensors = good.clone();
        change(&mut tensors);
        write(&path, &tensors);
        complaint()
    };

    let renamed = spoil(&|t| {
        let kernel = t.remove("conv1.weight").expect("a kernel");
        t.insert("stem.weight".to_owned(), kernel);
    });
    assert!(renamed.contains("missing [\"conv1.weight\"], unexpected [\"stem.weight\"]"), "{renamed}");
    let reshaped = spoil(&|t| t.get_mut("conv1.weight").expect("a kernel").1 = vec![3, 2, 3, 3]);
    assert!(reshaped.contains("conv1.weight has shape [3, 2, 3, 3], the network needs [2, 3, 3, 3]"), "{reshaped}");
    let nan = spoil(&|t| t.get_mut("fc3.bias").expect("a bias").2[..4].copy_from_slice(&f32::NAN.to_le_bytes()));
    assert!(nan.contains("fc3.bias holds 1 NaN"), "{nan}");
    let integers = spoil(&|t| t.get_mut("fc3.bias").expect("a bias").0 = Dtype::I32);
    assert!(integers.contains("fc3.bias is of type I32"), "{integers}");
    std::fs::remove_file(&path).expect("it is there");
    assert!(complaint().contains("weights.safetensors"), "{}", complaint());
    assert_eq!(answer(&network, (1, 32, 32, 3))?, before, "a refused file changed the network");
    Ok(())
}

#[derive(Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct About {
    format: u32,
    width: usize,
    trained: Option<f64>,
}

#[test]
fn what_is_known_of_a_network_is_read_and_other_kinds_and_forms_are_refused() -> Result<()> {
    let kind = Kind { of: "a toy", format: 2, command: "make toys" };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("toy.safetensors");
    let about = |line: &str| {
        save(&path, resnet(1).expect("a network").parameters(), line).expect("room");
        kind.about::<About>(&std::fs::read(&path).expect("weights"), &path)
    };
    assert_eq!(about(r#"{"format":2,"width":3,"trained":0.5}"#)?, About { format: 2, width: 3, trained: Some(0.5) });
    let refusal = |line: &str| about(line).expect_err("refused").to_string();
    let told = refusal(r#"{"format":1,"depth":3}"#);
    assert!(told.ends_with("toy.safetensors: its metadata is not that of a toy (form 1, this program reads form 2); give a file that `make toys` wrote"), "{told}");
    assert!(refusal(r#"{"format":2,"width":3,"trained":null}"#).contains("its training has not ended"));
    assert!(refusal(r#"{"format":2,"depth":3,"trained":1.0}"#).contains("unknown field `depth`"));
    assert!(refusal("").contains("not that of a toy"));
    let bytes = std::fs::read(&path).expect("weights");
    assert!(matches!(kind.about::<About>(&bytes[..bytes.len() / 2], &path), Err(Error::WeightFile { .. })));
    Ok(())
}
