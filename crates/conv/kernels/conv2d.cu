// Convolution, its input gradient and its weight gradient, each as one matrix product whose operands are gathered from
// the images while they are read ("implicit GEMM"): nothing is unrolled in memory.
//
// Images NHWC, weights HWIO, float32, as the CPU's plan (`Plan` in plan.rs is the reference, tests/laws/twin.rs the
// slow twin). With rows, columns and depth of the product:
//
//   pass             rows                          columns        depth
//   forward          output pixels                 out channels   taps x in channels
//   input gradient   input pixels of one phase     in channels    taps of that phase x out channels
//   weight gradient  taps x in channels            out channels   output pixels
//
// With stride s the input pixels fall into s x s phases by (y + padding) mod s and (x + padding) mod s; a tap reaches
// the pixels of one phase alone, so that each phase is a product of its own without wasted terms.
//
// Launch: blockDim.x = 128 for tiles of side 64, 256 for tiles of side 128. blockIdx.x counts tiles of rows, blockIdx.y
// tiles of columns, blockIdx.z = split + n_splits * phase. A split takes a part of the depth; with more than one, the
// splits' sums go to `result[split]` one behind the other, and `sum_splits` in conv2d_sums.cu adds them in their order:
// the same bits in each run, no atomics. Static shared memory, below 48 KiB.
//
// Kernel names end in _PRECISION_SIDE_WIDTH. PRECISION: fp32; tf32 and bf16 round both operands and multiply on tensor
// cores (compute capability 8.0) with float32 sums. WIDTH: numbers in a load, 4 where both channel counts divide by 4
// and the pointers are aligned to 16 bytes, else 1.
//
// No #include, so that NVRTC needs no header. The CPU emulator compiles this file unchanged and replaces the four
// functions under CONV_EMULATED alone.

// Same fields in the same order as `KernelGeometry` in launch.rs.
struct Geometry {
  int n, height, width, in_channels;
  int out_height, out_width, out_channels;
  int kernel, stride, padding, dilation;
};

enum Precision { FP32, TF32, BF16 };
enum Activation { NONE, RELU, SELU };

// Depth of a tile: what lies in shared memory at a time.
constexpr int DEPTH = 16;
// A row or image coordinate outside of every image, with room for the taps' offsets.
constexpr int OUTSIDE = -(1 << 30);

// ---- instructions of tensor cores ---------------------------------------------------------------------------------
#ifndef CONV_EMULATED
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define CONV_TENSOR_CORES 1
#endif

// To 10 bits of mantissa, to nearest, ties away from zero.
__device__ __forceinline__ float round_to_tf32(float x) {
  unsigned bits = 0;
#ifdef CONV_TENSOR_CORES
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(bits) : "f"(x));
#endif
  return __uint_as_float(bits);
}

// Two numbers to 7 bits of mantissa, to nearest, ties to even; `low` in the low half.
__device__ __forceinline__ unsigned pack_bf16(float low, float high) {
  unsigned bits = 0;
#ifdef CONV_TENSOR_CORES
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(bits) : "f"(high), "f"(low));
#endif
  return bits;
}

