"""The two-dimensional real FFT with ducc0: fft.py PASS FLOAT N THREADS.

PASS is forward, inverse or filter (forward, multiply, inverse). Every output is preallocated.
"""

import sys

import ducc0
import numpy as np

from timing import best, report

passname, floatname, n, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
real, complex_ = {"f32": (np.float32, np.complex64), "f64": (np.float64, np.complex128)}[floatname]

pixels = (np.arange(n * n).reshape(n, n) * 7919 % 1009 / 1009 - 0.5).astype(real)
out = np.zeros((n, n), real)
spectrum = np.zeros((n, n // 2 + 1), complex_)
kernel = np.full((n, n // 2 + 1), 0.5, real)


def forward():
    ducc0.fft.r2c(pixels, axes=(0, 1), out=spectrum, nthreads=threads)


def inverse():
    ducc0.fft.c2r(spectrum, axes=(0, 1), lastsize=n, forward=False, inorm=2, out=out, nthreads=threads,
                  allow_overwriting_input=True)


def filtered():
    forward()
    np.multiply(spectrum, kernel, out=spectrum)
    inverse()


forward()
task = {"forward": forward, "inverse": inverse, "filter": filtered}[passname]
report(f"fft_{passname}_{floatname}_{n}_{threads}t", f"ducc0 {ducc0.__version__}", best(task))
