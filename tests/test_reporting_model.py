"""What decides whether a result is printed, estimated from the review's own effects."""

import json
from dataclasses import replace

import numpy as np
import pytest

from alliance_review.analysis import (
    descriptive,
    pools,
    reporting_chances,
    reporting_model,
    rounded,
)
from alliance_review.synthesis import Report, check_forms, pool_reports
from alliance_review.synthesis.reports.record.kinds import count_distribution

TIERS = ("core", "adherence", "extended")


@pytest.fixture(scope="module")
def usable(data):
    rows = {tier: pools.selected(data, tier) for tier in TIERS}
    return {tier: part[part["usable"] == "yes"] for tier, part in rows.items()}


@pytest.fixture(scope="module")
def counts(data):
    return reporting_chances.sample_counts(data)


@pytest.fixture(scope="module")
def core(usable):
    return [pools.to_report(row) for row in usable["core"].to_dict("records")]


def test_counts_of_the_samples_add_up_to_those_of_the_review(data, counts):
    whole = descriptive.reporting(data)
    for name in ("all", "excluded", *TIERS):
        for i, kind in enumerate(("significant", "not_significant")):
            expected = [whole[name][kind]["number"], whole[name][kind]["words"]]
            assert counts[name].sum(axis=0)[i].tolist() == expected
    judged = len(data.effects) - whole["unusable"] - whole["not_judged"]
    assert counts["all"].sum() == judged
    assert (counts["eligible"] == counts["core"] + counts["adherence"] + counts["extended"]).all()


def test_shares_and_wilson_intervals(counts):
    from statsmodels.stats.proportion import proportion_confint

    part = reporting_chances.chances(counts)["all"]
    for i, kind in enumerate(("significant", "not_significant")):
        number, words = counts["all"].sum(axis=0)[i]
        found = part[kind]
        assert (found["number"], found["total"]) == (number, number + words)
        assert found["share"] == pytest.approx(number / (number + words))
        low, high = proportion_confint(number, number + words, method="wilson")
        assert (found["low"], found["high"]) == pytest.approx((low, high))
        # effects of one sample resemble one another: the honest interval is wider
        assert found["cluster_low"] < found["low"] and found["cluster_high"] > found["high"]


def test_odds_ratio_and_its_spread_against_a_clustered_regression(counts):
    import statsmodels.api as sm

    there = counts["all"]
    found = reporting_chances.chances(counts)["all"]
    (a, b), (c, d) = there.sum(axis=0)
    assert found["odds_ratio"] == pytest.approx(a * d / (b * c))
    rows = [
        (printed == 0, kind == 0, sample)
        for sample, table in enumerate(there)
        for kind in (0, 1)
        for printed in (0, 1)
        for _ in range(table[kind, printed])
    ]
    y, x, cluster = np.array(rows, dtype=float).T
    fit = sm.GEE(y, sm.add_constant(x), cluster, family=sm.families.Binomial(),
                 cov_struct=sm.cov_struct.Independence()).fit()  # fmt: skip
    assert np.log(found["odds_ratio"]) == pytest.approx(fit.params[1])
    spread = np.sqrt(found["design_effect"] * (1 / (there.sum(axis=0) + 0.5)).sum())
    assert spread == pytest.approx(fit.bse[1], rel=0.3)
    assert found["odds_ratio_low"] < found["odds_ratio"] < found["odds_ratio_high"]


def test_samples_that_agree_within_themselves_widen_the_interval():
    # 96 effects either way: of 96 samples, or of 24 samples of four that are all alike
    kinds = np.eye(4, dtype=int).reshape(4, 2, 2)
    alone, together = np.tile(kinds, (24, 1, 1)), np.tile(4 * kinds, (6, 1, 1))
    found = reporting_chances.chances({"wide": together, "narrow": alone})
    wide, narrow = found["wide"], found["narrow"]
    assert wide["effects"] == narrow["effects"] == 96
    assert wide["odds_ratio"] == narrow["odds_ratio"] == 1
    # four alike tell as much as one, so the variance is four times that of independent effects
    assert wide["design_effect"] == pytest.approx(4, rel=0.3)
    assert narrow["design_effect"] == pytest.approx(1, rel=0.3)


def test_an_empty_cell_has_no_odds_ratio():
    part = reporting_chances.chances({"x": np.array([[[2, 1], [0, 3]], [[1, 1], [0, 2]]])})["x"]
    assert part["odds_ratio"] is None and part["odds_ratio_high"] is None and part["few"]
    assert part["not_significant"]["share"] == 0 and part["not_significant"]["low"] == 0
    assert part["not_significant"]["cluster_low"] is None


def test_the_chances_outside_a_tier(counts):
    rates = reporting_chances.outside(counts, "core")
    rest = (counts["all"] - counts["core"]).sum(axis=0)
    assert rates == pytest.approx([rest[0, 0] / rest[0].sum(), rest[1, 0] / rest[1].sum()])


