"""Golden cutouts of maps laid out as the simulated skies of Sehgal et al. 2010, made the way of the public DeepSZ
code: python make_sehgal_cutouts.py OUTPUT_FOLDER

HEALPix in Jy/sr, ring order, equatorial; nearest neighbour into ZEA with CRPIX = n/2; dT = I / CFAC * 2.726e6 uK. Every
fifth pixel of each cutout is kept. The test writes the same maps, a formula of the pixel's number, to files.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import healpy
import numpy as np
from astropy.wcs import WCS
from reproject import reproject_from_healpix

NSIDE, SIDE, PIXEL_DEG = 64, 32, 0.1
CFAC = {90: 5.526540e8, 148: 1.072480e9, 219: 1.318837e9}


def main(out):
    number = np.arange(12 * NSIDE**2)
    with open(out / "sehgal_cutouts.csv", "w") as f:
        f.write(f"# healpy {healpy.__version__}, reproject {version('reproject')}: make_sehgal_cutouts.py\n")
        f.write("ra_deg,dec_deg,nu_ghz,x,y,t_uk\n")
        for ra, dec in [(45.3, 37.7), (0.05, 0.1), (359.9, 88.0)]:
            wcs = WCS(naxis=2)
            wcs.wcs.ctype = ["RA---ZEA", "DEC--ZEA"]
            wcs.wcs.crval, wcs.wcs.crpix = [ra, dec], [SIDE / 2, SIDE / 2]
            wcs.wcs.cdelt = [-PIXEL_DEG, PIXEL_DEG]
            for nu, cfac in CFAC.items():
                sky = ((number * 7919 % 1009) * float(nu)).astype(np.float32).astype(float)
                cutout, _ = reproject_from_healpix((sky, "icrs"), wcs, (SIDE, SIDE), order="nearest-neighbor", nested=False)
                for y in range(0, SIDE, 5):
                    for x in range(0, SIDE, 5):
                        f.write(f"{ra},{dec},{nu},{x},{y},{cutout[y, x] / cfac * 2.726e6:.8g}\n")


main(Path(sys.argv[1]))
