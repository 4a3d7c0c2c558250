"""Small skies around clusters with numpy: cluster_skies.py N THREADS.

The recipe of Gupta & Reichardt 2020 as it is written down: CMB and foregrounds as Gaussian fields on a periodic square of 60'
with 0.25' pixels, each white noise filtered in Fourier space, plus the cluster with a log-normal amplitude, all through a beam
of 1'; the middle 40 x 40 pixels, white noise, the edge tapered. One process a thread, single precision where numpy has it.
"""

import multiprocessing
import os
import sys

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"

import numpy as np

from timing import best, report

n, threads = int(sys.argv[1]), int(sys.argv[2])
BOX, KEPT, PIXEL_ARCMIN = 240, 40, 0.25
PIXEL_RAD = np.radians(PIXEL_ARCMIN / 60)


def tables():
    ell = 2 * np.pi * np.hypot(np.fft.fftfreq(BOX, PIXEL_RAD)[:, None], np.fft.rfftfreq(BOX, PIXEL_RAD)[None, :])
    safe = np.maximum(ell, 2.0)
    sigma = np.radians(1 / 60) / np.sqrt(8 * np.log(2))
    beam = np.exp(-0.5 * ell * (ell + 1) * sigma**2)
    cmb = 2 * np.pi / (safe * (safe + 1)) * (2000 * np.exp(-((safe / 1300) ** 1.8)) + 0.3)
    foregrounds = 2 * np.pi / (safe * (safe + 1)) * (6.2 + 10.4 * (safe / 3000) ** 2 + 3.4 * (safe / 3000) ** 0.8)
    amplitude = [np.where(ell > 0, np.sqrt(power) / PIXEL_RAD, 0).astype(np.float32) for power in (cmb, foregrounds)]
    at = (np.arange(BOX) - BOX // 2) * PIXEL_ARCMIN
    cluster = -100 / (1 + (at[:, None] ** 2 + at[None, :] ** 2) / 0.5**2)
    distance = (np.minimum(np.arange(KEPT), KEPT - 1 - np.arange(KEPT)) + 0.5) * PIXEL_ARCMIN
    edge = np.where(distance < 2, 0.5 * (1 - np.cos(np.pi * distance / 2)), 1.0)
    spectrum = np.fft.rfft2(np.fft.ifftshift(cluster)).astype(np.complex64)
    return amplitude, beam.astype(np.float32), spectrum, (edge[:, None] * edge[None, :]).astype(np.float32)


AMPLITUDE, BEAM, CLUSTER, EDGE = tables()
MIDDLE = slice((BOX - KEPT) // 2, (BOX + KEPT) // 2)
SHIFT = np.exp(-1j * np.pi * (np.arange(BOX)[:, None] + np.arange(BOX // 2 + 1)[None, :])).astype(np.complex64)
CENTRED = CLUSTER * SHIFT


def maps(job):
    seed, count = job
    rng = np.random.default_rng(seed)
    out = np.empty((count, KEPT, KEPT), np.float32)
    for i in range(count):
        sky = CENTRED * np.float32(np.exp(0.2 * rng.standard_normal()))
        for amplitude in AMPLITUDE:
            sky = sky + np.fft.rfft2(rng.standard_normal((BOX, BOX), np.float32)) * amplitude
        kept = np.fft.irfft2(sky * BEAM, s=(BOX, BOX))[MIDDLE, MIDDLE]
        out[i] = (kept + 20 * rng.standard_normal((KEPT, KEPT), np.float32)) * EDGE
    return out


if __name__ == "__main__":
    if threads == 1:
        seconds = best(lambda: maps((1, n)))
    else:
        with multiprocessing.get_context("fork").Pool(threads) as pool:
            jobs = [(seed, n // threads) for seed in range(threads)]
            seconds = best(lambda: pool.map(maps, jobs))
    report(f"cluster_skies_{n}_{threads}t", f"numpy {np.__version__}", seconds)
