// Takes kernel launches from standard input, runs them under the emulator and gives the buffers back.
//
// A launch is one line `NAME gx gy gz bx by bz seed barriers n_arguments` (barriers: keep or drop), then each argument:
// `int V`, `long V`, `geometry V x 11`, `null`, or `buffer BYTES` followed by that many bytes. The answer is `done` and the
// bytes of all buffers in their order. Each buffer lies between guards, which a kernel must leave as they are.
#include "cuda_emulator.h"

#include <map>
#include <string>
#include <tuple>
#include <utility>

// The two files are modules of their own on a GPU: each has its own names.
namespace products {
#include "conv2d.cu"
}
namespace sums {
#include "conv2d_sums.cu"
}

namespace {

#ifdef EMULATOR_UNDER_SANITIZER
constexpr size_t guard_bytes = 0;  // the sanitizer has guards of its own, against reading too
#else
constexpr size_t guard_bytes = 4096;
#endif
constexpr char guard_byte = static_cast<char>(0xff);  // floats of these bytes are NaN

[[noreturn]] void fail(const std::string &what) {
  fprintf(stderr, "emulate: %s\n", what.c_str());
  exit(2);
}

std::string word() {
  char text[128];
  if (scanf("%127s", text) != 1) fail("the input ends within a launch");
  return text;
}

long long number() { return strtoll(word().c_str(), nullptr, 10); }

struct Argument {
  std::vector<long long> values;
  std::unique_ptr<char[]> memory;
  size_t bytes = 0;

  // Buffers begin at a multiple of 16 bytes; a GPU's allocator gives more.
  char *begin() const { return memory.get() + guard_bytes; }
  bool guards_are_whole() const {
    const auto whole = [](char c) { return c == guard_byte; };
    return std::all_of(memory.get(), begin(), whole) && std::all_of(begin() + bytes, begin() + bytes + guard_bytes, whole);
  }
};

Argument read_argument() {
  Argument argument;
  const std::string kind = word();
  if (kind == "null") return argument;
  if (kind == "buffer") {
    argument.bytes = static_cast<size_t>(number());
    if (getchar() != '\n') fail("a buffer's bytes begin on a new line");
    argument.memory.reset(new char[argument.bytes + 2 * guard_bytes]);
    std::fill(argument.memory.get(), argument.memory.get() + argument.bytes + 2 * guard_bytes, guard_byte);
    if (fread(argument.begin(), 1, argument.bytes, stdin) != argument.bytes) fail("the input ends within a buffer");
    return argument;
  }
  const int n = kind == "geometry" ? 11 : 1;
  for (int i = 0; i < n; ++i) argument.values.push_back(number());
  return argument;
}

// An argument as the type that the kernel takes.
template <class T> struct As;
template <class T> struct As<T *> {
  static T *get(const Argument &a) { return a.memory ? reinterpret_cast<T *>(a.begin()) : nullptr; }
};
template <> struct As<int> {
  static int get(const Argument &a) { return static_cast<int>(a.values.at(0)); }
};
template <> struct As<long long> {
  static long long get(const Argument &a) { return a.values.at(0); }
};
template <> struct As<products::Geometry> {
  static products::Geometry get(const Argument &a) {
    int fields[11];
    static_assert(sizeof fields == sizeof(products::Geometry), "the geometry is eleven ints");
    for (int i = 0; i < 11; ++i) fields[i] = static_cast<int>(a.values.at(i));
    products::Geometry geometry;
    memcpy(&geometry, fields, sizeof geometry);
    return geometry;
  }
};

using Call = std::function<void(const std::vector<Argument> &)>;

template <class... T, size_t... I> Call taking(void (*kernel)(T...), std::index_sequence<I...>) {
  return [kernel](const std::vector<Argument> &arguments) {
    if (arguments.size() != sizeof...(T)) fail("a kernel has another number of arguments");
    kernel(As<T>::get(arguments[I])...);
  };
}
template <class... T> Call taking(void (*kernel)(T...)) { return taking(kernel, std::index_sequence_for<T...>()); }

#define PASSES(NAME)                                               \
  {"forward_" #NAME, taking(products::forward_##NAME)},              \
      {"input_gradient_" #NAME, taking(products::input_gradient_##NAME)}, \
      {"weight_gradient_" #NAME, taking(products::weight_gradient_##NAME)}

const std::map<std::string, Call> kernels = {
    PASSES(fp32_64_1), PASSES(fp32_64_4), PASSES(fp32_128_4), PASSES(tf32_64_1),  PASSES(tf32_64_4),
    PASSES(tf32_128_4), PASSES(bf16_64_1), PASSES(bf16_64_4), PASSES(bf16_128_4),
    {"sum_splits", taking(sums::sum_splits)},
    {"activation_gradient", taking(sums::activation_gradient)},
};

dim3 sizes() {
  dim3 size;
  size.x = static_cast<unsigned>(number());
  size.y = static_cast<unsigned>(number());
  size.z = static_cast<unsigned>(number());
  return size;
}

void run_launch(const std::string &name) {
  const auto found = kernels.find(name);
  if (found == kernels.end()) fail("no kernel is named " + name);
  const dim3 grid = sizes(), block = sizes();
  const auto seed = static_cast<unsigned>(number());
  emulator::drop_barriers = word() == "drop";
  std::vector<Argument> arguments;
  for (long long n = number(); n > 0; --n) arguments.push_back(read_argument());
  emulator::launch(grid, block, seed, [&] { found->second(arguments); });
  puts("done");
  for (const Argument &argument : arguments) {
    if (!argument.memory) continue;
    if (!argument.guards_are_whole()) fail(name + " writes outside of a buffer");
    fwrite(argument.begin(), 1, argument.bytes, stdout);
  }
  fflush(stdout);
}

}  // namespace

int main() {
  char name[128];
  while (scanf("%127s", name) == 1) run_launch(name);
}
