"""Makes gnfw_shape.csv, the projected profile of Arnaud10 to 12 digits (pip install mpmath==1.3.0).

    python make_gnfw_shape.py OUT_DIR
"""

import pathlib
import sys

from mpmath import acosh, cosh, mp, mpf, quad

mp.dps = 30
X_MAX = mpf(5)
P0, C500, GAMMA, ALPHA, BETA = map(mpf, ("8.403", "1.177", "0.3081", "1.0510", "5.4905"))


def pressure(x):
    return P0 * (C500 * x) ** -GAMMA * (1 + (C500 * x) ** ALPHA) ** ((GAMMA - BETA) / ALPHA)


def line_integral(x):
    if x == 0:
        # x = t^4 takes the cusp away.
        return 2 * quad(lambda t: pressure(t**4) * 4 * t**3, [0, mpf("0.01"), mpf("0.1"), mpf("0.5"), 1, X_MAX ** mpf("0.25")])
    end = acosh(X_MAX / x)
    return 2 * quad(lambda t: pressure(x * cosh(t)) * x * cosh(t), [end * i / 8 for i in range(9)])


radii = ["0", "1e-8", "1e-5", "0.001", "0.01", "0.05", "0.1", "0.3", "0.5", "0.906", "1", "2", "3", "4", "4.9", "4.999"]
rows = "".join(f"{x},{mp.nstr(line_integral(mpf(x)), 14)}\n" for x in radii)
header = "# line integral of Gnfw::ARNAUD10 within x = 5, in units of r500c: mpmath 1.3.0, 30 digits; made by make_gnfw_shape.py\n"
(pathlib.Path(sys.argv[1]) / "gnfw_shape.csv").write_text(header + "x,line_integral\n" + rows)
