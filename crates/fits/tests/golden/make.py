"""Golden FITS files, written by astropy 8.0.2 (numpy 2.4.6) and read back by it.

Usage: python make.py FOLDER

tiles.fits.gz           tile-compressed images, one HDU a case, EXTNAME = case
tiles.json              their pixels as astropy unpacks them: axes, CRC-32 of the pixels as big-endian
                        float64 (NaN as 7ff8000000000000), and the first few of them
plain.fits.gz           plain images with scale, offset and BLANK; plain.json: their values
tables.fits.gz          binary tables of all column types; tables.json: their values

No random numbers: pixels come from integer formulas, so the files are the same on each run.
"""

import gzip
import io
import json
import sys
import time
import warnings
import zlib
from pathlib import Path

import numpy as np
from astropy.io import fits

time.time = lambda: 0.0  # astropy's gzip tiles hold the time they were made at
folder = Path(sys.argv[1])
HEAD = "astropy 8.0.2, numpy 2.4.6; null is NaN or an undefined value; made by make.py"


def write_gz(name, hdus):
    raw = io.BytesIO()
    fits.HDUList(hdus).writeto(raw, output_verify="exception")
    packed = io.BytesIO()
    with gzip.GzipFile(fileobj=packed, mode="wb", mtime=0, filename="") as stream:
        stream.write(raw.getvalue())
    (folder / name).write_bytes(packed.getvalue())
    return raw.getvalue()


def hashed(shape):
    """Numbers that look random, 0 to 65535."""
    n = np.arange(np.prod(shape), dtype=np.uint64)
    return ((n * 2654435761 + 12345) % 2**32 >> 16).astype(np.int64).reshape(shape)


def noise(shape, dtype):
    """Roughly normal, on a slope, with exact zeros and NaN."""
    x = sum(hashed((4,) + shape)[k] for k in range(4)) / 65536.0 - 2.0
    x = x + np.arange(np.prod(shape)).reshape(shape) * 0.01
    x = x.astype(dtype)
    x.flat[5::37] = 0.0
    x.flat[11::53] = np.nan
    return x


def as_json(array):
    flat = np.asarray(array).ravel().tolist()
    return [None if isinstance(v, float) and np.isnan(v) else v for v in flat]


# --- tiles -------------------------------------------------------------------------------------
cases = {}


def add(name, data, kind, header=None, **more):
    cases[name] = fits.CompImageHDU(data, header=header, name=name, compression_type=kind, **more)


YX = (13, 17)
for kind in ["GZIP_1", "GZIP_2", "RICE_1", "NOCOMPRESS"]:
    add(f"{kind}_U8", (hashed(YX) % 256).astype("u1"), kind)
    add(f"{kind}_I16", (hashed(YX) - 32768).astype("i2"), kind, tile_shape=(5, 7))
    add(f"{kind}_I32", (hashed(YX) * 70000 - 2**31).astype("i4"), kind, tile_shape=YX)
    add(f"{kind}_SMOOTH", (np.arange(221).reshape(YX) * 3).astype("i4"), kind, tile_shape=(4, 17))
    for bits, dtype in [("F32", "f4"), ("F64", "f8")]:
        x = noise((16, 34), dtype)
        add(f"{kind}_{bits}_PLAINQ", x, kind, quantize_level=4, quantize_method=-1, tile_shape=(3, 34))
        for m in [1, 2]:
            add(f"{kind}_{bits}_DITHER{m}", x, kind, quantize_level=4, quantize_method=m,
                dither_seed=9990 + m, tile_shape=(6, 34))
        if kind != "RICE_1":
            add(f"{kind}_{bits}_EXACT", noise(YX, dtype), kind, quantize_level=0, tile_shape=(5, 7))
for kind in ["GZIP_1", "GZIP_2", "NOCOMPRESS"]:
    add(f"{kind}_I64", hashed(YX) * 2**45 - 2**60, kind)
add("RICE_1_U16", hashed(YX).astype("u2"), "RICE_1")
add("RICE_1_LONG", noise((110, 100), "f4"), "RICE_1", quantize_level=2, quantize_method=1, dither_seed=77,
    tile_shape=(110, 100))
