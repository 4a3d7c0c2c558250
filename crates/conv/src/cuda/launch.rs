//! Which kernels run for a pass, on how many blocks, with which arguments.
//!
//! The rules for tiles and splits come from counting blocks, not from measurements: no GPU was at hand when they were made.

use super::precision::Precision;
use crate::activation::Activation;
use crate::error::Error;
use crate::geometry::ConvGeometry;

/// Depth of a tile in shared memory, as `DEPTH` in conv2d.cu.
const TILE_DEPTH: usize = 16;
/// Multiprocessors that the splits are meant to fill. A constant, so that results do not depend on the device.
const N_MULTIPROCESSORS: usize = 132;
/// Tiles of depth below which a split is not worth the addition of its part.
const MIN_SPLIT_TILES: usize = 8;
/// Most parts of a product.
const MAX_SPLITS: usize = 64;
/// Most parts of a sum over pixels, and fewest pixels in one.
const MAX_PIXEL_SPLITS: usize = 128;
const MIN_SPLIT_PIXELS: usize = 64;
/// Sizes beyond this are refused: the kernels compute places along an axis in `i32`.
const MAX_SIZE: usize = 1 << 24;
/// Rows and depths beyond this are refused: the kernels count them in `i32`, up to a tile beyond the end.
const MAX_COUNT: usize = i32::MAX as usize - 1024;
/// Most blocks along the second and third axis of a grid.
const MAX_GRID_YZ: usize = 65_535;
/// Threads of a block that goes through numbers one by one.
const FLAT_THREADS: usize = 256;

/// What is to be computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Job {
    /// `Output` from `Input`, `Weight` and perhaps `Bias`.
    Forward {
        /// Whether a bias is added.
        bias: Bias,
        /// Applied after it.
        activation: Activation,
    },
    /// `InputGradient` from `OutputGradient` and `Weight`.
    InputGradient,
    /// `WeightGradient` from `Input` and `OutputGradient`.
    WeightGradient,
    /// `Behind`, the gradient behind the activation, and `BiasGradient`, from `Output` and `OutputGradient`. Without an
    /// activation the gradient behind it is that before it, and `Behind` is not written.
    ActivationGradient {
        /// The activation of the forward pass.
        activation: Activation,
    },
}

/// Whether a bias is added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bias {
    /// `Slot::Bias` is read.
    Added,
    /// There is none.
    Absent,
}

/// Where the arrays of a product begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Alignment {
    /// All at multiples of 16 bytes, so that four numbers may be loaded at once.
    Bytes16,
    /// Some elsewhere.
    Bytes4,
}

/// How a product is cut into blocks. [`CudaPlan::new`] chooses; tests and measurements may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// Rows and columns of a block.
    pub tile: TileSide,
    /// Parts of the depth, at least one; their sums are added in a second launch.
    pub n_splits: usize,
}

/// Rows and columns of a block of a product.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSide {
    /// 64, for every geometry.
    Small,
    /// 128, where both channel counts divide by four and the arrays are aligned; small tiles serve the others.
    Large,
}

/// An array that a kernel reads or writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Slot {
    /// `[n, height, width, in_channels]`.
    Input,
    /// `[kernel, kernel, in_channels, out_channels]`.
    Weight,
    /// `[out_channels]`.
    Bias,
    /// `[n, out_height, out_width, out_channels]`.
    Output,
    /// As `Output`.
    OutputGradient,
    /// As `Output`: the gradient behind the activation.
    Behind,
    /// As `Input`.
    InputGradient,
    /// As `Weight`.
    WeightGradient,
    /// As `Bias`.
    BiasGradient,
    /// Scratch of [`CudaPlan::parts_len`] numbers: the parts of sums.
    Parts,
}

/// A kernel's argument.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Argument {
    /// Pointer to an array.
    Slot(Slot),
    /// Null pointer.
    Null,
    /// The geometry, by value.
    Geometry(KernelGeometry),
    /// An `int`.
    Int(i32),
    /// A `long long`.
    Long(i64),
}

