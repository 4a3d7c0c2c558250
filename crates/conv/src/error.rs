//! What can be wrong with a convolution.

/// Why a convolution cannot be planned or run.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A size that must be at least one is zero.
    #[error("{what} is 0, but must be at least 1")]
    Zero {
        /// Name of the size.
        what: &'static str,
    },
    /// The dilated kernel is larger than the padded input.
    #[error(
        "a kernel of {kernel} with dilation {dilation} spans {span} pixels, but the input of {size} with padding {padding} \
         has {padded}"
    )]
    KernelSpan {
        /// Side of the kernel.
        kernel: usize,
        /// Distance of its taps.
        dilation: usize,
        /// Pixels from its first to its last tap.
        span: usize,
        /// Side of the input.
        size: usize,
        /// Padding on each side.
        padding: usize,
        /// Side of the padded input.
        padded: usize,
    },
    /// The number of elements overflows the address space.
    #[error("{what} of shape {shape:?} has more elements than can be addressed")]
    TooLarge {
        /// Name of the array.
        what: &'static str,
        /// Its shape.
        shape: [usize; 4],
    },
    /// A slice does not have the length that the geometry asks for.
    #[error("{what} has {found} elements, expected {expected} for shape {shape:?}")]
    Length {
        /// Name of the slice.
        what: &'static str,
        /// Shape by the geometry.
        shape: Vec<usize>,
        /// Elements of that shape.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// The scratch slice is too short.
    #[error("scratch has {found} elements, but this pass needs {expected}: ask `Plan::scratch_len`")]
    Scratch {
        /// What `Plan::scratch_len` tells.
        expected: usize,
        /// Length of the slice.
        found: usize,
    },
    /// The algorithm asked for does not serve this geometry.
    #[error("{algorithm} needs {needs}, but the geometry is {found}")]
    Unsupported {
        /// Name of the algorithm.
        algorithm: &'static str,
        /// Its condition.
        needs: &'static str,
        /// What the geometry is instead.
        found: String,
    },
    /// The processor lacks an instruction set, or the name is unknown.
    #[error("instruction set {name} is not available here; available are {available}")]
    InstructionSet {
        /// Name asked for.
        name: String,
        /// Names that can be had.
        available: String,
    },
    /// The axes of a tensor are not what the op takes.
    #[error("{what} has shape {found:?}, expected {expected}")]
    Shape {
        /// Name of the tensor.
        what: &'static str,
        /// The shape it should have.
        expected: String,
        /// The shape it has.
        found: Vec<usize>,
    },
    /// A tensor holds other numbers than `f32`.
    #[error("{what} holds {found}, expected F32: convert it with `to_dtype`")]
    DType {
        /// Name of the tensor.
        what: &'static str,
        /// Its type.
        found: String,
    },
    /// A tensor lies on a device for which there is no kernel.
    #[error(
        "{what} lies on {found}, expected the CPU, or a CUDA device in a build with the feature `cuda`: move it with `to_device`"
    )]
    Device {
        /// Name of the tensor.
        what: &'static str,
        /// Its device.
        found: String,
    },
    /// A geometry is beyond what the CUDA kernels count.
    #[error("on a CUDA device the {what} is {found}, at most {limit}: split the batch or the image")]
    CudaSize {
        /// The quantity.
        what: &'static str,
        /// Its size.
        found: usize,
        /// The largest that is served.
        limit: usize,
    },
    /// A device lacks the instructions of a precision.
    #[error(
        "{precision} needs tensor cores of compute capability {}.{}, but the device has {}.{}: take fp32",
        needed.0, needed.1, found.0, found.1
    )]
    CudaCapability {
        /// The precision asked for.
        precision: &'static str,
        /// The device's.
        found: (i32, i32),
        /// The first that serves.
        needed: (i32, i32),
    },
    /// The driver refused.
    #[error("the CUDA driver reports: {reason}")]
    CudaDriver {
        /// Its words.
        reason: String,
    },
    /// A file of kernels that the environment names cannot be read.
    #[error("{path}, which {variable} names, cannot be read: {reason}")]
    CudaFile {
        /// The file.
        path: String,
        /// The environment variable.
        variable: &'static str,
        /// Why.
        reason: String,
    },
    /// The kernels' source does not compile on this machine.
    #[error("the CUDA kernels do not compile at run time: {log}")]
    CudaCompile {
        /// What NVRTC says.
        log: String,
    },
}
