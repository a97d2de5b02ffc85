"""Labels of effects: what is taken, and what is refused in plain words."""

from datetime import date
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

from alliance_review.synthesis.labels import labels, missing


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["a", "b", "a"], ["a", "b", "a"]),
        ((1, 2, 1), [1, 2, 1]),
        (np.array([1, 2, 1]), [1, 2, 1]),
        (np.array(["a", "b", "a"]), ["a", "b", "a"]),
        (np.array([True, False, True]), [True, False, True]),
        (pd.Series(["a", "b", "a"], index=[7, 8, 9]), ["a", "b", "a"]),
        (pd.Categorical(["a", "b", "a"]), ["a", "b", "a"]),
        (pd.Series([1, 2, 1], dtype="Int64"), [1, 2, 1]),
        ([("site", 1), ("site", 2), ("site", 1)], [("site", 1), ("site", 2), ("site", 1)]),
        ([date(2020, 1, 1)] * 3, [date(2020, 1, 1)] * 3),
        ((str(i) for i in range(3)), ["0", "1", "2"]),
        ([0, 0.0, False], [0, 0, 0]),
    ],
)
def test_what_is_taken(values, expected):
    assert labels("groups", values, 3) == expected


def test_arrays_give_plain_values():
    found = labels("groups", np.array(["a", "b"]), 2)
    assert [type(label) for label in found] == [str, str]


@pytest.mark.parametrize(
    "label",
    [None, "", "  ", b"", float("nan"), np.float64("nan"), Decimal("nan"), pd.NA, pd.NaT,
     np.datetime64("NaT")],
)  # fmt: skip
def test_a_missing_label_is_named_by_its_position(label):
    assert missing(label)
    with pytest.raises(ValueError, match="^cluster must not be missing; number 3 is "):
        labels("cluster", ["a", "b", label, label], 4)


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["a", None, "b"]),
        pd.Series(["a", pd.NA, "b"], dtype="string"),
        pd.Series([1, None, 2], dtype="Int64"),
        pd.Categorical(["a", None, "b"]),
        pd.Series(pd.to_datetime(["2020-01-01", None, "2020-01-02"])),
        np.array(["2020-01-01", "NaT", "2020-01-02"], dtype="M8[ns]"),
        np.array([1.0, np.nan, 2.0]),
    ],
)
def test_missing_in_every_kind_of_column(values):
    with pytest.raises(ValueError, match="groups must not be missing; number 2 is "):
        labels("groups", values, 3)


@pytest.mark.parametrize("label", [0, False, "0", "nan", (), 0.0, date(1, 1, 1)])
def test_what_only_looks_missing(label):
    assert not missing(label)
    assert labels("groups", [label], 1) == [label]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (5, "groups must be a sequence of one label per effect"),
        (None, "must be a sequence"),
        ("abc", "must be a sequence"),
        (b"abc", "must be a sequence"),
        ({"a", "b", "c"}, "must be a sequence"),
        ({"a": 1, "b": 2, "c": 3}, "must be a sequence"),
        (np.array(5), "must be a sequence"),
        (np.array([[1], [1], [2]]), "must be a sequence"),
        (pd.DataFrame({"a": [1, 2, 3]}), "must be a sequence"),
        (["a", ["b"], "c"], r"single values, such as text or numbers; number 2 is \['b'\]"),
        (["a", "b"], "groups and effects differ in length: 2 and 3"),
    ],
)
def test_what_is_refused(values, message):
    with pytest.raises(ValueError, match=message):
        labels("groups", values, 3)
