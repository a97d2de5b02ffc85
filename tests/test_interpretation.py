"""Interpretation: implied heterogeneity, adherence path, scenario, appraisal and certainty."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import ndtri

from alliance_review.interpretation import appraisal, implied, path, scenario

correlation = st.floats(-0.6, 0.6).filter(lambda x: abs(x) > 1e-3)


def test_implied_tau_reproduces_the_standard_error_it_was_solved_from():
    variances = 1 / (np.array([40.0, 90.0, 160.0, 300.0]) - 3)
    tau = implied.implied_tau(0.11, variances)
    assert tau > 0
    assert 1 / np.sum(1 / (variances + tau**2)) == pytest.approx(0.11**2, rel=1e-9)


def test_implied_tau_is_zero_when_sampling_error_alone_is_larger():
    assert implied.implied_tau(0.01, np.full(5, 0.02)) == 0.0


def test_equal_sizes_agree_with_the_closed_form():
    rows = implied.implied_heterogeneity(0.30, 0.20, 0.39, 8, 1065)
    equal = next(r for r in rows if r.spread == 1 and r.quantile == "normal"
                 and r.limits == (0.20, 0.39))  # fmt: skip
    se = 0.19 / (2 * ndtri(0.975))
    assert equal.tau**2 == pytest.approx(8 * se**2 - 1 / (1065 / 8 - 3), rel=1e-9)
    assert equal.prediction_low < 0.20 < 0.39 < equal.prediction_high


def test_spread_keeps_total_and_ratio():
    sizes = implied.spread_sizes(8, 1065, 20)
    assert sizes.sum() == pytest.approx(1065)
    assert sizes.max() / sizes.min() == pytest.approx(20)


@pytest.mark.parametrize("arguments", [(0.5, 0.2, 0.4, 8, 1065), (0.3, 0.2, 0.4, 2, 1065),
                                       (0.3, 0.2, 0.4, 8, 30)])  # fmt: skip
def test_implied_heterogeneity_refuses(arguments):
    with pytest.raises(ValueError):
        implied.implied_heterogeneity(*arguments)


@given(correlation, correlation, correlation)
def test_direct_and_indirect_add_up_to_the_association(r_xm, r_my, r_xy):
    if 1 + 2 * r_xm * r_my * r_xy - r_xm**2 - r_my**2 - r_xy**2 <= 0:
        with pytest.raises(ValueError, match="same people"):
            path.decompose(r_xm, r_my, r_xy)
        return
    result = path.decompose(r_xm, r_my, r_xy)
    assert result.direct + result.indirect == pytest.approx(r_xy, abs=1e-12)


def test_path_is_the_regression_of_simulated_people():
    r = np.array([[1, 0.3, 0.2], [0.3, 1, 0.25], [0.2, 0.25, 1]])  # X, M, Y
    coefficients = np.linalg.solve(r[:2, :2], r[:2, 2])
    result = path.decompose(0.3, 0.25, 0.2)
    assert result.direct == pytest.approx(coefficients[0])
    assert result.indirect == pytest.approx(0.3 * coefficients[1])


def test_full_mediation_leaves_no_direct_effect():
    needed = path.full_mediation_correlation(0.3, 0.15)
    assert path.decompose(0.3, needed, 0.15).direct == pytest.approx(0, abs=1e-12)


def test_simulation_without_error_returns_the_point_and_is_repeatable():
    fixed = [(np.arctanh(r), 0.0) for r in (0.3, 0.25, 0.2)]
    exact = path.decompose(0.3, 0.25, 0.2)
    drawn = path.simulate(*fixed)
    assert drawn["direct"].low == pytest.approx(exact.direct)
    assert drawn["share"].high == pytest.approx(exact.share)
    noisy = [(z, 0.05) for z, _ in fixed]
    assert path.simulate(*noisy) == path.simulate(*noisy)
    assert path.simulate(*noisy)["direct"].low < exact.direct < path.simulate(*noisy)["direct"].high


def test_scenario_is_zero_without_a_causal_share_and_grows_with_it():
    at = [scenario.extra_improved(scenario.Scenario(0.2, 0.4, 0.4, s)) for s in (0, 0.25, 0.5, 1)]
    assert at[0] == pytest.approx(0, abs=1e-9)
    assert at == sorted(at) and at[-1] > 20


def test_break_even_share_is_where_the_cost_equals_the_worth():
    case = scenario.Scenario(0.3, 0.4, 0.4, 1.0, 30, 120)
    share = scenario.break_even_share(case, worth=2_000)
    there = scenario.Scenario(0.3, 0.4, 0.4, share, 30, 120)
    assert scenario.cost_per_extra_improved(there) == pytest.approx(2_000)
    assert scenario.break_even_share(case, worth=10) == float("inf")
    assert scenario.cost_per_extra_improved(scenario.Scenario(0.3, 0.4, 0.4, 0.0, 30, 120)) == (
        float("inf")
    )


@pytest.mark.parametrize("change", [{"base_rate": 1.0}, {"r": 1.0}, {"causal_share": 1.1}])
def test_scenario_refuses(change):
    inputs = {"r": 0.2, "base_rate": 0.4, "shift": 0.4, "causal_share": 0.5} | change
    with pytest.raises(ValueError):
        scenario.extra_improved(scenario.Scenario(**inputs))


def test_median_split_is_the_quadrant_share_of_simulated_people():
    rng = np.random.default_rng(4)
    x = rng.standard_normal(400_000)
    y = 0.3 * x + np.sqrt(1 - 0.09) * rng.standard_normal(400_000)
    below, above = scenario.median_split(0.3)
    assert above == pytest.approx(np.mean(y[x > 0] > 0), abs=0.003)
    assert above + below == 1 and scenario.median_split(0.0) == (0.5, 0.5)
    with pytest.raises(ValueError):
        scenario.median_split(1.0)


def row(**changes):
    base = {"design": "prospective_cohort", "timing": "early", "adjusted": "yes",
            "rater": "observer", "n_basis": "reported", "form": "exact"}  # fmt: skip
    return base | changes


def test_appraisal_rules_answer_from_coded_fields():
    clean = appraisal.appraise(row())
    assert set(clean.values()) <= {"no concern", "not recorded"}
    worst = appraisal.appraise(row(design="cross_sectional", adjusted="no", n_basis="assumed",
                                   form="null", post_hoc=True))  # fmt: skip
    assert [k for k, v in worst.items() if v == "concern"] == [
        "temporality", "adjustment", "selection", "size", "withheld"]  # fmt: skip
    assert appraisal.appraise(row(timing="unclear"))["temporality"] == "not recorded"
    assert appraisal.appraise(row(rater="patient"))["same_source"] == "not recorded"


FACTS = {"share_clear": 0.9, "share_withheld": 0.1, "share_indirect": 0.1,
         "prediction_r_low": 0.05, "r_low": 0.15, "r_high": 0.25}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "domain"),
    [({"share_clear": 0.4}, "risk of bias"), ({"prediction_r_low": -0.01}, "inconsistency"),
     ({"share_indirect": 0.6}, "indirectness"), ({"r_high": 0.40}, "imprecision"),
     ({"share_withheld": 0.5}, "reporting bias")],
)  # fmt: skip
def test_each_domain_takes_one_level_by_its_own_rule(change, domain):
    assert appraisal.certainty(FACTS)[0] == "high"
    level, domains = appraisal.certainty(FACTS | change)
    assert level == "moderate"
    assert [d.domain for d in domains if d.steps] == [domain]


def test_certainty_has_a_floor():
    worst = {"share_clear": 0, "share_withheld": 1, "share_indirect": 1,
             "prediction_r_low": -1, "r_low": 0.0, "r_high": 0.9}  # fmt: skip
    assert appraisal.certainty(worst)[0] == "very low"
