"""Makes the golden tables of this folder from reference values computed with independent packages.

    ARCMIN_DATA=DIR python make_golden.py OUT_DIR

DIR/reference/physics.json holds entries with inputs, values, source and tolerance (astropy 8.0.2, colossus 1.4.0, pyccl 3.3.6,
camb 2.0.5 and plain numpy quadratures). Each table names in its first line the entry and the code it comes from. The
tests never read the JSON itself. Only the Python standard library is needed.
"""

import json
import os
import pathlib
import sys

OUT = pathlib.Path(sys.argv[1])
ENTRIES = {entry["name"]: entry for entry in json.loads((pathlib.Path(os.environ["ARCMIN_DATA"]) / "reference/physics.json").read_text())["entries"]}


def write(name, entries, rows, note=""):
    """Writes rows (dicts with the same keys) as name.csv; entries are the names they come from."""
    columns = list(rows[0])
    source = "; ".join(dict.fromkeys(ENTRIES[e]["source"] for e in entries))
    head = f"# {', '.join(entries)}: {source}{'; ' + note if note else ''}; made by make_golden.py\n"
    lines = [",".join(str(row[c]) if isinstance(row[c], str) else repr(row[c]) for c in columns) for row in rows]
    (OUT / f"{name}.csv").write_text(head + ",".join(columns) + "\n" + "\n".join(lines) + "\n")


def value(name):
    return ENTRIES[name]["value"]


def unpacked(row, arrays, keep):
    """One row per element of the arrays of a row, with some of its scalars repeated."""
    return [{**{k: row[k] for k in keep}, **{a: row[a][i] for a in arrays}} for i in range(len(row[arrays[0]]))]


def columns(inputs, values):
    keys = [*inputs, *values]
    return [dict(zip(keys, numbers)) for numbers in zip(*inputs.values(), *values.values())]


def background():
    names = [f"distances/{c}/{r}" for c in ("planck18", "planck15", "sehgal_wmap5") for r in ("norad", "rad")]
    tag = lambda name: dict(zip(("cosmology", "radiation"), name.split("/")[1:]))
    write("distances", names, [{**tag(n), **row} for n in names for row in value(n)["rows"]])
    write("densities", names, [{**tag(n), **value(n)["derived"]} for n in names])
    write("lens_pairs", names, [{**tag(n), **row} for n in names for row in value(n)["pairs"]])
    constants = {k: v for k, v in value("constants").items() if not isinstance(v, str)}
    write("constants", ["constants"], [constants], "SI")


def haloes():
    planck = "planck18 with radiation; Msun, proper Mpc, no h"
    write("radii", ["R_Delta/planck18_rad"], value("R_Delta/planck18_rad"), planck)
    write("mass_conversion", ["mass_conversion/planck18_rad"], value("mass_conversion/planck18_rad"), planck)
    eh, camb = ENTRIES["linear_Pk_EH98/planck18"], ENTRIES["linear_Pk_CAMB/planck18"]
    assert eh["inputs"]["k_h_Mpc"] == camb["inputs"]["k_h_Mpc"]
    write("linear_power", ["linear_Pk_EH98/planck18", "linear_Pk_CAMB/planck18"],
          columns({"k_h_Mpc": eh["inputs"]["k_h_Mpc"]}, {"P_h3_eh98": eh["value"]["P_h3"], "P_h3_camb": camb["value"]["P_h3"]}),
          "planck18, z = 0, h/Mpc and (Mpc/h)^3")
    for name, entry, column in (("sigma_r", "sigma_R_EH98/planck18", "R_Mpc_h"), ("growth", "growth/planck18_rad", "z")):
        write(name, [entry], columns({column: ENTRIES[entry]["inputs"][column]}, value(entry)), "planck18")
    write("mass_function", ["tinker08_mass_function/planck18"], value("tinker08_mass_function/planck18"), "Mpc^-3, Msun")
    formula = value("tinker08_formula")
    rows = [{"sigma": s, "f": f, **{k: formula[k] for k in "Aabc"}}
            for s, f in zip(ENTRIES["tinker08_formula"]["inputs"]["sigma"], formula["f"])]
    write("tinker08_formula", ["tinker08_formula"], rows, "Delta_m = 200, z = 0.7")
    counts = [{"cosmology": k.split("/")[0], "definition": k.split("/")[1].split(">")[0], "per_deg2": v}
              for k, v in value("cluster_counts_per_deg2").items() if k.endswith("/vir>2e14,z>0.25") or k.count("/") == 1]
    write("cluster_counts", ["cluster_counts_per_deg2"], counts, "M > 2e14 Msun, 0.25 < z < 3, Tinker08 over EH98")
    write("velocity_rms", ["velocity_rms_1d"], value("velocity_rms_1d"), "planck18")


