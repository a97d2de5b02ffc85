"""Effect sizes at the edges: nothing rounds to a correlation of 1, nothing unknown is ignored."""

import inspect
import math
import re
import warnings
from pathlib import Path

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review import effect_sizes as es

few = settings(max_examples=60, deadline=None, derandomize=True)
pytestmark = pytest.mark.filterwarnings("error")

ROUNDED = "so large that the correlation rounds to 1 or -1"
TO_ONE = [
    (es.from_t, (1e9, 10), "t is "),
    (es.from_t, (-1e9, 10), "t is "),
    (es.from_t, (1e200, 10), "t is "),
    (es.from_t, (1.7e308, 1), "t is "),
    (es.from_t, ([2.0, 1e9], 10), "t is "),
    (es.from_f, (1e20, 10), "F is "),
    (es.from_f, (1e20, 10, -1), "F is "),
    (es.from_wald_z, (1e9, 10), "z is "),
    (es.from_d, (1e9,), "d is "),
    (es.from_d, (-1e200, 10, 20), "d is "),
    (es.from_p, (1e-40, 4), "the t of p is "),
    (es.from_p, (1e-250, 5), "the t of p is "),  # the quantile itself is infinite
    (es.critical_r, (4, 1e-40), "the t of alpha is "),
    (es.critical_z, (4, 1e-40), "the t of alpha is "),
    (es.z_to_r, (20,), "z is "),
    (es.z_to_r, ([0.1, -20],), "z is "),
    (es.from_coefficient, (1e9, 1, 10), "t is "),
    (es.from_coefficient_interval, (1e9, 1e9 - 1, 1e9 + 1, 10), "t is "),
    (es.from_ratio_interval, (2, 2 - 1e-12, 2 + 1e-12, 4), "z is "),
]


@pytest.mark.parametrize(("function", "arguments", "subject"), TO_ONE)
def test_a_result_that_rounds_to_one_is_refused(function, arguments, subject):
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert str(caught.value).startswith(subject + ROUNDED)


def inside_or_refused(function, *arguments):
    try:
        r = function(*arguments)
    except ValueError as error:
        assert "round" in str(error) or "must be" in str(error)
    else:
        assert -1 < r < 1


finite = st.floats(allow_nan=False, allow_infinity=False)


@few
@given(finite, st.integers(4, 10**9), st.sampled_from([1, 2]))
def test_every_finite_statistic_gives_an_open_interval_or_a_refusal(x, n, tails):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for function in (es.from_t, es.from_wald_z):
            inside_or_refused(function, x, n)
        inside_or_refused(es.from_wald_z, x, n, False)
        inside_or_refused(es.from_f, abs(x), n)
        inside_or_refused(es.from_d, x, n, 4)
        inside_or_refused(es.from_odds_ratio, abs(x))
        inside_or_refused(es.z_to_r, x)
        inside_or_refused(es.from_r_squared, abs(x))
        inside_or_refused(es.semipartial_r, x, n, 0.5)
        for p in (abs(x), 1 / max(1, abs(x))):
            inside_or_refused(es.from_p, p, n, 1, tails)
            inside_or_refused(es.from_p_normal, p, n, 1, tails)


@pytest.mark.parametrize("t", [1e-200, 1e-9, 3.0, 1e4, 1e7, -2e7])
@pytest.mark.parametrize("df", [1, 10, 1e6])
def test_large_and_small_statistics_keep_their_digits(t, df):
    with mpmath.workdps(450):
        exact = float(mpmath.mpf(t) / mpmath.sqrt(mpmath.mpf(t) ** 2 + df))
        with_four = float(mpmath.mpf(t) / mpmath.sqrt(mpmath.mpf(t) ** 2 + 4))
    assert es.from_t(t, df) == pytest.approx(exact, rel=3e-16, abs=0)
    assert es.from_d(t) == pytest.approx(with_four, rel=3e-16, abs=0)


