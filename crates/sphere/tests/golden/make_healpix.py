"""Golden HEALPix pixels, centres and weights from healpy: python make_healpix.py OUTPUT_FOLDER

Writes healpix.csv: positions at random and where formulae are delicate (poles, borders of the caps, equator, first
meridian), with the pixel in both orders, the centre, and pixels (ring order) and weights for interpolation. The first
rows are the positions of the project's reference numbers.
"""

import sys
from pathlib import Path

import healpy
import numpy as np

NSIDES = [1, 2, 4, 64, 1024, 2048, 8192, 1 << 20, 1 << 29]
HALF_PI = np.pi / 2

reference = [(0.0, 0.0), (0.001, 0.3), (0.1, 1.0), (0.5, 5.9), (0.84106867, 2.0), (1.0, 3.14159), (HALF_PI, 0.0),
             (HALF_PI, np.pi / 4), (1.9, 4.5), (2.3005239, 6.0), (2.9, 1.2345), (3.1405926535897932, 2.2), (np.pi, 0.0),
             (1.5471508740645754, 5.971939531762716), (2.362684197285134, 5.960540267916768),
             (1.9566358746946042, 2.659838524324996), (0.8560773558890599, 2.57107400134529),
             (1.471445590714155, 0.17315901540774553), (1.0390651931048354, 3.381254158776311),
             (1.9182838409421152, 4.953843645140002)]

rng = np.random.default_rng(20261121)
theta = [t for t, _ in reference] + list(np.arccos(rng.uniform(-1, 1, 40)))
phi = [p for _, p in reference] + list(rng.uniform(0, 2 * np.pi, 40))
border = np.arccos(2 / 3)
for t in [1e-9, 1e-5, 3e-3, 0.3, border - 1e-6, border + 1e-6, 1.2, HALF_PI - 1e-7, HALF_PI + 1e-7, np.pi - border - 1e-6,
          np.pi - border + 1e-6, np.pi - 0.3, np.pi - 3e-3, np.pi - 1e-5, np.pi - 1e-9]:
    for p in [0.0, 1e-12, 1e-3, np.pi / 2 - 1e-3, np.pi / 2 + 1e-3, np.pi - 1e-4, 2 * np.pi - 1e-3, 2 * np.pi - 1e-12]:
        theta.append(t)
        phi.append(p)

# Latitudes are what we store; healpy gets the colatitude that follows from them.
lat = HALF_PI - np.array(theta)
theta, phi = HALF_PI - lat, np.array(phi)

lines = [f"# healpy {healpy.__version__}, made by make_healpix.py", "# angles in radians; interp pixels in ring order",
         "nside,lon,lat,ring,nested,centre_theta,centre_phi," + ",".join(f"pix{i},w{i}" for i in range(4))]
for nside in NSIDES:
    ring, nest = healpy.ang2pix(nside, theta, phi), healpy.ang2pix(nside, theta, phi, nest=True)
    centre_theta, centre_phi = healpy.pix2ang(nside, ring)
    pixels, weights = healpy.get_interp_weights(nside, theta, phi)
    for i in range(len(theta)):
        cells = [nside, repr(float(phi[i])), repr(float(lat[i])), ring[i], nest[i],
                 repr(float(centre_theta[i])), repr(float(centre_phi[i]))]
        for k in range(4):
            cells += [pixels[k, i], repr(float(weights[k, i]))]
        lines.append(",".join(str(cell) for cell in cells))
Path(sys.argv[1], "healpix.csv").write_text("\n".join(lines) + "\n")