/// `Geometry` of conv2d.cu: the same fields in the same order.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KernelGeometry {
    /// n, height, width, in_channels, out_height, out_width, out_channels, kernel, stride, padding, dilation.
    pub fields: [i32; 11],
}

/// A file of kernels, which is a module on the device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Module {
    /// conv2d.cu
    Products,
    /// conv2d_sums.cu
    Sums,
}

/// One launch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KernelCall {
    /// Where the kernel lies.
    pub module: Module,
    /// Its name there.
    pub kernel: String,
    /// Blocks along x, y, z.
    pub grid: [u32; 3],
    /// Threads of a block along x, y, z.
    pub block: [u32; 3],
    /// In the kernel's order.
    pub arguments: Vec<Argument>,
}

/// The launches of a job, one after another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CudaPlan {
    calls: Vec<KernelCall>,
    parts_len: usize,
}

impl CudaPlan {
    /// Plans a job.
    ///
    /// # Errors
    /// If the geometry is beyond what the kernels count in 32 bits, or beyond the largest grid.
    pub fn new(geometry: &ConvGeometry, job: Job, precision: Precision, alignment: Alignment) -> Result<Self, Error> {
        Self::with_cut(geometry, job, precision, alignment, None)
    }

    /// Plans a job whose product is cut in a given way, or as [`CudaPlan::new`] does.
    ///
    /// # Errors
    /// As [`CudaPlan::new`].
    pub fn with_cut(
        geometry: &ConvGeometry,
        job: Job,
        precision: Precision,
        alignment: Alignment,
        cut: Option<Cut>,
    ) -> Result<Self, Error> {
        let kernel_geometry = KernelGeometry::new(geometry)?;
        if let Job::ActivationGradient { activation } = job {
            return activation_gradient(geometry, activation);
        }
        let product = Product::new(geometry, job, alignment, cut)?;
        let mut arguments = product.arguments(job);
        arguments.push(Argument::Geometry(kernel_geometry));
        if let Job::Forward { activation, .. } = job {
            let fused = if product.n_splits == 1 { activation } else { Activation::None };
            arguments.push(Argument::Int(activation_code(fused)));
        }
        arguments.push(Argument::Int(to_i32(product.n_splits)));
        let mut calls = vec![product.call(job, precision, arguments)?];
        let mut parts_len = 0;
        if product.n_splits > 1 {
            parts_len = product.n_splits * product.result_len;
            calls.push(product.sum(job));
        }
        Ok(Self { calls, parts_len })
    }

    /// The launches in their order.
    pub fn calls(&self) -> &[KernelCall] {
        &self.calls
    }

    /// Numbers of scratch that [`Slot::Parts`] stands for; it need not be cleared.
    pub fn parts_len(&self) -> usize {
        self.parts_len
    }
}

impl KernelGeometry {
    fn new(geometry: &ConvGeometry) -> Result<Self, Error> {
        let s = geometry.sizes();
        let [n, out_height, out_width, _] = geometry.output_shape();
        let sizes = [
            (n, "number of images"),
            (s.height, "height of the input"),
            (s.width, "width of the input"),
            (s.in_channels, "number of input channels"),
            (out_height, "height of the output"),
            (out_width, "width of the output"),
            (s.out_channels, "number of output channels"),
            (s.kernel, "side of the kernel"),
            (s.stride, "stride"),
            (s.padding, "padding"),
            (s.dilation, "dilation"),
        ];
        for (found, what) in sizes {
            at_most(what, found, MAX_SIZE)?;
        }
        at_most("number of input pixels", n * s.height * s.width, MAX_COUNT)?;
        at_most("number of output pixels", n * out_height * out_width, MAX_COUNT)?;
        at_most("taps times channels", geometry.n_taps() * s.in_channels.max(s.out_channels), MAX_COUNT)?;
        at_most("dilated side of the kernel", s.kernel * s.dilation, MAX_SIZE)?;
        Ok(Self { fields: sizes.map(|(size, _)| to_i32(size)) })
    }
}

