"""Makes the CMB temperature spectra in data/ with CAMB 2.0.5 (pip install camb==2.0.5 numpy).

    python data/make/cmb.py data

The lensed Planck 2018 spectrum is written at every l; the others at every l up to 100 and every tenth above,
which a cubic in ln D_l fills to 1e-4. Prints how well; --check FILE compares the lensed spectrum with a table of
columns l, D_l.
"""

import argparse
import pathlib

import camb
import numpy as np

L_MAX = 14000
# Beyond L_MAX, so that lensing moves enough power from above into the last multipoles.
L_MAX_COMPUTED = 17000

PLANCK18 = dict(H0=67.32, ombh2=0.022383, omch2=0.12011, tau=0.0543, mnu=0.06, num_massive_neutrinos=1,
                TCMB=2.7255, nnu=3.046)
SEHGAL = dict(H0=71.0, ombh2=0.044 * 0.71**2, omch2=(0.264 - 0.044) * 0.71**2, tau=0.087, mnu=0.0, TCMB=2.726,
              nnu=3.046)


def parameters(cosmology, n_s, a_s):
    pars = camb.CAMBparams()
    pars.set_cosmology(**cosmology)
    pars.InitPower.set_params(ns=n_s, As=a_s)
    pars.set_for_lmax(L_MAX_COMPUTED, lens_potential_accuracy=8)
    pars.NonLinear = camb.model.NonLinear_both
    pars.NonLinearModel.set_params(halofit_version="mead2016")
    return pars


def a_s_for(sigma8, cosmology, n_s):
    pars = camb.CAMBparams()
    pars.set_cosmology(**cosmology)
    pars.InitPower.set_params(ns=n_s, As=2e-9)
    pars.set_matter_power(redshifts=[0.0], kmax=10.0)
    return 2e-9 * (sigma8 / camb.get_results(pars).get_sigma8_0()) ** 2


def spectra(pars):
    both = camb.get_results(pars).get_cmb_power_spectra(pars, CMB_unit="muK", lmax=L_MAX)
    return both["lensed_scalar"][:, 0], both["unlensed_scalar"][:, 0]


def write(path, d_ell, what, rows):
    header = f"# l  D_l = l(l+1)C_l/2pi [uK_CMB^2]; {what}; CAMB {camb.__version__}, made by data/make/cmb.py\n"
    path.write_text(header + "".join(f"{l} {d_ell[l]:.7e}\n" for l in rows))


def filled(rows, d_ell):
    """The reader's interpolation: the cubic through the four nearest rows, in ln D_l."""
    rows = np.asarray(rows)
    ell = np.arange(2, L_MAX + 1)
    first = np.clip(np.searchsorted(rows, ell, side="right") - 2, 0, len(rows) - 4)
    near = rows[first[:, None] + np.arange(4)]
    total = np.zeros(len(ell))
    for i in range(4):
        others = [j for j in range(4) if j != i]
        weight = np.prod([(ell - near[:, j]) / (near[:, i] - near[:, j]) for j in others], axis=0)
        total += weight * np.log(d_ell[near[:, i]])
    return np.exp(total)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--check", type=pathlib.Path)
    args = parser.parse_args()
    every = range(2, L_MAX + 1)
    thinned = [*range(2, 100), *range(100, L_MAX + 1, 10)]

    planck = "H0=67.32 ombh2=0.022383 omch2=0.12011 ns=0.96605 As=2.100549e-9 tau=0.0543 mnu=0.06 nnu=3.046 TCMB=2.7255"
    tail = "NonLinear_both mead2016, lens_potential_accuracy=8, computed to l=17000"
    lensed, unlensed = spectra(parameters(PLANCK18, 0.96605, 2.100549e-9))
    write(args.out / "cmb_lensed_tt_planck18.txt", lensed, f"lensed TT, {planck}, {tail}", every)
    write(args.out / "cmb_unlensed_tt_planck18.txt", unlensed, f"unlensed TT, {planck}, {tail}", thinned)
    if args.check:
        table = np.loadtxt(args.check)
        print("largest difference from", args.check.name, abs(lensed[table[:, 0].astype(int)] / table[:, 1] - 1).max())

    a_s = a_s_for(0.80, SEHGAL, 0.96)
    sehgal = f"H0=71 omega_m=0.264 omega_b=0.044 ns=0.96 sigma8=0.80 (As={a_s:.6e}) tau=0.087 mnu=0 TCMB=2.726"
    lensed_sehgal, _ = spectra(parameters(SEHGAL, 0.96, a_s))
    write(args.out / "cmb_lensed_tt_sehgal_wmap5.txt", lensed_sehgal, f"lensed TT, {sehgal}, {tail}", thinned)

    for name, d_ell in (("unlensed", unlensed), ("sehgal", lensed_sehgal)):
        print("largest error of filling the thinned", name, abs(filled(thinned, d_ell) / d_ell[2:] - 1).max())


if __name__ == "__main__":
    main()
