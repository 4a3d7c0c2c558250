// Runs CUDA kernels on the CPU, for tests: a .cu file compiles unchanged as C++ behind this header.
//
// The threads of a block are fibers, the blocks run one after another in a shuffled order. A fiber runs until it waits:
// at __syncthreads for all threads of its block that have not ended, at an exchange for those of its warp. Then the next
// one runs, in an order that is drawn anew at every wait: a missing barrier gives wrong or seed-dependent results. Shared
// memory is NaN before each block. A wait that can never end stops the program with a message.
//
// Covered: threadIdx, blockIdx, blockDim, gridDim, static __shared__ memory, __syncthreads, __syncwarp, __shfl_sync,
// __shfl_xor_sync and __shfl_down_sync over whole warps, float2, float4, and the tensor-core functions of conv2d.cu.
// Not covered: atomics (the kernels have none), inline PTX, memory order finer than barriers.
//
// What the tensor cores do is emulated from the fragments as the PTX manual lays them out: lanes exchange their
// registers, so that a fragment loaded wrongly gives wrong numbers. The operands are rounded as the instructions do; the
// products are exact and their sum with the accumulator is rounded once. The hardware's own order and rounding of these
// sums is not documented, so that only a GPU can tell its last bits.
#pragma once
#include <math.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <random>
#include <vector>

#define CONV_EMULATED 1
#define __global__
#define __device__
#define __forceinline__ inline
#define __launch_bounds__(...)
#define __restrict__ __restrict
#define __align__(n) __attribute__((aligned(n)))
#ifdef EMULATOR_UNDER_SANITIZER
// The address sanitizer guards variables of ordinary sections alone.
#define __shared__ static
#else
// One block runs at a time, so that shared memory is static; its section has a beginning and an end to fill with NaN.
#define __shared__ static __attribute__((section("emulated_shared")))
extern "C" char __start_emulated_shared[], __stop_emulated_shared[];
#endif

struct dim3 {
  unsigned x, y, z;
};
struct alignas(8) float2 {
  float x, y;
};
struct alignas(16) float4 {
  float x, y, z, w;
};
inline float2 make_float2(float x, float y) { return {x, y}; }
inline float4 make_float4(float x, float y, float z, float w) { return {x, y, z, w}; }