/// The sizes of a matrix product and how it is cut.
struct Product {
    /// Side of a tile, as in the kernel's name.
    side: usize,
    /// Numbers in a load, as in the kernel's name.
    width: usize,
    rows: usize,
    columns: usize,
    /// Products that share a grid: the phases of an input gradient.
    n_phases: usize,
    n_splits: usize,
    result_len: usize,
    n_channels: usize,
}

impl Product {
    fn new(geometry: &ConvGeometry, job: Job, alignment: Alignment, cut: Option<Cut>) -> Result<Self, Error> {
        let s = geometry.sizes();
        let [n, out_height, out_width, _] = geometry.output_shape();
        let (in_pixels, out_pixels) = (n * s.height * s.width, n * out_height * out_width);
        // Rows of the largest phase: its pixels are every `stride`-th.
        let phase_rows = n * s.height.div_ceil(s.stride) * s.width.div_ceil(s.stride);
        let phase_taps = s.kernel.div_ceil(s.stride).pow(2);
        let (rows, columns, depth, n_phases, result_len) = match job {
            Job::InputGradient => {
                let phases = s.stride * s.stride;
                (phase_rows, s.in_channels, phase_taps * s.out_channels, phases, in_pixels * s.in_channels)
            }
            Job::WeightGradient => {
                let rows = geometry.n_taps() * s.in_channels;
                (rows, s.out_channels, out_pixels, 1, rows * s.out_channels)
            }
            _ => {
                let depth = geometry.n_taps() * s.in_channels;
                (out_pixels, s.out_channels, depth, 1, out_pixels * s.out_channels)
            }
        };
        let wide =
            alignment == Alignment::Bytes16 && s.in_channels.is_multiple_of(4) && s.out_channels.is_multiple_of(4);
        let width = if wide { 4 } else { 1 };
        let side = match cut {
            _ if !wide => 64,
            Some(cut) => cut.tile.side(),
            None => choose_side(rows, columns, depth, n_phases),
        };
        let n_blocks = rows.div_ceil(side) * columns.div_ceil(side) * n_phases;
        let n_splits = cut.map_or_else(|| choose_splits(n_blocks, depth, side), |cut| cut.n_splits.max(1));
        at_most("splits times phases of the stride", n_splits * n_phases, MAX_GRID_YZ)?;
        Ok(Self { side, width, rows, columns, n_phases, n_splits, result_len, n_channels: columns })
    }

    fn arguments(&self, job: Job) -> Vec<Argument> {
        let (first, second) = match job {
            Job::Forward { .. } => (Slot::Input, Slot::Weight),
            Job::InputGradient => (Slot::OutputGradient, Slot::Weight),
            _ => (Slot::Input, Slot::OutputGradient),
        };
        let mut arguments = vec![Argument::Slot(first), Argument::Slot(second)];
        if let Job::Forward { bias, .. } = job {
            arguments.push(if self.n_splits == 1 { bias.argument() } else { Argument::Null });
        }
        arguments.push(Argument::Slot(if self.n_splits == 1 { job.result() } else { Slot::Parts }));
        arguments
    }

    fn call(&self, job: Job, precision: Precision, arguments: Vec<Argument>) -> Result<KernelCall, Error> {
        let column_tiles = self.columns.div_ceil(self.side);
        at_most("tiles of channels", column_tiles, MAX_GRID_YZ)?;
        let grid = [self.rows.div_ceil(self.side), column_tiles, self.n_splits * self.n_phases];
        Ok(KernelCall {
            module: Module::Products,
            kernel: format!("{}_{}_{}_{}", job.name(), precision.name(), self.side, self.width),
            grid: grid.map(|n| to_i32(n).cast_unsigned()),
            block: [if self.side == 64 { 128 } else { 256 }, 1, 1],
            arguments,
        })
    }

