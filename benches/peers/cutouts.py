"""Cutouts of a HEALPix map with astropy's reproject: cutouts.py INTERPOLATION N NSIDE THREADS

INTERPOLATION is nearest or bilinear. One call of reproject_from_healpix a cutout, which is how it is used; it has no
threads, so THREADS only names the case.
"""

import sys
from importlib.metadata import version

import numpy as np
from astropy.wcs import WCS
from reproject import reproject_from_healpix

from timing import best, report

how, n, nside, threads = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
order = {"nearest": "nearest-neighbor", "bilinear": "bilinear"}[how]
side = 32

sky = ((np.arange(12 * nside**2) % 9973) / 9973).astype(np.float32)
k = np.arange(n)
lon = k * 137.507764 % 360
lat = np.degrees(np.arcsin(2 * (k + 0.5) / n - 1))


def cutout(ra, dec):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---ZEA", "DEC--ZEA"]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [(side + 1) / 2, (side + 1) / 2]
    wcs.wcs.cdelt = [-0.25 / 60, 0.25 / 60]
    values, _ = reproject_from_healpix((sky, "icrs"), wcs, (side, side), order=order, nested=False)
    return values


def cut():
    return [cutout(ra, dec) for ra, dec in zip(lon, lat)]


check = float(sum((i + 1) * values[0, 0] for i, values in enumerate(cut())))
report(f"cutouts_healpix_{how}_{n}_nside{nside}_{threads}t", f"reproject {version('reproject')}", best(cut), check)