// c[16 x 8] += a[16 x 8] b[8 x 8] by a warp, in the fragments of the PTX manual (m16n8k8, .tf32).
__device__ __forceinline__ void multiply_tf32(float *c, const unsigned *a, const unsigned *b) {
#ifdef CONV_TENSOR_CORES
  asm volatile("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

// c[16 x 8] += a[16 x 16] b[16 x 8] by a warp, in the fragments of the PTX manual (m16n8k16, .bf16).
__device__ __forceinline__ void multiply_bf16(float *c, const unsigned *a, const unsigned *b) {
#ifdef CONV_TENSOR_CORES
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}
#endif

// ---- small pieces -------------------------------------------------------------------------------------------------
// `WIDTH` numbers from `from`, or zeros.
template <int WIDTH> __device__ __forceinline__ void load(float *to, const float *from, bool valid) {
  if constexpr (WIDTH == 4) {
    float4 four = make_float4(0.f, 0.f, 0.f, 0.f);
    if (valid) four = *reinterpret_cast<const float4 *>(from);
    to[0] = four.x, to[1] = four.y, to[2] = four.z, to[3] = four.w;
  } else {
    to[0] = valid ? from[0] : 0.f;
  }
}

template <int PRECISION> __device__ __forceinline__ float rounded(float x) {
  if constexpr (PRECISION == TF32) return round_to_tf32(x);
  else return x;
}

__device__ __forceinline__ float activate(float z, int activation) {
  if (activation == RELU) return z < 0.f ? 0.f : z;
  if (activation == SELU) return z > 0.f ? 1.0507010f * z : 1.7580993f * expm1f(z);
  return z;
}

// Where element (depth, row) of an operand's tile lies in shared memory. The strides keep the accesses of a warp on
// different banks: of the tensor cores' fragments in all, of the transposing stores of fp32 in pairs.
template <int PRECISION, int SIDE, bool DEPTH_FASTEST> struct Tile {
  static constexpr bool BY_ROW = DEPTH_FASTEST && PRECISION != FP32;
  static constexpr int STEP = BY_ROW ? DEPTH + 4 : SIDE + (PRECISION == FP32 ? 4 : 8);
  static constexpr int SIZE = (BY_ROW ? SIDE : DEPTH) * STEP;
  __device__ static int at(int depth, int row) { return BY_ROW ? row * STEP + depth : depth * STEP + row; }

  // Puts numbers that follow each other in depth.
  template <int WIDTH> __device__ static void put_along_depth(float *tile, int depth, int row, const float *from) {
    if constexpr (BY_ROW && WIDTH == 4) {
      *reinterpret_cast<float4 *>(tile + at(depth, row)) =
          make_float4(rounded<PRECISION>(from[0]), rounded<PRECISION>(from[1]), rounded<PRECISION>(from[2]),
                      rounded<PRECISION>(from[3]));
    } else {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) tile[at(depth + i, row)] = rounded<PRECISION>(from[i]);
    }
  }

  // Puts numbers of rows that follow each other.
  template <int WIDTH> __device__ static void put_along_rows(float *tile, int depth, int row, const float *from) {
    if constexpr (!BY_ROW && WIDTH == 4) {
      *reinterpret_cast<float4 *>(tile + at(depth, row)) =
          make_float4(rounded<PRECISION>(from[0]), rounded<PRECISION>(from[1]), rounded<PRECISION>(from[2]),
                      rounded<PRECISION>(from[3]));
    } else {
#pragma unroll
      for (int i = 0; i < WIDTH; ++i) tile[at(depth, row + i)] = rounded<PRECISION>(from[i]);
    }
  }
};

// The taps of a product: `n_y` by `n_x` of the kernel's, from `first` by `step`; tap (j, i) looks at
// (y + offset_y + j * move, x + offset_x + i * move) of the source.
struct Taps {
  int n_y, n_x, first_y, first_x, step, offset_y, offset_x, move;
};

// First tap with (tap * dilation) mod stride = phase, or -1.
__device__ __forceinline__ int first_tap(int phase, int kernel, int stride, int dilation) {
  for (int tap = 0; tap < kernel && tap < stride; ++tap)
    if (tap * dilation % stride == phase) return tap;
  return -1;
}

// A place on the depth axis (tap y, tap x, channel).
struct DepthCursor {
  int y, x, channel;
  __device__ __forceinline__ void seek(int depth, int n_channels, int n_x) {
    const int tap = depth / n_channels;
    channel = depth - tap * n_channels;
    y = n_x > 0 ? tap / n_x : 0;
    x = tap - y * n_x;
  }
  __device__ __forceinline__ void advance(int n_channels, int n_x) {
    channel += DEPTH;
    while (channel >= n_channels) {
      channel -= n_channels;
      if (++x == n_x) x = 0, ++y;
    }
  }
};

// A pixel of a stack of images.
struct PixelCursor {
  int image, y, x;
  __device__ __forceinline__ void seek(int pixel, int height, int width) {
    x = pixel % width;
    y = pixel / width % height;
    image = pixel / width / height;
  }
  __device__ __forceinline__ void advance(int height, int width) {
    x += DEPTH;
    while (x >= width) {
      x -= width;
      if (++y == height) y = 0, ++image;
    }
  }
};

// ---- operands -----------------------------------------------------------------------------------------------------
// Each operand fetches its part of a tile into registers, stores it to shared memory, and goes on by DEPTH.

// Rows are pixels, the depth is (tap, channel) of the source pixels that the taps look at: source [n, height, width, channel].
template <class TILE, int SIDE, int THREADS, int WIDTH> struct PixelRows {
  static constexpr int GROUPS = DEPTH / WIDTH, ROW_STEP = THREADS / GROUPS, COUNT = SIDE / ROW_STEP;
  const float *source;
  int height, width, n_channels;
  Taps taps;
  DepthCursor depth;
  int first_pixel[COUNT], y[COUNT], x[COUNT];
  float held[COUNT][WIDTH];

  __device__ static int row(int i) { return threadIdx.x / GROUPS + i * ROW_STEP; }
  __device__ static int column() { return threadIdx.x % GROUPS * WIDTH; }
  __device__ __forceinline__ void fetch() {
    const int dy = taps.offset_y + depth.y * taps.move, dx = taps.offset_x + depth.x * taps.move;
#pragma unroll
    for (int i = 0; i < COUNT; ++i) {
      const int at_y = y[i] + dy, at_x = x[i] + dx;
      const bool valid = depth.y < taps.n_y && at_y >= 0 && at_y < height && at_x >= 0 && at_x < width;
      const long long pixel = valid ? first_pixel[i] + at_y * width + at_x : 0;
      load<WIDTH>(held[i], source + (pixel * n_channels + depth.channel), valid);
    }
  }
  __device__ __forceinline__ void store(float *tile) const {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) TILE::template put_along_depth<WIDTH>(tile, column(), row(i), held[i]);
  }
  __device__ __forceinline__ void advance() { depth.advance(n_channels, taps.n_x); }
};

