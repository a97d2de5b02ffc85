"""The page that works one result out by hand: plain arithmetic, beside the engine."""

import ast
import inspect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review import analysis
from alliance_review.effect_sizes import r_to_z, z_variance
from alliance_review.reporting import by_hand_tables
from alliance_review.synthesis import pool
from alliance_review.synthesis.distributions import quantile
from alliance_review.verification import by_hand

studies = st.lists(
    st.tuples(st.integers(8, 900), st.floats(-0.8, 0.8).map(lambda x: round(x, 3))),
    min_size=3, max_size=9,
)  # fmt: skip


def both(n, r, digits=12):
    work = by_hand.work([f"S{i}" for i in range(len(n))], n, r, quantile(0.95, len(n) - 1),
                        digits=digits)  # fmt: skip
    return work, pool(r_to_z(r), z_variance(n))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(studies)
def test_the_arithmetic_ends_where_the_engine_ends(data):
    n, r = (list(column) for column in zip(*data, strict=True))
    work, fit = both(n, r)
    at = pool(r_to_z(r), z_variance(n), tau2="DL")
    assert work.q == pytest.approx(fit.q, rel=1e-8, abs=1e-9)
    assert work.dl == pytest.approx(at.tau2, rel=1e-8, abs=1e-10)
    if work.steps[-1].new != pytest.approx(fit.tau2, abs=1e-6):
        # Fisher scoring may end in the lower of two modes; the engine then has the higher
        pytest.fail(f"{work.steps[-1]} against {fit.tau2}")
    for name, other in (("mean", "estimate"), ("se", "se"), ("ci_low", "ci_low"), ("i2", "i2"),
                        ("ci_high", "ci_high"), ("prediction_low", "prediction_low"),
                        ("prediction_high", "prediction_high")):  # fmt: skip
        assert getattr(work, name) == pytest.approx(getattr(fit, other), rel=1e-4, abs=1e-5)


def test_the_correlations_of_the_page_end_at_its_result():
    results = analysis.load()["pools"]["adherence"]
    rows = [row for row in results["rows"] if row["form"] == "exact"]
    work, fit = both([row["n"] for row in rows], [row["r"] for row in rows])
    kept = results["printed_only"]["REML"]
    assert len(rows) == results["printed_only"]["k"] > 2
    assert work.r == pytest.approx(kept["r"], abs=1e-8)
    assert (work.r_low, work.r_high) == pytest.approx((kept["r_low"], kept["r_high"]), abs=1e-8)
    table = by_hand_tables.beside(work, fit)
    assert (table["By hand"] == table["By the engine"]).all() and len(table) == 9


def test_nothing_but_arithmetic():
    tree = ast.parse(inspect.getsource(by_hand))
    modules = {
        node.module if isinstance(node, ast.ImportFrom) else node.names[0].name
        for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom))
    }  # fmt: skip
    assert modules == {"math", "collections.abc", "typing"}


@given(st.floats(-0.999, 0.999))
@settings(max_examples=50, deadline=None, derandomize=True)
def test_z_and_back(r):
    assert by_hand.z_of(r) == pytest.approx(math.atanh(r), rel=1e-9, abs=1e-12)
    assert by_hand.r_of(by_hand.z_of(r)) == pytest.approx(r, rel=1e-9, abs=1e-12)


def test_steps_stop_and_zero_is_an_answer():
    work, _ = both([50, 60, 70], [0.2, 0.2, 0.2])
    assert (work.q, work.dl, work.tau2) == (pytest.approx(0, abs=1e-10), 0, 0)
    assert len(work.steps) == 1 and work.i2 == 0
    short, _ = both([50, 60, 400, 30], [0.1, 0.5, 0.2, 0.6], digits=3)
    long, _ = both([50, 60, 400, 30], [0.1, 0.5, 0.2, 0.6], digits=10)
    assert len(short.steps) < len(long.steps)
    changes = [abs(s.new - s.tau2) for s in long.steps]
    assert changes[-1] < 0.5e-10 and all(np.diff(changes) < 0)


@pytest.mark.parametrize("n, r", [([3, 50], [0.1, 0.2]), ([50, 60], [0.1, 1.0])])
def test_what_has_no_z_or_no_variance_is_refused(n, r):
    with pytest.raises(ValueError, match="n must be at least 4"):
        by_hand.work(["a", "b"], n, r, 2.0)


@pytest.mark.parametrize("n, r", [([50], [0.1]), ([50, 60], [0.1]), ([], [])])
def test_too_little_is_refused(n, r):
    with pytest.raises(ValueError, match="at least two studies"):
        by_hand.work(["a"] * len(n), n, r, 2.0)


def test_tables_hold_the_numbers():
    work, _ = both([50, 60, 400], [0.1, -0.5, 0.2])
    effects = by_hand_tables.effects(work)
    assert effects["r"].tolist() == ["0.100", "−0.500", "0.200", "–"]
    assert effects["w = 1/v"].tolist() == ["47", "57", "397", "501"]
    shares = by_hand_tables.shares(work)
    assert shares["Share, %"].iloc[-1] == "100.0"
    assert len(by_hand_tables.steps(work)) == len(work.steps)
    first = by_hand_tables.first_guess(work).set_index("Quantity")["Value"]
    assert first["k − 1"] == "2" and first["Q"] == f"{work.q:.4f}"
    results = by_hand_tables.results(work).set_index("Quantity")["Value"]
    assert results["t, 2 degrees of freedom"] == "4.3027"
