"""Levels of a moderator compared: only where the rule allows, and worded with restraint."""

import math
from types import SimpleNamespace

import pandas as pd
import pytest

from alliance_review import analysis, synthesis
from alliance_review.analysis import moderators, pools
from alliance_review.reporting import robustness_tables


@pytest.mark.parametrize("tier", analysis.TIERS)
def test_only_levels_that_meet_the_rule_are_compared(results, tier):
    table = results["moderators"][tier]
    for moderator, found in results["moderator_contrast"][tier].items():
        allowed = [row["level"] for row in table if row["moderator"] == moderator
                   and row["claim"] and row["level"] not in ("unclear", "other")]  # fmt: skip
        assert found["levels"] == allowed
        assert ("p_value" in found) == (len(allowed) > 1)
        for pair in found.get("pairs", ()):
            assert {pair["a"], pair["b"]} <= set(allowed)
            assert min(pair["k_a"], pair["k_b"]) >= int(results["protocol"]["min_k_moderator"])
            assert pair["low"] <= pair["difference"] <= pair["high"]
        assert len(found.get("pairs", ())) == math.comb(len(allowed), 2)


def test_the_number_of_tests_is_that_of_the_comparisons(results):
    made = [found for pool in results["moderator_contrast"].values() for found in pool.values()
            if "p_value" in found]  # fmt: skip
    assert results["moderator_tests"] == len(made)
    for said in results["moderator_contrast_reading"].values():
        assert f"{len(made)} such tests" in said or "is tested" in said


def test_a_comparison_is_that_of_the_engine_on_the_rows_of_its_levels(data, results):
    compared = results["moderator_contrast"]["adherence"]["diagnosis_group"]
    rows = pools.selected(data, "adherence")
    rows = rows[rows["usable"] == "yes"]
    groups = {
        level: [pools.to_report(row) for row in rows[rows["diagnosis_group"] == level].to_dict(
            "records")] for level in compared["levels"]
    }  # fmt: skip
    found = synthesis.contrast_reports(groups)
    assert compared["p_value"] == pytest.approx(found.p_value, abs=1e-8)
    assert compared["pairs"][0]["difference"] == pytest.approx(float(found.difference[0]), abs=1e-8)


def test_numbers_alone_give_the_likelihood_ratio_of_two_fits():
    """With tau 0 by construction the test is that of two weighted means, done here by hand."""
    groups = {"a": [("exact", 0.30), ("exact", 0.31)], "b": [("exact", 0.28), ("exact", 0.29)]}
    made = {name: [synthesis.Report(form, 103, z=z) for form, z in values]
            for name, values in groups.items()}  # fmt: skip
    found = moderators.compared(made)
    statistic = 100 * 4 * 0.01**2  # each z is .01 nearer to its own mean than to that of all
    assert found["statistic"] == pytest.approx(statistic, abs=1e-8)
    assert found["pairs"] == [{"a": "a", "b": "b", "k_a": 2, "k_b": 2} | {
        key: found["pairs"][0][key] for key in ("difference", "low", "high")}]  # fmt: skip
    assert found["pairs"][0]["difference"] == pytest.approx(0.02)


PAIR = {"a": "early", "b": "late", "k_a": 5, "k_b": 4, "difference": 0.12, "low": -0.05,
        "high": 1.3}  # fmt: skip
FOUND = {"levels": ["early", "late"], "statistic": 1.0, "df": 1, "p_value": 0.2, "tau": 0.1,
         "pairs": [PAIR]}  # fmt: skip


def test_the_reading_states_how_many_tests_there_were():
    nothing = moderators.contrast_reading({"rater": {"levels": ["patient"]}}, 6)
    assert nothing == "Nothing is tested."
    said = moderators.contrast_reading({"timing": FOUND, "rater": {"levels": []}}, 6)
    assert "timing (early less late: .12, −.05 to 1.30; p = .200)" in said
    assert "No difference passes p = .008" in said and "6 such tests" in said


def test_a_small_p_passes_only_the_shared_bound():
    pool = {"timing": FOUND | {"p_value": 0.02}}
    assert "No difference passes" in moderators.contrast_reading(pool, 6)
    assert "The difference by timing passes" in moderators.contrast_reading(pool, 2)
    tiny = moderators.contrast_reading({"timing": FOUND | {"p_value": 1e-6}}, 6)
    assert "p <\N{NO-BREAK SPACE}.001)" in tiny


def test_a_level_that_is_a_gap_in_the_record_is_not_compared(monkeypatch):
    asked = []
    monkeypatch.setattr(
        synthesis, "contrast_reports",
        lambda groups: asked.append(list(groups)) or SimpleNamespace(
            statistic=0.0, df=1, p_value=1.0, tau=0.0, first=("patient",), second=("observer",),
            difference=[0.0], difference_ci_low=[-1.0], difference_ci_high=[1.0]),
        raising=False,
    )  # fmt: skip
    row = {"effect_id": "X", "n": 50, "n_low": None, "n_high": None, "n_basis": "reported",
           "evidence_form": "null", "sign": 0, "r_coded": None}  # fmt: skip
    rows = pd.DataFrame([row | dict.fromkeys(moderators.MODERATORS, "x") | {"rater": rater}
                         for rater in ("patient", "observer", "unclear", "few")])  # fmt: skip
    table = [{"moderator": "rater", "level": level, "claim": level != "few"}
             for level in ("patient", "observer", "unclear", "few")]  # fmt: skip
    found = moderators.contrasts(rows, table)
    assert asked == [["patient", "observer"]]
    assert found["rater"]["levels"] == ["patient", "observer"]
    assert found["timing"] == {"levels": []}


def test_the_table_of_comparisons_holds_every_pair(results):
    frame = robustness_tables.moderator_contrasts(results)
    pairs = sum(len(found.get("pairs", ())) for pool in results["moderator_contrast"].values()
                for found in pool.values())  # fmt: skip
    assert len(frame) == max(pairs, 1)
    tree = {"moderator_contrast": {"core": {"timing": FOUND}}}
    row = robustness_tables.moderator_contrasts(tree).iloc[0]
    assert list(row) == ["core", "timing", "early (k = 5) less late (k = 4)", ".12",
                         "−.05 to 1.30", ".200"]  # fmt: skip
    none = robustness_tables.moderator_contrasts({"moderator_contrast": {"core": {}}})
    assert none.iloc[0, 2] == "no two levels meet the rule"
