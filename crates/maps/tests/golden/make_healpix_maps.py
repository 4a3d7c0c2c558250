"""Golden HEALPix files and values between their pixels, by healpy: python make_healpix_maps.py OUTPUT_FOLDER

Pixel p (in the file's own order) of every file holds 0.25 p - 30, in mK. Writes
healpix_vector.fits (nside 16, nested, two columns of 1024 values a row, N_OBS the second), healpix_partial.fits (nside 8,
ring, explicit index, galactic) and healpix_values.csv (positions with the values of healpy's get_interp_val and of the
nearest pixel, in uK; for the partial file, nan where a pixel is missing).
"""

import sys
from pathlib import Path

import healpy
import numpy as np

out = Path(sys.argv[1])


def ramp(nside):
    return 0.25 * np.arange(healpy.nside2npix(nside)) - 30


rng = np.random.default_rng(7)
lon, lat = rng.uniform(0, 360, 60), np.degrees(np.arcsin(rng.uniform(-1, 1, 60)))
lines = [f"# healpy {healpy.__version__}, made by make_healpix_maps.py", "file,lon_deg,lat_deg,nearest_uk,bilinear_uk"]


def sample(name, nside, values, nest):
    nearest = values[healpy.ang2pix(nside, lon, lat, lonlat=True, nest=nest)]
    bilinear = healpy.get_interp_val(values, lon, lat, lonlat=True, nest=nest)
    for row in zip(lon, lat, 1e3 * nearest, 1e3 * bilinear):
        lines.append(",".join([name] + [repr(float(value)) for value in row]))


full = ramp(16)
healpy.write_map(out / "healpix_vector.fits", [full, np.arange(full.size) % 7], nest=True, dtype=np.float32, coord="C",
                 column_names=["TEMPERATURE", "N_OBS"], column_units=["mK", "counts"], fits_IDL=True, overwrite=True)
sample("healpix_vector", 16, full, True)

partial = ramp(8)
lon_of, lat_of = healpy.pix2ang(8, np.arange(partial.size), lonlat=True)
partial[(lat_of > -10) | (lon_of > 250)] = healpy.UNSEEN
healpy.write_map(out / "healpix_partial.fits", partial, partial=True, dtype=np.float64, coord="G",
                 column_names=["SIGNAL"], column_units="mK", overwrite=True)
sample("healpix_partial", 8, np.where(partial == healpy.UNSEEN, np.nan, partial), False)

(out / "healpix_values.csv").write_text("\n".join(lines) + "\n")
