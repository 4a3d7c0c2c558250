"""Golden cutouts of a WMAP map: python make_wmap_cutouts.py OUTPUT_FOLDER, with the reference data in ARCMIN_DATA.

The 7-year W band at nside 32, masked, in mK and galactic coordinates: equatorial TAN cutouts, nearest and bilinear. An
empty value is a pixel that is missing, or one whose interpolation would need such a pixel.
"""

import os
import sys
from importlib.metadata import version
from pathlib import Path

import healpy
import numpy as np
from astropy.wcs import WCS
from reproject import reproject_from_healpix

SIDE, PIXEL_DEG = 12, 0.7


def main(out):
    path = Path(os.environ["ARCMIN_DATA"]) / "data/healpix_wmap/wmap_band_iqumap_r9_7yr_W_v4_udgraded32_masked.fits"
    sky = healpy.read_map(path, field=0, dtype=np.float64)
    sky[sky < -1e30] = np.nan
    with open(out / "wmap_cutouts.csv", "w") as f:
        f.write(f"# healpy {healpy.__version__}, reproject {version('reproject')}: make_wmap_cutouts.py\n")
        f.write("# uK_CMB\nra_deg,dec_deg,interpolation,y,values along x\n")
        for ra, dec in [(192.859, 27.128), (10.0, -60.0), (236.0, -12.0)]:
            wcs = WCS(naxis=2)
            wcs.wcs.ctype = ["RA---TAN", "DEC--TAN"]
            wcs.wcs.crval, wcs.wcs.crpix = [ra, dec], [(SIDE + 1) / 2, (SIDE + 1) / 2]
            wcs.wcs.cdelt = [-PIXEL_DEG, PIXEL_DEG]
            for order in ["nearest-neighbor", "bilinear"]:
                values, _ = reproject_from_healpix((sky, "galactic"), wcs, (SIDE, SIDE), order=order, nested=False)
                for y in range(SIDE):
                    fields = [f"{1e3 * v:.7g}" if np.isfinite(v) else "" for v in values[y]]
                    f.write(",".join([str(ra), str(dec), order.split("-")[0], str(y), *fields]) + "\n")


main(Path(sys.argv[1]))