add("CUBE", hashed((3, 5, 6)).astype("i4"), "RICE_1", tile_shape=(2, 2, 4))
add("LINE", hashed((40,)).astype("i4"), "GZIP_2", tile_shape=(9,))
blank = fits.Header({"BLANK": 7, "BSCALE": 0.5, "BZERO": 10.0})
add("RICE_1_BLANK", (hashed(YX) % 9).astype("i2"), "RICE_1", header=blank, do_not_scale_image_data=True)
cards = fits.Header({"BUNIT": "uK", "CRVAL1": -8.3333333333333e-3, "COMMENT": "kept"})
fallback = noise(YX, "f4")
fallback[3] = 5.0
fallback[4] = np.linspace(0, 1e30, 17)
add("FALLBACK", fallback, "GZIP_2", header=cards, quantize_level=16, quantize_method=-1)

expected = {}
raw = write_gz("tiles.fits.gz", [fits.PrimaryHDU()] + list(cases.values()))
with fits.open(io.BytesIO(raw)) as hdus, warnings.catch_warnings():
    warnings.simplefilter("ignore")
    for hdu in hdus[1:]:
        expected[hdu.name] = np.array(hdu.data)


# Cases that astropy does not write: built by hand as tables, unpacked with plain numpy.
def by_hand(name, columns, keywords, values):
    hdu = fits.BinTableHDU.from_columns(columns, name=name)
    hdu.header["ZIMAGE"] = True
    hdu.header["ZNAXIS"] = 2
    hdu.header["ZNAXIS1"] = values.shape[1]
    hdu.header["ZNAXIS2"] = values.shape[0]
    for key, value in keywords.items():
        hdu.header[key] = value
    cases[name] = hdu
    expected[name] = values


def rows(arrays):
    out = np.empty(len(arrays), dtype=object)
    out[:] = arrays
    return out


stored = hashed((4, 6)).astype(">i4")
packed = rows([np.frombuffer(gzip.compress(row.tobytes(), mtime=0), "u1") for row in stored])
by_hand("KEYWORD_SCALE", [fits.Column("COMPRESSED_DATA", "1PB()", array=packed)],
        {"ZCMPTYPE": "GZIP_1", "ZBITPIX": -64, "ZSCALE": 0.25, "ZZERO": -3.0}, stored * 0.25 - 3.0)
blanks = stored[:, 2].astype("i4")
values = stored * 0.5 + np.arange(4)[:, None]
values[stored == blanks[:, None]] = np.nan
by_hand("COLUMN_BLANK",
        [fits.Column("COMPRESSED_DATA", "1QB()", array=packed), fits.Column("ZBLANK", "1J", array=blanks),
         fits.Column("ZSCALE", "1D", array=np.full(4, 0.5)), fits.Column("ZZERO", "1D", array=np.arange(4.0))],
        {"ZCMPTYPE": "GZIP_1", "ZBITPIX": -32}, values.astype("f4"))
empty = np.array([], "u1")
exact = noise((4, 6), "f4")
by_hand("UNCOMPRESSED",
        [fits.Column("COMPRESSED_DATA", "1PB()", array=rows([empty] * 4)),
         fits.Column("UNCOMPRESSED_DATA", "1PE()", array=rows(list(exact)))],
        {"ZCMPTYPE": "RICE_ONE", "ZBITPIX": -32}, exact)
write_gz("tiles.fits.gz", [fits.PrimaryHDU()] + list(cases.values()))
summaries = {"head": HEAD}
for name, pixels in expected.items():
    x = pixels.astype(">f8")
    x[np.isnan(x)] = np.nan
    summaries[name] = {"axes": list(x.shape[::-1]), "crc32": zlib.crc32(x.tobytes()), "first": as_json(x)[:8]}
(folder / "tiles.json").write_text(json.dumps(summaries, indent=None).replace("}, ", "},\n") + "\n")


