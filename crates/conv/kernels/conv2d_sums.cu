// Sums beside the convolution: of the splits of a product, of gradients over pixels (bias), and the derivative of the
// activation. Reference: `Plan::activation_gradient` on the CPU. Every sum runs in a fixed order: same bits in each run.
//
// No #include, so that NVRTC needs no header.

// Same values as in conv2d.cu.
enum Activation { NONE, RELU, SELU };

__device__ __forceinline__ float activated(float z, int activation) {
  if (activation == RELU) return z < 0.f ? 0.f : z;
  if (activation == SELU) return z > 0.f ? 1.0507010f * z : 1.7580993f * expm1f(z);
  return z;
}

// The activation's derivative from its own value.
__device__ __forceinline__ float derivative(float value, int activation) {
  if (activation == RELU) return value > 0.f ? 1.f : 0.f;
  if (activation == SELU) return value > 0.f ? 1.0507010f : value + 1.7580993f;
  return 1.f;
}

// result[i] = activation(sum over splits of parts[split, i] + bias[i mod n_channels]), the first split first;
// parts [n_splits, len], bias [n_channels] or null, result [len]. One thread a number in steps of the grid, any block.
extern "C" __global__ void sum_splits(const float *__restrict__ parts, const float *__restrict__ bias,
                                      float *__restrict__ result, long long len, int n_splits, int n_channels,
                                      int activation) {
  const long long step = static_cast<long long>(gridDim.x) * blockDim.x;
  for (long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x; i < len; i += step) {
    float sum = 0.f;
    for (int split = 0; split < n_splits; ++split) sum += parts[split * len + i];
    if (bias) sum += bias[i % n_channels];
    result[i] = activated(sum, activation);
  }
}

// behind[pixel, c] = gradient[pixel, c] derivative(output[pixel, c]), and its sums over the pixels of each split:
// output, gradient, behind [n_pixels, n_channels], parts [gridDim.y, n_channels]. Without an activation `output` and
// `behind` are not touched. blockDim = (32, 8): 32 channels, eight rows of pixels; blockIdx.x counts channels in steps
// of 32, blockIdx.y splits of `split_pixels` pixels.
extern "C" __global__ void __launch_bounds__(256)
    activation_gradient(const float *__restrict__ output, const float *__restrict__ gradient, float *__restrict__ behind,
                        float *__restrict__ parts, long long n_pixels, int n_channels, int split_pixels, int activation) {
  __shared__ float sums[8][32];
  const int channel = blockIdx.x * 32 + threadIdx.x;
  const long long first = static_cast<long long>(blockIdx.y) * split_pixels;
  const long long end = first + split_pixels < n_pixels ? first + split_pixels : n_pixels;
  float sum = 0.f;
  if (channel < n_channels) {
    for (long long pixel = first + threadIdx.y; pixel < end; pixel += 8) {
      const long long at = pixel * n_channels + channel;
      float value = gradient[at];
      if (activation != NONE) {
        value *= derivative(output[at], activation);
        behind[at] = value;
      }
      sum += value;
    }
  }
  sums[threadIdx.y][threadIdx.x] = sum;
  __syncthreads();
  if (threadIdx.y == 0 && channel < n_channels) {
    float total = 0.f;
    for (int i = 0; i < 8; ++i) total += sums[i][threadIdx.x];
    parts[static_cast<long long>(blockIdx.y) * n_channels + channel] = total;
  }
}
