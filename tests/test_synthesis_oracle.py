"""Our numbers against metafor's, and against 50-digit arithmetic (validation/metafor)."""

import json

import numpy as np
import pytest

from alliance_review.paths import ROOT
from alliance_review.synthesis import (
    by_statsmodels,
    cumulative,
    egger_test,
    leave_one_out,
    pool,
    rank_test,
    subsets,
    tau2_interval,
    trim_and_fill,
)

FOLDER = ROOT / "validation" / "metafor"
NAMES = ("aloe2013", "bcg", "cohen1981", "mcdaniel1994", "molloy2014", "raudenbush1985")
METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
TESTS = ("z", "hksj", "hksj_adhoc")

# relative tolerances by kind of quantity
CLOSED_FORM = 1e-10
ITERATED = 1e-10  # against metafor made to converge to 1e-14, and against 50 digits
TAIL_AREA = 1e-9  # a p value magnifies the rounding of its statistic
BOUND = 1e-10


def load(name):
    with (FOLDER / f"{name}.json").open(encoding="utf-8") as file:
        return json.load(file)


SETS = {name: load(name) for name in NAMES}
STRESS = load("stress_sets")["sets"]


def close(ours, theirs, tolerance):
    """Equal to a relative tolerance; None there means nan here."""
    theirs = np.array(theirs, dtype=float)
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=1e-14)


def test_the_comparison_covers_what_it_claims():
    cells = [(n, m, t) for n in NAMES for m in SETS[n]["pool"] for t in SETS[n]["pool"][m]]
    assert sorted(cells) == sorted((n, m, t) for n in NAMES for m in METHODS for t in TESTS)
    assert len(cells) == 162
    numbers = [x for n, m, t in cells for x in SETS[n]["pool"][m][t] if x is not None]
    assert len(numbers) == 162 * 15 - 18 * 4  # the common-effect model has no prediction interval
    assert {n: SETS[n]["k"] for n in NAMES} == {n: len(SETS[n]["y"]) for n in NAMES}
    assert len(STRESS) == 34
    assert sum(s["truth"]["n_modes"] > 1 for s in STRESS.values()) == 6


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", NAMES)
def test_pooling_equals_metafor(name, method, test):
    data = SETS[name]
    ours = pool(data["y"], data["v"], tau2=method, test=test)
    riley = pool(data["y"], data["v"], tau2=method, test=test, prediction="riley")
    theirs = dict(zip(data["columns"], data["pool"][method][test], strict=True))
    iterated = ITERATED if method in ("ML", "REML", "EB", "PM") else CLOSED_FORM
    for quantity, value in theirs.items():
        if quantity.startswith("riley"):
            mine = getattr(riley, quantity.replace("riley", "prediction"))
        else:
            mine = getattr(ours, quantity)
        kind = TAIL_AREA if quantity in ("p_value", "q_p") else iterated
        np.testing.assert_allclose(
            mine, np.nan if value is None else value, rtol=kind, atol=1e-14, err_msg=quantity
        )


@pytest.mark.parametrize("method", ["REML", "ML", "PM"])
@pytest.mark.parametrize("name", NAMES)
def test_iterated_estimators_equal_fifty_digits(name, method):
    data, truth = SETS[name], SETS[name]["truth"][method]
    plain = pool(data["y"], data["v"], tau2=method, test="z")
    knapp = pool(data["y"], data["v"], tau2=method, test="hksj")
    close(
        [plain.tau2, plain.estimate, plain.se, knapp.se],
        [truth["tau2"], truth["b"], truth["se"], truth["se_knha"]],
        ITERATED,
    )


@pytest.mark.parametrize("name", sorted(STRESS))
def test_reml_is_the_global_maximum_on_stress_sets(name):
    data, truth = STRESS[name], STRESS[name]["truth"]
    plain = pool(data["y"], data["v"], test="z")
    close([plain.tau2, plain.se], [truth["tau2"], truth["se"]], ITERATED)
    assert abs(plain.estimate - truth["b"]) <= ITERATED * truth["se"]
    close(pool(data["y"], data["v"]).se, truth["se_knha"], ITERATED)