def lensing():
    rows = value("nfw/duffy08/z0.7_zs1100")
    arrays = [k for k, v in rows[0].items() if isinstance(v, list)]
    scalars = [k for k in rows[0] if k not in arrays]
    write("nfw_lens", ["nfw/duffy08/z0.7_zs1100"], [{k: row[k] for k in scalars} for row in rows],
          "planck18, lens 0.7, source 1100")
    write("nfw_profiles", ["nfw/duffy08/z0.7_zs1100"], [r for row in rows for r in unpacked(row, arrays, ["M200c"])],
          "planck18, lens 0.7, source 1100")
    pixel = ENTRIES["nfw/pixel_grid"]
    write("nfw_pixel", ["nfw/pixel_grid"], [{"M200c": pixel["inputs"]["M"], "c200c": pixel["inputs"]["c"], **pixel["value"]}],
          "closed forms of nfw/duffy08")


def gas():
    write("tsz_spectrum", ["tsz_spectral"], value("tsz_spectral"), "T_CMB 2.7255 K")
    write("arnaud_integrals", ["arnaud_integrals"], [value("arnaud_integrals")], "int 3 p x^2 dx to x = 1 and 5")
    rows = value("arnaud10_gnfw/planck18_rad")
    arrays = [k for k, v in rows[0].items() if isinstance(v, list)]
    scalars = [k for k in rows[0] if k not in arrays and k != "tag"]
    write("arnaud10", ["arnaud10_gnfw/planck18_rad"], [{k: row[k] for k in scalars} for row in rows], "planck18")
    write("arnaud10_profiles", ["arnaud10_gnfw/planck18_rad"],
          [r for row in rows for r in unpacked(row, arrays, ["M500c", "z"])], "planck18, y with and without a 1' beam")
    cross = ENTRIES["gnfw_crosscheck_pyccl"]
    write("pressure", ["gnfw_crosscheck_pyccl"],
          columns({"x": cross["inputs"]["x"]}, {k: v for k, v in cross["value"].items() if k.startswith("P_")}),
          "planck18, M500c = 3e14, z = 0.7")
    write("ksz", ["ksz_formula"], [{**{k: v for k, v in ENTRIES["ksz_formula"]["inputs"].items() if k != "note"}, **value("ksz_formula")}])
    write("units", ["unit_conversion"], value("unit_conversion"), "T_CMB 2.7255 K")


def spectra():
    cmb = value("cmb_TT_Dl/planck2018_bestfit")
    write("cmb", ["cmb_TT_Dl/planck2018_bestfit"],
          columns({"l": cmb["l"]}, {k: cmb[k] for k in ("lensed_Dl_uK2", "unlensed_Dl_uK2")}), "D_l in uK^2")
    rms = value("cmb_patch_rms/planck2018")
    write("cmb_correlation", ["cmb_patch_rms/planck2018"],
          columns({}, {k: rms[k] for k in ("theta_arcmin", "xi_uK2", "xi_beam1_uK2")}), "with and without a 1' beam")
    d3000 = [{"bands": bands, **{c.replace(", ", "_").replace(" ", "_"): v for c, v in row.items()}}
             for bands, row in value("george15_bestfit_D3000").items()]
    write("george15_bands", ["george15_bestfit_D3000"], d3000, "D_3000 in uK^2")
    d_ell = {c: v for c, v in value("george15_bestfit_150x150_Dl").items() if "cirrus" not in c}
    write("george15_d_ell", ["george15_bestfit_150x150_Dl"],
          columns({"l": ENTRIES["george15_bestfit_150x150_Dl"]["inputs"]["l"]}, d_ell), "150x150 GHz, D_l in uK^2")
    scaling = [{"nu_GHz": float(nu), **row} for nu, row in value("frequency_scaling_example").items()]
    write("george15_scaling", ["frequency_scaling_example"], scaling, "D_3000 in uK^2")
    noise = value("deepsz_noise_model")
    rows = [{"nu_GHz": float(nu), "g": noise["fsz"][nu], "sz_background_D3000": d}
            for nu, d in (("90", noise["sz_background_flat_Dl_90"]), ("148", noise["sz_background_148"]), ("219", noise["sz_background_219"]))]
    write("sz_background", ["deepsz_noise_model"], rows, "uK^2")


def sources():
    radio = value("radio_counts_150GHz")["derived"]["dezotti05_150GHz"].items()
    cut = [{"below_mjy": float(k.split("cut")[1].removesuffix("mJy")), "D3000_uK2": v} for k, v in radio if k.startswith("D3000")]
    write("radio_power", ["radio_counts_150GHz"], cut, "de Zotti+05 at 150 GHz")
    above = [{"above_mjy": float(k.split("_")[2].removesuffix("mJy")), "per_deg2": v} for k, v in radio if k.startswith("N_gt")]
    write("radio_counts", ["radio_counts_150GHz"], above, "de Zotti+05 at 150 GHz")
    dusty = ENTRIES["dusty_counts_recipe"]
    write("dusty_counts", ["dusty_counts_recipe"], [{**{k: v for k, v in dusty["inputs"].items() if k != "form"}, **dusty["value"]}],
          "219 GHz, scatter not applied")
    ratios = [{"nu_GHz": float(k.split("_")[3]), "ratio": v} for k, v in value("galactic_dust_scaling").items()]
    write("galactic_dust", ["galactic_dust_scaling"], ratios, "temperature over that at 148 GHz")


for make in (background, haloes, lensing, gas, spectra, sources):
    make()
