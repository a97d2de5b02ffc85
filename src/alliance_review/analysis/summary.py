"""Words that follow from the numbers, and the statements that the prose relies on being true."""

from alliance_review import evidence
from alliance_review.analysis.descriptive import parameter
from alliance_review.formats import FORMATS


def label(data: evidence.Evidence, r: float) -> str:
    """The protocol's word for the size of a correlation."""
    for word in ("large", "moderate", "small"):
        if abs(r) >= float(parameter(data, f"r_{word}")):
            return word
    return "very small"


def comparison(core: dict, totura: dict) -> dict:
    """Our core pool beside the predecessor's: which is larger, and where the intervals overlap."""
    ours, theirs = round(core["r"], 2), round(totura["r"], 2)
    low = max(core["r_low"], totura["r_low"])
    high = min(core["r_high"], totura["r_high"])
    return {
        "versus_totura": "lower" if ours < theirs else "higher" if ours > theirs else "the same",
        "overlap": low <= high,
        "overlap_low": low,
        "overlap_high": high,
    }


def tipping_sentence(tipping: dict, above: int) -> str:
    """What the tipping-point table says, in a sentence or two.

    ``above`` is the number of reports whose observed correlation lies above zero.
    """
    steps = tipping["steps"]
    crossing = [s for s in steps if s["r_low"] <= 0]
    lowest = min(steps, key=lambda s: s["r"])
    r = FORMATS["r"](lowest["r"])
    halves = (f"the pooled r falls to {r} with {lowest['added']} further samples of "
              f"{lowest['n']:,} people each")
    if not crossing:
        verb = "lies" if above == 1 else "lie"
        return (f"None of these additions brings the interval down to zero; {halves}. The interval "
                "stays above zero because a null bounds the observed correlation on both sides of "
                f"zero alike, while {reports(above)} {verb} above it; further nulls pull the mean "
                "down without pulling it across.")
    first = min(crossing, key=lambda s: (s["added"], s["n"]))
    return (f"The interval comes down to zero with {first['added']} further samples of "
            f"{first['n']:,} people each; {halves}.")


def reports(count: int) -> str:
    """``seven reports``."""
    number = FORMATS["word"](count) if count <= 20 else f"{count:,}"
    return f"{number} {'report' if count == 1 else 'reports'}"


def observed_above_zero(rows: list[dict]) -> int:
    """How many reports of a pool have an observed correlation above zero: numbers and words."""
    return sum(row["r"] > 0 if row["form"] == "exact" else
               row["form"] == "significant" and row["sign"] > 0 for row in rows)  # fmt: skip


def samples_matter_most(specifications: list[dict]) -> bool:
    """Whether the choice that moves r most, one at a time, is one of which samples to pool."""
    primary = next(row for row in specifications if row["key"] == "primary")["r"]
    moved = [row for row in specifications if row["r"] is not None]
    most = max(moved, key=lambda row: abs(row["r"] - primary))
    return most["group"] in ("samples", "effects")


