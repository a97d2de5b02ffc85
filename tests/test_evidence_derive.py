"""Correlations derived again from what the sources report."""

import numpy as np
import pandas as pd
import pytest

from alliance_review.effect_sizes import CONVERSIONS, from_statistic
from alliance_review.evidence.derive import alternatives, disagreements, rederive, summary


def test_every_coded_r_is_derived_again(data):
    derived = rederive(data.effects)
    coded = data.effects[data.effects["r_coded"].notna()]
    assert derived["effect_id"].tolist() == coded["effect_id"].tolist()
    assert (derived["problem"] == "").all()
    with_number = coded["evidence_form"].isin(["exact", "p_exact"])
    assert with_number.all()


def test_derived_values_worked_by_hand(data):
    """Calculated apart from the code: with tables and a pocket calculator's steps."""
    derived = rederive(data.effects).set_index("effect_id")["r_derived"]
    t = 0.3541 / 0.1102
    assert derived["E215"] == pytest.approx(t / np.sqrt(t**2 + 805))
    assert derived["E001"] == pytest.approx(np.sqrt(0.41))
    z = np.log(1.02) / ((np.log(1.04) - np.log(1.001)) / 3.92)
    assert derived["E040"] == pytest.approx(z / np.sqrt(89), abs=1e-5)
    d = np.log(1 / 0.49) * np.sqrt(3) / np.pi
    assert derived["E048"] == pytest.approx(d / np.sqrt(d**2 + 4))
    # upper .0065 point of t with 78 degrees of freedom: 2.5422
    assert derived["E220"] == pytest.approx(2.5422 / np.sqrt(2.5422**2 + 78), abs=1e-4)


def test_a_wrong_r_is_found_and_listed(data):
    changed = data.effects.copy()
    at = changed.index[changed["effect_id"] == "E215"]
    changed.loc[at, "r_coded"] = 0.2
    apart = disagreements(rederive(changed))
    assert set(apart["effect_id"]) == {"E215"} | set(
        disagreements(rederive(data.effects))["effect_id"]
    )
    row = apart.set_index("effect_id").loc["E215"]
    assert row["difference"] == pytest.approx(0.1125 - 0.2, abs=1e-4)
    assert any(
        line.startswith("  E215: coder r = 0.200, derived r = 0.113") for line in summary(changed)
    )


def test_a_difference_within_a_hundredth_agrees(data):
    changed = data.effects.copy()
    at = changed.index[changed["effect_id"] == "E215"]
    changed.loc[at, "r_coded"] = 0.120
    row = rederive(changed).set_index("effect_id").loc["E215"]
    assert row["agrees"]


def test_an_r_that_cannot_be_derived_is_a_disagreement(data):
    changed = data.effects.copy()
    at = changed.index[changed["effect_id"] == "E215"]
    changed.loc[at, "se"] = np.nan
    row = disagreements(rederive(changed)).set_index("effect_id").loc["E215"]
    assert row["problem"] == "conversion b-se-to-r needs se"


def test_other_conversions_of_the_same_figures(data):
    """An odds ratio between unequal groups: through d it is larger than its own test allows."""
    others = alternatives(data.effects)
    assert (others["difference"].abs() > 0.01).all()
    bull = others[others["effect_id"] == "E048"].iloc[0]
    z = np.log(1 / 0.49) / ((np.log(0.95) - np.log(0.25)) / 3.92)
    assert bull["r_other"] == pytest.approx(z / np.sqrt(z**2 + 401), abs=1e-4)
    assert bull["r_coded"] == 0.193


def test_conversions_named_in_the_data_have_a_formula_and_a_source(data):
    named = set(data.conversions["conversion"])
    assert named == {name for name in CONVERSIONS if "_" not in name}
    assert set(data.effects["conversion"].dropna()) <= named
    assert set(data.benchmarks["conversion"].dropna()) <= set(CONVERSIONS)
    assert data.conversions["citation_key"].notna().all()


def test_benchmarks_convert_to_the_r_that_was_printed(data):
    """Where a pooled result prints r beside another statistic, the conversion must give it."""
    rows = data.benchmarks[data.benchmarks["conversion"].notna()]
    assert len(rows) > 20
    for row in rows.to_dict("records"):
        r = from_statistic(row["conversion"], value=row["value"])
        assert -1 < r < 1
        if row["r"] == row["r"]:
            printed = -row["r"] if row["sign_reversed"] == "yes" else row["r"]
            assert r == pytest.approx(printed, abs=0.006), row["benchmark_id"]


def test_from_statistic_names_what_is_wrong():
    with pytest.raises(ValueError, match="conversion must be one of b-interval-to-r, "):
        from_statistic("by-guess", value=0.3)
    with pytest.raises(ValueError, match="conversion f-to-r needs df"):
        from_statistic("f-to-r", value=4.0)
    with pytest.raises(ValueError, match="sign must be 1 or -1"):
        from_statistic("reported-r", value=0.3, sign=0)


def test_the_sign_of_the_row_replaces_that_of_the_statistic():
    assert from_statistic("reported-r", value=-0.65) == pytest.approx(-0.65)
    assert from_statistic("reported-r", value=-0.65, sign=1) == pytest.approx(0.65)
    assert from_statistic("odds-ratio-to-r", value=0.49, sign=1) > 0


def test_empty_tables_give_empty_results(data):
    none = data.effects.iloc[0:0]
    assert isinstance(rederive(none), pd.DataFrame)
    assert len(rederive(none)) == len(disagreements(rederive(none))) == len(alternatives(none)) == 0