def test_one_effect_of_each_sample(core):
    found = reporting_chances.one_per_sample({"core": core, "more": [Report("null", 50)]})
    numbers = sum(report.form == "exact" for report in core)
    both = found["significant"], found["not_significant"]
    assert sum(part["number"] for part in both) == numbers
    assert sum(part["total"] for part in both) == found["effects"] == len(core) + 1
    assert 0 < found["p_value"] <= 1


def test_predicted_counts_of_kinds_and_of_numbers(core):
    rates = np.array([0.4, 0.1])
    found = reporting_model.forms(core, rates)
    check = check_forms(core)
    assert [row["observed"] for row in found["kinds"]] == check.observed.tolist()
    assert sum(row["predicted"] for row in found["kinds"]) == pytest.approx(len(core))
    p = 0.4 * (check.probability[:, 0] + check.probability[:, 2]) + 0.1 * check.probability[:, 1]
    numbers = found["numbers"]
    assert numbers["predicted"] == pytest.approx(p.sum())
    assert numbers["observed"] == sum(report.form == "exact" for report in core)
    share = count_distribution(p)
    likely = share[share <= share[numbers["observed"]] * (1 + 1e-9)].sum()
    assert numbers["p_value"] == pytest.approx(min(1, likely))


def test_sizes_are_bounded_by_hand():
    reports = [Report("exact", 100, z=0.3), Report("exact", 100, z=0.1), Report("null", 40),
               Report("significant", 102, sign=1), Report("significant", 27, sign=-1)]  # fmt: skip
    found = reporting_model.sizes(reports)
    assert (found["numbers"], found["words"]) == (1, 2)
    assert found["printed_mean_r"] == pytest.approx(np.tanh(0.3))
    # critical t of 100 and 25 degrees of freedom from a printed table: 1.984 and 2.060
    least = np.mean([1.984 / (100 + 1.984**2) ** 0.5, 2.060 / (25 + 2.060**2) ** 0.5])
    assert found["words_least_mean_r"] == pytest.approx(least, abs=2e-4)
    assert found["largest_difference"] == pytest.approx(np.tanh(0.3) - least, abs=2e-4)
    assert reporting_model.sizes(reports[2:3])["largest_difference"] is None


def test_information_of_the_core_pool(core, usable):
    labels = list(usable["core"]["label"])
    found = reporting_model.information(core, labels)
    assert [row["label"] for row in found["rows"]] == labels
    assert sum(row["share"] for row in found["rows"]) == pytest.approx(1)
    worded = [row for row, report in zip(found["rows"], core, strict=True)
              if report.form != "exact"]  # fmt: skip
    assert found["words_share"] == pytest.approx(sum(row["share"] for row in worded))
    assert 0 < found["words_equivalent_n"] < found["words_n"]
    assert found["kept"] == pytest.approx((found["se"] / found["se_spread"]) ** 2)


def test_sensitivity_begins_at_the_pool_itself(core):
    fit = pool_reports(core)
    printing = {row["tilt"]: row for row in reporting_model.tilted(core)}
    selection = {row["weight"]: row for row in reporting_model.selected(core, "positive")}
    for row in (printing[0.0], selection[1.0]):
        assert row["r"] == pytest.approx(np.tanh(fit.estimate), abs=1e-7)
        assert row["r_low"] == pytest.approx(np.tanh(fit.ci_low), abs=1e-6)
        assert row["tau_high"] == pytest.approx(fit.tau_ci_high, abs=1e-6)
        assert row["deviance"] == 0 and row["problem"] == ""
    assert printing[1.0]["r"] < printing[0.0]["r"] < printing[-0.2]["r"]
    assert selection[0.1]["r"] < selection[1.0]["r"] and selection[0.1]["unseen"] > 0


def test_all_of_it_is_plain(data, usable, monkeypatch):
    monkeypatch.setattr(reporting_model, "TILTS", (0.0, 0.5))
    monkeypatch.setattr(reporting_model, "WEIGHTS", (1.0, 0.25))
    monkeypatch.setattr(reporting_model, "TEST_DRAWS", 5)
    tree = rounded(reporting_model.reporting_model(data, {"core": usable["core"]}))
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree
    assert set(tree["pools"]) == {"core"} and len(tree["pools"]["core"]["tilted"]) == 2
    test, row = tree["pools"]["core"]["complete"], tree["pools"]["core"]["selected"]["two-sided"][1]
    assert test["statistic"] == pytest.approx(max(0, -row["deviance"]), abs=1e-6)
    one = tree["chance"]["selected"]
    assert one["effects"] == len(usable["core"]) and "all" in tree["chance"]


def test_chances_do_not_depend_on_the_order_of_the_rows(data, counts):
    again = reporting_chances.sample_counts(replace(data, effects=data.effects.iloc[::-1]))
    assert all((again[name] == counts[name]).all() for name in counts)
