"""The one analysis: what it pools, what it counts, and that its words follow its numbers."""

import copy
import inspect
import json
import math
import re

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri

from alliance_review import analysis, paths, synthesis
from alliance_review.analysis import descriptive, flow, moderators, pools, robustness, summary


def test_core_pool_is_one_usable_effect_per_sample(data, results):
    core = results["pools"]["core"]
    samples = [row["sample_id"] for row in core["rows"]]
    assert len(samples) == len(set(samples))
    expected = data.effects[data.effects["tier"] == "core"]["sample_id"].nunique()
    assert len(samples) + len(core["left_out"]) == expected


@pytest.mark.parametrize("tier", analysis.TIERS)
def test_pools_are_the_engine_applied_to_their_own_rows(results, tier):
    pool = results["pools"][tier]
    reports = []
    for row in pool["rows"]:
        n = row["n"] if row["n"] is not None else (row["n_low"], row["n_high"])
        if row["form"] == "exact":
            reports.append(synthesis.Report("exact", n, z=float(np.arctanh(row["r"]))))
        elif row["form"] == "null":
            reports.append(synthesis.Report("null", n))
        else:
            reports.append(synthesis.Report("significant", n, sign=row["sign"]))
    fit = synthesis.pool_reports(reports)
    stated = pool["all_reports"]
    assert stated["r"] == pytest.approx(math.tanh(fit.estimate), abs=1e-8)
    assert stated["r_low"] == pytest.approx(math.tanh(fit.ci_low), abs=1e-8)
    assert stated["prediction_r_low"] < stated["r_low"] < stated["r"] < stated["r_high"]
    assert stated["r_high"] < stated["prediction_r_high"]
    assert sum(row["weight"] for row in pool["rows"]) == pytest.approx(1)


@pytest.mark.parametrize("tier", ["core", "adherence"])
def test_statsmodels_gives_the_same_pool_of_printed_numbers(results, tier):
    printed = results["pools"][tier]["printed_only"]
    for method in ("DL", "PM"):
        theirs = printed["statsmodels"][method]
        assert theirs["r"] == pytest.approx(printed[method]["r"], abs=1e-8)
        assert theirs["tau2"] == pytest.approx(printed[method]["tau2"], abs=1e-8)


def test_counts_of_a_pool_add_up(results):
    for pool in results["pools"].values():
        counts = pool["counts"]
        forms = ("exact", "p_exact", "significant", "null")
        assert sum(counts[form] for form in forms) == counts["effects"]
        assert counts["worded"] + counts["selected_exact"] == counts["selected"]
        assert counts["selected"] + len(pool["left_out"]) == counts["samples"]


def test_to_report_reads_each_form():
    row = {"effect_id": "X", "n": 50, "n_low": None, "n_high": None, "sign": 1, "r_coded": 0.3}
    exact = pools.to_report(row | {"evidence_form": "p_exact"})
    assert exact.form == "exact" and exact.z == pytest.approx(np.arctanh(0.3))
    assert pools.to_report(row | {"evidence_form": "null"}).form == "null"
    worded = pools.to_report(row | {"evidence_form": "significant", "sign": -1}, alpha=0.01)
    assert (worded.form, worded.sign, worded.alpha) == ("significant", -1, 0.01)
    ranged = pools.to_report(row | {"evidence_form": "null", "n": None, "n_low": 20, "n_high": 40})
    assert ranged.n == (20, 40)
    with pytest.raises(ValueError, match="X: no sample size"):
        pools.to_report(row | {"evidence_form": "null", "n": pd.NA})


def test_a_pool_without_an_estimate_says_so(data):
    rows = pools.selected(data, "core")
    positive = rows[rows["evidence_form"] == "significant"]
    with pytest.raises(ValueError, match="the core pool has no estimate"):
        pools.pool("core", positive, positive)


def test_agreement_reproduces_the_published_kappas(results):
    fields = results["agreement"]["fields"]
    stated = {"tier": 0.95, "evidence_form": 0.97, "sign": 0.97, "clinician": 0.94,
              "drug_role": 0.87, "outcome_family": 0.99, "adjusted": 0.76}  # fmt: skip
    assert {k: round(fields[k]["kappa"], 2) for k in stated} == stated


