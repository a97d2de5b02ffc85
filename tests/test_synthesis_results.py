"""Every result becomes plain values, a frame, a few lines and a small table."""

import json
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest

from alliance_review.synthesis import leave_one_out, pool, subsets
from alliance_review.synthesis.results import Result

Y, V = [0.30, 0.12, 0.45, -0.10, 0.22], [0.010, 0.020, 0.015, 0.030, 0.005]


def test_one_result_is_one_line_of_a_frame():
    fit = pool(Y, V)
    frame = fit.to_frame()
    assert frame.shape[0] == 1 and "weights" not in frame
    assert frame.loc[0, "estimate"] == fit.estimate and frame.loc[0, "test"] == "hksj"


def test_many_results_are_the_lines_of_a_frame():
    left = leave_one_out(Y, V)
    frame = left.to_frame()
    assert isinstance(frame, pd.DataFrame) and len(frame) == 5
    np.testing.assert_array_equal(frame["ci_low"], left.ci_low)
    assert frame["k"].tolist() == [4] * 5
    assert left.entries().equals(frame)
    assert len(left.summary()) == 1 and "ci_low" not in left.summary()


def test_a_result_without_entries_is_its_summary():
    fit = pool(Y, V)
    assert fit.to_frame().equals(fit.summary()) and fit.entries().empty


def test_a_few_readable_lines():
    text = repr(pool(Y, V, test="z"))
    assert text.startswith("Pooled\n  k: 5\n  estimate: 0.2")
    assert " to " in text and "tau2_method: REML" in text and len(text.splitlines()) < 20
    assert "31 entries of k, estimate" in repr(subsets(Y, V))


def test_a_small_table_with_headings():
    markup = pool(Y, V)._repr_html_()
    assert markup.count("<table>") == 1 and '<th scope="row">estimate</th>' in markup
    many = subsets(Y, V)._repr_html_()
    assert "first 10 of 31" in many and many.count("<tr>") == 3 + 1 + 10
    assert '<th scope="col">ci_low</th>' in many


@dataclass(frozen=True, repr=False, eq=False)
class Odd(Result):
    name: str
    flag: bool
    matrix: np.ndarray
    inner: object = None
    _shown: ClassVar = ("name", "flag", "matrix")
    _rows: ClassVar = ("matrix",)


def test_text_is_escaped_and_columns_are_numbered():
    odd = Odd("<b>&", True, np.arange(4.0).reshape(2, 2), pool(Y, V))
    assert "&lt;b&gt;&amp;" in odd._repr_html_() and "<b>" not in odd._repr_html_()
    assert odd.to_frame().columns.tolist() == ["matrix_1", "matrix_2"]
    assert "flag: yes" in repr(odd) and "array of shape (2, 2)" in repr(odd)
    plain = json.loads(json.dumps(odd.to_dict()))
    assert plain["inner"]["k"] == 5 and plain["matrix"] == [[0, 1], [2, 3]]


@dataclass(frozen=True, repr=False, eq=False)
class Several(Result):
    slope: np.ndarray
    slope_low: np.ndarray
    slope_high: np.ndarray
    note: str
    many_low: np.ndarray
    many_high: np.ndarray
    _shown: ClassVar = ("slope", ("slope_low", "slope_high"), "note", ("many_low", "many_high"))


def test_intervals_are_paired_and_named_and_empty_text_is_left_out():
    one, long = np.array([1.0, 2.0]), np.zeros(9)
    lines = repr(Several(one, one - 1, one + 1, "", long, long)).splitlines()
    assert lines == [
        "Several", "  slope: [1, 2]", "  slope interval: [0 to 2, 1 to 3]",
        "  many: array of shape (9,) to array of shape (9,)",
    ]  # fmt: skip


def test_what_is_not_a_number_becomes_none():
    assert pool(Y, V, tau2="FE").to_dict()["prediction_low"] is None


def test_a_result_cannot_be_changed():
    left = leave_one_out(Y, V)
    with pytest.raises(AttributeError):
        left.estimate = 1
    for name in ("estimate", "ci_low", "weights", "members"):
        with pytest.raises(ValueError):
            getattr(left, name)[0] = 1
    with pytest.raises(AttributeError, match="no attribute 'estimates'"):
        _ = left.estimates
