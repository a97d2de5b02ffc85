"""Tables and figures of the simulated reviews, and what the prose takes from the kept results."""

import numpy as np
import pytest
from scipy.stats import chi2, t

from alliance_review.analysis import pools, simulated
from alliance_review.figures import to_svg
from alliance_review.figures.simulation import simulated_bias, simulated_coverage
from alliance_review.reporting import simulation_tables as tables
from alliance_review.simulation_study import METHODS, REGIMES
from conftest import text_that_fits


def line(regime, r, tau, method, **measures):
    """One line of made-up results."""
    names = ("bias", "coverage", "width", "rejects", "rejects_rightly", "no_answer", "empirical_se",
             "tau_coverage", "prediction_coverage")  # fmt: skip
    row = {"regime": regime, "r": r, "tau": tau, "method": method, "numbers": 3.0,
           "reviews": 1000.0, "answers": measures.get("answers", 1000.0)}  # fmt: skip
    for name in names:
        row |= {name: measures.get(name, 0.25), f"{name}_mcse": 0.004}
    return row


def made_up(**changes):
    """Every way of telling and method at two true values; ``changes`` for every report, as told."""
    return [
        line(regime, r, 0.1, method, **(changes if (regime, method) == ("ours", "every_report")
                                        else {}))
        for regime in tables.REGIMES for r in (0.0, 0.2) for method in tables.METHODS
    ]  # fmt: skip


@pytest.fixture(scope="module")
def stored():
    return simulated.rows()


def test_every_way_of_telling_and_every_method_has_a_title():
    assert list(tables.REGIMES) == list(REGIMES)
    assert list(tables.METHODS) == list(METHODS)
    assert list(tables.methods()["Method"]) == list(tables.METHODS.values())


def test_the_ways_of_telling_are_described_with_the_parameters_of_the_design():
    plan = simulated.design()
    words = tables.regimes(plan).set_index("Way of telling")["What happens"]
    assert len(words) == len(plan["regimes"])
    plan["regimes"]["direction"]["share"] = 0.37
    plan["regimes"]["ours"]["significant"] = 0.41
    changed = tables.regimes(plan).set_index("Way of telling")["What happens"]
    differs = [name for name in words.index if words[name] != changed[name]]
    assert differs == ["As in all that was coded", "Wrong signs"]
    assert "37" in changed["Wrong signs"] and "41" in changed["As in all that was coded"]


def test_the_assumption_holds_where_the_analysis_says_so():
    shown = tables.regimes(simulated.design())
    fits = shown.loc[shown["Our assumption"] == "holds", "Way of telling"]
    assert list(fits) == [tables.REGIMES[name] for name in simulated.FITTING]


def test_ranges_are_lowest_and_highest_over_the_true_values(stored):
    shown = tables.ranges(stored, "coverage").set_index("Way of telling")
    mine = [row["coverage"] for row in stored
            if (row["regime"], row["method"]) == ("p_hacking", "every_report")]  # fmt: skip
    assert shown.loc["Other outcomes tried", "Every report"] == (
        f"{100 * min(mine):.0f} to {100 * max(mine):.0f}"
    )
    rows = made_up(bias=-0.004)
    rows += [line("ours", 0.3, 0.1, "every_report", bias=0.126)]
    shown = tables.ranges(rows, "bias", ["every_report"]).set_index("Way of telling")
    assert shown.loc["As in all that was coded", "Every report"] == ".00 to .13"
    assert shown.loc["Few numbers", "Every report"] == ".25"


def test_found_is_the_quoted_cell_and_counts_both_signs_where_the_truth_is_zero():
    rows = made_up(rejects=0.3, rejects_rightly=0.2)
    for r, words in ((0.0, "30"), (0.2, "20")):
        shown = tables.found(rows, r).set_index("Way of telling")
        assert shown.loc["As in all that was coded", "Every report"] == words
        assert shown.loc["As in all that was coded", "Vote count"] == "25"


def test_combinations_with_hardly_an_answer_are_left_out_of_tables_and_figures():
    rows = made_up(coverage=0.9, rejects=0.01)
    rows += [line("ours", 0.3, 0.1, "every_report", coverage=0.1, rejects=0.99, answers=99.0)]
    enough = rows[:-1] + [rows[-1] | {"answers": 100.0}]
    for some, coverage, low in ((rows, "90", ".90"), (enough, "10 to 90", ".10 to .90")):
        shown = tables.ranges(some, "coverage").set_index("Way of telling")
        assert shown.loc["As in all that was coded", "Every report"] == coverage
        _, alt = simulated_coverage(some, tables.REGIMES, tables.METHODS)
        assert f"As in all that was coded, {low};" in alt
        of_all = tables.ranges(some, "rejects").set_index("Way of telling")
        assert of_all.loc["As in all that was coded", "Every report"] == "1 to 99"
    assert len(simulated.answered(rows)) == len(rows) - 1
    silent = [row | {"answers": 99.0} for row in rows]
    assert set(tables.ranges(silent, "coverage")["Every report"]) == {"–"}


