//! Plans run on a CUDA device.

use super::launch::{Alignment, Argument, Bias, CudaPlan, Job, KernelCall, Slot};
use super::precision::Precision;
use super::source::{capability, ptx};
use crate::activation::Activation;
use crate::error::Error;
use crate::geometry::ConvGeometry;
use candle_core::backend::BackendStorage;
use candle_core::cuda_backend::cudarc::driver::{CudaSlice, CudaView, DeviceRepr, LaunchConfig, PushKernelArg};
use candle_core::cuda_backend::{CudaDevice, CudaStorage, WrapErr};
use candle_core::op::BackpropOp;
use candle_core::{Layout, Result, Storage, Tensor};

/// First capability with the tensor-core instructions that are used.
const TENSOR_CORES: (i32, i32) = (8, 0);
const NULL: u64 = 0;

// SAFETY: the type is `repr(C)` and eleven `i32`, as the kernels' `Geometry`, without padding or pointers.
unsafe impl DeviceRepr for super::launch::KernelGeometry {}

/// Arrays on the device by what they are to the kernels.
type Arrays<'a> = [(Slot, CudaView<'a, f32>)];

/// A convolution on a device.
pub(crate) struct OnDevice {
    pub(crate) geometry: ConvGeometry,
    pub(crate) precision: Precision,
}

impl OnDevice {
    /// `output = activation(input * weight + bias)`, all on the device.
    pub(crate) fn forward(
        &self,
        (input, input_layout): (&CudaStorage, &Layout),
        (weight, weight_layout): (&CudaStorage, &Layout),
        bias: Option<(&CudaStorage, &Layout)>,
        activation: Activation,
    ) -> Result<CudaStorage> {
        let device = input.device();
        let output = alloc(device, self.geometry.output_shape().iter().product())?;
        let mut arrays = vec![
            (Slot::Input, view(input, input_layout)?),
            (Slot::Weight, view(weight, weight_layout)?),
            (Slot::Output, output.as_view()),
        ];
        if let Some((bias, layout)) = bias {
            arrays.push((Slot::Bias, view(bias, layout)?));
        }
        let added = if bias.is_some() { Bias::Added } else { Bias::Absent };
        let starts = [input_layout.start_offset(), weight_layout.start_offset()];
        self.run(device, Job::Forward { bias: added, activation }, &arrays, &starts)?;
        drop(arrays);
        Ok(CudaStorage::wrap_cuda_slice(output, device.clone()))
    }

    /// The same of tensors on the device.
    pub(crate) fn forward_of_tensors(
        &self,
        input: &Tensor,
        weight: &Tensor,
        bias: Option<&Tensor>,
        activation: Activation,
    ) -> Result<Tensor> {
        with_storage(input, |input, input_layout| {
            with_storage(weight, |weight, weight_layout| {
                let run = |bias: Option<(&CudaStorage, &Layout)>| {
                    self.forward((input, input_layout), (weight, weight_layout), bias, activation)
                };
                let output = match bias {
                    Some(bias) => with_storage(bias, |bias, layout| run(Some((bias, layout))))?,
                    None => run(None)?,
                };
                let shape = self.geometry.output_shape();
                Ok(Tensor::from_storage(Storage::Cuda(output), shape.as_slice(), BackpropOp::none(), false))
            })
        })
    }

    /// Gradient of the input.
    pub(crate) fn input_gradient(&self, gradient: &Tensor, weight: &Tensor) -> Result<Tensor> {
        let slots = [Slot::OutputGradient, Slot::Weight, Slot::InputGradient];
        self.product(Job::InputGradient, slots, gradient, weight, self.geometry.input_shape())
    }

    /// Gradient of the weight.
    pub(crate) fn weight_gradient(&self, input: &Tensor, gradient: &Tensor) -> Result<Tensor> {
        let slots = [Slot::Input, Slot::OutputGradient, Slot::WeightGradient];
        self.product(Job::WeightGradient, slots, input, gradient, self.geometry.weight_shape())
    }

    fn product(&self, job: Job, slots: [Slot; 3], a: &Tensor, b: &Tensor, shape: [usize; 4]) -> Result<Tensor> {
        with_storage(a, |first, first_layout| {
            with_storage(b, |second, second_layout| {
                let device = first.device();
                let result = alloc(device, shape.iter().product())?;
                let arrays = [
                    (slots[0], view(first, first_layout)?),
                    (slots[1], view(second, second_layout)?),
                    (slots[2], result.as_view()),
                ];
                self.run(device, job, &arrays, &[first_layout.start_offset(), second_layout.start_offset()])?;
                Ok(tensor(result, device, shape.as_slice()))
            })
        })
    }