def predicates(tree: dict) -> dict[str, bool]:
    """Statements in the prose that new data could make false; each stops the build when it does.

    A chapter binds a sentence to one of these with the ``claim`` role.
    """
    pools, robust = tree["pools"], tree["robustness"]
    core = pools["core"]
    rows = core["rows"]
    printed = core["printed_only"].get("REML")
    width = core["all_reports"]["r_high"] - core["all_reports"]["r_low"]
    smallest = min((r for r in rows if r["n"]), key=lambda r: r["n"])
    largest_r = max((r for r in rows if r["r"] is not None), key=lambda r: r["r"])
    reported, model = tree["reporting"], tree["reporting_model"]["pools"]
    missing = model["core"]["selected"]["two-sided"]
    estimates = tree["estimates"]["core"]
    others = [estimates[name] for name in ("restricted", "bayes", "three_level")]
    fewest = min(model["core"]["selected"]["positive"], key=lambda row: row["weight"])
    ratio = tree["reporting_model"]["chance"]["all"]
    return {
        "core_estimators_agree": all(
            abs(estimates[name]["r"] - core["all_reports"]["r"]) < 0.05
            for name in ("restricted", "bayes", "three_level")),
        "tilt_keeps_intervals_above_zero": all(
            row["r_low"] is not None and row["r_low"] > 0
            for pool in model.values() for row in pool["tilted"]),
        "no_pool_prefers_tilt": all(
            row["deviance"] is not None and row["deviance"] > -1
            for pool in model.values() for row in pool["tilted"] if row["tilt"] > 0),
        "adherence_rejects_tilt": all(
            row["deviance"] > 0 for row in model["adherence"]["tilted"] if row["tilt"] > 0),
        "core_record_looks_incomplete": min(missing, key=lambda row: row["deviance"]) is missing[-1]
        and model["core"]["complete"]["p_value"] < 0.05,
        "core_positive": core["all_reports"]["r_low"] > 0,
        "core_mostly_worded": core["counts"]["worded"] > core["counts"]["selected"] / 2,
        "adherence_positive": pools["adherence"]["all_reports"]["r_low"] > 0,
        "adherence_mostly_concurrent_or_unclear": sum(
            r["timing"] != "early" for r in pools["adherence"]["rows"])
        > len(pools["adherence"]["rows"]) / 2,
        "adherence_mostly_patient": sum(
            r["rater"] == "patient" for r in pools["adherence"]["rows"])
        > len(pools["adherence"]["rows"]) / 2,
        "words_narrow_the_interval": printed is not None
        and width < printed["r_high"] - printed["r_low"],
        "printed_interval_holds_zero": printed is not None
        and printed["r_low"] <= 0 <= printed["r_high"],
        "overlap_with_totura": tree["comparison"]["overlap"],
        "leave_one_out_above_zero": robust["leave_one_out_range"]["all_intervals_above_zero"],
        "significant_printed_more_often": reported["all"]["significant"]["share"]
        > reported["all"]["not_significant"]["share"],
        "core_no_null_printed": reported["core"]["not_significant"]["number"] == 0,
        "smallest_sample_has_largest_number": smallest["sample_id"] == largest_r["sample_id"],
        "core_no_bipolar": all(r["diagnosis_group"] != "bipolar" for r in rows),
        "totura_heterogeneous": tree["totura"]["implied"]["tau_low"] > 0,
        "concurrent_are_cross_sectional_psychosis": all(
            r["design"] == "cross_sectional" and r["diagnosis_group"] == "psychosis"
            for r in rows if r["timing"] == "concurrent"),
        "both_links_in_one_sample": tree["mechanisms"]["both_links"] == ["SalazarFraile2018"],
        "no_randomised_relationship": all(
            row["design"] in {"rct_secondary", "prospective_cohort", "cross_sectional",
                              "retrospective"}
            for pool in pools.values() for row in pool["rows"]),
        "combine_largest": core["largest_label"].startswith("COMBINE"),
        "full_mediation_beyond_links": tree["mechanisms"]["full_mediation_r"]
        > tree["mechanisms"]["largest_link"],
        "share_interval_wide": all(
            p["share_interval"]["high"] - p["share_interval"]["low"] > 0.3
            for p in tree["mechanisms"]["paths"]),
        "alternatives_not_in_core": not {r["effect_id"] for r in rows}
        & {a["effect_id"] for a in tree["rederivation"]["alternatives"]},
        "samples_choice_matters_most": samples_matter_most(robust["specifications"]),
        "other_predictions_hold_zero": all(
            fit["prediction_r_low"] <= 0 <= fit["prediction_r_high"] for fit in others),
        "other_taus_larger": all(fit["tau"] > core["all_reports"]["tau"] for fit in others),
        "tau_zero_not_excluded": core["all_reports"]["tau_low"] == 0,
        "three_level_between": estimates["three_level"]["tau_between"]
        > estimates["three_level"]["tau_within"],
        "selection_positive_holds_zero": fewest["r_low"] is not None
        and fewest["r_low"] <= 0 <= fewest["r_high"],
        "forms_fit": all(pool["forms"]["chi_square_p"] > 0.05 for pool in model.values()),
        "odds_ratio_all_holds_one": ratio["odds_ratio"] is not None
        and ratio["odds_ratio_low"] <= 1 <= ratio["odds_ratio_high"],
        "no_core_number_is_r": "reported-r" not in core["number_conversions"],
        "certainty_lowest": tree["certainty"]["level"] == "very low",
        "round2_adds_nothing_to_pools": tree["meta"]["records"]["round2_in_pools"] == 0,
    }  # fmt: skip


def summary(data: evidence.Evidence, tree: dict) -> dict:
    """The branches of the results tree that word the others."""
    core = tree["pools"]["core"]["all_reports"]
    out = {
        "summary": {"label": label(data, core["r"]),
                    "adherence_label": label(data, tree["pools"]["adherence"]["all_reports"]["r"])},
        "comparison": comparison(core, tree["totura"]),
    }  # fmt: skip
    tree["robustness"]["tipping_sentence"] = tipping_sentence(
        tree["robustness"]["tipping_point"],
        observed_above_zero(tree["pools"]["core"]["rows"]),
    )
    return out | {"predicates": predicates(tree | out)}
