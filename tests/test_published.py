"""Published analyses by name: our numbers round to the digits that were printed."""

import math
import re

import numpy as np
import pytest

from alliance_review import effect_sizes, paths
from alliance_review.synthesis import pool, pool_many, tau2_interval
from alliance_review.verification import fixtures, published

DOCUMENTS = published.documents()
ANALYSES = [(name, i) for name, d in DOCUMENTS.items() for i in range(len(d["analyses"]))]


def fields(name, i):
    return list(published.numbers(DOCUMENTS[name]["analyses"][i]))


def test_every_document_has_its_source():
    for document in DOCUMENTS.values():
        assert len(document["citation"]) > 60
        assert document["read_at"].startswith("http") and document["read_as"]
        assert all(a["where"] and a["printed"] for a in document["analyses"])
        if "data_at" in document:
            assert document["data_at"].startswith("http") and document["data_as"]


def test_at_least_five_articles_or_books_are_named_with_their_page():
    paged = {
        name
        for name, document in DOCUMENTS.items()
        if all(re.search(r"p\. \d+", a["where"]) for a in document["analyses"])
    }
    readme = (paths.VALIDATION / "published" / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", readme, flags=re.MULTILINE)
    assert {name for name, _ in rows} == set(DOCUMENTS)
    assert {name for name, row in rows if re.search(r"p\. \d+", row)} == paged
    assert len(paged) >= 5
    in_words = {7: "Seven", 14: "fourteen"}
    assert f"{in_words[len(paged)]} of the {in_words[len(DOCUMENTS)]}" in " ".join(readme.split())


@pytest.mark.parametrize("name, i", ANALYSES)
def test_ours_rounds_to_the_digits_printed(name, i):
    left = DOCUMENTS[name]["analyses"][i].get("differs", {})
    wrong = [
        f"{field}: ours {ours}, printed {printed}"
        for field, printed, ours in fields(name, i)
        if field not in left and published.rounded(ours, printed) != published.as_numbers(printed)
    ]
    assert wrong == []


@pytest.mark.parametrize(
    "name, i", [(n, i) for n, i in ANALYSES if DOCUMENTS[n]["analyses"][i].get("differs")]
)
def test_what_is_left_out_differs_in_the_last_digits_only(name, i):
    left = DOCUMENTS[name]["analyses"][i].get("differs", {})
    for field, printed, ours in fields(name, i):
        if field in left:
            theirs = np.array(published.as_numbers(printed))
            assert published.rounded(ours, printed) != theirs.tolist(), f"{field} agrees"
            rtol = DOCUMENTS[name].get("differs_by", 0.003)
            np.testing.assert_allclose(ours, theirs, rtol=rtol, atol=6e-5)


def test_tight_settings_give_our_value_where_the_default_does_not():
    # the same analyses in the reference that was made to converge to 1e-14
    tight = fixtures.load("tau_intervals")
    for name, printed in (("molloy2014", 25.2799), ("bcg", 81.9177)):
        low, high = tight[name]["q_profile"]["i2"]
        ours = tau2_interval(*fixtures.effects(name))
        assert (ours.i2_low, ours.i2_high) == pytest.approx((low, high), rel=1e-9)
        assert abs(low - printed) > 1e-3
    assert round(fixtures.load("pooling")["molloy2014"]["REML/z"]["statistic"], 4) == 4.7502


def test_the_standard_error_of_cheung_is_from_the_observed_information():
    y, v = fixtures.effects("konstantopoulos2011")
    fit = pool(y, v, tau2="ML", test="z")
    w, r = 1 / (v + fit.tau2), y - fit.estimate
    cross = (w**2 * r).sum()
    information = [[w.sum(), cross], [cross, (w**3 * r**2).sum() - 0.5 * (w**2).sum()]]
    covariance = np.linalg.inv(information)
    assert round(covariance[0, 0] ** 0.5, 6) == 0.043472
    assert round(covariance[1, 1] ** 0.5, 6) == 0.019485  # their standard error of tau squared
    assert round(fit.estimate / covariance[0, 0] ** 0.5, 4) == 2.9445


def test_a_wrong_digit_is_seen():
    assert published.rounded(0.08374, ".084") == published.as_numbers(".084")
    assert published.rounded(0.08349, ".084") != published.as_numbers(".084")
    assert published.rounded([1.26, 2.0], ["1.3", "2.0"]) == published.as_numbers(["1.3", "2.0"])
    assert published.rounded([1.26, 2.06], ["1.3", "2.0"]) != published.as_numbers(["1.3", "2.0"])


def test_the_counts_give_the_log_risk_ratios_of_the_reference():
    studies = DOCUMENTS["vanhouwelingen2002"]["studies"]
    a, b, c, d = (np.array(studies[name]) for name in ("tpos", "tneg", "cpos", "cneg"))
    y, v = fixtures.effects("bcg")
    np.testing.assert_allclose(np.log(a / (a + b) * (c + d) / c), y, rtol=1e-12)
    np.testing.assert_allclose(1 / a - 1 / (a + b) + 1 / c - 1 / (c + d), v, rtol=1e-12)


def table(name, i):
    """Events and people of both groups, as one analysis takes them."""
    document = DOCUMENTS[name]
    rows = np.array([document["studies"][c] for c in document["analyses"][i]["columns"]], float)
    return rows[:, ~np.isnan(rows).any(axis=0)]


def mantel_haenszel(a, n1, c, n2):
    """Log odds ratio and its standard error (Robins, Breslow & Greenland, 1986)."""
    b, d, n = n1 - a, n2 - c, n1 + n2
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    sum_r, sum_s = r.sum(), s.sum()
    parts = (p * r / sum_r**2, (p * s + q * r) / (sum_r * sum_s), q * s / sum_s**2)
    return np.log(sum_r / sum_s), (np.sum(parts) / 2) ** 0.5


def test_mantel_and_haenszel_give_the_digits_of_cannon_and_li():
    for i, printed in enumerate((16, 16, 12)):
        estimate, se = mantel_haenszel(*table("cannon2006", i))
        assert round(100 * (1 - np.exp(estimate))) == printed
    assert round(math.erfc(abs(estimate) / se / 2**0.5), 3) == 0.054
    estimate, se = mantel_haenszel(*table("li2007", 0))
    limits = np.exp([estimate, estimate - 1.959964 * se, estimate + 1.959964 * se])
    assert limits.round(2).tolist() == [0.99, 0.94, 1.04]


def test_the_i_squared_of_chiarito_is_about_the_mantel_haenszel_odds_ratio():
    for i, printed in ((0, 10.9), (1, 34.5)):
        cells = table("chiarito2020", i)
        y, v = published.MEASURES["odds_ratio"](*cells)
        q = ((y - mantel_haenszel(*cells)[0]) ** 2 / v).sum()
        assert round(100 * (q - y.size + 1) / q, 1) == printed


def test_digits_behind_the_rounding_of_the_data_give_all_that_baskerville_prints():
    smd, se = table("baskerville2012", 0)
    rng = np.random.default_rng(1)
    hidden = rng.uniform(-0.005, 0.005, (2, smd.size, 2000))
    fits = pool_many(smd[:, None] + hidden[0], (se[:, None] + hidden[1]) ** 2, tau2="DL", test="z")
    printed = DOCUMENTS["baskerville2012"]["analyses"][0]["printed"]
    agree = [
        np.round(getattr(fits, field), len(digits.partition(".")[2])) == float(digits)
        for field, digits in printed.items()
        if field != "k"
    ]
    assert np.all(agree, axis=0).any()


def test_of_the_usual_ratios_only_that_of_peto_gives_the_digits_of_hart():
    a, n1, c, n2 = table("hart1999", 0)
    log_risk_ratio = effect_sizes.log_risk_ratio(a, n1 - a, c, n2 - c)
    log_odds_ratio = effect_sizes.log_odds_ratio(a, n1 - a, c, n2 - c)
    for y, v in (log_risk_ratio, log_odds_ratio):
        for tau2 in ("FE", "DL"):
            assert round(100 * (1 - np.exp(pool(y, v, tau2=tau2, test="z").estimate))) != 62
    assert round(100 * (1 - np.exp(mantel_haenszel(a, n1, c, n2)[0]))) != 62


def test_the_standardised_differences_of_haeuser_are_those_documented():
    studies = DOCUMENTS["haeuser2009"]["studies"]
    y, v = published.MEASURES["hedges_g"](*table("haeuser2009", 0))
    assert y.round(4).tolist() == studies["y_documented"]
    assert v.round(4).tolist() == studies["v_documented"]