def test_prediction_is_shown_by_spread_where_true_effects_are_normal(stored):
    shown = tables.prediction(stored).set_index("Way of telling")
    assert "Two kinds of setting" not in shown.index and len(shown) == len(tables.REGIMES) - 2
    mine = [row["prediction_coverage"] for row in stored if (row["regime"], row["method"],
            row["tau"]) == ("eligible", "every_report_wide", 0.2)]  # fmt: skip
    assert shown.loc["As in the three pools", "Every report, t limits, tau .20"] == (
        f"{100 * min(mine):.0f} to {100 * max(mine):.0f}"
    )


def test_cells_show_the_monte_carlo_error_beside_each_measure():
    shown = tables.cells(made_up(bias=-0.0123, coverage=0.9365), "ours")
    assert list(shown["Bias"]) == ["−0.012 (0.004)"] * 2
    assert list(shown["Coverage, %"]) == ["93.7 (0.4)"] * 2
    assert list(shown["True r"]) == [".00", ".20"]


@pytest.mark.parametrize("draw", [simulated_coverage, simulated_bias])
def test_figures_hold_every_panel_say_what_they_show_and_never_move(stored, draw):
    figure, alt = draw(stored, tables.REGIMES, tables.METHODS)
    assert (
        80 < len(alt) <= 900
        and alt.endswith(".")
        and f"{len(tables.REGIMES)} ways of telling" in alt
    )
    assert all(title in alt for title in tables.REGIMES.values())
    assert to_svg(figure, alt) == to_svg(*draw(stored, tables.REGIMES, tables.METHODS))
    told = text_that_fits(figure)
    assert {title for title in tables.REGIMES.values()} <= set(told)


def test_the_alt_names_the_way_in_which_the_method_fails_most():
    _, alt = simulated_coverage(made_up(coverage=0.61), tables.REGIMES, tables.METHODS)
    assert "farthest from .95 with “Every number printed” (.25)" in alt
    rows = [row | {"coverage": 0.95} for row in made_up()]
    rows += [line("direction", 0.3, 0.1, "every_report", coverage=0.55)]
    _, alt = simulated_coverage(rows, tables.REGIMES, tables.METHODS)
    assert "farthest from .95 with “Wrong signs” (.55 to .95)" in alt


def test_a_way_of_telling_without_results_is_refused(stored):
    rows = [row for row in stored if row["regime"] != "size"]
    with pytest.raises(ValueError, match="no rows of 'size'"):
        simulated_coverage(rows, tables.REGIMES, tables.METHODS)


# --- what the prose takes from it -------------------------------------------------------------


def test_the_branch_of_the_results_holds_what_is_stored(results, stored):
    tree = {name: results[name] for name in ("pools", "estimates")}
    tree["predicates"] = {"another": True}
    simulated.add_to(tree)
    found = tree["simulation"]
    mine = [row for row in stored if row["method"] == "every_report"]
    assert found["total"] == sum(row["reviews"] for row in mine)
    assert found["cells"] == len(mine) == 11 * 12 + 2 * 8
    fits = [row for row in mine if row["regime"] in simulated.FITTING and row["tau"] > 0]
    new = [row["prediction_coverage"] for row in fits]
    assert found["prediction"] == {"low": min(new), "high": max(new)}
    assert len(new) == len(simulated.FITTING) * 4 * 2
    cell = [row for row in mine if (row["regime"], row["r"], row["tau"]) == ("ours", 0.2, 0.1)][0]
    assert found["regime"]["ours"]["every_report"]["at_r20"]["coverage"] == cell["coverage"]
    hacked = [row["bias"] for row in mine if row["regime"] in ("p_hacking", "picked")]
    assert found["chosen"]["bias"] == {"low": min(hacked), "high": max(hacked)}
    assert tree["predicates"].keys() == {"another"} | simulated.predicates(stored).keys()
    assert not found["record_changed"] and "same sizes" in found["record_words"]


def test_the_interval_with_t_limits_holds_that_of_the_answer(results):
    pool, wide = results["pools"]["core"]["all_reports"], results["simulation"]["core_t"]
    assert wide["r_low"] < pool["r_low"] and pool["r_high"] < wide["r_high"]
    assert wide["r"] == pytest.approx(pool["r"], abs=1e-9)
    assert pools.t_level(0.95, 10) == pytest.approx(1 - chi2.sf(t.ppf(0.975, 10) ** 2, 1))


def test_a_bias_is_taken_off_on_fisher_z():
    found = simulated.less({"r": 0.3, "r_low": 0.05, "r_high": 0.5}, 0.1)
    assert np.arctanh(found["r"]) == pytest.approx(np.arctanh(0.3) - 0.1)
    assert found["r_low"] < 0 < found["r"] < found["r_high"] < 0.5


