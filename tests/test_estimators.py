"""The pools by other estimators, and the tables that set them side by side."""

import numpy as np
import pytest

from alliance_review import analysis, synthesis
from alliance_review.analysis import estimators
from alliance_review.analysis.pools import to_report
from alliance_review.reporting import display, estimator_tables


def reports(results, tier):
    """The reports of a pool, from its rows in the results."""
    form = {"exact": "exact", "null": "null", "significant": "significant"}
    rows = results["pools"][tier]["rows"]
    return [to_report(row | {"evidence_form": form[row["form"]], "r_coded": row["r"]})
            for row in rows]  # fmt: skip


@pytest.mark.parametrize("tier", analysis.TIERS)
def test_each_estimator_is_the_engine_applied_to_the_rows_of_the_pool(results, tier):
    stated, protocol = results["estimates"][tier], results["protocol"]
    again = synthesis.pool_reports(reports(results, tier), estimator="REML")
    assert stated["restricted"]["r"] == pytest.approx(np.tanh(again.estimate), abs=1e-8)
    assert stated["restricted"]["tau"] == pytest.approx(again.tau, abs=1e-7)
    prior = estimators.prior_pair(protocol["prior_tau"])
    posterior = synthesis.bayesian_reports(
        reports(results, tier), mean_prior=(0.0, float(protocol["prior_mean_sd"])), tau_prior=prior
    )
    assert stated["bayes"]["r_low"] == pytest.approx(np.tanh(posterior.ci_low), abs=1e-7)
    assert stated["bayes"]["above_small"] == pytest.approx(
        posterior.probability_above(np.arctanh(0.1)), abs=1e-8
    )


@pytest.mark.parametrize("tier", analysis.TIERS)
def test_every_estimator_tells_one_story_and_keeps_its_interval_in_order(results, tier):
    part = results["estimates"][tier]
    every = [part["restricted"], *part["priors"], *part["three_level_rho"]]
    for fit in every:
        assert fit["r_low"] < fit["r"] < fit["r_high"]
        assert fit["prediction_r_low"] < fit["r"] < fit["prediction_r_high"]
    assert part["priors"][0] == part["bayes"]
    assert part["three_level_rho"][0] == part["three_level"]
    # more spread between samples is what averaging the mean out is for
    assert part["restricted"]["tau"] >= results["pools"][tier]["all_reports"]["tau"] - 1e-9


def test_the_three_level_pool_uses_every_usable_association_of_its_samples(data, results):
    for tier in analysis.TIERS:
        nested = results["estimates"][tier]["three_level"]
        pool = results["pools"][tier]
        assert nested["samples"] == pool["counts"]["selected"]
        assert pool["counts"]["selected"] <= nested["k"] <= pool["counts"]["effects"]


EVERY = {"r": 0.201, "r_low": 0.11, "r_high": 0.36}


@pytest.mark.parametrize(
    ("printed", "phrase"),
    [({"k": 3, "REML": {"r": 0.26, "r_low": -0.2, "r_high": 0.8}}, "is .06 lower"),
     ({"k": 3, "REML": {"r": 0.1, "r_low": -0.2, "r_high": 0.8}}, "is .10 higher"),
     ({"k": 3, "REML": {"r": 0.203, "r_low": -0.2, "r_high": 0.8}}, "is the same to two decimals"),
     ({"k": 1}, "cannot be compared: there is one printed number, and one number cannot be pooled"),
     ({"k": 0}, "cannot be compared: no number was printed")],
)  # fmt: skip
def test_what_the_words_change_is_said_in_a_phrase(printed, phrase):
    said = estimators.difference(EVERY, printed)
    assert said["than_printed"] == phrase
    if "REML" in printed:
        assert said["width_share"] == pytest.approx(0.25)


def test_a_prior_is_read_as_the_protocol_writes_it():
    assert estimators.prior_pair("half-normal 0.25") == ("half-normal", 0.25)
    assert estimators.prior_pair("half-cauchy 1") == ("half-cauchy", 1.0)


@pytest.mark.parametrize("tier", analysis.TIERS)
def test_the_table_of_estimators_begins_with_the_primary_answer(results, tier):
    frame = estimator_tables.estimators(results, tier)
    primary = results["pools"][tier]["all_reports"]
    assert frame.loc[0, "Samples"] == primary["k"]
    assert frame.loc[0, "r"] == estimator_tables.r(primary["r"])
    printed = results["pools"][tier]["printed_only"]
    below = sum(name.startswith("Printed numbers") for name in frame["Analysis"])
    assert below == (3 if printed["k"] > 1 else 0)
    assert list(frame["Samples"])[-below or len(frame):] == [printed["k"]] * below
    assert frame["r"].notna().all()
    display.show_table(frame)


def test_the_tables_of_priors_and_of_three_levels_have_a_line_for_each(results):
    parts = results["estimates"].values()
    assert len(estimator_tables.priors(results)) == sum(len(part["priors"]) for part in parts)
    frame = estimator_tables.three_level(results)
    assert len(frame) == sum(len(part["three_level_rho"]) for part in parts)
    assert list(frame["Error correlation"][:3]) == ["0", "0.5", "0.8"]
