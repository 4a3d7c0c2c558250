"""A map lensed by the haloes of a tile: lensing.py STEP N THREADS.

STEP deflection adds up the tapered deflections of 1800 NFW haloes, a compiled loop over the pixels near each (numba, rows
shared among threads) that interpolates a table of the profile; STEP lens moves the map with scipy's splines of fifth degree
(one thread, as scipy has it).
"""

import sys

import numba
import numpy as np
import scipy
from scipy.ndimage import map_coordinates

from timing import best, report

step, n, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
numba.set_num_threads(threads)
PIXEL_ARCMIN = 0.25
N_HALOES = 1800
TAPER_ARCMIN = 30.0
# Scale radius in arcmin, rho_s in Msun/Mpc^3 and r_s in Mpc of haloes of 1, 2, 3, 5, 8e14 Msun at z = 0.7 (colossus 1.4.0).
THETA_S_ARCMIN = np.array([0.5140771199725575, 0.6865277977737997, 0.813105462679959, 1.006309927105336, 1.2243845188422726])
RHO_S = np.array([983355726892753.0, 868193468790665.6, 807610322970509.0, 737678822679941.2, 679076006747408.9])
R_S = np.array([0.2268720703551033, 0.30297785446196496, 0.3588390001583691, 0.44410382744415466, 0.5403443178239713])
SIGMA_CR = 1346190652860807.8


def mean_convergence(x):
    """g(x) / x^2 of Bartelmann 1996."""
    root = np.sqrt(np.abs(1 - x * x))
    with np.errstate(invalid="ignore", divide="ignore"):
        angle = np.where(x < 1, np.log((1 + root) / x), np.arctan(root))
        return (np.log(x / 2) + np.where(root > 1e-6, angle / root, 1.0)) / (x * x)


@numba.njit(parallel=True, fastmath=True)
def deflect(along_x, along_y, xs, ys, theta_s_pixels, amplitudes, reach, log_x, values):
    rows_per_task = 32
    log_step = log_x[1] - log_x[0]
    for task in numba.prange((along_x.shape[0] + rows_per_task - 1) // rows_per_task):
        for k in range(xs.size):
            first = max(task * rows_per_task, int(np.ceil(ys[k] - reach)))
            last = min((task + 1) * rows_per_task, along_x.shape[0], int(np.floor(ys[k] + reach)) + 1)
            for row in range(first, last):
                dy = row - ys[k]
                half = np.sqrt(max(reach * reach - dy * dy, 0.0))
                for column in range(max(0, int(np.ceil(xs[k] - half))), min(along_x.shape[1], int(np.floor(xs[k] + half)) + 1)):
                    dx = column - xs[k]
                    square = dx * dx + dy * dy
                    at = (0.5 * np.log(square) - np.log(theta_s_pixels[k]) - log_x[0]) / log_step
                    idx = min(max(int(at), 0), values.size - 2)
                    shape = values[idx] + (values[idx + 1] - values[idx]) * (at - idx)
                    u = min(max((square / (reach * reach) - 0.25) / 0.75, 0.0), 1.0)
                    part = amplitudes[k] * shape * (1 - u * u * u * (10 - u * (15 - 6 * u)))
                    along_x[row, column] += part * dx
                    along_y[row, column] += part * dy


k = np.arange(N_HALOES)
xs, ys = (k * factor % 100003 / 100003 * n + 0.25 for factor in (7919, 31337))
log_x = np.linspace(np.log(1e-3), np.log(1e3), 4096)
table = mean_convergence(np.exp(log_x)).astype(np.float32)
amplitudes = (4 * RHO_S * R_S / SIGMA_CR)[k % 5]
theta_s_pixels = THETA_S_ARCMIN[k % 5] / PIXEL_ARCMIN
alpha = np.zeros((2, n, n), np.float32)


def deflection():
    alpha[:] = 0
    deflect(alpha[0], alpha[1], xs, ys, theta_s_pixels, amplitudes, TAPER_ARCMIN / PIXEL_ARCMIN, log_x, table)


if step == "deflection":
    deflection()
    check = float(np.sqrt(np.mean(alpha.astype(np.float64) ** 2)))
    report(f"lensing_deflection_{n}_{threads}t", f"numba {numba.__version__}", best(deflection), check)
else:
    y, x = np.mgrid[0:n, 0:n]
    wave = lambda phase: np.cos(2 * np.pi * (phase % n) / n)
    pixels = (80 * wave(40 * x + 23 * y) + 30 * wave(90 * y + (n - 17) * x)).astype(np.float32)
    deflection()
    out = np.zeros_like(pixels)

    def lens():
        coordinates = np.stack([y - alpha[1], x - alpha[0]])
        map_coordinates(pixels, coordinates, output=out, order=5, mode="grid-wrap")

    lens()
    check = float(np.sqrt(np.mean((out.astype(np.float64) - pixels) ** 2)))
    report(f"lensing_lens_{n}_{threads}t", f"scipy {scipy.__version__}", best(lens), check)