// Rows are input channels, the depth is (tap, output channel): weight [kernel, kernel, row, depth channel].
template <class TILE, int SIDE, int THREADS, int WIDTH> struct WeightRows {
  static constexpr int GROUPS = DEPTH / WIDTH, ROW_STEP = THREADS / GROUPS, COUNT = SIDE / ROW_STEP;
  const float *weight;
  int kernel, n_rows, n_channels, first_row;
  Taps taps;
  DepthCursor depth;
  float held[COUNT][WIDTH];

  __device__ static int row(int i) { return threadIdx.x / GROUPS + i * ROW_STEP; }
  __device__ static int column() { return threadIdx.x % GROUPS * WIDTH; }
  __device__ __forceinline__ void fetch() {
    const int tap = (taps.first_y + depth.y * taps.step) * kernel + taps.first_x + depth.x * taps.step;
#pragma unroll
    for (int i = 0; i < COUNT; ++i) {
      const int at = first_row + row(i);
      const bool valid = depth.y < taps.n_y && at < n_rows;
      load<WIDTH>(held[i], weight + ((static_cast<long long>(tap) * n_rows + at) * n_channels + depth.channel), valid);
    }
  }
  __device__ __forceinline__ void store(float *tile) const {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) TILE::template put_along_depth<WIDTH>(tile, column(), row(i), held[i]);
  }
  __device__ __forceinline__ void advance() { depth.advance(n_channels, taps.n_x); }
};

// A matrix [depth, row] as it lies in memory.
template <class TILE, int SIDE, int THREADS, int WIDTH> struct MatrixRows {
  static constexpr int GROUPS = SIDE / WIDTH, DEPTH_STEP = THREADS / GROUPS, COUNT = DEPTH / DEPTH_STEP;
  const float *matrix;
  int n_depth, n_rows, first_row, first_depth;
  float held[COUNT][WIDTH];

  __device__ static int row() { return threadIdx.x % GROUPS * WIDTH; }
  __device__ static int depth(int i) { return threadIdx.x / GROUPS + i * DEPTH_STEP; }
  __device__ __forceinline__ void fetch() {
    const int at = first_row + row();
#pragma unroll
    for (int i = 0; i < COUNT; ++i) {
      const int at_depth = first_depth + depth(i);
      const bool valid = at < n_rows && at_depth < n_depth;
      load<WIDTH>(held[i], matrix + (static_cast<long long>(at_depth) * n_rows + at), valid);
    }
  }
  __device__ __forceinline__ void store(float *tile) const {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) TILE::template put_along_rows<WIDTH>(tile, depth(i), row(), held[i]);
  }
  __device__ __forceinline__ void advance() { first_depth += DEPTH; }
};

