"""One effect per sample by the protocol's hierarchy, never by its result."""

import numpy as np
import pandas as pd
import pytest

from alliance_review import evidence, paths
from alliance_review.evidence.across import RESULT_COLUMNS
from alliance_review.evidence.select import flag_usable, selection_order

TIERS = ("core", "adherence", "extended")


def effects(*rows: dict) -> pd.DataFrame:
    base = {
        "sample_id": "A",
        "tier": "core",
        "measure_kind": "alliance_scale",
        "drug_role": "sole",
        "rater": "patient",
        "timing": "early",
        "outcome_domain": "symptoms",
        "evidence_form": "null",
        "sign": 0,
        "n": 50,
        "n_low": pd.NA,
        "r_coded": np.nan,
    }
    return pd.DataFrame([base | {"effect_id": f"E{i:03d}"} | row for i, row in enumerate(rows, 1)])


@pytest.mark.parametrize("tier", TIERS)
def test_one_row_per_sample_and_every_sample_of_the_tier(data, tier):
    rows = evidence.pool_rows(data, tier)
    of_tier = data.effects[data.effects["tier"] == tier]
    assert rows["sample_id"].tolist() == sorted(set(of_tier["sample_id"]))
    assert set(rows["effect_id"]) <= set(of_tier["effect_id"])
    assert rows.columns.tolist() == [*data.effects.columns, "usable", "why_not"]


def test_the_core_pool_by_hand(data):
    """Read off the protocol and the table with pencil and paper."""
    chosen = evidence.pool_rows(data, "core").set_index("sample_id")["effect_id"]
    assert chosen["Weiss1997"] == "E002"  # patient before clinician
    assert chosen["Strunk2010"] == "E012"  # drug arm before placebo arm
    assert chosen["CAMS"] == "E033"  # sertraline before placebo
    assert chosen["Dundon2008"] == "E222"  # medication clinic alone, patient rated
    assert chosen["Leuchter2014"] == "E017"  # drug arm before placebo arm
    assert chosen["Donnelly2014"] == "E149"  # symptoms before functioning
    assert chosen["Rickels1971"] == "E037"  # lowest id


def test_core_rows_are_usable_and_unusable_rows_say_why(data):
    assert set(evidence.pool_rows(data, "core")["usable"]) == {"yes"}
    extended = evidence.pool_rows(data, "extended")
    left = extended[extended["usable"] == "no"]
    assert len(left) and set(left["why_not"]) == {"n missing and no range stated"}
    assert (extended.loc[extended["usable"] == "yes", "why_not"] == "").all()


@pytest.mark.parametrize("tier", TIERS)
def test_results_do_not_steer_the_selection(data, tier):
    """Turn every result round, and the same effects are chosen."""
    rng = np.random.default_rng(1)
    shuffled = data.effects.copy()
    shuffled["sign"] = -shuffled["sign"]
    shuffled["r_coded"] = rng.uniform(-0.9, 0.9, len(shuffled))
    for column in ("value", "p_value", "se"):
        shuffled[column] = rng.permutation(shuffled[column].to_numpy())
    swap = {"significant": "null", "null": "significant"}
    forms = [swap.get(form, form) for form in shuffled["evidence_form"]]
    shuffled["evidence_form"] = pd.array(forms, dtype="string")
    shuffled.loc[shuffled["sign"] == 0, "sign"] = 1

    class Turned:
        effects = shuffled
        protocol = data.protocol

    before = evidence.pool_rows(data, tier)["effect_id"].tolist()
    assert evidence.pool_rows(Turned, tier)["effect_id"].tolist() == before


@pytest.mark.parametrize("tier", TIERS)
def test_the_order_of_the_rows_does_not_matter(data, tier):
    class Reordered:
        effects = data.effects.sample(frac=1, random_state=3)
        protocol = data.protocol

    expected = evidence.pool_rows(data, tier)
    pd.testing.assert_frame_equal(evidence.pool_rows(Reordered, tier), expected)


def test_each_rule_of_the_protocol_decides_before_the_next(data):
    order = selection_order(data.protocol)
    assert [column for column, _ in order] == [
        "measure_kind",
        "drug_role",
        "rater",
        "timing",
        "outcome_domain",
    ]
    for at, (column, values) in enumerate(order):
        worse_later = {c: v[-1] for c, v in order[at + 1 :]}
        rows = effects({column: values[1]}, {column: values[0]} | worse_later)
        ranked = evidence.rank_effects(rows, order)
        assert ranked["effect_id"].tolist() == ["E002", "E001"], column
        assert ranked["rank"].tolist() == [1, 2]


def test_every_value_of_the_schema_has_its_place_in_the_protocol(data):
    tables, _ = evidence.read_schema(paths.DATA)
    fields = next(t for t in tables if t.name == "effects").by_name
    for column, values in selection_order(data.protocol):
        if column != "drug_role":  # psychedelic treatment is in no tier
            assert set(values) == set(fields[column].enum), column
        assert len(values) == len(set(values))


def test_ties_go_to_the_lowest_id_and_unlisted_values_come_last():
    order = (("rater", ("observer", "patient")),)
    rows = effects({"rater": "clinician"}, {"rater": "patient"}, {"rater": "patient"})
    ranked = evidence.rank_effects(rows, order)
    assert ranked["effect_id"].tolist() == ["E002", "E003", "E001"]


def test_another_order_gives_another_choice(data):
    clinician_first = (("rater", ("clinician",)),)
    chosen = evidence.pool_rows(data, "core", clinician_first).set_index("sample_id")["effect_id"]
    assert chosen["Weiss1997"] == "E001"


@pytest.mark.parametrize("column", sorted(RESULT_COLUMNS))
def test_selection_by_result_is_refused(data, column):
    with pytest.raises(ValueError, match=f"must not be selected by their result: {column}"):
        evidence.rank_effects(data.effects, ((column, ("x",)),))


def test_an_unknown_tier_is_refused(data):
    with pytest.raises(ValueError, match="tier must be one of core, adherence, extended"):
        evidence.pool_rows(data, "excluded")


def test_what_cannot_enter_a_likelihood_is_flagged():
    rows = effects(
        {},
        {"n": pd.NA},
        {"n": pd.NA, "n_low": 20},
        {"evidence_form": "significant", "sign": pd.NA},
        {"evidence_form": "significant", "sign": 1},
        {"evidence_form": "exact", "sign": 1},
        {"evidence_form": "p_exact", "sign": 1, "r_coded": 0.2},
        {"evidence_form": "exact", "sign": 1, "r_coded": 0.2, "n": pd.NA, "n_low": 20},
        {"evidence_form": "unusable"},
    )
    flagged = flag_usable(rows)
    assert flagged["usable"].tolist() == [
        "yes", "no", "yes", "no", "yes", "no", "yes", "no", "no",
    ]  # fmt: skip
    assert flagged["why_not"].tolist() == [
        "",
        "n missing and no range stated",
        "",
        "significant without a direction",
        "",
        "no r for a printed number",
        "",
        "no sample size for a printed number",
        "result not visible",
    ]


def test_a_usable_effect_stands_for_its_sample_before_an_unusable_one(data):
    class Two:
        effects = effects({"n": pd.NA}, {"rater": "unclear"})
        protocol = data.protocol

    assert evidence.pool_rows(Two, "core")["effect_id"].tolist() == ["E002"]
