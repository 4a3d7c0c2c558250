"""Spherical-harmonic transforms of spin 0 on HEALPix: sht.py PEER PASS NSIDE THREADS, up to lmax = 2 nside.

PEER is healpy or ducc0, PASS is synthesis or analysis (without iterations). The peer's threads are limited to THREADS.
"""

import os
import sys

peer, passname, nside, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
os.environ["OMP_NUM_THREADS"] = str(threads)

import ducc0
import healpy
import numpy as np

from timing import best, report

lmax = 2 * nside
index = np.arange((lmax + 1) * (lmax + 2) // 2)
alm = (index * 7919 % 1009 / 1009 - 0.5) + 1j * (index * 104729 % 1013 / 1013 - 0.5)
alm[: lmax + 1] = alm[: lmax + 1].real
geometry = ducc0.healpix.Healpix_Base(nside, "RING").sht_info()
pixels = np.zeros((1, 12 * nside**2))


def synthesis():
    if peer == "healpy":
        return healpy.alm2map(alm, nside, lmax=lmax)
    ducc0.sht.synthesis(alm=alm[None], map=pixels, lmax=lmax, spin=0, nthreads=threads, **geometry)
    return pixels[0]


def analysis():
    if peer == "healpy":
        return healpy.map2alm(pixels[0], lmax=lmax, iter=0)
    return ducc0.sht.adjoint_synthesis(map=pixels, lmax=lmax, spin=0, nthreads=threads, **geometry)[0]


check = float(np.sqrt(np.mean(synthesis() ** 2)))
if passname == "analysis":
    pixels[0] = np.arange(12 * nside**2) * 7919 % 1009 / 1009 - 0.5
    alm_out = analysis() * (1.0 if peer == "healpy" else 4 * np.pi / (12 * nside**2))
    check = float(np.sqrt(np.mean(np.abs(alm_out) ** 2)))
task = {"synthesis": synthesis, "analysis": analysis}[passname]
version = {"healpy": healpy.__version__, "ducc0": ducc0.__version__}[peer]
report(f"sht_{peer}_{passname}_{nside}_{threads}t", f"{peer} {version}", best(task), check)