// Rows are (tap, input channel), the depth is output pixels: input [n, height, width, channel].
template <class TILE, int SIDE, int THREADS, int WIDTH> struct TapRows {
  static constexpr int GROUPS = SIDE / WIDTH, DEPTH_STEP = THREADS / GROUPS, COUNT = DEPTH / DEPTH_STEP;
  const float *input;
  Geometry g;
  int offset_y, offset_x, channel;
  PixelCursor pixel[COUNT];
  float held[COUNT][WIDTH];

  __device__ static int row() { return threadIdx.x % GROUPS * WIDTH; }
  __device__ static int depth(int i) { return threadIdx.x / GROUPS + i * DEPTH_STEP; }
  __device__ __forceinline__ void fetch() {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) {
      const int y = pixel[i].y * g.stride + offset_y, x = pixel[i].x * g.stride + offset_x;
      const bool valid = pixel[i].image < g.n && y >= 0 && y < g.height && x >= 0 && x < g.width;
      const long long at = (static_cast<long long>(pixel[i].image) * g.height + y) * g.width + x;
      load<WIDTH>(held[i], input + (at * g.in_channels + channel), valid);
    }
  }
  __device__ __forceinline__ void store(float *tile) const {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) TILE::template put_along_rows<WIDTH>(tile, depth(i), row(), held[i]);
  }
  __device__ __forceinline__ void advance() {
#pragma unroll
    for (int i = 0; i < COUNT; ++i) pixel[i].advance(g.out_height, g.out_width);
  }
};

// ---- products of tiles --------------------------------------------------------------------------------------------
// sum[row][column] += a[depth][row] b[depth][column] over a tile. `each` hands out the sums, some columns at a time.

// fp32: a thread has SIDE / 8 or SIDE / 16 rows and SIDE / 16 columns, in groups of four that lie apart, so that the
// threads of a warp read neighbouring groups.
template <int PRECISION, class TILE_A, class TILE_B, int SIDE, int THREADS> struct Product {
  static constexpr int ROW_THREADS = THREADS / 16, ROW_GROUPS = SIDE / (4 * ROW_THREADS), COLUMN_GROUPS = SIDE / 64;
  float sum[ROW_GROUPS * 4][COLUMN_GROUPS * 4];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < ROW_GROUPS * 4; ++i)
#pragma unroll
      for (int j = 0; j < COLUMN_GROUPS * 4; ++j) sum[i][j] = 0.f;
  }
  __device__ static int row(int group) { return group * 4 * ROW_THREADS + threadIdx.x / 16 * 4; }
  __device__ static int column(int group) { return group * 64 + threadIdx.x % 16 * 4; }
  __device__ __forceinline__ void add(const float *a, const float *b) {
#pragma unroll
    for (int depth = 0; depth < DEPTH; ++depth) {
      float from_a[ROW_GROUPS * 4], from_b[COLUMN_GROUPS * 4];
#pragma unroll
      for (int i = 0; i < ROW_GROUPS; ++i) load<4>(from_a + 4 * i, a + TILE_A::at(depth, row(i)), true);
#pragma unroll
      for (int j = 0; j < COLUMN_GROUPS; ++j) load<4>(from_b + 4 * j, b + TILE_B::at(depth, column(j)), true);
#pragma unroll
      for (int i = 0; i < ROW_GROUPS * 4; ++i)
#pragma unroll
        for (int j = 0; j < COLUMN_GROUPS * 4; ++j) sum[i][j] += from_a[i] * from_b[j];
    }
  }
  template <class F> __device__ __forceinline__ void each(const F &f) const {
#pragma unroll
    for (int i = 0; i < ROW_GROUPS * 4; ++i)
#pragma unroll
      for (int j = 0; j < COLUMN_GROUPS; ++j) f.template write<4>(row(i / 4) + i % 4, column(j), sum[i] + 4 * j);
  }
};

