"""Summaries of all subsets, or of a sample of them, against subsets pooled one by one."""

from importlib import import_module

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import pool, subsets
from alliance_review.synthesis.gosh import PROBABILITIES, QUANTITIES, gosh
from alliance_review.synthesis.subset_draw import draw, pack, unpack
from alliance_review.verification import fixtures

Y, V = np.array([0.0, 1.0, 5.0]), np.ones(3)


def close(a, b, tolerance=1e-10):
    np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


# --- every subset -----------------------------------------------------------------------------


def test_three_effects_by_hand():
    g = gosh(Y, V, tau2="FE", test="z")
    # {1} {2} {1,2} {3} {1,3} {2,3} {1,2,3}
    close(g.estimate, [0, 1, 0.5, 5, 2.5, 3, 2])
    close(g.q, [0, 0, 0.5, 0, 12.5, 8, 14])
    close(g.h2, [1, 1, 0.5, 1, 12.5, 8, 7])
    close(g.i2, [0, 0, 0, 0, 92, 87.5, 100 * 6 / 7])
    assert g.size.tolist() == [1, 1, 2, 1, 2, 2, 3]
    assert g.members[4].tolist() == [True, False, True]
    assert (g.k, g.subsets, g.complete) == (3, 7, True)
    close(g.median, 2)
    close(g.range, [0, 5])
    close(g.means["estimate"], 2)
    close(g.sds["estimate"], np.sqrt((4 + 1 + 2.25 + 9 + 0.25 + 1 + 0) / 6))
    close(g.quantiles["estimate"], [0, 0.03, 0.15, 0.75, 2, 2.75, 4.4, 4.88, 5])
    # with the third: 5, 2.5, 3, 2; without: 0, 1, 0.5
    close(g.median_with, [1.25, 1.5, 2.75])
    close(g.median_without, [3, 2.5, 0.5])
    close(g.contrast, [-1.75, -1, 2.25])
    close([g.share_above(2), g.share_below(2), g.share_above(9)], [3 / 7, 3 / 7, 0])
    # half-widths 1.96, 1.96/sqrt 2, 1.96/sqrt 3: all that hold 3 and 2.5, 5 and 2 lie above 0
    close(g.share_excluding(), 4 / 7)


@pytest.mark.parametrize("method", ["FE", "DL", "REML", "PM"])
def test_every_row_is_the_pool_of_its_members(method):
    y, v = (a[:6] for a in fixtures.effects("bcg"))
    g = gosh(y, v, tau2=method, level=0.9)
    for row in range(g.subsets):
        keep = g.members[row]
        if keep.sum() < 2:
            close(g.estimate[row], y[keep][0])
            assert np.isnan(g.ci_low[row]) and g.tau2[row] == g.q[row] == 0 and g.h2[row] == 1
            continue
        one = pool(y[keep], v[keep], tau2=method, level=0.9)
        for name in (*QUANTITIES, "ci_low", "ci_high"):
            close(getattr(g, name)[row], getattr(one, name), 1e-9)


def test_summaries_are_those_of_the_rows():
    y, v = (a[:8] for a in fixtures.effects("molloy2014"))
    g = gosh(y, v)
    for name in (*QUANTITIES, "size"):
        values = getattr(g, name)
        close(g.quantiles[name], np.quantile(values, PROBABILITIES))
        close(g.means[name], np.mean(values))
        close(g.sds[name], np.std(values, ddof=1))
    for j in range(8):
        present = g.members[:, j]
        close(g.median_with[j], np.median(g.estimate[present]))
        close(g.median_without[j], np.median(g.estimate[~present]))
    close(g.share_above(0.1) + g.share_below(0.1), 1)
    known = g.size > 1
    out = (g.ci_low[known] > 0.1) | (g.ci_high[known] < 0.1)
    close(g.share_excluding(0.1), out.mean())
    assert 0 < out.mean() < 1


def test_all_subsets_are_those_of_subsets():
    y, v = (a[:9] for a in fixtures.effects("cohen1981"))  # nine: more than one byte
    g, s = gosh(y, v, tau2="DL"), subsets(y, v, tau2="DL")
    assert (g.members == s.members).all() and (g.size == s.k).all()
    close(g.estimate, s.estimate)
    close(g.tau2, s.tau2)


@settings(derandomize=True, max_examples=30, deadline=None)
@given(st.integers(2, 7), st.integers(0, 2**32 - 1), st.sampled_from(["FE", "DL", "REML"]))
def test_order_shift_and_scale(k, seed, method):
    random = np.random.default_rng(seed)
    y, v = random.normal(0, 0.3, k), random.uniform(0.01, 0.1, k)
    order = random.permutation(k)
    g = gosh(y, v, tau2=method)
    turned = gosh(y[order], v[order], tau2=method)
    moved = gosh(2 * y + 1, 4 * v, tau2=method)
    for name in ("estimate", "tau2", "q", "h2", "i2"):
        close(turned.quantiles[name], g.quantiles[name], 1e-7)
    close(turned.median_with, g.median_with[order], 1e-7)
    close(moved.quantiles["estimate"], 2 * g.quantiles["estimate"] + 1, 1e-7)
    close(moved.quantiles["tau2"], 4 * g.quantiles["tau2"], 1e-7)
    close(moved.quantiles["q"], g.quantiles["q"], 1e-7)


