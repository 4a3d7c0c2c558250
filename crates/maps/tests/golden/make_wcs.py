"""Golden pixel and sky positions from astropy's WCS (WCSLIB): python make_wcs.py OUTPUT_FOLDER

Writes wcs_cards.csv (the header of each case) and wcs.csv (0-based pixels and degrees; an empty position where the
projection has no sky).
"""

import sys
from pathlib import Path

import astropy
import numpy as np
from astropy.io import fits
from astropy.wcs import WCS


def header(proj, crval, crpix, shape=(200, 300), pixel=0.5 / 60, lon="RA", lat="DEC", **cards):
    lon_type, lat_type = lon.ljust(4, "-") + "-" + proj, lat.ljust(4, "-") + "-" + proj
    base = dict(NAXIS=2, NAXIS1=shape[1], NAXIS2=shape[0], CTYPE1=lon_type, CTYPE2=lat_type,
                CRPIX1=crpix[0], CRPIX2=crpix[1], CRVAL1=crval[0], CRVAL2=crval[1], CDELT1=-pixel, CDELT2=pixel)
    if any(key.startswith("CD") and "_" in key for key in cards):
        del base["CDELT1"], base["CDELT2"]
    return base | cards


def galactic(*args, **cards):
    return header(*args, lon="GLON", lat="GLAT", **cards)


CASES = {
    "tan": header("TAN", (45.3, 37.7), (150.5, 100.5), RADESYS="ICRS"),
    "tan_coarse": header("TAN", (200.0, -10.0), (150.5, 100.5), pixel=0.4, EQUINOX=2000.0),
    "tan_pole": header("TAN", (120.0, 90.0), (120.0, 80.25), pixel=0.05),
    "tan_south_pole": header("TAN", (31.0, -90.0), (150.5, 100.5), pixel=0.05),
    "tan_lonpole": header("TAN", (10.0, -55.0), (150.5, 100.5), LONPOLE=150.0, LATPOLE=-55.0),
    "tan_pc": header("TAN", (352.5, -55.0), (1.0, -300.5), PC1_1=0.8, PC1_2=-0.6, PC2_1=0.6, PC2_2=0.8),
    "tan_cd": header("TAN", (0.1, 2.0), (150.5, 100.5), CD1_1=-0.008, CD1_2=0.001, CD2_1=0.002, CD2_2=0.009),
    "tan_cd_diagonal": header("TAN", (0.1, 2.0), (150.5, 100.5), CD1_1=-0.008, CD2_2=0.009),
    "tan_crota": header("TAN", (83.6, 22.0), (150.5, 100.5), CDELT2=0.01, CROTA2=33.0),
    "tan_galactic": galactic("TAN", (266.5, -12.3), (150.5, 100.5), pixel=1.5 / 60),
    "tan_arcsec": header("TAN", (163080.0, 135720.0), (150.5, 100.5), pixel=30.0, CUNIT1="arcsec", CUNIT2="arcsec"),
    "car_full_sky": header("CAR", (0.0, 0.0), (180.5, 90.5), (180, 360), 1.0),
    "car_beyond_full_turn": header("CAR", (30.0, 0.0), (1.0, 91.0), (181, 400), 1.0),
    "car_far_from_equator": header("CAR", (352.5, 0.0), (150.5, 6700.5)),
    "car_galactic": galactic("CAR", (0.0, 0.0), (180.5, 91.0), (181, 360), 1.0),
    "car_oblique_north": header("CAR", (45.0, 35.0), (150.5, 100.5), pixel=0.3),
    "car_oblique_south": header("CAR", (45.0, -60.0), (150.5, 100.5), pixel=0.3),
    "car_lonpole": header("CAR", (45.0, 30.0), (150.5, 100.5), pixel=0.3, LONPOLE=20.0),
    "car_latpole": header("CAR", (45.0, 30.0), (150.5, 100.5), pixel=0.3, LONPOLE=20.0, LATPOLE=-90.0),
    "car_at_pole": header("CAR", (45.0, 90.0), (150.5, 100.5), pixel=0.3),
    "sfl_spt": header("SFL", (352.5, 0.0), (780.5, 7380.5), (1560, 1560), 0.0083333333333333, LONPOLE=0.0,
                      LATPOLE=90.0, RADESYS="FK5", EQUINOX=2000.0),
    "sfl_full_sky": header("SFL", (10.0, 0.0), (180.5, 90.5), (180, 360), 1.0),
    "sfl_oblique": galactic("SFL", (120.0, -40.0), (150.5, 100.5), pixel=0.4, PC1_2=0.3, PC2_1=-0.3),
    "sfl_latitude_first": header("SFL", (-30.0, 75.0), (150.5, 100.5), CTYPE1="DEC--SFL", CTYPE2="RA---SFL",
                                 CDELT1=0.01, CDELT2=-0.02, PC1_2=0.1),
    "zea_cutout": header("ZEA", (45.3, 37.7), (16.0, 16.0), (32, 32), 0.25 / 60, RADESYS="ICRS"),
    "zea_far": header("ZEA", (200.0, -10.0), (150.5, 100.5), pixel=0.6),
    "zea_beyond_sphere": header("ZEA", (83.0, 20.0), (150.5, 100.5), pixel=1.3),
    "zea_pole": header("ZEA", (120.0, 90.0), (120.0, 80.25), pixel=0.3),
    "zea_galactic": galactic("ZEA", (266.5, -12.3), (150.5, 100.5), pixel=0.4, LONPOLE=150.0, PC1_2=0.3, PC2_1=-0.3),
}


def positions(cards):
    """Sky positions of a lattice that reaches a little beyond the image."""
    wcs = WCS(fits.Header(list(cards.items())))
    # Without this WCSLIB refuses plate carree pixels beyond half a turn; SFL must keep its check, for its outside.
    if "CAR" in cards["CTYPE1"]:
        wcs.wcs.bounds_check(False, False)
    lon_axis = wcs.wcs.lng
    for fy in (-0.02, 0.0, 0.3, 0.51, 0.77, 1.0):
        for fx in (-0.01, 0.0, 0.2, 0.5, 0.73, 1.0):
            x, y = fx * (cards["NAXIS1"] - 1), fy * (cards["NAXIS2"] - 1)
            # Beyond the native poles of a plate carree map WCSLIB goes on and we do not.
            sky = wcs.wcs_pix2world([[x, y]], 0)[0]
            native_lat = cards["CDELT2"] * (y + 1 - cards["CRPIX2"]) if "CAR" in cards["CTYPE1"] else 0.0
            yield x, y, None if np.isnan(sky).any() or abs(native_lat) > 90 else (sky[lon_axis] % 360, sky[1 - lon_axis])


def main(out):
    head = f"# astropy {astropy.__version__} (WCSLIB), made by make_wcs.py\n"
    with open(out / "wcs_cards.csv", "w") as f:
        f.write(head + "case,keyword,value\n")
        for case, cards in CASES.items():
            f.writelines(f"{case},{key},{value}\n" for key, value in cards.items())
    with open(out / "wcs.csv", "w") as f:
        f.write(head + "# x and y: 0-based pixels; lon and lat: degrees\ncase,x,y,lon_deg,lat_deg\n")
        for case, cards in CASES.items():
            for x, y, sky in positions(cards):
                f.write(f"{case},{x!r},{y!r}," + (f"{sky[0]:.12f},{sky[1]:.12f}\n" if sky else ",\n"))


main(Path(sys.argv[1]))
