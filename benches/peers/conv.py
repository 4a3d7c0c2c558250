"""Convolution with PyTorch, in bursts: conv.py THREADS, then one line of standard input for each burst.

A line is `LAYOUT PASS N CHANNELS_IN CHANNELS_OUT SIDE KERNEL STRIDE DILATION MILLISECONDS`, with `LAYOUT` one of `default`
(NCHW) and `channels_last`, and `PASS` `forward` or `all` (forward and both gradients). The answer is one line of JSON.
"""

import json
import statistics
import sys
import time

import torch

torch.set_num_threads(int(sys.argv[1]))


def numbers(shape, seed):
    """The numbers of convolution.rs: `shape` is NHWC or HWIO, as there."""
    n = 1
    for size in shape:
        n *= size
    index = (torch.arange(n, dtype=torch.int64) + seed) * 7919 % 1009
    return (index.to(torch.float32) / 1009.0 - 0.5).reshape(shape)


def arrays(n, c_in, c_out, side, kernel, stride, layout):
    out = (side - 1) // stride + 1
    form = torch.channels_last if layout == "channels_last" else torch.contiguous_format
    x = numbers((n, side, side, c_in), 1).permute(0, 3, 1, 2).contiguous(memory_format=form)
    w = numbers((kernel, kernel, c_in, c_out), 2).permute(3, 2, 0, 1).contiguous(memory_format=form)
    g = numbers((n, out, out, c_out), 3).permute(0, 3, 1, 2).contiguous(memory_format=form)
    return x, w, g


def rms(x):
    return x.to(torch.float64).square().mean().sqrt().item()


def answer(layout, passname, n, c_in, c_out, side, kernel, stride, dilation, milliseconds):
    x, w, g = arrays(n, c_in, c_out, side, kernel, stride, layout)
    padding = dilation * (kernel - 1) // 2

    def forward():
        with torch.no_grad():
            return (torch.nn.functional.conv2d(x, w, None, stride, padding, dilation),)

    def both():
        y = torch.nn.functional.conv2d(x, w, None, stride, padding, dilation)
        return (y, *torch.autograd.grad(y, (x, w), g))

    if passname == "all":
        x.requires_grad_()
        w.requires_grad_()
    task = both if passname == "all" else forward
    check = sum(rms(result.detach()) for result in task())
    start, start_cpu, times = time.perf_counter(), time.process_time(), []
    while len(times) < 3 or (time.perf_counter() - start) * 1e3 < milliseconds:
        one = time.perf_counter()
        task()
        times.append((time.perf_counter() - one) * 1e3)
    cpu_ms = (time.process_time() - start_cpu) * 1e3 / len(times)
    return {"wall_ms": statistics.median(times), "cpu_ms": cpu_ms, "check": check}


print(json.dumps({"peer": f"torch {torch.__version__}"}), flush=True)
for line in sys.stdin:
    layout, passname, *sizes = line.split()
    print(json.dumps(answer(layout, passname, *map(int, sizes))), flush=True)
