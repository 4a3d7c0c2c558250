//! Reading a tensor as a slice.

use crate::{Error, Result};
use candle_core::{DType, Device, Storage, Tensor};

/// Calls `work` with the elements of a contiguous f32 tensor on the CPU, in row-major order; copies if they are strided.
///
/// # Errors
/// When the tensor is of another type or lies on another device.
pub(crate) fn with_floats<R>(what: &str, tensor: &Tensor, work: impl FnOnce(&[f32]) -> R) -> Result<R> {
    if tensor.dtype() != DType::F32 {
        return Err(Error::Dtype { what: what.to_owned(), got: tensor.dtype().as_str().to_owned() });
    }
    let tensor = if tensor.is_contiguous() { tensor.clone() } else { tensor.contiguous()? };
    let (storage, layout) = tensor.storage_and_layout();
    let Storage::Cpu(storage) = &*storage else { return Err(Error::Device { what: what.to_owned() }) };
    let (start, end) = layout.contiguous_offsets().expect("the tensor was made contiguous above");
    Ok(work(&storage.as_slice::<f32>()?[start..end]))
}

/// The elements of a tensor as a vector.
///
/// # Errors
/// See [`with_floats`].
pub(crate) fn to_vec(what: &str, tensor: &Tensor) -> Result<Vec<f32>> {
    with_floats(what, tensor, <[f32]>::to_vec)
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
