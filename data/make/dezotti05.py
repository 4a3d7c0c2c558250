"""Makes data/radio_counts_150ghz_dezotti05.txt from the model of de Zotti et al. 2005 (pip install numpy).

    python data/make/dezotti05.py COUNTS data

COUNTS is the model's own output at 150 GHz, `publish/data/counts_150GHz_de_Zotti_radio.res` of the public repository
sriniraghunathan/cross_ilc_methods_paper (MIT): log10 S in Jy and log10 of S^2.5 dN/dS in Jy^1.5 / sr, for flat-spectrum,
steep-spectrum and all sources. Kept are all sources from 1e-5 Jy to 10 Jy.
"""

import pathlib
import sys

import numpy as np

rows = []
for line in pathlib.Path(sys.argv[1]).read_text().splitlines():
    words = line.split()
    if len(words) == 4 and not any(c.isalpha() for c in line):
        rows.append([float(word) for word in words])
log_s, _, _, total = np.array(rows).T
assert np.allclose(np.diff(log_s), 0.1) and len(log_s) == 91
keep = (log_s > -5.05) & (log_s < 1.05)
lines = "".join(f"{s:.1f} {n:.3f}\n" for s, n in zip(log_s[keep], total[keep]))
out = pathlib.Path(sys.argv[2]) / "radio_counts_150ghz_dezotti05.txt"
out.write_text("# log10 S [Jy]  log10 S^2.5 dN/dS [Jy^1.5 sr^-1] of radio sources at 150 GHz, model of de Zotti+05,"
               " made by data/make/dezotti05.py\n" + lines)
