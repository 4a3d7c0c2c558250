//! Safetensors files of f32 tensors, in memory.

use crate::floats::to_vec;
use crate::{Error, Parameter, Result, file};
use candle_core::Tensor;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

/// One tensor on its way to or from a file.
pub(crate) struct Entry {
    pub(crate) shape: Vec<usize>,
    pub(crate) values: Vec<f32>,
}

impl Entry {
    /// A parameter in PyTorch's layout.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn of_parameter(parameter: &Parameter) -> Result<Self> {
        let tensor = match parameter.role().axes_in_file() {
            Some(axes) => parameter.tensor().permute(axes)?.contiguous()?,
            None => parameter.tensor(),
        };
        Ok(Self { shape: tensor.dims().to_vec(), values: to_vec("a weight", &tensor)? })
    }

    /// In our layout, for a parameter of this one's role.
    ///
    /// # Errors
    /// When the values do not fit the shape.
    pub(crate) fn to_tensor(&self, parameter: &Parameter) -> Result<Tensor> {
        let tensor = Tensor::from_slice(&self.values, self.shape.as_slice(), &candle_core::Device::Cpu)?;
        Ok(match parameter.role().axes_here() {
            Some(axes) => tensor.permute(axes)?.contiguous()?,
            None => tensor,
        })
    }
}

/// Writes tensors and one line of metadata under the key `arcmin`; the bytes follow from the arguments alone.
///
/// # Errors
/// When the file cannot be written.
pub(crate) fn write(path: &Path, entries: &BTreeMap<String, Entry>, metadata: &str) -> Result<()> {
    let bytes: BTreeMap<&str, (Vec<u8>, &[usize])> = entries
        .iter()
        .map(|(name, entry)| {
            let bytes = entry.values.iter().flat_map(|value| value.to_le_bytes()).collect();
            (name.as_str(), (bytes, entry.shape.as_slice()))
        })
        .collect();
    let views = bytes.iter().map(|(name, (bytes, shape))| {
        let view =
            TensorView::new(Dtype::F32, shape.to_vec(), bytes).expect("four bytes for each element of the shape");
        (*name, view)
    });
    let metadata = HashMap::from([("arcmin".to_owned(), metadata.to_owned())]);
    let whole = safetensors::serialize(views, Some(metadata))
        .map_err(|error| Error::WeightFile { path: path.to_owned(), reason: error.to_string() })?;
    file::replace(path, &whole)
}

/// The tensors of a file, and its metadata under the key `arcmin` if there are any.
///
/// PyTorch's counters `num_batches_tracked`, which are integers, are left out.
///
/// # Errors
/// When the file is missing, cut short, no safetensors, or holds another type than f32.
pub(crate) fn read(path: &Path) -> Result<(BTreeMap<String, Entry>, Option<String>)> {
    parse(&file::read(path)?, path)
}

/// The same of bytes; `path` is what errors name.
///
/// # Errors
/// As [`read`], but for a missing file.
pub(crate) fn parse(bytes: &[u8], path: &Path) -> Result<(BTreeMap<String, Entry>, Option<String>)> {
    let broken = |reason: String| Error::WeightFile { path: path.to_owned(), reason };
    let (_, header) = SafeTensors::read_metadata(bytes).map_err(|error| broken(error.to_string()))?;
    let tensors = SafeTensors::deserialize(bytes).map_err(|error| broken(error.to_string()))?;
    let mut entries = BTreeMap::new();
    for (name, view) in tensors.iter().filter(|(name, _)| !name.ends_with("num_batches_tracked")) {
        if view.dtype() != Dtype::F32 {
            let got = format!("{:?}", view.dtype());
            return Err(Error::WeightDtype { path: path.to_owned(), name: name.to_owned(), got });
        }
        let floats = view.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        entries.insert(name.to_owned(), Entry { shape: view.shape().to_vec(), values: floats.collect() });
    }
    let metadata = header.metadata().as_ref().and_then(|metadata| metadata.get("arcmin")).cloned();
    Ok((entries, metadata))
}