@pytest.mark.parametrize("name", NAMES)
def test_q_profile_interval(name):
    data = SETS[name]
    ours = tau2_interval(data["y"], data["v"])
    close([ours.low, ours.high, ours.i2_low, ours.i2_high], data["q_profile"], BOUND)
    assert ours.tau_high == pytest.approx(ours.high**0.5)


@pytest.mark.parametrize("likelihood", ["ML", "REML"])
@pytest.mark.parametrize("name", NAMES)
def test_profile_likelihood_interval(name, likelihood):
    data = SETS[name]
    ours = tau2_interval(data["y"], data["v"], "profile_likelihood", likelihood=likelihood)
    close([ours.low, ours.high], data["profile_likelihood"][likelihood], BOUND)


LEFT_OUT = [(n, key) for n in NAMES for key in SETS[n]["leave_one_out"]]


def test_leave_one_out_is_compared_everywhere():
    assert len(LEFT_OUT) == 22  # FE, DL, REML, REML with Hartung-Knapp; the long set has two


@pytest.mark.parametrize("name, key", LEFT_OUT)
def test_leave_one_out(name, key):
    data = SETS[name]
    method, test = key.split("/")
    ours = leave_one_out(data["y"], data["v"], tau2=method, test=test)
    for quantity, values in data["leave_one_out"][key].items():
        close(getattr(ours, quantity), values, ITERATED)


@pytest.mark.parametrize("method", ["FE", "DL", "REML"])
@pytest.mark.parametrize("name", [n for n in NAMES if n != "mcdaniel1994"])
def test_cumulative(name, method):
    data = SETS[name]
    ours = cumulative(data["y"], data["v"], range(data["k"]), tau2=method, test="z")
    for quantity, values in data["cumulative"][method].items():
        close(getattr(ours, quantity), values, ITERATED)


@pytest.mark.parametrize("name", ["molloy2014", "bcg"])
def test_every_subset_of_ten(name):
    data = SETS[name]
    ours = subsets(data["y"][:10], data["v"][:10], test="z")
    assert len(ours) == 1023 == len(data["subsets_of_first_10"]["tau2"])
    np.testing.assert_allclose(
        ours.tau2, data["subsets_of_first_10"]["tau2"], rtol=1e-9, atol=1e-12
    )
    np.testing.assert_allclose(ours.estimate, data["subsets_of_first_10"]["estimate"], rtol=1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_funnel_asymmetry_tests(name):
    data = SETS[name]
    egger = egger_test(data["y"], data["v"])
    for quantity, value in data["egger"].items():
        close(getattr(egger, quantity), value, CLOSED_FORM)
    rank = rank_test(data["y"], data["v"])
    close([rank.tau, rank.p_value], [data["rank"]["tau"], data["rank"]["p_value"]], CLOSED_FORM)
    assert rank.exact == (name in ("aloe2013", "bcg"))


@pytest.mark.parametrize(
    "key", [f"{m}/{s}" for m in ("FE", "DL", "REML") for s in ("auto", "left", "right")]
)
@pytest.mark.parametrize("name", NAMES)
def test_trim_and_fill(name, key):
    data, theirs = SETS[name], SETS[name]["trim_and_fill"][key]
    method, side = key.split("/")
    ours = trim_and_fill(data["y"], data["v"], side=side, tau2=method, test="z")
    assert (ours.missing, ours.side) == (theirs["missing"], theirs["side"])
    assert ours.filled.size == ours.missing and ours.pooled.k == data["k"] + ours.missing
    close([ours.pooled.estimate, ours.pooled.tau2], [theirs["estimate"], theirs["tau2"]], ITERATED)


@pytest.mark.parametrize("name", NAMES)
def test_dl_and_pm_equal_statsmodels(name):
    data = SETS[name]
    theirs = by_statsmodels(data["y"], data["v"])
    for method in ("DL", "PM"):
        plain = pool(data["y"], data["v"], tau2=method, test="z")
        knapp = pool(data["y"], data["v"], tau2=method)
        other = theirs[method]
        # the Paule-Mandel search of statsmodels ends at an absolute error
        close(
            [plain.tau2, plain.estimate, plain.se, knapp.se, plain.q],
            [other["tau2"], other["estimate"], other["se"], other["se_hksj"], other["q"]],
            1e-10,
        )
