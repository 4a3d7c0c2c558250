"""The matched filter for 3 bands and 12 scales in numpy and scipy: mmf.py N THREADS.

As a good numpy user would: single precision, in place, the covariance inverted along the radius and interpolated onto the
quarter plane, the bands combined once, one inverse FFT a scale, and a running maximum instead of 12 maps.
"""

import sys

import numpy as np
import scipy
import scipy.fft

from timing import best, report

n, threads = int(sys.argv[1]), int(sys.argv[2])
PIXEL_RAD = np.radians(0.5 / 60)
CORE_RADII_ARCMIN = 0.25 * np.arange(1, 13)
FWHM_ARCMIN = np.array([1.6, 1.2, 1.0])
RESPONSE_UK = np.array([-4.25e6, -2.63e6, -0.1e6])
NOISE_UK_ARCMIN = np.array([2.8, 2.6, 6.6])


def covariance(ell):
    """Noise covariance [ell, band, band] in uK^2 sr: a red sky through the beams, and white noise."""
    sky = 5e-4 * 1e3**2 / (ell**2 + 1e3**2) * np.exp(-((ell / 3e3) ** 2)) + 2e-6
    transfer = beam(ell)
    white = (NOISE_UK_ARCMIN * np.radians(1 / 60)) ** 2
    return sky[:, None, None] * transfer[:, :, None] * transfer[:, None, :] + np.diag(white)


def beam(ell):
    sigma = np.radians(FWHM_ARCMIN / 60) / np.sqrt(8 * np.log(2))
    return np.exp(-0.5 * (ell * (ell + 1))[:, None] * sigma**2)


def run(maps):
    ell_y = 2 * np.pi * np.fft.fftfreq(n, PIXEL_RAD)
    ell_x = 2 * np.pi * np.fft.rfftfreq(n, PIXEL_RAD)
    quarter = np.hypot(ell_y[: n // 2 + 1, None], ell_x)
    radius = np.arange(0.0, quarter.max() + 20, 10)
    response = beam(radius) * RESPONSE_UK
    weights = np.linalg.solve(covariance(radius), response[:, :, None])[:, :, 0]
    information = (weights * response).sum(1)
    unit = np.abs(weights).max()
    weights[0] = information[0] = 0

    def plane(values):
        return np.interp(quarter, radius, values / unit).astype(np.float32)

    def multiply(spectrum, values):
        """Times a quarter plane, which serves ky and -ky."""
        spectrum[: n // 2 + 1] *= values
        spectrum[n // 2 + 1 :] *= values[n // 2 - 1 : 0 : -1]

    combined = None
    for band, pixels in enumerate(maps):
        spectrum = scipy.fft.rfft2(pixels, workers=threads)
        multiply(spectrum, plane(weights[:, band]))
        combined = spectrum if combined is None else np.add(combined, spectrum, out=combined)
    information = plane(information)
    information[0, 0] = 0
    multiplicity = np.full(quarter.shape, 4, np.float32)
    multiplicity[:, [0, -1]] /= 2
    multiplicity[[0, -1]] /= 2
    information *= multiplicity

    offset = np.minimum(np.arange(n), n - np.arange(n)).astype(np.float32) * PIXEL_RAD
    theta2 = offset[:, None] ** 2 + offset**2
    best_snr = np.full((n, n), -np.inf, np.float32)
    best_scale = np.zeros((n, n), np.uint8)
    for i, core_arcmin in enumerate(CORE_RADII_ARCMIN):
        profile = 1 / (1 + theta2 / np.float32(np.radians(core_arcmin / 60) ** 2))
        tau = scipy.fft.rfft2(profile, workers=threads).real[: n // 2 + 1] * np.float32(PIXEL_RAD**2)
        sigma = (np.sum(tau**2 * information, dtype=np.float64) * unit / (n * PIXEL_RAD) ** 2) ** -0.5
        product = combined.copy()
        multiply(product, tau * np.float32(sigma * unit))
        snr = scipy.fft.irfft2(product, s=(n, n), workers=threads, overwrite_x=True)
        better = snr > best_snr
        np.copyto(best_snr, snr, where=better)
        np.copyto(best_scale, np.uint8(i), where=better)
    return best_snr, best_scale


index = np.arange(n * n)
maps = [
    ((index * factor % 1_000_003 * 7919 % 1009) / 1009 - 0.5).astype(np.float32).reshape(n, n) * 10
    for factor in (31, 37, 41)
]
del index
check = float(np.sqrt(np.mean(run(maps)[0].astype(float) ** 2)))
name = f"scipy {scipy.__version__}, numpy {np.__version__}"
report(f"mmf_12scales_3bands_{n}_{threads}t", name, best(lambda: run(maps)), check)