    /// Adds the splits, and what the kernel would have fused.
    fn sum(&self, job: Job) -> KernelCall {
        let (bias, activation) = match job {
            Job::Forward { bias, activation } => (bias, activation),
            _ => (Bias::Absent, Activation::None),
        };
        sum_splits(bias, job.result(), self.result_len, self.n_splits, self.n_channels, activation)
    }
}

impl TileSide {
    fn side(self) -> usize {
        match self {
            Self::Small => 64,
            Self::Large => 128,
        }
    }
}

impl Job {
    fn name(self) -> &'static str {
        match self {
            Self::Forward { .. } => "forward",
            Self::InputGradient => "input_gradient",
            Self::WeightGradient => "weight_gradient",
            Self::ActivationGradient { .. } => "activation_gradient",
        }
    }

    /// The array that a product's sums go to.
    fn result(self) -> Slot {
        match self {
            Self::Forward { .. } => Slot::Output,
            Self::InputGradient => Slot::InputGradient,
            Self::WeightGradient => Slot::WeightGradient,
            Self::ActivationGradient { .. } => Slot::BiasGradient,
        }
    }
}

impl Bias {
    fn argument(self) -> Argument {
        match self {
            Self::Added => Argument::Slot(Slot::Bias),
            Self::Absent => Argument::Null,
        }
    }
}

/// Large tiles read each operand half as often, if they are not much emptier than small ones and still fill the device.
fn choose_side(rows: usize, columns: usize, depth: usize, n_phases: usize) -> usize {
    let covered = |side: usize| rows.next_multiple_of(side) * columns.next_multiple_of(side);
    let n_blocks = rows.div_ceil(128) * columns.div_ceil(128) * n_phases * max_splits(depth);
    if covered(128) * 4 <= covered(64) * 5 && n_blocks >= N_MULTIPROCESSORS { 128 } else { 64 }
}

fn max_splits(depth: usize) -> usize {
    (depth.div_ceil(TILE_DEPTH) / MIN_SPLIT_TILES).clamp(1, MAX_SPLITS)
}

/// As many splits as give each multiprocessor the blocks that it holds at a time: two of large tiles, four of small.
fn choose_splits(n_blocks: usize, depth: usize, side: usize) -> usize {
    let wanted = N_MULTIPROCESSORS * if side == 64 { 4 } else { 2 };
    (wanted / n_blocks).clamp(1, max_splits(depth))
}

fn activation_gradient(geometry: &ConvGeometry, activation: Activation) -> Result<CudaPlan, Error> {
    let [n, out_height, out_width, n_channels] = geometry.output_shape();
    let n_pixels = n * out_height * out_width;
    let channel_tiles = n_channels.div_ceil(32);
    let wanted = (N_MULTIPROCESSORS * 4).div_ceil(channel_tiles).min(MAX_PIXEL_SPLITS);
    let split_pixels = n_pixels.div_ceil(wanted).max(MIN_SPLIT_PIXELS);
    let n_splits = n_pixels.div_ceil(split_pixels);
    let array = |slot| if activation == Activation::None { Argument::Null } else { Argument::Slot(slot) };
    let mut calls = vec![KernelCall {
        module: Module::Sums,
        kernel: "activation_gradient".to_owned(),
        grid: [to_i32(channel_tiles).cast_unsigned(), to_i32(n_splits).cast_unsigned(), 1],
        block: [32, 8, 1],
        arguments: vec![
            array(Slot::Output),
            Argument::Slot(Slot::OutputGradient),
            array(Slot::Behind),
            Argument::Slot(if n_splits == 1 { Slot::BiasGradient } else { Slot::Parts }),
            Argument::Long(n_pixels as i64),
            Argument::Int(to_i32(n_channels)),
            Argument::Int(to_i32(split_pixels)),
            Argument::Int(activation_code(activation)),
        ],
    }];
    if n_splits == 1 {
        return Ok(CudaPlan { calls, parts_len: 0 });
    }
    calls.push(sum_splits(Bias::Absent, Slot::BiasGradient, n_channels, n_splits, n_channels, Activation::None));
    Ok(CudaPlan { calls, parts_len: n_splits * n_channels })
}

