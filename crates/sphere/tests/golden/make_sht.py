"""Golden values of spherical-harmonic transforms from healpy and ducc0: python make_sht.py OUTPUT_FOLDER

Writes sht_map.csv (pixels of maps made of the coefficients below, with the rms over the whole map and its projection on a
fixed pattern) and sht_alm.csv (coefficients of the pattern, with no and with three iterations). Both programs are asked
and must agree to 1e-11 of the rms.
"""

import sys
from pathlib import Path

import ducc0
import healpy
import numpy as np

CASES = [(8, 23), (64, 128), (100, 350), (256, 512), (512, 1500)]


def fraction(i, p, q):
    return i * p % q / q - 0.5


def coefficients(lmax):
    i = np.arange((lmax + 1) * (lmax + 2) // 2)
    alm = fraction(i, 7919, 1009) + 1j * fraction(i, 104729, 1013)
    alm[: lmax + 1] = alm[: lmax + 1].real
    return alm


def pattern(nside):
    return fraction(np.arange(12 * nside**2), 7919, 1009)


def sht_info(nside):
    return ducc0.healpix.Healpix_Base(nside, "RING").sht_info()


def agree(a, b):
    rms = np.sqrt(np.mean(np.abs(a) ** 2))
    assert np.max(np.abs(a - b)) < 1e-11 * rms, np.max(np.abs(a - b)) / rms


def map_rows(nside, lmax):
    alm = coefficients(lmax)
    pixels = ducc0.sht.synthesis(alm=alm[None], lmax=lmax, spin=0, nthreads=1, **sht_info(nside))[0]
    agree(pixels, healpy.alm2map(alm, nside, lmax=lmax))
    n = len(pixels)
    picked = sorted({0, 1, 3, n // 12, n // 2, n - 5, n - 1} | {i * n // 41 for i in range(1, 41)})
    rms, along = np.sqrt(np.mean(pixels**2)), np.mean(pixels * pattern(nside))
    yield from (f"{nside},{lmax},{p},{pixels[p]!r}" for p in picked)
    yield f"{nside},{lmax},rms,{rms!r}"
    yield f"{nside},{lmax},projection,{along!r}"


def alm_rows(nside, lmax):
    pixels = pattern(nside)
    plain = ducc0.sht.adjoint_synthesis(map=pixels[None], lmax=lmax, spin=0, nthreads=1, **sht_info(nside))[0]
    plain *= 4 * np.pi / len(pixels)
    for iterations in (0, 3):
        alm = healpy.map2alm(pixels, lmax=lmax, iter=iterations)
        if iterations == 0:
            agree(plain, alm)
        yield f"{nside},{lmax},{iterations},rms,{np.sqrt(np.mean(np.abs(alm) ** 2))!r},0.0"
        n = len(alm)
        for i in sorted({0, 1, 2, lmax, lmax + 1, n - 1} | {k * n // 17 for k in range(1, 17)}):
            yield f"{nside},{lmax},{iterations},{i},{alm[i].real!r},{alm[i].imag!r}"


def write(path, columns, rows):
    head = f"# healpy {healpy.__version__}, ducc0 {ducc0.__version__}, numpy {np.__version__}\n{columns}\n"
    path.write_text(head + "".join(row.replace("np.float64(", "").replace(")", "") + "\n" for row in rows))


folder = Path(sys.argv[1])
write(folder / "sht_map.csv", "nside,lmax,what,value", (row for case in CASES for row in map_rows(*case)))
write(folder / "sht_alm.csv", "nside,lmax,iterations,what,re,im", (row for case in CASES for row in alm_rows(*case)))