namespace emulator {

enum class State { ready, at_barrier, at_exchange, ended };

// What is needed to go on: of ucontext only the first entry, since each swap of contexts costs two system calls. The
// address sanitizer follows contexts alone.
struct Place {
  ucontext_t context;
#ifndef EMULATOR_UNDER_SANITIZER
  jmp_buf jump;
  bool entered = false;
#endif
};

struct Fiber {
  Place place;
  std::unique_ptr<char[]> stack;
  State state;
  dim3 thread;
  unsigned number;
  // Exchanges begun, of which the last two may still be read by others.
  unsigned n_exchanges;
};

constexpr size_t stack_bytes = 128 << 10;
constexpr unsigned warp_size = 32;

inline Place scheduler;
inline Fiber *current;
inline std::vector<Fiber> fibers;
inline dim3 block_index, block_size, grid_size;
inline const std::function<void()> *kernel;
inline std::mt19937 random_order;
// A test of the tests: barriers that do nothing.
inline bool drop_barriers = false;
// What the lanes of each warp offer to each other.
inline uint32_t offered[32][2][warp_size][8];

inline void change(Place &from, Place &to) {
#ifdef EMULATOR_UNDER_SANITIZER
  swapcontext(&from.context, &to.context);
#else
  from.entered = true;
  if (_setjmp(from.jump)) return;
  if (to.entered) _longjmp(to.jump, 1);
  setcontext(&to.context);
#endif
}

inline void wait(State state) {
  Fiber *self = current;
  self->state = state;
  change(self->place, scheduler);
}

inline void enter() {
  (*kernel)();
  wait(State::ended);
}

inline void start(unsigned number) {
  Fiber &fiber = fibers[number];
  if (!fiber.stack) fiber.stack.reset(new char[stack_bytes]);
  fiber.state = State::ready;
  fiber.number = number;
  fiber.n_exchanges = 0;
  fiber.thread = {number % block_size.x, number / block_size.x % block_size.y, number / (block_size.x * block_size.y)};
  ucontext_t &context = fiber.place.context;
  getcontext(&context);
  context.uc_stack.ss_sp = fiber.stack.get();
  context.uc_stack.ss_size = stack_bytes;
  context.uc_link = nullptr;
  makecontext(&context, enter, 0);
#ifndef EMULATOR_UNDER_SANITIZER
  fiber.place.entered = false;
#endif
}

// Wakes those fibers of [begin, end) that wait for `state` if all of them that have not ended do; tells whether it woke any.
inline bool release(unsigned begin, unsigned end, State state) {
  bool any = false;
  for (unsigned i = begin; i < end; ++i) {
    if (fibers[i].state != state && fibers[i].state != State::ended) return false;
    any |= fibers[i].state == state;
  }
  for (unsigned i = begin; any && i < end; ++i)
    if (fibers[i].state == state) fibers[i].state = State::ready;
  return any;
}

inline void run_block() {
  const unsigned n = block_size.x * block_size.y * block_size.z;
  if (fibers.size() < n) fibers.resize(n);
  std::vector<unsigned> order(n);
  for (unsigned i = 0; i < n; ++i) start(i), order[i] = i;
#ifndef EMULATOR_UNDER_SANITIZER
  memset(__start_emulated_shared, 0xff, __stop_emulated_shared - __start_emulated_shared);
#endif
  for (;;) {
    std::shuffle(order.begin(), order.end(), random_order);
    for (unsigned i : order) {
      if (fibers[i].state != State::ready) continue;
      current = &fibers[i];
      change(scheduler, fibers[i].place);
    }
    bool woke = false;
    for (unsigned first = 0; first < n; first += warp_size)
      woke |= release(first, std::min(n, first + warp_size), State::at_exchange);
    woke = woke || release(0, n, State::at_barrier);
    if (woke) continue;
    for (unsigned i = 0; i < n; ++i) {
      if (fibers[i].state == State::ended) continue;
      fprintf(stderr, "emulator: thread %u waits for threads that never come\n", i);
      exit(3);
    }
    return;
  }
}

inline void launch(dim3 grid, dim3 block, unsigned seed, const std::function<void()> &body) {
  kernel = &body, grid_size = grid, block_size = block;
  random_order.seed(seed);
  std::vector<dim3> blocks;
  for (unsigned z = 0; z < grid.z; ++z)
    for (unsigned y = 0; y < grid.y; ++y)
      for (unsigned x = 0; x < grid.x; ++x) blocks.push_back({x, y, z});
  std::shuffle(blocks.begin(), blocks.end(), random_order);
  for (const dim3 &at : blocks) block_index = at, run_block();
}

// Offers `n` registers to the warp; after it `of(lane)` are those of each lane, until the exchange after the next.
inline void offer(const uint32_t *registers, unsigned n) {
  const unsigned turn = current->n_exchanges++ % 2;
  memcpy(offered[current->number / warp_size][turn][current->number % warp_size], registers, n * sizeof *registers);
  wait(State::at_exchange);
}
inline const uint32_t *of(unsigned lane) {
  return offered[current->number / warp_size][(current->n_exchanges - 1) % 2][lane];
}

inline float as_float(uint32_t bits) {
  float x;
  memcpy(&x, &bits, sizeof x);
  return x;
}
inline uint32_t as_bits(float x) {
  uint32_t bits;
  memcpy(&bits, &x, sizeof bits);
  return bits;
}

inline float shuffle(float x, unsigned source) {
  const uint32_t bits = as_bits(x);
  offer(&bits, 1);
  return source < warp_size ? as_float(of(source)[0]) : x;
}

// The number at `half` (0 low, 1 high) of a register of two bf16.
inline float bf16_half(uint32_t pair, unsigned half) { return as_float(half ? pair & 0xffff0000u : pair << 16); }

// c[16 x 8] += a[16 x DEPTH] b[DEPTH x 8] for the fragments of mma.m16n8k8 (.tf32, one number a register) and m16n8k16
// (.bf16, two). Lane = 4 group + quad. A: register r has row group + 8 (r mod 2) and the depths of `quad` in half r / 2;
// B: register r has column group and the depths of `quad` in half r; C: register r has row group + 8 (r / 2), column
// 2 quad + r mod 2.
template <unsigned NUMBERS> inline void multiply(float *c, const unsigned *a, const unsigned *b) {
  uint32_t registers[6];
  memcpy(registers, a, 16), memcpy(registers + 4, b, 8);
  offer(registers, 6);
  const unsigned group = current->number % warp_size / 4, quad = current->number % 4;
  for (unsigned r = 0; r < 4; ++r) {
    const unsigned row = group + 8 * (r / 2), column = 2 * quad + r % 2;
    double sum = c[r];
    for (unsigned half = 0; half < 2; ++half)
      for (unsigned lane = 0; lane < 4; ++lane)
        for (unsigned i = 0; i < NUMBERS; ++i) {
          const uint32_t from_a = of(row % 8 * 4 + lane)[row / 8 + 2 * half], from_b = of(column * 4 + lane)[4 + half];
          sum += NUMBERS == 1 ? double(as_float(from_a)) * as_float(from_b)
                              : double(bf16_half(from_a, i)) * bf16_half(from_b, i);
        }
    c[r] = float(sum);
  }
}

}  // namespace emulator

#define threadIdx (emulator::current->thread)
#define blockIdx (emulator::block_index)
#define blockDim (emulator::block_size)
#define gridDim (emulator::grid_size)

inline void __syncthreads() {
  if (!emulator::drop_barriers) emulator::wait(emulator::State::at_barrier);
}
inline void __syncwarp(unsigned = ~0u) { emulator::wait(emulator::State::at_exchange); }
inline float __shfl_sync(unsigned, float x, int lane) { return emulator::shuffle(x, lane); }
inline float __shfl_xor_sync(unsigned, float x, int mask) {
  return emulator::shuffle(x, (emulator::current->number % emulator::warp_size) ^ mask);
}
inline float __shfl_down_sync(unsigned, float x, unsigned by) {
  return emulator::shuffle(x, emulator::current->number % emulator::warp_size + by);
}
inline unsigned __float_as_uint(float x) { return emulator::as_bits(x); }
inline float __uint_as_float(unsigned x) { return emulator::as_float(x); }

// The four functions that conv2d.cu leaves to the emulator.
inline float round_to_tf32(float x) {
  const uint32_t bits = emulator::as_bits(x);
  // Half of the last kept bit is added to the magnitude: ties go away from zero. Infinities and NaN stay as they are.
  return (bits & 0x7f800000u) == 0x7f800000u ? x : emulator::as_float((bits + 0x1000u) & ~0x1fffu);
}
inline unsigned pack_bf16(float low, float high) {
  const auto half = [](float x) -> uint32_t {
    const uint32_t bits = emulator::as_bits(x);
    if (x != x) return 0x7fffu;
    return (bits + 0x7fffu + (bits >> 16 & 1)) >> 16;
  };
  return half(low) | half(high) << 16;
}
inline void multiply_tf32(float *c, const unsigned *a, const unsigned *b) { emulator::multiply<1>(c, a, b); }
inline void multiply_bf16(float *c, const unsigned *a, const unsigned *b) { emulator::multiply<2>(c, a, b); }