fn sum_splits(
    bias: Bias,
    result: Slot,
    len: usize,
    n_splits: usize,
    n_channels: usize,
    activation: Activation,
) -> KernelCall {
    let n_blocks = len.div_ceil(FLAT_THREADS).min(N_MULTIPROCESSORS * 8);
    KernelCall {
        module: Module::Sums,
        kernel: "sum_splits".to_owned(),
        grid: [to_i32(n_blocks).cast_unsigned(), 1, 1],
        block: [to_i32(FLAT_THREADS).cast_unsigned(), 1, 1],
        arguments: vec![
            Argument::Slot(Slot::Parts),
            bias.argument(),
            Argument::Slot(result),
            Argument::Long(len as i64),
            Argument::Int(to_i32(n_splits)),
            Argument::Int(to_i32(n_channels)),
            Argument::Int(activation_code(activation)),
        ],
    }
}

/// `enum Activation` of the kernels.
fn activation_code(activation: Activation) -> i32 {
    match activation {
        Activation::None => 0,
        Activation::Relu => 1,
        Activation::Selu => 2,
    }
}

fn at_most(what: &'static str, found: usize, limit: usize) -> Result<(), Error> {
    if found > limit { Err(Error::CudaSize { what, found, limit }) } else { Ok(()) }
}

fn to_i32(n: usize) -> i32 {
    i32::try_from(n).expect("KernelGeometry::new refuses what does not fit")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::ConvSizes;

    const FORWARD: Job = Job::Forward { bias: Bias::Added, activation: Activation::Selu };

    fn geometry(n: usize, side: usize, channels: usize) -> ConvGeometry {
        let (height, width, kernel, stride, padding, dilation) = (side, side, 3, 1, 1, 1);
        let (in_channels, out_channels) = (channels, channels);
        let sizes = ConvSizes { n, height, width, in_channels, out_channels, kernel, stride, padding, dilation };
        ConvGeometry::new(sizes).expect("the sizes fit together")
    }

    fn plan(geometry: &ConvGeometry, job: Job) -> CudaPlan {
        CudaPlan::new(geometry, job, Precision::Fp32, Alignment::Bytes16).expect("the geometry is small")
    }

    #[test]
    fn products_of_few_tiles_are_split_and_those_of_many_are_not() {
        let few = plan(&geometry(4, 5, 512), FORWARD);
        assert_eq!(few.calls().len(), 2);
        assert!(few.parts_len() > 0 && few.calls()[0].grid[2] > 1);
        let many = plan(&geometry(32, 40, 128), FORWARD);
        assert_eq!((many.calls().len(), many.parts_len()), (1, 0));
        assert_eq!(many.calls()[0].kernel, "forward_fp32_128_4");
    }

    #[test]
    fn channels_or_pointers_off_four_take_single_loads() {
        let odd = geometry(1, 9, 6);
        assert_eq!(plan(&odd, Job::WeightGradient).calls()[0].kernel, "weight_gradient_fp32_64_1");
        let even = geometry(1, 9, 8);
        let shifted = CudaPlan::new(&even, Job::InputGradient, Precision::Bf16, Alignment::Bytes4).unwrap();
        assert_eq!(shifted.calls()[0].kernel, "input_gradient_bf16_64_1");
    }

    #[test]
    fn sizes_beyond_32_bits_are_refused_with_their_limit() {
        let error = CudaPlan::new(&geometry(1 << 20, 64, 1), FORWARD, Precision::Fp32, Alignment::Bytes16).unwrap_err();
        assert!(error.to_string().contains("number of input pixels is 4294967296"), "{error}");
    }
}