// Tensor cores: warps stand two deep in rows, THREADS / 64 in columns; each has SIDE / 2 rows and 32 columns.
template <int PRECISION, class TILE_A, class TILE_B, int SIDE, int THREADS> struct TensorProduct {
  static constexpr int ROWS = SIDE / 32, COLUMNS = 4, STEP = PRECISION == TF32 ? 8 : 16;
  float sum[ROWS][COLUMNS][4];

  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int i = 0; i < ROWS * COLUMNS * 4; ++i) sum[i / (COLUMNS * 4)][i / 4 % COLUMNS][i % 4] = 0.f;
  }
  // Lane = 4 * group + quad, in the manual's words groupID and threadID_in_group.
  __device__ static int group() { return threadIdx.x % 32 / 4; }
  __device__ static int quad() { return threadIdx.x % 4; }
  __device__ static int row(int i) { return threadIdx.x / 32 % 2 * (SIDE / 2) + 16 * i + group(); }
  __device__ static int column(int j) { return threadIdx.x / 64 * 32 + 8 * j; }
  // The register of two or one numbers at this depth: tf32 one, bf16 this and the next.
  template <class TILE> __device__ static unsigned element(const float *tile, int depth, int row) {
    if constexpr (PRECISION == TF32) return __float_as_uint(tile[TILE::at(depth, row)]);
    else return pack_bf16(tile[TILE::at(depth, row)], tile[TILE::at(depth + 1, row)]);
  }
  __device__ __forceinline__ void add(const float *a, const float *b) {
#pragma unroll
    for (int step = 0; step < DEPTH; step += STEP) {
      const int near = step + (PRECISION == TF32 ? quad() : 2 * quad()), far = near + STEP / 2;
      unsigned from_b[COLUMNS][2];
#pragma unroll
      for (int j = 0; j < COLUMNS; ++j) {
        from_b[j][0] = element<TILE_B>(b, near, column(j) + group());
        from_b[j][1] = element<TILE_B>(b, far, column(j) + group());
      }
#pragma unroll
      for (int i = 0; i < ROWS; ++i) {
        const unsigned from_a[4] = {element<TILE_A>(a, near, row(i)), element<TILE_A>(a, near, row(i) + 8),
                                    element<TILE_A>(a, far, row(i)), element<TILE_A>(a, far, row(i) + 8)};
#pragma unroll
        for (int j = 0; j < COLUMNS; ++j) {
          if constexpr (PRECISION == TF32) multiply_tf32(sum[i][j], from_a, from_b[j]);
          else multiply_bf16(sum[i][j], from_a, from_b[j]);
        }
      }
    }
  }
  template <class F> __device__ __forceinline__ void each(const F &f) const {
#pragma unroll
    for (int i = 0; i < ROWS; ++i)
#pragma unroll
      for (int j = 0; j < COLUMNS; ++j) {
        f.template write<2>(row(i), column(j) + 2 * quad(), sum[i][j]);
        f.template write<2>(row(i) + 8, column(j) + 2 * quad(), sum[i][j] + 2);
      }
  }
};

template <int PRECISION, class TILE_A, class TILE_B, int SIDE, int THREADS> struct ChooseProduct {
  using Type = TensorProduct<PRECISION, TILE_A, TILE_B, SIDE, THREADS>;
};
template <class TILE_A, class TILE_B, int SIDE, int THREADS> struct ChooseProduct<FP32, TILE_A, TILE_B, SIDE, THREADS> {
  using Type = Product<FP32, TILE_A, TILE_B, SIDE, THREADS>;
};

// The loop over the depth, with two tiles of each operand: while one is multiplied, the next is on its way from global
// memory to registers, and one barrier a tile is enough.
template <class TILE_A, class TILE_B, class A, class B, class P>
__device__ __forceinline__ void multiply(float *shared, A &a, B &b, P &product, int n_tiles) {
  float *tiles_a = shared, *tiles_b = shared + 2 * TILE_A::SIZE;
  product.clear();
  if (n_tiles > 0) a.fetch(), b.fetch();
  for (int tile = 0; tile < n_tiles; ++tile) {
    float *to_a = tiles_a + tile % 2 * TILE_A::SIZE, *to_b = tiles_b + tile % 2 * TILE_B::SIZE;
    a.store(to_a), b.store(to_b);
    __syncthreads();
    if (tile + 1 < n_tiles) a.advance(), b.advance(), a.fetch(), b.fetch();
    product.add(to_a, to_b);
  }
}

// The tiles of depth that a split takes.
struct DepthRange {
  int first_depth, n_tiles;
  __device__ __forceinline__ DepthRange(int n_depth, int split, int n_splits) {
    const int n_all = (n_depth + DEPTH - 1) / DEPTH, each = (n_all + n_splits - 1) / n_splits;
    const int first = split * each < n_all ? split * each : n_all;
    first_depth = first * DEPTH;
    n_tiles = n_all - first < each ? n_all - first : each;
  }
};