def test_the_largest_values_that_are_accepted():
    assert es.z_to_r(18) < 1
    assert es.from_d(1e7) < 1
    assert es.from_d(0.5, 1e200, 1e200) == pytest.approx(es.from_d(0.5))  # (n1 + n2)^2 overflows
    r = np.nextafter(1, 0)
    assert es.from_r_squared(r) < 1 and es.unbiased_r(r, 10) < 1


ENDS = [
    (es.from_p, (1, 30, 1, 1), "p must be below 1 where the test is one-sided"),
    (es.from_p, ([0.2, 1], 30, -1, 1), "p must be below 1 where the test is one-sided"),
    (es.from_p_normal, (1, 30, 1, 1), "p must be below 1 where the test is one-sided"),
    (es.critical_r, (30, 1, 1), "alpha must be below 1 where the test is one-sided"),
    (es.critical_z, (30, 1, 1), "alpha must be below 1 where the test is one-sided"),
    (es.from_p, (5e-324, 30), "p must be above 5e-308"),
    (es.from_p_normal, (5e-324, 30), "p must be above 5e-308"),
    (es.from_coefficient, (1e300, 1e-300, 10), "b / se must be finite, got inf"),
    (es.semipartial_r, (1e200, 10, 0.5), "R squared of the model must be no less than"),
]


@pytest.mark.parametrize(("function", "arguments", "words"), ENDS)
def test_what_has_no_finite_statistic_is_refused(function, arguments, words):
    with pytest.raises(ValueError) as caught:
        function(*arguments)
    assert str(caught.value).startswith(words)


def test_a_p_of_one_is_no_correlation_in_a_test_of_two_sides():
    assert es.from_p(1, 30) == 0 == es.critical_r(30, 1)
    assert es.from_p_normal(1, 30) == 0
    assert es.from_p(1 - 1e-12, 30, 1, 1) == pytest.approx(-es.from_p(1e-12, 30, 1, 1), abs=1e-6)


@pytest.mark.parametrize("value", [0.99, 2.01])
def test_a_value_outside_its_own_interval_is_refused(value):
    words = f"must lie within its interval, got {value} with ci_low 1 and ci_high 2"
    for call in (
        lambda: es.log_ratio(value, 1, 2),
        lambda: es.wald_z_of_ratio(value, 1, 2),
        lambda: es.from_ratio_interval(value, 1, 2, 50),
        lambda: es.from_hazard_ratio(value, 1, 2, 50),
        lambda: es.from_coefficient_interval(value, 1, 2, 50),
    ):
        with pytest.raises(ValueError, match=words):
            call()
    for name in ("wald-z-root-n", "wald-z-root-z2-n", "b-interval-to-r"):
        with pytest.raises(ValueError, match="must lie within its interval"):
            es.from_statistic(name, value=value, ci_low=1, ci_high=2, n=50, df=48)


def test_a_printed_value_may_touch_its_interval():
    """Rounding can put the value on a bound, though not beyond it."""
    assert es.wald_z_of_ratio(1.2, 1.1, 1.2) > 0
    assert es.log_ratio(1.1, 1.1, 1.2)[0] == pytest.approx(math.log(1.1))
    assert es.from_coefficient_interval(0.1, 0.1, 0.2, 40) > 0
    with pytest.raises(ValueError, match="ci_high must be above ci_low, got 1.2"):
        es.log_ratio(1.2, 1.2, 1.2)
    both = es.wald_z_of_ratio([1.2, 0.9], [1.0, 0.8], [1.5, 0.9])
    assert both.shape == (2,)
    with pytest.raises(ValueError, match=r"got \[1.2, 3.0\] with ci_low \[1.0, 0.8\]"):
        es.wald_z_of_ratio([1.2, 3.0], np.array([1.0, 0.8]), [1.5, 0.9])


