"""HEALPix pixels and weights with healpy: healpix.py PASS NSIDE THREADS.

PASS is ring, nested (pixels of 1e7 positions), weights (of 1e6, ring order) or values (between the pixels of a map at 1e6
positions, ring order). healpy takes one thread, whatever is asked for.
"""

import sys

import healpy
import numpy as np

from timing import best, report

passname, nside, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3]
n = 10_000_000 if passname in ("ring", "nested") else 1_000_000

i = np.arange(n)
theta = np.arccos(1 - 2 * ((i * 7919 % 1000003 + 0.5) / 1000003))
phi = 2 * np.pi * ((i * 104729 % 1000033 + 0.5) / 1000033)

if passname in ("ring", "nested"):
    def task():
        return healpy.ang2pix(nside, theta, phi, nest=passname == "nested")

    check = task().mean()
elif passname == "weights":
    def task():
        return healpy.get_interp_weights(nside, theta, phi)

    pixels, weights = task()
    check = (pixels * weights).sum(axis=0).mean()
else:
    values = (np.arange(healpy.nside2npix(nside)) % 1009 / 1009).astype(np.float32)

    def task():
        return healpy.get_interp_val(values, theta, phi)

    check = task().mean()
report(f"healpix_{passname}_{nside}_{threads}t", f"healpy {healpy.__version__}", best(task), float(check))