# --- plain images and tables -----------------------------------------------------------------------
small = hashed((3, 4))
plain = [fits.PrimaryHDU((small % 256).astype("u1"))]
plain[0].header["LONGSTR"] = ("it's a long text, " * 8).strip()
plain[0].header["HIERARCH long keyword"] = 1.5
plain[0].header["LOGICAL"] = True
plain[0].header["COMMENT"] = "a comment"
plain[0].header["DOUBLE"] = 1.0 / 3.0
for name, data in [("I16", (small - 32768).astype("i2")), ("U16", small.astype("u2")),
                   ("I32", (small * 30000).astype("i4")), ("U32", (small * 65000).astype("u4")),
                   ("I64", small * 2**40), ("F32", noise((3, 4), "f4")), ("F64", noise((3, 4), "f8")),
                   ("I8", (small % 256 - 128).astype("i1"))]:
    plain.append(fits.ImageHDU(data, name=name))
scaled = fits.ImageHDU((small % 9).astype("i2"), name="SCALED", do_not_scale_image_data=True)
scaled.header.update({"BSCALE": 0.1, "BZERO": -2.0, "BLANK": 4})
plain.append(scaled)
values = {h.name: as_json(h.data) for h in plain}
values["SCALED"] = as_json(np.where(small % 9 == 4, np.nan, small % 9 * 0.1 - 2.0))
values["head"] = HEAD
write_gz("plain.fits.gz", plain)
(folder / "plain.json").write_text(json.dumps(values, indent=1))

n = np.arange(5)
lists = rows([np.arange(k, dtype="f4") / 2 for k in [2, 0, 3, 1, 0]])
table = fits.BinTableHDU.from_columns([
    fits.Column("flag", "L", array=n % 2 == 0),
    fits.Column("bits", "11X", array=np.array([[(k >> b) & 1 for b in range(11)] for k in n * 397], bool)),
    fits.Column("byte", "B", array=(n * 60).astype("u1")),
    fits.Column("short", "I", array=(n * 5000 - 9000).astype("i2"), unit="arcmin"),
    fits.Column("int", "J", array=(n * 500000 - 900000).astype("i4"), null=-400000),
    fits.Column("long", "K", array=n * 2**50 - 2**51),
    fits.Column("float", "E", array=n.astype("f4") / 3),
    fits.Column("double", "D", array=n / 3.0),
    fits.Column("triple", "6E", array=np.arange(30, dtype="f4").reshape(5, 2, 3), dim="(3,2)"),
    fits.Column("text", "8A", array=["", "a", "bc d", "SPT-CLJ0", "e "]),
    fits.Column("words", "6A", dim="(3,2)", array=np.array([["ab", "c"]] * 5)),
    fits.Column("ushort", "I", bzero=32768, array=(n * 15000).astype("u2")),
    fits.Column("uint", "J", bzero=2**31, array=(n * 10**9).astype("u4")),
    fits.Column("ulong", "K", bzero=2**63, array=n.astype("u8") * 2**61),
    fits.Column("scaled", "I", array=(n * 3 - 6).astype("i2")),
    fits.Column("list", "PE()", array=lists),
    fits.Column("qlist", "QD()", array=rows([v.astype("f8") for v in lists])),
    fits.Column("complex", "C", array=(n + 1j * n * 2).astype("c8")),
], name="ALL")
table.header.update({"TSCAL15": 0.5, "TZERO15": 3.0})
bits = np.array([[(k >> b) & 1 for b in range(11)] for k in n * 397], bool)
values = {
    "flag": as_json(n % 2 == 0), "bits": as_json(bits), "byte": as_json(n * 60),
    "short": as_json(n * 5000 - 9000), "int": [None if v == -400000 else v for v in (n * 500000 - 900000).tolist()],
    "long": as_json(n * 2**50 - 2**51), "float": as_json((n.astype("f4") / 3).astype("f8")), "double": as_json(n / 3.0),
    "triple": as_json(np.arange(30.0)), "text": ["", "a", "bc d", "SPT-CLJ0", "e"], "words": ["ab", "c"] * 5,
    "ushort": as_json(n * 15000), "uint": as_json(n * 10**9), "ulong": [k * 2**61 for k in n.tolist()],
    "scaled": as_json(n * 1.5), "list": [v for part in lists for v in part.tolist()],
    "qlist": [v for part in lists for v in part.tolist()],
    "complex": [v for k in n.tolist() for v in (float(k), 2.0 * k)], "offsets": [0, 2, 2, 5, 6, 6], "head": HEAD,
}
write_gz("tables.fits.gz", [fits.PrimaryHDU(), table])
(folder / "tables.json").write_text(json.dumps(values, indent=1))