// ---- results ------------------------------------------------------------------------------------------------------
// The pixels that are the rows of a product: those of one phase, every `stride`-th of an image [height, width].
struct PixelGrid {
  int n, height, width, stride, first_y, first_x, n_y, n_x;
  __device__ __forceinline__ int n_rows() const { return n * n_y * n_x; }
  __device__ __forceinline__ long long pixel(int row) const {
    if (stride == 1) return row;
    PixelCursor at;
    at.seek(row, n_y, n_x);
    return (static_cast<long long>(at.image) * height + first_y + at.y * stride) * width + first_x + at.x * stride;
  }
};

// Bias, activation, and the way to memory: result [row, column], the rows spread over a grid of pixels.
template <int WIDTH> struct Writer {
  float *result;
  const float *bias;
  int activation, first_row, first_column, n_rows, n_columns;
  PixelGrid grid;

  template <int N> __device__ __forceinline__ void write(int row, int column, const float *sum) const {
    row += first_row, column += first_column;
    if (row >= n_rows || column >= n_columns) return;
    float value[N];
#pragma unroll
    for (int i = 0; i < N; ++i)
      value[i] = activate(sum[i] + (bias && column + i < n_columns ? bias[column + i] : 0.f), activation);
    float *to = result + grid.pixel(row) * n_columns + column;
    if constexpr (WIDTH == 4 && N == 4) {
      *reinterpret_cast<float4 *>(to) = make_float4(value[0], value[1], value[2], value[3]);
    } else if constexpr (WIDTH == 4 && N == 2) {
      *reinterpret_cast<float2 *>(to) = make_float2(value[0], value[1]);
    } else {
#pragma unroll
      for (int i = 0; i < N; ++i)
        if (column + i < n_columns) to[i] = value[i];
    }
  }
};

// ---- the passes ---------------------------------------------------------------------------------------------------
template <int PRECISION, int SIDE> struct Block {
  static constexpr int THREADS = SIDE == 64 ? 128 : 256;
  using AlongDepth = Tile<PRECISION, SIDE, true>;
  using AlongRows = Tile<PRECISION, SIDE, false>;
};

// Forward and input gradient: pixels of `grid` as rows; SOURCE_STEP is what one step of the grid is in the source.
template <int PRECISION, int SIDE, int WIDTH, class TILE_B, class B>
__device__ __forceinline__ void over_pixels(float *shared, const float *source, int height, int width, int n_channels,
                                            int source_step, const Taps &taps, B &b, const DepthRange &range,
                                            const Writer<WIDTH> &writer) {
  using TileA = typename Block<PRECISION, SIDE>::AlongDepth;
  constexpr int THREADS = Block<PRECISION, SIDE>::THREADS;
  PixelRows<TileA, SIDE, THREADS, WIDTH> a;
  a.source = source, a.height = height, a.width = width, a.n_channels = n_channels, a.taps = taps;
  a.depth.seek(range.first_depth + a.column(), n_channels, taps.n_x);
#pragma unroll
  for (int i = 0; i < a.COUNT; ++i) {
    const int row = writer.first_row + a.row(i);
    PixelCursor at;
    at.seek(row, writer.grid.n_y, writer.grid.n_x);
    const bool valid = row < writer.n_rows;
    a.first_pixel[i] = valid ? at.image * height * width : 0;
    a.y[i] = valid ? at.y * source_step : OUTSIDE;
    a.x[i] = valid ? at.x * source_step : OUTSIDE;
  }
  typename ChooseProduct<PRECISION, TileA, TILE_B, SIDE, THREADS>::Type product;
  multiply<TileA, TILE_B>(shared, a, b, product, range.n_tiles);
  product.each(writer);
}

