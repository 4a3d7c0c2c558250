"""Golden values of the smoothed WMAP map of ARCMIN_DATA by healpy: ARCMIN_DATA=... python make_healpix_wmap.py OUTPUT_FOLDER

Column I_STOKES of data/healpix_wmap/wmap_band_iqumap_r9_7yr_W_v4_udgraded32_masked.fits (nside 32, ring, mK, UNSEEN where
masked), smoothed to 5 deg. Writes healpix_wmap.csv: pixel, value in uK.
"""

import os
import sys
from pathlib import Path

import healpy
import numpy as np

name = "wmap_band_iqumap_r9_7yr_W_v4_udgraded32_masked.fits"
values = healpy.read_map(Path(os.environ["ARCMIN_DATA"]) / "data/healpix_wmap" / name, field=0, dtype=np.float64)
bad = values == healpy.UNSEEN
smooth = healpy.smoothing(values, fwhm=np.radians(5.0))
lines = [f"# healpy {healpy.__version__}, made by make_healpix_wmap.py; {bad.sum()} pixels masked", "pixel,value_uk"]
lines += [f"{p},{1e3 * float(smooth[p])!r}" for p in range(0, values.size, 151) if not bad[p]]
(Path(sys.argv[1]) / "healpix_wmap.csv").write_text("\n".join(lines) + "\n")