UNKNOWN = [
    ("t-to-r", {"value": 2.0, "df": 28, "sgin": -1}, "unknown figure sgin: known are value, se"),
    ("t-to-r", {"value": 2.0, "df": 28, "tails": 1, "N": 3}, "unknown figure tails, N: known are"),
    ("t-to-r", {"value": [2.0, 3.0], "df": 28}, "value must be a single number, got [2.0, 3.0]"),
    ("t-to-r", {"value": 2.0, "df": np.array([28])}, "df must be a single number, got [28]"),
    ("t-to-r", {"value": 2.0, "df": 28, "sign": [1]}, "sign must be a single number, got [1]"),
    ("t-to-r", {"value": 2.0, "df": 28, "sign": 2}, "sign must be 1 or -1"),
    ("t-to-r", {"value": "two", "df": 28}, "value must be a number, got 'two'"),
    ("t-to-r", {"value": math.nan, "df": 28}, "value must be finite, got nan"),
    ("p-to-r", {"p_value": 0.05, "df": 1}, "df must be at least 2, got 1"),
    ("z_to_r", {"value": 30.0}, "z is " + ROUNDED),
    (["t-to-r"], {"value": 2.0, "df": 28}, "conversion must be one of b-interval-to-r"),
    (None, {"value": 2.0}, "conversion must be one of b-interval-to-r"),
    (np.array(["t-to-r"]), {"value": 2.0}, "conversion must be one of b-interval-to-r"),
]


@pytest.mark.parametrize(("conversion", "figures", "words"), UNKNOWN)
def test_names_and_figures_that_mean_nothing_are_refused(conversion, figures, words):
    with pytest.raises(ValueError) as caught:
        es.from_statistic(conversion, **figures)
    assert str(caught.value).startswith(words)


def test_documented_figures_that_are_not_needed_are_ignored():
    every = dict.fromkeys(es.FIGURES) | {"value": 2.0, "df": 28, "n": 30.0, "p_value": 0.05}
    assert es.from_statistic("t-to-r", **every) == es.from_t(2, 28)
    assert es.from_statistic("t-to-r", sign=-1, **every) == -es.from_t(2, 28)
    assert es.to_statistic("t-to-r", 0.3, df=28, n=30, se=None) == es.to_t(0.3, 28)


def test_every_figure_that_a_conversion_needs_is_documented():
    for table, known in ((es.CONVERSIONS, es.FIGURES), (es.BACK, es.GIVEN)):
        assert {name for needed, _ in table.values() for name in needed} == set(known)


def test_the_way_back_refuses_as_the_way_there():
    with pytest.raises(ValueError, match="unknown figure value: known are se, df, n"):
        es.to_statistic("t-to-r", 0.3, df=28, value=2)
    with pytest.raises(ValueError, match=r"r must be a single number, got \[0.1, 0.2\]"):
        es.to_statistic("t-to-r", [0.1, 0.2], df=28)
    with pytest.raises(ValueError, match="conversion must be one of"):
        es.to_statistic({}, 0.3)


FUNCTIONS = [getattr(es, name) for name in es.__all__ if callable(getattr(es, name))]


def sections(function) -> dict[str, str]:
    """The parts of a docstring by heading; what comes before the first heading under ''."""
    pieces = re.split(r"^(\w+)\n-{4,}\n", inspect.getdoc(function), flags=re.M)
    return {"": pieces[0]} | dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda f: f.__name__)
def test_every_function_says_what_it_takes_assumes_raises_and_follows(function):
    parts = sections(function)
    assert {"Parameters", "Returns", "Raises", "References"} <= parts.keys()
    headings = re.findall(r"^([\w*, ]+) : ", parts["Parameters"], flags=re.M)
    described = [name.strip(" *") for heading in headings for name in heading.split(",")]
    assert sorted(described) == sorted(inspect.signature(function).parameters)
    assert "assum" in parts[""].lower()
    assert parts["Raises"].startswith("ValueError\n")
    assert re.search(r"[A-Z][a-z]+ [A-Z]{1,3}\b.* \(\d{4}\)\.", parts["References"], flags=re.S)


def test_the_package_speaks_of_no_field():
    """It stands alone: formulas for any two variables."""
    folder = Path(inspect.getfile(es)).parent
    text = "\n".join(file.read_text("utf-8") for file in sorted(folder.glob("*.py"))).lower()
    assert len(text) > 10_000
    assert not re.findall(r"alliance|relationship|adherence|symptom|coder|data/|this review", text)
