"""Golden values of the pressure profile of Battaglia et al. 2012 from the paper's numbers alone: numpy 2.4.6, scipy 1.17.1.

    python make_battaglia12.py > battaglia12.csv
"""
import numpy as np
from scipy import constants as si
from scipy.integrate import quad

OM, OB, H, T = 0.3111, 0.0490, 0.6766, 2.7255
MPC, MSUN, KEV = 3.0856775814913674e22, 1.988409870698051e30, si.e * 1e3
RHO_C0 = 3 * (H * 1e5 / MPC) ** 2 / (8 * np.pi * si.G)
OR = 4 * si.Stefan_Boltzmann * T**4 / si.c**3 / RHO_C0 * (1 + 0.2271 * 3.046)
SIGMA_Y = si.physical_constants["Thomson cross section"][0] / (si.m_e * si.c**2)


def e2(z):
    return OM * (1 + z) ** 3 + OR * (1 + z) ** 4 + 1 - OM - OR


def row(m, z):
    rho, mass = RHO_C0 * e2(z), m * MSUN
    r200 = (3 * mass / (4 * np.pi * 200 * rho)) ** (1 / 3)
    p200 = si.G * mass * 200 * rho * (OB / OM) / (2 * r200)
    law = lambda a, b, c: a * (m / 1e14) ** b * (1 + z) ** c
    p0, xc, beta = law(18.1, 0.154, -0.758), law(0.497, -0.00865, 0.731), law(4.35, 0.0393, 0.415)
    x_h = 0.76
    electrons = 2 * (x_h + 1) / (5 * x_h + 3)
    p = lambda x: electrons * p200 * p0 * (x / xc) ** -0.3 * (1 + x / xc) ** -beta
    d_a = quad(lambda s: si.c / (H * 1e5 / MPC) / np.sqrt(e2(s)), 0, z, epsrel=1e-12)[0] / (1 + z)

    def line(b):  # pressure along the line of sight at projected radius b, both in R200c; r = b cosh t
        if b == 0:
            return 2 * quad(lambda s: p(s**4) * 4 * s**3, 0, 4**0.25, epsrel=1e-12)[0]
        return 2 * quad(lambda t: p(b * np.cosh(t)) * b * np.cosh(t), 0, np.arccosh(4 / b), epsrel=1e-12)[0]

    sphere = lambda x: 4 * np.pi * quad(lambda s: p(s) * s * s, 0, x, epsrel=1e-12)[0]
    arcmin = np.pi / 10800
    y = lambda b: SIGMA_Y * r200 * line(b)
    return [m, z, p(0.1) / KEV * 1e-6, p(1.0) / KEV * 1e-6, y(0), y(arcmin * d_a / r200), y(1.0),
            SIGMA_Y * r200**3 * sphere(0.65) / MPC**2, SIGMA_Y * r200**3 * sphere(1.0) / MPC**2,
            SIGMA_Y * r200**3 * sphere(4.0) / MPC**2]


print("# battaglia12: pressure and y of Battaglia et al. 2012, planck18, sphere of 4 R200c; made by make_battaglia12.py")
print("M200c,z,P_0.1R200_keV_cm3,P_R200_keV_cm3,y0,y_1arcmin,y_R200,Ysph_0.65R200_Mpc2,Ysph_R200_Mpc2,Ytotal_Mpc2")
for m in (1e13, 1e14, 5e14, 2e15):
    for z in (0.1, 0.7, 1.8):
        print(",".join(repr(float(v)) for v in row(m, z)))
