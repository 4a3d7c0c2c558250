"""Makes data/george15_sz_templates.txt from the best-fit curves of George et al. 2015 (pip install numpy).

    ARCMIN_DATA=DIR python data/make/george15.py data

The input, DIR/data/foregrounds/george15_bestfit_150x150.txt, is the 150x150 GHz column set of george_plot_bestfit_line.sav (C. Reichardt; public in the repository
sriniraghunathan/cmb_cluster_lensing, python/data/foregrounds): l Total CMB DG-Po DG-Cl kSZ tSZ RG tSZ-CIB other,
D_l in uK^2. Only the two SZ templates are tables; the other components are exact powers of l, which this script
checks, and the tSZ-CIB column is -2 xi sqrt(tSZ CIB) with the xi it prints.
"""

import os
import pathlib
import sys

import numpy as np

table = np.loadtxt(pathlib.Path(os.environ["ARCMIN_DATA"]) / "data/foregrounds/george15_bestfit_150x150.txt")
ell, po, cl, ksz, tsz, rg, tsz_cib = table[:, [0, 3, 4, 5, 6, 7, 8]].T
pivot = np.flatnonzero(ell == 3000)[0]

for name, d_ell, shape in (("DG-Po", po, ell * (ell + 1)), ("RG", rg, ell * (ell + 1)), ("DG-Cl", cl, ell**0.8)):
    ratio = d_ell / shape
    print(name, "D_3000 =", d_ell[pivot], "deviation from its power law", np.ptp(ratio) / ratio.mean())
xi = -tsz_cib / (2 * np.sqrt(tsz * (po + cl)))
print("tSZ-CIB: xi =", xi[pivot], "constant to", np.ptp(xi) / xi.mean())

out = pathlib.Path(sys.argv[1]) / "george15_sz_templates.txt"
rows = "".join(f"{int(l)} {t:.6e} {k:.6e}\n" for l, t, k in zip(ell, tsz, ksz))
out.write_text("# l  D_l tSZ  D_l kSZ [uK_CMB^2] at 150x150 GHz, George+15 best fit (tSZ at its effective 152.3 GHz),"
               " made by data/make/george15.py\n" + rows)