def test_kappa_of_a_worked_table():
    a = pd.Series(["y"] * 25 + ["n"] * 25)
    b = pd.Series(["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15)
    assert descriptive.kappa(a, b) == pytest.approx(0.4)


def test_the_record_is_complete(data, results):
    records = results["meta"]["records"]
    # What the first version held; an author may add to it, never lose a row in silence.
    assert records["effects_round1"] >= 263
    assert records["effects_round2"] >= 22
    assert records["benchmarks"] + len(data.omissions) >= 73
    assert sum(records["tiers"].values()) == records["effects"]


def test_flow_counts_add_up(results):
    stages = {stage["id"]: stage for stage in results["flow"]["table"]}
    tiers = ("core_effects", "adherence_effects", "extended_effects", "effects_excluded")
    assert stages["effects"]["count"] == sum(stages[t]["count"] for t in tiers)
    assert stages["r2_results"]["count"] == (
        stages["r2_pages"]["count"] + stages["r2_repeats"]["count"]
    )
    parts = ("r2_pages_excluded", "r2_pages_known", "r2_pages_new")
    assert stages["r2_pages"]["count"] == sum(stages[p]["count"] for p in parts)
    assert stages["effects_excluded"]["count"] == sum(stages["effects_reasons"]["count"].values())
    assert stages["r1_records"]["count"] is None


def test_flow_refuses_a_rule_that_counts_nothing(data):
    for query, words in (("effects:tier=core", "nothing to count"), ("nosuch:rows", "no table"),
                         ("effects:distinct=nosuch", "no column")):  # fmt: skip
        with pytest.raises(ValueError, match=words):
            flow.count(data, query)
    core = data.effects[data.effects["tier"] == "core"]
    assert flow.count(data, "effects:rows&tier=core") == len(core)
    assert flow.count(data, "effects:distinct=sample_id&tier=core") == core["sample_id"].nunique()


def test_totura_interval_implies_heterogeneity(results):
    totura = results["totura"]
    assert (totura["z"], totura["z_low"], totura["z_high"]) == (0.30, 0.20, 0.39)
    assert 0 < totura["implied"]["tau_low"] < totura["implied"]["tau_high"] < 0.2
    assert totura["implied"]["prediction_r_low"] < totura["r_low"]


def test_benchmarks_are_on_the_scale_of_r(results):
    by_id = {b["citation_key"]: b for b in results["benchmarks"] if b["headline"]}
    assert by_id["totura2018"]["r"] == pytest.approx(math.tanh(0.30))
    assert by_id["martin2000"]["r"] == pytest.approx(math.sqrt(0.048))
    assert by_id["kelley2014"]["r"] == pytest.approx(0.11 / math.sqrt(0.11**2 + 4))
    for b in results["benchmarks"]:
        if b["r_low"] is not None:
            assert b["r_low"] <= b["r"] <= b["r_high"]


def test_leave_one_out_leaves_one_out(data, results):
    rows = pools.selected(data, "core")
    expected = synthesis.pool_reports(
        [pools.to_report(row) for row in rows.to_dict("records") if row["sample_id"] != "COMBINE"]
    )
    stated = {row["sample_id"]: row for row in results["robustness"]["leave_one_out"]}
    assert stated["COMBINE"]["r"] == pytest.approx(math.tanh(expected.estimate), abs=1e-8)
    assert all(row["k"] == len(rows) - 1 for row in stated.values())


def test_every_subset_is_there_and_the_whole_pool_among_them(results):
    subsets = results["robustness"]["subsets"]
    k = results["pools"]["core"]["all_reports"]["k"]
    assert subsets["count"] == 2**k - 1 == subsets["with_estimate"] + subsets["no_maximum"]
    whole = [p for p in subsets["points"] if p["k"] == k]
    assert whole == [{"k": k, "r": round(results["pools"]["core"]["all_reports"]["r"], 4)}]


def test_selection_can_be_turned_but_never_by_the_result(data):
    effects = pools.with_context(data, data.effects[data.effects["tier"] == "core"])
    first = robustness.choose(effects, data.protocol)
    assert list(first["effect_id"]) == list(pools.selected(data, "core")["effect_id"])
    placebo = robustness.choose(effects, data.protocol, drug_role=["placebo"])
    chosen = placebo.set_index("sample_id")["effect_id"]
    assert chosen["CAMS"] == "E034" and chosen["Weiss1997"] == "E002"
    last = robustness.choose(effects, data.protocol, last=True).set_index("sample_id")["effect_id"]
    assert last["Rickels1971"] == "E038"


def test_moderators_claim_nothing_below_the_rule(results, data):
    minimum = int(descriptive.parameter(data, "min_k_moderator"))
    for table in results["moderators"].values():
        assert any(not row["claim"] for row in table)
        for row in table:
            assert not (row["claim"] and (row["samples"] < minimum or row["r"] is None))


def test_moderator_reading_names_moderators_only_when_two_levels_can_be_compared():
    level = {"moderator": "diagnosis_group", "level": "psychosis", "claim": True}
    nothing = ("No moderator has two stated levels that meet the rule and have an estimate: no "
               "levels are compared.")  # fmt: skip
    for more in ({"level": "unclear"}, {"level": "other"}, {"claim": False}, {"moderator": "x"}):
        assert moderators.reading([level, level | {"level": "depression"} | more]) == nothing
    one = [level, level | {"level": "depression"}]
    assert moderators.reading(one).endswith("can be compared for one moderator: diagnosis group.")
    two = one + [row | {"moderator": "rater"} for row in one]
    assert moderators.reading(two).endswith("two moderators: diagnosis group, rater.")


def test_what_cannot_be_compared_is_said_once(results):
    for tier, said in results["moderator_reading"].items():
        none = said.startswith("No moderator has")
        assert none == (results["moderator_contrast_reading"][tier] == "Nothing is tested.")


def test_the_protocol_states_the_test_and_level_that_the_analysis_uses(data):
    """They are set in code: a change of the table alone would state what is not done."""
    read = synthesis.Report("null", 30)
    assert float(descriptive.parameter(data, "alpha")) == read.alpha
    assert int(descriptive.parameter(data, "tails")) == read.tails
    level = float(descriptive.parameter(data, "level"))
    for function in (synthesis.pool, synthesis.pool_reports, pools.all_reports):
        assert inspect.signature(function).parameters["level"].default == level
    assert pytest.approx(ndtri(0.5 + level / 2), abs=1e-15) == pools.Z95
    assert set(pools.METHODS) == set(re.findall(r"\w+", descriptive.parameter(
        data, "contrast_estimators")))  # fmt: skip


def test_labels_follow_the_protocol(data):
    words = [summary.label(data, r) for r in (0.05, 0.10, 0.29, 0.30, -0.50)]
    assert words == ["very small", "small", "small", "moderate", "large"]


def test_predicates_turn_false_when_the_numbers_do(results):
    assert all(results["predicates"].values())
    changed = copy.deepcopy(results)
    changed["pools"]["core"]["all_reports"]["r_low"] = -0.01
    changed["pools"]["core"]["counts"]["worded"] = 1
    again = summary.predicates(changed)
    assert not again["core_positive"] and not again["core_mostly_worded"]
    assert again["adherence_positive"]


def damaged(results: dict, *changes) -> dict:
    tree = copy.deepcopy(results)
    for path, value in changes:
        *way, last = path.split(".")
        node = tree
        for step in way:
            node = node[int(step) if isinstance(node, list) else step]
        node[last] = value
    return summary.predicates(tree)


def test_predicates_on_choices_and_estimators_turn_false(results):
    for name, path, value in (
        ("other_predictions_hold_zero", "estimates.core.bayes.prediction_r_low", 0.01),
        ("other_taus_larger", "estimates.core.restricted.tau", 0.01),
        ("tau_zero_not_excluded", "pools.core.all_reports.tau_low", 0.01),
        ("three_level_between", "estimates.core.three_level.tau_between", 0.0),
        ("selection_positive_holds_zero", "reporting_model.pools.core.selected.positive.3.r_low",
         0.01),
        ("forms_fit", "reporting_model.pools.extended.forms.chi_square_p", 0.04),
        ("odds_ratio_all_holds_one", "reporting_model.chance.all.odds_ratio_low", 1.1),
        ("no_core_number_is_r", "pools.core.number_conversions", ["reported-r"]),
        ("certainty_lowest", "certainty.level", "low"),
    ):
        found = damaged(results, (path, value))
        assert [key for key, holds in found.items() if not holds] == [name]


def test_which_group_of_choices_moves_the_pool_most():
    def row(key: str, group: str, r) -> dict:
        return {"key": key, "group": group, "r": r}

    rows = [row("primary", "primary", 0.2), row("a", "samples", 0.1), row("b", "selection", 0.25),
            row("c", "reading", None)]  # fmt: skip
    assert summary.samples_matter_most(rows)
    assert not summary.samples_matter_most([*rows, row("d", "selection", 0.31)])


def test_the_tipping_sentence_counts_the_reports_above_zero():
    rows = [{"form": "exact", "r": 0.1, "sign": None}, {"form": "exact", "r": -0.1, "sign": None},
            {"form": "significant", "r": None, "sign": 1}, {"form": "null", "r": None, "sign": 0},
            {"form": "significant", "r": None, "sign": -1}]  # fmt: skip
    assert summary.observed_above_zero(rows) == 2
    tipping = {"steps": [{"n": 100, "added": 1, "r": 0.1, "r_low": 0.02}]}
    assert "alike, while two reports lie above it; " in summary.tipping_sentence(tipping, 2)
    assert "while one report lies above it" in summary.tipping_sentence(tipping, 1)
    tipping["steps"][0]["r_low"] = -0.01
    said = summary.tipping_sentence(tipping, 2)
    assert "comes down to zero with 1 further samples of 100" in said and "alike" not in said


def test_scenario_holds_its_zero(results):
    policy = results["policy"]
    assert policy["curve"]["share"][0] == 0 and policy["curve"]["extra"][0] == 0
    assert policy["rows"][0]["cost"] is None
    assert policy["curve"]["low"][-1] < policy["curve"]["extra"][-1] < policy["curve"]["high"][-1]


def test_results_are_plain_finite_and_repeatable(data, results):
    again = analysis.analyse(data)
    again["meta"]["key"] = results["meta"]["key"]
    assert json.dumps(again, sort_keys=True) == json.dumps(results, sort_keys=True)


def test_a_nan_in_the_results_is_an_error():
    with pytest.raises(ValueError, match=r"a\.b\.0"):
        analysis.rounded({"a": {"b": [float("nan")]}})


def test_stale_or_damaged_results_are_computed_again(tmp_path, monkeypatch, results):
    file = tmp_path / "results.json"
    monkeypatch.setattr(analysis.paths, "RESULTS", file)
    calls = []
    monkeypatch.setattr(analysis, "analyse", lambda _: calls.append(1) or {"meta": {}})
    for content in (None, "{", '{"meta": {"key": "old"}}'):
        if content is not None:
            file.write_text(content)
        analysis.build()
    assert len(calls) == 3
    analysis.build()
    assert len(calls) == 3
    assert not list(tmp_path.glob("*.part"))


def test_what_the_results_depend_on_exists():
    """A name that points at nothing would never make the results stale."""
    for name in analysis.DEPENDS:
        assert (paths.SOURCE / name).exists(), name


def test_a_second_opinion_without_an_answer_is_none_and_stops_nothing():
    alike = [synthesis.Report("exact", n, z=0.1) for n in (40, 80, 120)]
    found = pools.printed_only(alike)
    assert found["statsmodels"]["DL"]["r"] is None
    assert found["DL"]["r"] == pytest.approx(math.tanh(0.1))