// output[pixel, o] = activation(bias[o] + sum over (tap, i) of input[pixel s + tap d - p, i] weight[tap, i, o]);
// input [n, height, width, in_channels], weight [kernel, kernel, in_channels, out_channels], bias [out_channels] or null,
// output [n_splits, n, out_height, out_width, out_channels].
template <int PRECISION, int SIDE, int WIDTH>
__device__ __forceinline__ void forward(float *shared, const float *input, const float *weight, const float *bias,
                                        float *output, const Geometry &g, int activation, int n_splits) {
  using TileB = typename Block<PRECISION, SIDE>::AlongRows;
  const PixelGrid grid = {g.n, g.out_height, g.out_width, 1, 0, 0, g.out_height, g.out_width};
  const Taps taps = {g.kernel, g.kernel, 0, 0, 1, -g.padding, -g.padding, g.dilation};
  const int n_depth = g.kernel * g.kernel * g.in_channels, split = blockIdx.z;
  const DepthRange range(n_depth, split, n_splits);
  const Writer<WIDTH> writer = {output + static_cast<long long>(split) * grid.n_rows() * g.out_channels, bias, activation,
                                static_cast<int>(blockIdx.x) * SIDE, static_cast<int>(blockIdx.y) * SIDE,
                                grid.n_rows(), g.out_channels, grid};
  MatrixRows<TileB, SIDE, Block<PRECISION, SIDE>::THREADS, WIDTH> b;
  b.matrix = weight, b.n_depth = n_depth, b.n_rows = g.out_channels;
  b.first_row = writer.first_column, b.first_depth = range.first_depth;
  over_pixels<PRECISION, SIDE, WIDTH, TileB>(shared, input, g.height, g.width, g.in_channels, g.stride, taps, b, range,
                                             writer);
}

// result[pixel, i] = sum over (tap, o) of gradient[(pixel + p - tap d) / s, o] weight[tap, i, o], where that divides;
// gradient [n, out_height, out_width, out_channels], result [n_splits, n, height, width, in_channels].
template <int PRECISION, int SIDE, int WIDTH>
__device__ __forceinline__ void input_gradient(float *shared, const float *gradient, const float *weight, float *result,
                                               const Geometry &g, int n_splits) {
  using TileB = typename Block<PRECISION, SIDE>::AlongDepth;
  const int s = g.stride, split = blockIdx.z % n_splits, phase = blockIdx.z / n_splits;
  const int first_y = phase / s, first_x = phase % s;
  const PixelGrid grid = {g.n, g.height, g.width, s, first_y, first_x, (g.height - first_y + s - 1) / s,
                          (g.width - first_x + s - 1) / s};
  if (static_cast<int>(blockIdx.x) * SIDE >= grid.n_rows()) return;
  // Taps of this phase follow each other by the smallest step that the stride divides after dilation.
  const int tap_y = first_tap((first_y + g.padding) % s, g.kernel, s, g.dilation);
  const int tap_x = first_tap((first_x + g.padding) % s, g.kernel, s, g.dilation);
  int step = 1;
  while (step * g.dilation % s != 0) ++step;
  Taps taps = {0, 0, 0, 0, step, 0, 0, -step * g.dilation / s};
  if (tap_y >= 0 && tap_x >= 0) {
    taps.n_y = (g.kernel - tap_y + step - 1) / step, taps.first_y = tap_y;
    taps.n_x = (g.kernel - tap_x + step - 1) / step, taps.first_x = tap_x;
    taps.offset_y = (first_y + g.padding - tap_y * g.dilation) / s;
    taps.offset_x = (first_x + g.padding - tap_x * g.dilation) / s;
  }
  const DepthRange range(taps.n_y * taps.n_x * g.out_channels, split, n_splits);
  const long long all_pixels = static_cast<long long>(g.n) * g.height * g.width;
  const Writer<WIDTH> writer = {result + split * all_pixels * g.in_channels, nullptr, NONE,
                                static_cast<int>(blockIdx.x) * SIDE, static_cast<int>(blockIdx.y) * SIDE,
                                grid.n_rows(), g.in_channels, grid};
  WeightRows<TileB, SIDE, Block<PRECISION, SIDE>::THREADS, WIDTH> b;
  b.weight = weight, b.kernel = g.kernel, b.n_rows = g.in_channels, b.n_channels = g.out_channels;
  b.first_row = writer.first_column, b.taps = taps;
  b.depth.seek(range.first_depth + b.column(), g.out_channels, taps.n_x);
  over_pixels<PRECISION, SIDE, WIDTH, TileB>(shared, gradient, g.out_height, g.out_width, g.out_channels, 1, taps, b,
                                             range, writer);
}

