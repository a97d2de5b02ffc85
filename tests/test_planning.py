"""Sizes of studies to come."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtr, ndtri

from alliance_review.interpretation.planning import (
    design_effect,
    information_gain,
    power_of,
    required_n,
    required_trial,
)


# G*Power's and Cohen's tables for r by the Fisher z approximation (Hulley et al., appendix 6C)
@pytest.mark.parametrize(
    ("r", "power", "n"),
    [(0.1, 0.8, 783), (0.2, 0.8, 194), (0.3, 0.8, 85), (0.5, 0.8, 30),
     (0.1, 0.9, 1047), (0.2, 0.9, 259), (0.3, 0.9, 113), (0.5, 0.9, 38)],
)  # fmt: skip
def test_required_n_gives_the_tabled_sizes(r, power, n):
    assert required_n(r, power=power) == n == required_n(-r, power=power)


@given(st.floats(0.02, 0.95), st.floats(0.5, 0.99), st.floats(0.001, 0.2))
def test_required_n_is_the_smallest_with_that_power(r, power, alpha):
    def right_tail(n):
        return float(ndtr(math.atanh(r) * math.sqrt(n - 3) - ndtri(1 - alpha / 2)))

    n = required_n(r, power=power, alpha=alpha)
    assert right_tail(n) >= power - 1e-9
    assert n == 4 or right_tail(n - 1) < power


def test_one_person_fewer_falls_short():
    n = required_n(0.2)
    assert power_of(0.2, n) >= 0.8 > power_of(0.2, n - 1)


def test_power_of_no_correlation_is_alpha():
    assert power_of(0.0, 50) == pytest.approx(0.05, abs=1e-12)


@pytest.mark.parametrize("r", [0, 1, -1, 1.5, math.nan])
def test_a_correlation_that_no_study_can_detect_is_refused(r):
    with pytest.raises(ValueError, match="correlation"):
        required_n(r)


@pytest.mark.parametrize(("power", "alpha"), [(0.01, 0.05), (1, 0.05), (0.8, 0), (0.8, 1)])
def test_power_and_level_out_of_range_are_refused(power, alpha):
    with pytest.raises(ValueError, match="must lie between"):
        required_n(0.2, power=power, alpha=alpha)


def test_trial_size_is_the_textbook_value_and_grows_with_clustering():
    # normal approximation: 2 * (1.96 + 0.8416)**2 / 0.5**2 = 62.8 per arm
    assert required_trial(0.5) == 2 * 63
    assert required_trial(0.25) == pytest.approx(4 * required_trial(0.5), rel=0.02)
    assert design_effect(10, 0.1) == pytest.approx(1.9)
    assert design_effect(1, 0.5) == 1
    clustered = required_trial(0.5, inflation=design_effect(10, 0.1))
    assert clustered == pytest.approx(1.9 * required_trial(0.5), rel=0.02)


@pytest.mark.parametrize("call", [
    lambda: required_trial(0), lambda: required_trial(0.2, inflation=0.5),
    lambda: design_effect(0.5, 0.1), lambda: design_effect(5, 1.2), lambda: power_of(0.2, 3),
    lambda: power_of(1, 30), lambda: information_gain(3, 0.1, 0.1, 10),
    lambda: information_gain(30, 0.1, 0.1, 0),
])  # fmt: skip
def test_impossible_designs_are_refused(call):
    with pytest.raises(ValueError):
        call()


def test_a_printed_number_gains_nothing_and_words_gain_more_in_larger_samples():
    tau, sizes = 0.1, (30, 100)
    information = sum(1 / (1 / (n - 3) + tau**2) for n in sizes)
    own = (1 / (1 / 27 + tau**2)) / information
    assert information_gain(30, tau, own, information) == pytest.approx(0, abs=1e-12)
    small, large = (information_gain(n, tau, 0.05, information) for n in sizes)
    assert 0 < small < large
    assert information_gain(5, tau, 0.9, information) == 0
