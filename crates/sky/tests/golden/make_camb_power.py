"""Makes camb_power_planck18.txt, a linear power spectrum for the table reader (pip install camb==2.0.5 numpy).

    python make_camb_power.py OUT_DIR
"""

import pathlib
import sys

import camb
import numpy as np

H = 0.6766


def results(a_s):
    pars = camb.CAMBparams()
    pars.set_cosmology(H0=100 * H, ombh2=0.0490 * H**2, omch2=(0.3111 - 0.0490) * H**2, mnu=0.0, nnu=3.046, TCMB=2.7255)
    pars.InitPower.set_params(ns=0.9665, As=a_s)
    pars.set_matter_power(redshifts=[0.0], kmax=100.0)
    pars.NonLinear = camb.model.NonLinear_none
    return camb.get_results(pars)


a_s = 2e-9 * (0.8102 / results(2e-9).get_sigma8_0()) ** 2
power = results(a_s).get_matter_power_interpolator(nonlinear=False, hubble_units=False, k_hunit=False)
k = np.unique(np.r_[np.geomspace(1e-4, 0.01, 30), np.geomspace(0.01, 0.5, 150), np.geomspace(0.5, 60.0, 50)])
rows = "".join(f"{x:.6e} {power.P(0.0, x):.6e}\n" for x in k)
header = (f"# k [1/Mpc]  P [Mpc^3], linear matter power at z = 0, CAMB {camb.__version__}, planck18 (sigma8 = 0.8102,"
          " massless neutrinos), made by make_camb_power.py\n")
(pathlib.Path(sys.argv[1]) / "camb_power_planck18.txt").write_text(header + rows)
