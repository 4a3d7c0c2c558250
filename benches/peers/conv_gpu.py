"""PyTorch's convolution on a GPU: forward, and forward with both gradients, in fp32 and TF32, NCHW and channels_last.

Prints one JSON line a case, as the example `conv-gpu` of arcmin-conv does. Without a GPU it says so and ends with exit
code 3. Needs torch with CUDA.
"""

import json
import statistics
import sys
import time

try:
    import torch
except ImportError:
    sys.exit("no PyTorch: install torch with CUDA")

N_WARM_UP, N_RUNS, N_INNER = 5, 15, 20


def median_ms(f):
    for _ in range(N_WARM_UP):
        f()
    torch.cuda.synchronize()
    times = []
    for _ in range(N_RUNS):
        start = time.perf_counter()
        for _ in range(N_INNER):
            f()
        torch.cuda.synchronize()
        times.append((time.perf_counter() - start) * 1e3 / N_INNER)
    return statistics.median(times)


def report(n, side, channels, dilation, tf32, memory_format):
    torch.backends.cudnn.allow_tf32 = tf32
    x = torch.randn(n, channels, side, side, device="cuda").to(memory_format=memory_format).detach().requires_grad_()
    w = (0.05 * torch.randn(channels, channels, 3, 3, device="cuda")).to(memory_format=memory_format).detach().requires_grad_()

    def forward():
        return torch.nn.functional.conv2d(x, w, padding=dilation, dilation=dilation)

    def both():
        x.grad = w.grad = None
        y = forward()
        (y * y.detach()).sum().backward()

    with torch.no_grad():
        forward_ms = median_ms(forward)
    layout = "channels_last" if memory_format == torch.channels_last else "nchw"
    case = {"who": f"torch {torch.__version__} {'tf32' if tf32 else 'fp32'} {layout}", "n": n, "side": side}
    case |= {"channels": channels, "dilation": dilation}
    case |= {"forward_ms": round(forward_ms, 5), "forward_backward_ms": round(median_ms(both), 5)}
    print(json.dumps(case), flush=True)


def main():
    if not torch.cuda.is_available():
        print("no GPU: PyTorch was not timed", file=sys.stderr)
        sys.exit(3)
    torch.backends.cudnn.benchmark = True
    for n in (4, 32, 128):
        for side, channels in ((40, 64), (20, 128), (10, 256), (5, 512)):
            for dilation in (1, 4):
                for tf32 in (False, True):
                    for memory_format in (torch.contiguous_format, torch.channels_last):
                        report(n, side, channels, dilation, tf32, memory_format)


main()