@pytest.mark.parametrize("low, sayings", [
    (0.05, ("does not stay above zero", "two of them (twice the bias taken off) it would not")),
    (0.15, ("stays above zero", "it would not")),
    (0.25, ("stays above zero", "it still would")),
])  # fmt: skip
def test_faults_add_up_in_what_is_said_of_the_lower_limit(results, monkeypatch, low, sayings):
    pool = {"r": 0.3, "r_low": low, "r_high": 0.5}
    rows = results["pools"]["core"]["rows"]
    tree = {"pools": {"core": {"all_reports": pool, "rows": rows}},
            "estimates": results["estimates"], "predicates": {}}  # fmt: skip
    summary = simulated.summary(rows)
    summary["broken"]["bias"]["high"] = 0.1
    monkeypatch.setattr(simulated, "summary", lambda _: summary)
    simulated.add_to(tree)
    found = tree["simulation"]
    assert np.arctanh(found["core_less_two"]["r"]) == pytest.approx(np.arctanh(0.3) - 0.2)
    assert all(said in found["core_less"]["words"] for said in sayings)


def test_what_the_page_says_of_the_design_is_the_design(results):
    plan, found = simulated.design(), results["simulation"]["design"]
    assert found["tau_or"] == "0, .1 or .2" and found["r_or"] == "0, .1, .2 or .3"
    assert found["prior"]["mean_sd"] == float(results["protocol"]["prior_mean_sd"])
    prior = f"{found['prior']['tau_family']} {found['prior']['tau_scale']}"
    assert prior == results["protocol"]["prior_tau"]
    for name, parameters in plan["regimes"].items():
        assert found["regimes"][name] == pytest.approx(parameters)
    assert found["quoted_tau"] in plan["tau"] and found["quoted_r"] in plan["r"]
    assert simulated.listed([0.05], "or") == ".05"


def test_another_record_is_noticed(results):
    core = results["pools"]["core"]
    tree = {"pools": {"core": core | {"rows": core["rows"][1:]}},
            "estimates": results["estimates"], "predicates": {}}  # fmt: skip
    simulated.add_to(tree)
    assert tree["simulation"]["record_changed"]
    assert "make simulate" in tree["simulation"]["record_words"]


FAULTS = {
    "simulated_unbiased": ("ours", "every_report", 0.2, "bias", 0.04),
    "simulated_chosen_up": ("picked", "every_report", 0.2, "bias", 0.001),
    "simulated_chosen_worst": ("direction", "every_report", 0.2, "coverage", 0.01),
    "simulated_narrow_with_spread": ("ours", "every_report", 0.2, "coverage", 0.5),
    "simulated_t_limits_hold": ("ours", "every_report_wide", 0.2, "coverage", 0.5),
    "simulated_wrong_signs_down": ("direction", "every_report", 0.2, "bias", 0.01),
    "simulated_narrower_than_numbers": ("ours", "printed_reml", 0.2, "median_width", 0.0001),
    "simulated_chosen_numbers_too": ("picked", "every_report", 0.2, "bias", 0.9),
    "simulated_chosen_numbers_cover": ("picked", "printed_reml", 0.2, "coverage", 0.1),
    "simulated_plain_numbers_miss": ("ours", "printed_reml", 0.2, "coverage", 0.1),
    "simulated_little": ("size", "every_report", 0.2, "bias", 0.04),
    "simulated_unpublished_up": ("unpublished", "every_report", 0.2, "bias", -0.2),
    "simulated_one_sided_up": ("one_sided", "every_report", 0.2, "bias", -0.2),
    "simulated_tau_low": ("ours", "every_report", 0.2, "tau_bias", 0.01),
    "simulated_zeros_down": ("ours", "nulls_as_zero", 0.2, "bias", 0.0),
    "simulated_most_power": ("ours", "vote_count", 0.2, "rejects_rightly", 1.0),
}


@pytest.mark.parametrize("name", FAULTS)
def test_statements_turn_false_when_the_results_do(stored, name):
    assert simulated.predicates(stored)[name]
    regime, method, r, measure, value = FAULTS[name]
    changed = [
        row | {measure: value} if (row["regime"], row["method"], row["r"]) == (regime, method, r)
        else row for row in stored
    ]  # fmt: skip
    assert not simulated.predicates(changed)[name]


FOUND = ("simulated_too_narrow", "simulated_not_normal", "simulated_prediction_narrow",
         "simulated_prediction_t_narrow")  # fmt: skip


@pytest.mark.parametrize("name", FOUND)
def test_a_fault_is_named_only_where_it_is(stored, name):
    assert simulated.predicates(stored)[name]
    right = [row | {measure: 0.95 for measure in ("coverage", "prediction_coverage")
                    if row[measure] is not None} for row in stored]  # fmt: skip
    assert not simulated.predicates(right)[name]


def test_every_statement_of_the_page_is_tried(stored):
    tried = FAULTS.keys() | set(FOUND)
    assert simulated.predicates(stored).keys() == tried


def test_no_results_are_said_to_be_none(monkeypatch, tmp_path):
    monkeypatch.setattr(simulated.paths, "SIMULATION", tmp_path)
    with pytest.raises(ValueError, match="make simulate"):
        simulated.rows()
