//! Reading a tensor as a slice.

use crate::{Error, Result};
use candle_core::{DType, Device, Storage, Tensor};

/// Calls `work` with the elements of a contiguous f32 tensor on the CPU, in row-major order; copies if they are strided.
///
/// # Errors
/// When the tensor is of another type or lies on another device.
pub(crate) fn with_floats<R>(what: &str, tensor: &Tensor, work: impl FnOnce(&[f32]) -> R) -> Result<R> {
    check_f32(what, tensor)?;
    let tensor = if tensor.is_contiguous() { tensor.clone() } else { tensor.contiguous()? };
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { return Err(Error::Device { what: what.to_owned() }) };
    let (start, end) = layout.contiguous_offsets().expect("the tensor was made contiguous above");
    Ok(work(&storage.as_slice::<f32>()?[start..end]))
}

/// Checks that a tensor holds f32.
///
/// # Errors
/// When it does not.
pub(crate) fn check_f32(what: &str, tensor: &Tensor) -> Result<()> {
    match tensor.dtype() {
        DType::F32 => Ok(()),
        other => Err(Error::Dtype { what: what.to_owned(), got: other.as_str().to_owned() }),
    }
}

/// The elements of a tensor as a vector on the host, wherever the tensor lies.
///
/// # Errors
/// When the tensor is of another type.
pub(crate) fn to_vec(what: &str, tensor: &Tensor) -> Result<Vec<f32>> {
    with_floats(what, &tensor.to_device(&Device::Cpu)?, <[f32]>::to_vec)
}

/// A tensor on the CPU from its elements.
///
/// # Errors
/// When the number of elements does not fit the shape.
pub(crate) fn tensor(elements: Vec<f32>, shape: &[usize]) -> Result<Tensor> {
    Ok(Tensor::from_vec(elements, shape, &Device::Cpu)?)
}

/// The four sizes of an image tensor `[n, h, w, c]`, none of them zero.
///
/// # Errors
/// When the tensor has another rank or a size is zero.
pub(crate) fn image_shape(what: &str, tensor: &Tensor) -> Result<[usize; 4]> {
    match *tensor.dims() {
        [n, h, w, c] if n * h * w * c > 0 => Ok([n, h, w, c]),
        _ => Err(Error::Shape {
            what: what.to_owned(),
            expected: "[n, h, w, c] without a zero".to_owned(),
            got: tensor.dims().to_vec(),
        }),
    }
}
