"""The kept answers of other packages: still theirs, and left out only for the cause given."""

import json
import sys
from importlib import import_module
from importlib.metadata import version

import numpy as np
import pytest

from alliance_review import paths
from alliance_review.synthesis import by_statsmodels, pool, trim_and_fill
from alliance_review.synthesis.tau_likelihood import log_likelihood
from alliance_review.verification import fixtures, own_answers, peers

FOLDER = paths.VALIDATION / "peers"
PACKAGES = {"statsmodels": "statsmodels", "PyMARE": "pymare", "PyMetaAnalysis": "pymetaanalysis"}
SLICE = ("aloe2013", "molloy2014", "cor15_k5_mu0.5_tau0.0", "bimodal_zero_is_local_only_1")


@pytest.fixture(scope="module")
def make():
    """The script that wrote the kept answers."""
    sys.path.insert(0, str(FOLDER))
    try:
        yield import_module("make")
    finally:
        sys.path.remove(str(FOLDER))
        sys.modules.pop("make", None)


@pytest.mark.parametrize("package, distribution", PACKAGES.items())
def test_the_kept_answers_are_of_the_locked_version(package, distribution):
    kept = fixtures.load(distribution, "peers")
    lock = paths.LOCK.read_text("utf-8")
    assert kept["package"] == package
    assert f"\n{distribution}=={kept['version']} " in lock, "run validation/peers/make.py again"
    assert version(distribution) == kept["version"]


@pytest.mark.parametrize("package, distribution", PACKAGES.items())
def test_the_package_still_gives_the_kept_answers(make, package, distribution):
    kept = fixtures.load(distribution, "peers")["sets"]
    data = make.data_sets()
    assert set(kept) == set(data) and len(kept) == 43
    for name in SLICE:
        now = make.numbers(package, *data[name])
        assert set(now) == set(kept[name])
        for key, fields in now.items():
            assert set(fields) == set(kept[name][key]), (name, key)
            if "refused" in fields:
                continue
            for field, value in fields.items():
                theirs = np.array(kept[name][key][field], dtype=float)
                # another machine's rounding may end an iteration a step earlier
                now_theirs = np.array(value, dtype=float)
                where = f"{package} {name} {key} {field}"
                np.testing.assert_allclose(now_theirs, theirs, rtol=1e-6, atol=1e-9, err_msg=where)


@pytest.mark.parametrize("package", PACKAGES.values())
def test_what_a_package_refuses_is_too_small_or_has_no_spread(package):
    kept = fixtures.load(package, "peers")["sets"]
    for name, answers in kept.items():
        for key, fields in answers.items():
            if "refused" in fields:
                assert name in ("k2", "equal_variances", "identical_effects"), (name, key)


@pytest.mark.parametrize("name", fixtures.names())
def test_the_second_opinion_of_the_review_is_statsmodels(name):
    # with its search told to go on: the function the analysis calls, not the kept answers
    y, v = fixtures.effects(name)
    for method, theirs in by_statsmodels(y, v).items():
        plain, knapp = pool(y, v, tau2=method, test="z"), pool(y, v, tau2=method)
        ours = [plain.tau2, plain.estimate, plain.se, knapp.se, plain.q]
        expected = [theirs[f] for f in ("tau2", "estimate", "se", "se_hksj", "q")]
        np.testing.assert_allclose(ours, expected, rtol=1e-10)


def _left_out():
    for rule in peers.LEFT_OUT:
        answers = fixtures.load(PACKAGES[rule.package], "peers")["sets"]
        for name in rule.sets:
            for key, theirs in answers[name].items():
                if rule.covers(rule.package, name, key) and "refused" not in theirs:
                    yield rule, name, key, theirs


def test_every_rule_leaves_something_out():
    met = {(rule, name) for rule, name, *_ in _left_out()}
    assert met == {(rule, name) for rule in peers.LEFT_OUT for name in rule.sets}


def test_what_is_left_out_does_disagree():
    for rule, name, key, theirs in _left_out():
        if rule.why == peers.NOT_DEFINED:
            with pytest.raises(ValueError):
                own_answers.answer(name, key)
            continue
        cells = list(peers.compare(rule.package, name, key, theirs, omit=set()))
        assert not all(c.agrees for c in cells), f"{rule.package} {name} {key} agrees: compare it"


def test_the_causes_of_disagreement():
    seen = set()
    for rule, name, key, theirs in _left_out():
        y, v = own_answers.data(name)
        if rule.why == peers.NO_FLOOR:
            assert pool(y, v, tau2="DL").tau2 == 0
            below = theirs["i2"] if "i2" in theirs else theirs["tau2"]
            assert below is None or below < 0
        elif rule.why == peers.ROUNDING:
            assert np.ptp(y) == 0
        elif peers.WRONG_MODE in rule.why and not key.startswith("regression"):
            if key.startswith("trim"):
                filled = trim_and_fill(y, v, side=key.split("/")[2], tau2="REML", test="z")
                y, v = np.append(y, filled.filled), np.append(v, filled.filled_variances)
            high, low = (
                log_likelihood(y[:, None], v[:, None], None, tau2, restricted=True)
                for tau2 in (pool(y, v).tau2, theirs["tau2"])
            )
            assert theirs["tau2"] == 0 and high > low + 0.01
        elif "absolute error" in rule.why:
            bound = 2e-12 if rule.package == "PyMARE" else 1e-10
            ours, _ = own_answers.answer(name, key)
            for field in ("tau2", "tau2_low", "tau2_high"):
                if field in theirs:
                    assert abs(theirs[field] - ours[field]) <= bound
        else:
            continue
        seen.add(rule.why)
    assert len(seen) == 6


def test_the_kept_files_hold_plain_numbers_only():
    for distribution in PACKAGES.values():
        text = (FOLDER / f"{distribution}.json").read_text("utf-8")
        assert "NaN" not in text and "Infinity" not in text
        assert json.loads(text)["sets"]
