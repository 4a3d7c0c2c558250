"""Golden cutouts from astropy's reproject and healpy: python make_cutouts.py OUTPUT_FOLDER

Writes flat_cutouts.csv: a galactic TAN map sampled on equatorial cutouts around five positions; healpix_cutouts.csv: a
HEALPix map of nside 64 in galactic coordinates on the same kind of cutouts, nearest and bilinear. The maps are simple
formulae, which the tests repeat.
"""

import sys
from importlib.metadata import version
from pathlib import Path

import healpy
import numpy as np
from astropy.coordinates import SkyCoord
from astropy.wcs import WCS
from reproject import reproject_from_healpix, reproject_interp

SIDE = 10


def cutout_wcs(proj, ra, dec, pixel_arcmin, crpix):
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["RA---" + proj, "DEC--" + proj]
    wcs.wcs.crval = [ra, dec]
    wcs.wcs.crpix = [crpix, crpix]
    wcs.wcs.cdelt = [-pixel_arcmin / 60, pixel_arcmin / 60]
    wcs.wcs.radesys = "ICRS"
    return wcs


def flat_map():
    wcs = WCS(naxis=2)
    wcs.wcs.ctype = ["GLON-TAN", "GLAT-TAN"]
    wcs.wcs.crval = [266.5, -12.3]
    wcs.wcs.crpix = [20.5, 18.0]
    wcs.wcs.cdelt = [-2 / 60, 2 / 60]
    y, x = np.mgrid[0:36, 0:40]
    return wcs, (np.sin(0.3 * x) + 0.1 * x * np.cos(0.2 * y)).astype(np.float32)


def healpix_map(nside):
    """Smooth enough that an interpolation can be told from its neighbours, rough enough to show a wrong pixel."""
    x, y, z = healpy.pix2vec(nside, np.arange(12 * nside**2))
    return (np.sin(20 * x) + np.cos(17 * y) * z + 3 * z).astype(np.float32)


def write(f, case, values, ok):
    proj, order, *numbers = case
    for y in range(SIDE):
        fields = [proj, order.split("-")[0], *map(repr, numbers), str(y)]
        fields += [f"{values[y, x]:.8g}" if ok[y, x] else "" for x in range(SIDE)]
        f.write(",".join(fields) + "\n")


def main(out):
    head = f"# astropy {version('astropy')}, reproject {version('reproject')}, healpy {healpy.__version__}: make_cutouts.py\n"
    columns = "projection,interpolation,ra_deg,dec_deg,pixel_arcmin,crpix,y,values along x\n"
    with open(out / "flat_cutouts.csv", "w") as f:
        f.write(head + "# an empty value: outside the map\n" + columns)
        source_wcs, source = flat_map()
        for l, b in [(266.5, -12.3), (266.1, -12.0), (266.85, -12.75)]:
            centre = SkyCoord(l, b, unit="deg", frame="galactic").icrs
            for proj, crpix in [("TAN", (SIDE + 1) / 2), ("ZEA", SIDE / 2)]:
                wcs = cutout_wcs(proj, centre.ra.deg, centre.dec.deg, 3.1, crpix)
                for order in ["nearest-neighbor", "bilinear"]:
                    values, _ = reproject_interp((source.astype(float), source_wcs), wcs, (SIDE, SIDE), order=order,
                                                 roundtrip_coords=False)
                    # Half a pixel beyond its edge astropy goes on with the last pixel, where we say that there is none.
                    inside = source_wcs.world_to_pixel(wcs.pixel_to_world(*np.meshgrid(range(SIDE), range(SIDE))))
                    margin = 0.0 if order == "bilinear" else 0.5
                    ny, nx = source.shape
                    ok = (inside[0] >= -margin) & (inside[0] <= nx - 1 + margin)
                    ok &= (inside[1] >= -margin) & (inside[1] <= ny - 1 + margin)
                    write(f, (proj, order, float(centre.ra.deg), float(centre.dec.deg), 3.1, crpix), values, ok)
    with open(out / "healpix_cutouts.csv", "w") as f:
        f.write(head + columns)
        sky = healpix_map(64).astype(float)
        for ra, dec in [(266.405, -28.936), (0.0, 89.7), (45.3, 37.7), (10.0, -89.0)]:
            for proj, crpix in [("TAN", (SIDE + 1) / 2), ("ZEA", SIDE / 2)]:
                wcs = cutout_wcs(proj, ra, dec, 25.0, crpix)
                for order in ["nearest-neighbor", "bilinear"]:
                    values, _ = reproject_from_healpix((sky, "galactic"), wcs, (SIDE, SIDE), order=order, nested=False)
                    write(f, (proj, order, ra, dec, 25.0, crpix), values, np.isfinite(values))


main(Path(sys.argv[1]))
