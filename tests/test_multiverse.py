"""Every specification: reproducible from its label, counted once, compared like with like."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest

from alliance_review import synthesis
from alliance_review.analysis import (
    answers,
    multiverse,
    pools,
    recipes,
    subsets,
    t_limits,
    tipping,
)
from alliance_review.analysis.recipes import CHOICES, PRIMARY, Recipe
from alliance_review.synthesis import Report


@pytest.fixture(scope="module")
def effects(data):
    return pools.with_context(data, data.effects[data.effects["tier"] == "core"])


@pytest.fixture(scope="module")
def sets(data, effects):
    return multiverse.every_set(effects, data.protocol)


@pytest.fixture(scope="module")
def tree(results):
    return results["robustness"]["multiverse"]


def changed(**answers_given) -> Recipe:
    return PRIMARY._replace(**answers_given)


# ---- recipes ------------------------------------------------------------------------------------


def test_label_key_and_code_name_one_recipe_each():
    every = list(recipes.recipes())
    assert every[0] == PRIMARY
    assert len(every) == math.prod(len(levels) for _, levels in CHOICES.values())
    for name in ("label", "key", "code"):
        assert len({getattr(recipe, name) for recipe in every}) == len(every)
    for recipe in every[::7]:
        for name in (recipe.label, recipe.key, recipe.code):
            assert recipes.parse(name) == recipe


def test_the_primary_recipe_gives_the_first_answer_to_every_question():
    assert tuple(PRIMARY) == tuple(next(iter(levels)) for _, levels in CHOICES.values())
    assert set(PRIMARY.code) == {"0"}


@pytest.mark.parametrize(
    ("text", "words"),
    [("hierarchy", "7 parts, 1 given"), (PRIMARY.label + " | more", "7 parts, 8 given"),
     (PRIMARY.label.replace("alpha .05", "alpha .06"), "alpha .06.*alpha .01"),
     ("00000", "7 parts, 5 given"), (PRIMARY.key.replace("ml", "mle"), "'mle'.*every report, ML"),
     ("9900000", "'9' is none of")],
)  # fmt: skip
def test_what_is_no_recipe_is_refused_with_the_answers(text, words):
    with pytest.raises(ValueError, match=words):
        recipes.parse(text)


def test_filters_come_before_the_choice_of_one_association(data, effects):
    """Without drug arms alone, a sample keeps the association that remains."""
    early = recipes.rows_of(changed(selection="early"), effects, data.protocol)
    assert set(early["timing"]) == {"early"}
    plain = recipes.rows_of(changed(adjustment="zero_order"), effects, data.protocol)
    assert "yes" not in set(plain["adjusted"])
    drug = recipes.rows_of(changed(selection="placebo_first", arms="drug_arms"), effects,
                           data.protocol)  # fmt: skip
    both = recipes.rows_of(changed(selection="placebo_first"), effects, data.protocol)
    assert "placebo" in set(both["drug_role"]) and "placebo" not in set(drug["drug_role"])
    assert set(drug["sample_id"]) == set(both["sample_id"])
    no_cross = recipes.rows_of(changed(design="no_cross_sectional"), effects, data.protocol)
    assert "cross_sectional" not in set(no_cross["design"])


def row(**more) -> dict:
    return {"effect_id": "X", "n": 80, "n_low": 40, "n_high": 160, "n_basis": "assumed",
            "evidence_form": "null", "sign": 0, "r_coded": None} | more  # fmt: skip


@pytest.mark.parametrize(
    ("how", "assumed", "missing"),
    [("recorded", 80, (15, 58)), ("range", (40, 160), (15, 58)), ("lowest", 40, 15),
     ("highest", 160, 58)],
)  # fmt: skip
def test_an_unknown_size_is_read_as_asked(how, assumed, missing):
    gap = row(n=pd.NA, n_low=15, n_high=58, n_basis="missing")
    assert pools.to_report(recipes.sized(row(), how)).n == assumed
    assert pools.to_report(recipes.sized(gap, how)).n == missing
    known = row(n_basis="reported")
    assert recipes.sized(known, how) is known


def test_an_unknown_size_can_be_left_out_and_a_missing_range_changes_nothing():
    assert recipes.sized(row(), "left_out") is None
    assert recipes.sized(row(n_basis="reported"), "left_out") is not None
    bare = row(n_low=pd.NA, n_high=pd.NA)
    assert recipes.sized(bare, "lowest") is bare


def test_numbers_only_keeps_numbers_of_known_size():
    rows = [row(), row(evidence_form="exact", r_coded=0.3, n_basis="reported"),
            row(evidence_form="p_exact", r_coded=0.2)]  # fmt: skip
    kept = recipes.reports_of(changed(estimator="dl_printed"), rows)
    assert [report.form for report in kept] == ["exact", "exact"]
    ranged = recipes.reports_of(changed(estimator="dl_printed", size="range"), rows)
    assert [round(math.tanh(report.z), 3) for report in ranged] == [0.3]


def test_alpha_reaches_the_words_and_not_the_numbers():
    rows = [row(), row(evidence_form="exact", r_coded=0.3)]
    reports = recipes.reports_of(changed(alpha="alpha_10"), rows)
    assert {report.form: report.alpha for report in reports} == {"null": 0.1, "exact": 0.05}


def test_every_answer_about_samples_and_alpha_is_put_into_practice():
    """An answer that no rule knows would silently repeat the primary one."""
    done = {*recipes.TURNED, *recipes.KEPT, "last_identifier"}
    for question in ("selection", "design", "arms", "adjustment"):
        assert set(list(CHOICES[question][1])[1:]) <= done
    assert set(CHOICES["alpha"][1]) == set(recipes.ALPHA)


# ---- points -------------------------------------------------------------------------------------


def test_each_recipe_is_in_one_set_with_its_own_reports(data, effects, sets):
    members = list(itertools.chain.from_iterable(sets.values()))
    assert len(members) == len(set(members)) == len(list(recipes.recipes()))
    for (estimator, reports), found in itertools.islice(sets.items(), 0, None, 29):
        for recipe in found[:: max(1, len(found) // 3)]:
            rows = recipes.rows_of(recipe, effects, data.protocol).to_dict("records")
            assert recipe.estimator == estimator
            assert recipes.reports_of(recipe, rows) == reports


def test_the_order_of_the_rows_changes_nothing(data, effects, sets):
    shuffled = effects.sample(frac=1, random_state=3)
    assert multiverse.every_set(shuffled, data.protocol) == sets


@pytest.mark.parametrize(
    ("answers_given", "key"),
    [({}, "primary"), ({"selection": "clinician_first"}, "clinician_first"),
     ({"selection": "proxies_first"}, "proxies_first"),
     ({"selection": "last_identifier"}, "last_identifier"),
     ({"selection": "early"}, "early"), ({"selection": "alliance_scales"}, "alliance_scales"),
     ({"design": "no_cross_sectional"}, "no_cross_sectional"), ({"arms": "drug_arms"}, "drug_arms"),
     ({"size": "left_out"}, "size_reported"), ({"adjustment": "zero_order"}, "not_adjusted"),
     ({"alpha": "alpha_01"}, "alpha_01"), ({"alpha": "alpha_10"}, "alpha_10")],
)  # fmt: skip
def test_a_label_gives_the_pool_of_that_choice(data, results, answers_given, key):
    """The list of one choice at a time is written apart from the recipes: both must agree."""
    found = multiverse.fit(changed(**answers_given).label, data)
    stated = results["robustness"]["specification"][key]
    for name in ("r", "r_low", "r_high", "tau", "k", "k_exact"):
        assert found[name] == pytest.approx(stated[name], abs=1e-8)


def test_numbers_only_is_the_contrast_of_the_pool(data, results):
    found = multiverse.fit(changed(estimator="hk_printed").key, data)
    stated = results["pools"]["core"]["printed_only"]["REML"]
    for name in ("r", "r_low", "r_high"):
        assert found[name] == pytest.approx(stated[name], abs=1e-8)
    numbers = [row for row in results["pools"]["core"]["rows"] if row["form"] == "exact"]
    z = np.arctanh([row["r"] for row in numbers])
    v = np.array([1 / (row["n"] - 3) for row in numbers])
    by_hand = synthesis.pool(z, v, tau2="DL", test="z")
    found = multiverse.fit(changed(estimator="dl_printed").key, data)
    assert found["r_low"] == pytest.approx(math.tanh(by_hand.ci_low), abs=1e-8)


def test_every_stored_point_can_be_made_again_from_its_label(data, tree):
    columns = tree["points"]
    for place in range(0, len(columns["r"]), 61):
        recipe = recipes.parse(columns["code"][place])
        again = multiverse.fit(recipe.label, data)
        for name in ("r", "r_low", "r_high"):
            assert again[name] == pytest.approx(columns[name][place], abs=6e-5)
        assert (again["k"], again["k_exact"]) == (columns["k"][place], columns["k_exact"][place])


def test_the_counts_add_up(sets, tree):
    summary, columns = tree["summary"], tree["points"]
    assert summary["specifications"] == len(list(recipes.recipes()))
    assert summary["distinct"] == len(sets) == summary["count"] + summary["without_estimate"]
    assert sum(columns["recipes"]) == summary["specifications_with_estimate"]
    total = summary["specifications_with_estimate"] + summary["specifications_without"]
    assert total == summary["specifications"]
    assert summary["above_zero"] + summary["holding_zero"] == summary["count"]
    assert columns["r"] == sorted(columns["r"])
    assert columns["code"][summary["primary_place"]] == PRIMARY.code
    assert sum(part["count"] for part in tree["family"].values()) == summary["count"]
    assert len(set(columns["code"])) == summary["count"]


def test_a_point_is_reached_by_the_recipe_that_names_it_and_by_no_answer_outside(sets, tree):
    columns = tree["points"]
    found = {min(m, key=multiverse.departures).code: m for m in sets.values()}
    for code, reached, count in zip(columns["code"], columns["reached"], columns["recipes"],
                                    strict=True):  # fmt: skip
        bits = [int(part, 16) for part in reached.split(".")]
        assert all(b >> int(digit) & 1 for b, digit in zip(bits, code, strict=True))
        members = found[code]
        assert len(members) == count
        for place, b in enumerate(bits):
            assert {int(m.code[place]) for m in members} == {i for i in range(9) if b >> i & 1}


def test_no_estimate_from_one_report_or_from_one_sided_words():
    assert multiverse.estimate("ml", [Report("null", 40)]) is None
    assert multiverse.estimate("ml", [Report("significant", n, sign=1) for n in (40, 50)]) is None
    assert multiverse.estimate("hk_printed", []) is None


# ---- answers ------------------------------------------------------------------------------------


def made_up(recipe: Recipe) -> dict | None:
    """An estimate that each answer moves by a known amount, and one answer takes away."""
    if recipe.selection == "early" and recipe.size == "left_out":
        return None
    r = 0.2 - 0.3 * (recipe.design == "no_cross_sectional") + 0.01 * (recipe.size == "lowest")
    return {"r": r, "r_low": r - 0.1, "r_high": r + 0.1}


def test_the_change_of_an_answer_is_read_with_all_else_equal():
    by_recipe = {recipe: made_up(recipe) for recipe in recipes.recipes()}
    rows = {level["key"]: level for choice in answers.by_choice(by_recipe)
            for level in choice["levels"]}  # fmt: skip
    assert rows["no_cross_sectional"]["change"] == pytest.approx(-0.3)
    assert rows["no_cross_sectional"]["lost"] == rows["no_cross_sectional"]["pairs"]
    assert rows["lowest"]["change_low"] == pytest.approx(0.01)
    assert rows["lowest"]["lost"] == 0 and rows["alpha_10"]["change_high"] == 0
    # a pair needs both estimates: those without one are in neither count
    assert rows["left_out"]["pairs"] == rows["lowest"]["pairs"] - rows["lowest"]["pairs"] // 9
    assert "pairs" not in rows["hierarchy"] and rows["hierarchy"]["primary"]


def test_the_reading_names_what_moves_most_and_what_is_lost():
    by_recipe = {recipe: made_up(recipe) for recipe in recipes.recipes()}
    said = answers.reading(answers.by_choice(by_recipe))
    assert "no cross-sectional (−.30)" in said
    assert "Of the pairs of specifications that differ in one answer, intervals that" in said
    assert "come to hold it most often with: no cross-sectional" in said
    steady = {recipe: {"r": 0.2, "r_low": 0.1, "r_high": 0.3} for recipe in by_recipe}
    assert "None of them brings" in answers.reading(answers.by_choice(steady))


def test_the_stored_change_is_the_difference_of_two_fits(data, tree):
    one = multiverse.fit(changed(design="no_cross_sectional"), data)["r"]
    other = multiverse.fit(PRIMARY, data)["r"]
    level = tree["answers"]["no_cross_sectional"]
    assert level["change_low"] <= one - other <= level["change_high"]


# ---- subsets ------------------------------------------------------------------------------------


def test_presence_of_a_sample_by_hand():
    member = np.array([True, True, False, False])
    found = subsets.presence(member, np.array([0.1, 0.3, 0.5, 0.7]), np.array([1, 0, 1, 1]) > 0)
    assert found["median_with"] == pytest.approx(0.2)
    assert found["difference"] == pytest.approx(-0.4)
    assert (found["above_with"], found["above_without"]) == (0.5, 1)
    with pytest.raises(ValueError, match="in every subset"):
        subsets.presence(member | True, np.zeros(4), member)


def test_subsets_say_whose_interval_is_above_zero(data, results):
    stored = results["robustness"]["subsets"]
    assert len(stored["above"]) == len(stored["points"]) == stored["with_estimate"]
    assert stored["above"].count("1") == stored["above_zero"]
    assert sum(part["count"] for part in stored["by_size"]) == stored["with_estimate"]
    whole = results["pools"]["core"]["all_reports"]
    assert stored["above"][-1] == "01"[whole["r_low"] > 0]
    # all subsets but one sample: the same question as leave-one-out
    lost = [row for row in results["robustness"]["leave_one_out"] if row["r"] is not None]
    nearly = next(part for part in stored["by_size"] if part["k"] == whole["k"] - 1)
    share = sum(row["r_low"] > 0 for row in lost) / len(lost)
    assert nearly["share_above_zero"] == pytest.approx(share)


def test_the_interval_of_a_subset_is_that_of_its_pool(data, results):
    """The flags of a few small subsets, where many intervals hold zero, fitted one by one."""
    rows = pools.selected(data, "core").to_dict("records")
    stored, k = results["robustness"]["subsets"], len(rows)
    fits = {}
    for code in range(1, 2**k):
        members = [row for place, row in enumerate(rows) if code >> place & 1]
        # only subsets with a two-sided report have an estimate and so a place in the list
        if any(pools.to_report(row).form in ("exact", "null") for row in members):
            fits[code] = members
    assert len(fits) == stored["with_estimate"]
    for place, members in list(enumerate(fits.values()))[2::97]:
        if len(members) > 1:
            found = pools.all_reports([pools.to_report(row) for row in members])
            assert stored["above"][place] == "01"[bool(found["r_low"] > 0)]
            assert stored["points"][place]["r"] == pytest.approx(found["r"], abs=6e-5)
    assert 0 < stored["above"][2::97].count("0") < len(stored["above"][2::97])


def test_the_named_sample_has_the_largest_difference(results):
    stored = results["robustness"]["subsets"]
    largest = max(abs(sample["difference"]) for sample in stored["samples"])
    assert abs(stored["named"]["difference"]) == largest
    members = stored["named"]["members"]
    r = [point["r"] for point in stored["points"]]
    inside = [v for v, m in zip(r, members, strict=True) if m == "1"]
    assert np.median(inside) == pytest.approx(stored["named"]["median_with"], abs=1e-4)


# ---- t limits -----------------------------------------------------------------------------------


def test_t_limits_are_the_profile_limits_at_the_quantile_of_t():
    """Numbers that all but agree: at the limit the deviance is the squared quantile of t(3)."""
    reports = [Report("exact", 103, z=z) for z in (0.2, 0.21, 0.19, 0.2)]
    found = t_limits.t_limits(reports)
    wide = t_limits.t_limits(reports[:3])
    deviance = synthesis.profile(reports, [math.atanh(found["t_low"])]).deviance
    assert float(deviance[0]) == pytest.approx(3.182446305284263**2, abs=1e-6)
    assert wide["t_low"] < found["t_low"] < math.tanh(0.2) < found["t_high"] < wide["t_high"]
    assert t_limits.t_limits(reports[:2]) == {"t_low": None, "t_high": None}
    one_sided = [Report("significant", n, sign=1) for n in (40, 50, 60)]
    assert t_limits.t_limits(one_sided) == {"t_low": None, "t_high": None}


def test_reports_that_say_the_same_stay_apart_in_a_set():
    a, b = Report("null", 40), Report("exact", 50, z=0.2)
    reports, member = t_limits.members_of([(a, a, b), (b, a), (a, a, a)])
    assert sorted(map(repr, reports)) == sorted(map(repr, [a, a, a, b]))
    assert member.sum(axis=0).tolist() == [3, 2, 3]
    for column, wanted in enumerate([(a, a, b), (b, a), (a, a, a)]):
        inside = [r for r, there in zip(reports, member[:, column], strict=True) if there]
        assert sorted(map(repr, inside)) == sorted(map(repr, wanted))


def test_whether_many_t_intervals_are_above_zero_is_what_their_limits_say(sets):
    found = [reports for (estimator, reports) in sets if estimator == "ml" and len(reports) > 2]
    above = t_limits.above_zero_t(*t_limits.members_of(found))
    for place in range(0, len(found), 11):
        limits = t_limits.t_limits(found[place])
        assert above[place] == (limits["t_low"] > 0)
    assert 0 < above[::11].sum() < above[::11].size


def test_sets_near_the_critical_value_are_settled_one_by_one(monkeypatch):
    reports = [Report("exact", 103, z=z) for z in (0.3, 0.31, 0.29, 0.3, 0.3)]
    member = np.ones((5, 1), dtype=bool)
    assert t_limits.above_zero_t(reports, member)[0]
    monkeypatch.setattr(t_limits, "NEAR", np.inf)
    monkeypatch.setattr(t_limits, "all_reports", lambda *_: {"r_low": -1})
    assert not t_limits.above_zero_t(reports, member)[0]
    with pytest.raises(ValueError, match="3 reports in every set"):
        t_limits.above_zero_t(reports, member & (np.arange(5) < 2)[:, None])


def test_the_stored_shares_above_zero(data, results, sets, tree):
    """Shares over the same pools, and t never puts one above zero that the plain limits do not."""
    ml = {reports for (estimator, reports) in sets if estimator == "ml" and len(reports) > 2}
    fits = [f for f in (pools.all_reports(reports) for reports in sorted(ml, key=repr)) if f]
    summary = tree["summary"]
    assert summary["ml_count"] == len(fits)
    plain = sum(fit["r_low"] > 0 for fit in fits) / len(fits)
    assert summary["share_above_zero_ml"] == pytest.approx(plain)
    assert summary["above_zero_t"] / len(fits) == pytest.approx(summary["share_above_zero_t"])
    assert 0 < summary["share_above_zero_t"] < summary["share_above_zero_ml"]
    stored = results["robustness"]["subsets"]
    three = [above == "1" for above, point in zip(stored["above"], stored["points"], strict=True)
             if point["k"] > 2]  # fmt: skip
    assert stored["three_or_more"] == len(three)
    assert stored["share_above_zero_three"] == pytest.approx(sum(three) / len(three))
    assert 0 < stored["share_above_zero_t"] < stored["share_above_zero_three"]


def test_every_specification_and_omission_has_the_t_limits_of_its_pool(data, results):
    robust = results["robustness"]
    whole = results["estimates"]["core"]["t_limits"]
    primary = robust["specification"]["primary"]
    assert (primary["t_low"], primary["t_high"]) == (whole["r_low"], whole["r_high"])
    for name, span in (("leave_one_out", "leave_one_out_range"),
                       ("specifications", "specification_range")):  # fmt: skip
        low = [row["t_low"] for row in robust[name] if row["t_low"] is not None]
        assert all(row["t_low"] < row["r_low"] and row["r_high"] < row["t_high"]
                   for row in robust[name] if row["t_low"] is not None)  # fmt: skip
        assert robust[span]["lowest_limit_t"] == min(low)
        assert robust[span]["holding_zero_t"] == sum(limit <= 0 for limit in low)


# ---- tipping point ------------------------------------------------------------------------------


@pytest.mark.parametrize("edge", [10, 11, 57, 1000, 99_999])
def test_first_true_finds_the_whole_number(edge):
    found = tipping.first_true(lambda n: n >= edge, tipping.sizes())
    assert found == {"n": edge, "until": None, "changes": 0 if edge == 10 else 1}


def test_first_true_does_not_assume_that_it_stays_true():
    grid = [10, 20, 40, 80, 160]
    found = tipping.first_true(lambda n: 33 <= n < 90, grid)
    assert found == {"n": 33, "until": 89, "changes": 2}
    assert tipping.first_true(lambda n: n < 41, grid) == {"n": 10, "until": 40, "changes": 1}
    assert tipping.first_true(lambda n: False, grid) == {"n": None, "until": None, "changes": 0}


def test_sizes_hold_both_ends_and_rise():
    grid = tipping.sizes()
    assert grid[0] == tipping.SMALLEST and grid[-1] == tipping.LARGEST
    assert all(a < b for a, b in itertools.pairwise(grid))
    assert max(b / a for a, b in itertools.pairwise(grid)) < 1.3


def test_the_further_studies_report_what_their_labels_say():
    made = {key: (label, report(200)) for key, (label, report) in tipping.KINDS.items()}
    assert [report.n for _, report in made.values()] == [200] * 4
    bounds = {label: np.tanh(synthesis.report_bounds(report)) for label, report in made.values()}
    assert bounds["a number, r = .00"] == pytest.approx([0, 0])
    assert bounds["a number, r = −.10"] == pytest.approx([-0.1, -0.1])
    assert bounds["not significant"][1] == pytest.approx(-bounds["not significant"][0])
    low, high = bounds["significant, the other way"]
    assert low == -1 and high == pytest.approx(bounds["not significant"][0])


@pytest.fixture(scope="module")
def weak():
    """Three made-up numbers whose pool is just above zero, and what one more study would do."""
    rows = pd.DataFrame([row(n=n, n_basis="reported", evidence_form="exact", r_coded=r)
                         for n, r in ((60, 0.3), (80, 0.25), (70, 0.28))])  # fmt: skip
    return rows, tipping.single_study(rows, 0.1)


@pytest.mark.parametrize("kind", tipping.KINDS)
@pytest.mark.parametrize("condition", ["holds_zero", "holds_zero_t", "below_small"])
def test_the_tipping_size_is_the_smallest_that_changes_the_conclusion(weak, kind, condition):
    rows, single = weak
    reports = [pools.to_report(r) for r in rows.to_dict("records")]

    def holds(n: int) -> bool:
        level = pools.t_level(0.95, len(reports)) if condition == "holds_zero_t" else 0.95
        found = pools.all_reports([*reports, tipping.KINDS[kind][1](n)], level)
        return found["r"] < 0.1 if condition == "below_small" else found["r_low"] <= 0

    found = single["kinds"][kind][condition]
    if found["n"] is None:
        assert not any(holds(n) for n in tipping.sizes()[::6])
    else:
        assert holds(found["n"])
        assert found["n"] == tipping.SMALLEST or not holds(found["n"] - 1)
        if found["until"] is not None:
            assert holds(found["until"]) and not holds(found["until"] + 1)


def test_a_weak_pool_can_be_tipped(weak):
    _, single = weak
    assert single["kinds"]["negative"]["holds_zero"]["n"] is not None
    said = tipping.sentence(single, 0.0)
    assert "would bring the interval down to zero if it reported" in said
    assert f"{single['kinds']['negative']['holds_zero']['n']:,}" in said


def test_the_number_needed_is_the_highest_that_tips(weak):
    rows, single = weak
    reports = [pools.to_report(r) for r in rows.to_dict("records")]
    for needed in single["needed"][::2]:
        edge = needed["holds_zero_r"]
        low = [pools.all_reports([*reports, Report("exact", needed["n"], z=math.atanh(r))])["r_low"]
               for r in (edge, edge + 0.01)]  # fmt: skip
        assert low[0] <= 0 < low[1]


def test_the_sentence_says_when_nothing_would_do():
    never = {"n": None, "until": None, "changes": 0}
    kind = {"label": "not significant", "holds_zero": never, "below_small": never,
            "largest_tau": 0.3}  # fmt: skip
    single = {"small": 0.1, "largest": 100_000, "kinds": {"null": kind}, "needed": []}
    said = tipping.sentence(single, 0.1)
    assert said.startswith("No single further study of these kinds would bring the interval down")
    assert "tau is .10 now and would be up to .30" in said
    kind["below_small"] = {"n": 50, "until": 400, "changes": 2}
    assert "not significant (from n = 50 to 400)" in tipping.sentence(single, 0.3)


def kind_with_t(label: str, n, until, low: float, where: int) -> dict:
    return {"label": label, "holds_zero_t": {"n": n, "until": until}, "lowest_limit_t": low,
            "lowest_limit_t_n": where}  # fmt: skip


def test_the_sentence_on_t_limits_names_kinds_sizes_and_the_lowest_limit():
    can = kind_with_t("significant, the other way", 13, 308, -0.03, 26)
    cannot = [kind_with_t("not significant", None, None, 0.06, 10),
              kind_with_t("a number", None, None, 0.04, 90)]  # fmt: skip
    ends = {"smallest": 10, "largest": 100_000, "t_df": 11}
    said = tipping.t_sentence(ends | {"kinds": dict(enumerate([*cannot, can]))})
    assert said == (
        "With limits of Student’s t (11 degrees of freedom) a single further study would bring the "
        "interval down to zero if it reported: significant, the other way, in 13 to 308 people "
        "(lowest limit −.03, in 26). It would not at any size from 10 to 100,000 if it reported: "
        "not significant; a number (lowest limit .04)."
    )
    never = tipping.t_sentence(ends | {"kinds": dict(enumerate(cannot))})
    assert "too, no single further study" in never and never.endswith("lowest limit is .04.")
    always = tipping.t_sentence(ends | {"kinds": {0: can | {"holds_zero_t": {"n": 1300,
                                                                             "until": None}}}})
    assert always.endswith("in 1,300 people or more (lowest limit −.03, in 26).")


def test_several_nulls_are_added_to_the_pool(data, results):
    rows = pools.selected(data, "core")
    reports = [pools.to_report(r) for r in rows.to_dict("records")]
    step = results["robustness"]["tipping_point"]["steps"][1]
    again = pools.all_reports([*reports, *[Report("null", step["n"])] * step["added"]])
    assert step["r"] == pytest.approx(again["r"], abs=1e-8)
    assert step["k"] == len(reports) + step["added"]