    /// Gradient behind the activation, and that of the bias. Without an activation the first is `gradient` itself.
    pub(crate) fn activation_gradient(
        &self,
        output: &Tensor,
        gradient: &Tensor,
        activation: Activation,
    ) -> Result<(Tensor, Tensor)> {
        let n_channels = self.geometry.sizes().out_channels;
        with_storage(output, |output, output_layout| {
            with_storage(gradient, |storage, layout| {
                let device = storage.device();
                let is_copied = activation != Activation::None;
                let behind = alloc(device, if is_copied { layout.shape().elem_count() } else { 1 })?;
                let sums = alloc(device, n_channels)?;
                let arrays = [
                    (Slot::Output, view(output, output_layout)?),
                    (Slot::OutputGradient, view(storage, layout)?),
                    (Slot::Behind, behind.as_view()),
                    (Slot::BiasGradient, sums.as_view()),
                ];
                self.run(device, Job::ActivationGradient { activation }, &arrays, &[])?;
                let shape = self.geometry.output_shape();
                let behind = if is_copied { tensor(behind, device, &shape) } else { gradient.clone() };
                Ok((behind, tensor(sums, device, &[n_channels])))
            })
        })
    }

    /// Runs a job; `starts` are the places of its operands in their allocations, in numbers.
    fn run(&self, device: &CudaDevice, job: Job, arrays: &Arrays<'_>, starts: &[usize]) -> Result<()> {
        let found = capability(device).map_err(candle_core::Error::wrap)?;
        if self.precision != Precision::Fp32 && found < TENSOR_CORES {
            let precision = self.precision.name();
            return Err(candle_core::Error::wrap(Error::CudaCapability { precision, found, needed: TENSOR_CORES }));
        }
        // Allocations begin at multiples of 256 bytes.
        let is_aligned = starts.iter().all(|start| start.is_multiple_of(4));
        let alignment = if is_aligned { Alignment::Bytes16 } else { Alignment::Bytes4 };
        let plan = CudaPlan::new(&self.geometry, job, self.precision, alignment).map_err(candle_core::Error::wrap)?;
        let parts = alloc(device, plan.parts_len().max(1))?;
        for call in plan.calls() {
            launch(device, call, arrays, &parts, found)?;
        }
        Ok(())
    }
}

fn launch(
    device: &CudaDevice,
    call: &KernelCall,
    arrays: &Arrays<'_>,
    parts: &CudaSlice<f32>,
    capability: (i32, i32),
) -> Result<()> {
    let ptx = ptx(call.module, capability).map_err(candle_core::Error::wrap)?;
    let function = device.get_or_load_custom_func(&call.kernel, call.module.name(), &ptx)?;
    let mut builder = function.builder();
    for argument in &call.arguments {
        match argument {
            Argument::Slot(Slot::Parts) => builder.arg(parts),
            Argument::Slot(slot) => {
                let array = arrays.iter().find(|(name, _)| name == slot);
                builder.arg(&array.expect("each job is run with its slots").1)
            }
            Argument::Null => builder.arg(&NULL),
            Argument::Geometry(geometry) => builder.arg(geometry),
            Argument::Int(value) => builder.arg(value),
            Argument::Long(value) => builder.arg(value),
        };
    }
    let ([gx, gy, gz], [bx, by, bz]) = (call.grid, call.block);
    let config = LaunchConfig { grid_dim: (gx, gy, gz), block_dim: (bx, by, bz), shared_mem_bytes: 0 };
    // SAFETY: kernels and plan fit together: arguments in the kernel's order and types (the emulated tests run the same plans
    // and check each argument's type and each access); the arrays have the shapes of the geometry, which `view` and the
    // callers' checks of the shapes ensure; results are written in full before anybody reads them, on the same stream.
    unsafe { builder.launch(config) }.w()?;
    Ok(())
}

/// Uninitialised memory, which a kernel fills.
fn alloc(device: &CudaDevice, len: usize) -> Result<CudaSlice<f32>> {
    // SAFETY: every job writes the whole of its results before anything reads them, and `f32` has no invalid bits.
    unsafe { device.alloc::<f32>(len) }
}

fn view<'a>(storage: &'a CudaStorage, layout: &Layout) -> Result<CudaView<'a, f32>> {
    let (start, end) = layout
        .contiguous_offsets()
        .ok_or_else(|| candle_core::Error::RequiresContiguous { op: "arcmin-conv2d" }.bt())?;
    Ok(storage.as_cuda_slice::<f32>()?.slice(start..end))
}

/// Lends the storage of a tensor on a device, made contiguous.
fn with_storage<T>(tensor: &Tensor, f: impl FnOnce(&CudaStorage, &Layout) -> Result<T>) -> Result<T> {
    let tensor = tensor.contiguous()?;
    let (storage, layout) = tensor.storage_and_layout();
    match &*storage {
        Storage::Cuda(storage) => f(storage, layout),
        _ => {
            let found = format!("{:?}", tensor.device());
            Err(candle_core::Error::wrap(Error::Device { what: "tensor", found }))
        }
    }
}

fn tensor(slice: CudaSlice<f32>, device: &CudaDevice, shape: &[usize]) -> Tensor {
    let storage = Storage::Cuda(CudaStorage::wrap_cuda_slice(slice, device.clone()));
    Tensor::from_storage(storage, shape, BackpropOp::none(), false)
}