def test_one_strange_effect_shows_in_the_contrast():
    y, v = np.array([0.1, 0.12, 0.09, 0.11, 0.9, 0.1, 0.08]), np.full(7, 0.01)
    g = gosh(y, v)
    assert np.abs(g.contrast).argmax() == 4 and g.contrast[4] > 0.1


# --- a sample ---------------------------------------------------------------------------------


def test_a_sample_has_rows_that_are_pools_and_summaries_near_those_of_all():
    y, v = (a[:10] for a in fixtures.effects("molloy2014"))
    every, some = gosh(y, v, tau2="DL"), gosh(y, v, tau2="DL", sample=20000)
    assert (some.subsets, some.complete, len(some.estimate)) == (20000, False, 20000)
    codes = some.members @ (1 << np.arange(10))
    close(some.estimate, every.estimate[codes - 1])
    close(some.tau2, every.tau2[codes - 1])
    assert (some.size == some.members.sum(axis=1)).all()
    error = every.sds["estimate"] / np.sqrt(20000)
    assert abs(some.means["estimate"] - every.means["estimate"]) < 4 * error
    close(some.sds["estimate"], every.sds["estimate"], 0.02)
    close(some.median_with, every.median_with, 0.01)


def test_the_seed_decides_and_the_blocks_do_not(monkeypatch):
    y, v = fixtures.effects("cohen1981")
    first, other = gosh(y, v, tau2="DL", sample=500), gosh(y, v, tau2="DL", sample=500, seed=1)
    assert (first.members != other.members).any()
    # the package has the function under the name of the module
    monkeypatch.setattr(import_module("alliance_review.synthesis.gosh"), "BLOCK", 20 * 64)
    told = []
    again = gosh(y, v, tau2="DL", sample=500, progress=lambda *done: told.append(done))
    assert (again.members == first.members).all()
    close(again.estimate, first.estimate, 1e-13)
    assert told[0] == (64, 500) and told[-1] == (500, 500) and len(told) == 8


def test_every_subset_is_equally_likely():
    codes = unpack(draw(3, 70000, 5), 3) @ [1, 2, 4]
    counts = np.bincount(codes, minlength=8)
    assert counts[0] == 0
    chi_square = ((counts[1:] - 10000) ** 2 / 10000).sum()
    assert 0.2 < chi_square < 22.5  # 0.0001 in each tail on 6 degrees of freedom


@pytest.mark.parametrize("k", [1, 7, 8, 9, 17, 64])
def test_packing_keeps_every_effect(k):
    members = np.random.default_rng(k).random((40, k)) < 0.5
    packed = pack(members)
    assert packed.shape == (40, -(-k // 8)) and packed.dtype == np.uint8
    assert (unpack(packed, k) == members).all()
    drawn = draw(k, 200, 3)
    assert (pack(unpack(drawn, k)) == drawn).all() and unpack(drawn, k).any(axis=1).all()
    assert k == 1 or unpack(drawn, k).any(axis=0).all()


# --- refusals and shape of results ------------------------------------------------------------


def test_too_many_effects_for_every_subset():
    y, v = fixtures.effects("mcdaniel1994")
    with pytest.raises(ValueError, match="every subset of 160 effects is too many; give"):
        gosh(y, v)
    assert gosh(y, v, tau2="DL", sample=10).members.shape == (10, 160)


@pytest.mark.parametrize("sample", [0, 1, -5, 2.5, True, "many"])
def test_a_sample_is_a_number_of_subsets(sample):
    with pytest.raises(ValueError, match="sample must be a whole number of at least 2"):
        gosh(Y, V, sample=sample)


def test_what_cannot_be_done_is_refused():
    with pytest.raises(ValueError, match="at least 2 effects"):
        gosh([0.1], [0.1])
    with pytest.raises(ValueError, match="tau2 must be one of"):
        gosh(Y, V, tau2="MM")
    with pytest.raises(ValueError, match="test must be one of"):
        gosh(Y, V, test="t")
    with pytest.raises(ValueError, match="variances must be positive; number 2 is -1"):
        gosh(Y, [1.0, -1.0, 1.0])


def test_results_are_frozen_and_become_frames():
    g = gosh(Y, V)
    for array in (g.estimate, g.packed, g.median_with, g.quantiles["q"]):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 1
    assert len(g.to_frame()) == 7 and "median" in repr(g)
    assert g.to_dict()["quantiles"]["estimate"][4] == g.median
