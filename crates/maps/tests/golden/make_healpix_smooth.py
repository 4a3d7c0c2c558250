"""Golden values of smoothed HEALPix maps by healpy: python make_healpix_smooth.py OUTPUT_FOLDER

Pixel p of nside 16 (ring) holds (7919 p mod 1009) / 1009 - 0.5 + cos theta as f32, and is missing where 31 p mod 97 < 9 or
|latitude| < 15 deg. Writes healpix_smooth.csv: what, pixel (or degree), value; "smooth" is healpy.smoothing with missing
pixels (as zero), "full" that without missing ones, "power" anafast of the map with zeros.
"""

import sys
from pathlib import Path

import healpy
import numpy as np

NSIDE, FWHM_DEG = 16, 9.0
p = np.arange(12 * NSIDE**2)
theta, _ = healpy.pix2ang(NSIDE, p)
full = (p * 7919 % 1009 / 1009 - 0.5 + np.cos(theta)).astype(np.float32).astype(np.float64)
missing = (p * 31 % 97 < 9) | (np.abs(np.pi / 2 - theta) < np.radians(15))
cut = np.where(missing, healpy.UNSEEN, full)

lines = [f"# healpy {healpy.__version__}, made by make_healpix_smooth.py", "what,index,value"]
for name, values in {"smooth": cut, "full": full}.items():
    smooth = healpy.smoothing(values, fwhm=np.radians(FWHM_DEG))
    lines += [f"{name},{i},{float(smooth[i])!r}" for i in p[::53] if name == "full" or not missing[i]]
power = healpy.anafast(np.where(missing, 0.0, full), lmax=32, iter=3)
lines += [f"power,{l},{float(c)!r}" for l, c in enumerate(power)]
(Path(sys.argv[1]) / "healpix_smooth.csv").write_text("\n".join(lines) + "\n")