// result[tap, i, o] = sum over output pixels of input[pixel s + tap d - p, i] gradient[pixel, o];
// result [n_splits, kernel, kernel, in_channels, out_channels].
template <int PRECISION, int SIDE, int WIDTH>
__device__ __forceinline__ void weight_gradient(float *shared, const float *input, const float *gradient, float *result,
                                                const Geometry &g, int n_splits) {
  using TileAB = typename Block<PRECISION, SIDE>::AlongRows;
  constexpr int THREADS = Block<PRECISION, SIDE>::THREADS;
  const int n_rows = g.kernel * g.kernel * g.in_channels, n_depth = g.n * g.out_height * g.out_width;
  const int split = blockIdx.z;
  const DepthRange range(n_depth, split, n_splits);
  const PixelGrid grid = {1, 1, n_rows, 1, 0, 0, 1, n_rows};
  const Writer<WIDTH> writer = {result + static_cast<long long>(split) * n_rows * g.out_channels, nullptr, NONE,
                                static_cast<int>(blockIdx.x) * SIDE, static_cast<int>(blockIdx.y) * SIDE,
                                n_rows, g.out_channels, grid};
  TapRows<TileAB, SIDE, THREADS, WIDTH> a;
  a.input = input, a.g = g;
  const int row = writer.first_row + a.row(), tap = row / g.in_channels;
  a.channel = row - tap * g.in_channels;
  a.offset_y = row < n_rows ? tap / g.kernel * g.dilation - g.padding : OUTSIDE;
  a.offset_x = tap % g.kernel * g.dilation - g.padding;
#pragma unroll
  for (int i = 0; i < a.COUNT; ++i) a.pixel[i].seek(range.first_depth + a.depth(i), g.out_height, g.out_width);
  MatrixRows<TileAB, SIDE, THREADS, WIDTH> b;
  b.matrix = gradient, b.n_depth = n_depth, b.n_rows = g.out_channels;
  b.first_row = writer.first_column, b.first_depth = range.first_depth;
  typename ChooseProduct<PRECISION, TileAB, TileAB, SIDE, THREADS>::Type product;
  multiply<TileAB, TileAB>(shared, a, b, product, range.n_tiles);
  product.each(writer);
}

// ---- kernels ------------------------------------------------------------------------------------------------------
#define CONV_KERNELS(NAME, PRECISION, SIDE, WIDTH)                                                                       \
  extern "C" __global__ void __launch_bounds__((Block<PRECISION, SIDE>::THREADS), 2)                                     \
      forward_##NAME(const float *__restrict__ input, const float *__restrict__ weight, const float *__restrict__ bias,  \
                     float *__restrict__ output, Geometry g, int activation, int n_splits) {                             \
    using Sizes = Block<PRECISION, SIDE>;                                                                                \
    __shared__ __align__(16) float shared[2 * (Sizes::AlongDepth::SIZE + Sizes::AlongRows::SIZE)];                       \
    forward<PRECISION, SIDE, WIDTH>(shared, input, weight, bias, output, g, activation, n_splits);                       \
  }                                                                                                                      \
  extern "C" __global__ void __launch_bounds__((Block<PRECISION, SIDE>::THREADS), 2)                                     \
      input_gradient_##NAME(const float *__restrict__ gradient, const float *__restrict__ weight,                        \
                            float *__restrict__ result, Geometry g, int n_splits) {                                      \
    __shared__ __align__(16) float shared[4 * Block<PRECISION, SIDE>::AlongDepth::SIZE];                                 \
    input_gradient<PRECISION, SIDE, WIDTH>(shared, gradient, weight, result, g, n_splits);                               \
  }                                                                                                                      \
  extern "C" __global__ void __launch_bounds__((Block<PRECISION, SIDE>::THREADS), 2)                                     \
      weight_gradient_##NAME(const float *__restrict__ input, const float *__restrict__ gradient,                        \
                             float *__restrict__ result, Geometry g, int n_splits) {                                     \
    __shared__ __align__(16) float shared[4 * Block<PRECISION, SIDE>::AlongRows::SIZE];                                  \
    weight_gradient<PRECISION, SIDE, WIDTH>(shared, input, gradient, result, g, n_splits);                               \
  }

CONV_KERNELS(fp32_64_1, FP32, 64, 1)
CONV_KERNELS(fp32_64_4, FP32, 64, 4)
CONV_KERNELS(fp32_128_4, FP32, 128, 4)
CONV_KERNELS(tf32_64_1, TF32, 64, 1)
CONV_KERNELS(tf32_64_4, TF32, 64, 4)
CONV_KERNELS(tf32_128_4, TF32, 128, 4)
CONV_KERNELS(bf16_64_1, BF16, 64, 1)
CONV_KERNELS(bf16_64_4, BF16, 64, 4)
CONV_KERNELS(bf16_128_4, BF16, 128, 4)
