"""Mechanisms, certainty and scenario: this review's numbers put into the interpretation."""

from dataclasses import asdict, replace

import numpy as np

from alliance_review import evidence
from alliance_review.analysis.descriptive import benchmark_r, parameter
from alliance_review.analysis.pools import Z95, plain
from alliance_review.interpretation import appraisal as rules
from alliance_review.interpretation import path, scenario

# Published links from adherence to outcome, with what each assumes.
ADHERENCE_OUTCOME = {
    "dimatteo2002": "risk difference between adherent and non-adherent people, read as r",
    "alvarezjimenez2012": "fourfold relapse risk read as an odds ratio, then as r",
}
# Policy figures that the scenario and the text use.
FACTS = ("P-PLA-1", "P-FEE-4", "P-CST-2", "P-CST-5", "P-CST-6", "P-VIS-1", "P-VIS-2", "P-VIS-3",
         "P-PRV-1a", "P-PRV-1b", "P-PRV-1c", "P-PRV-1d", "P-SDM-1")  # fmt: skip
BASE_RATE = "P-PLA-1"
SHARES = tuple(round(0.05 * i, 2) for i in range(21))


def normal_z(pool: dict) -> tuple[float, float]:
    """Estimate and a standard error that matches the length of the interval, on Fisher z."""
    low, high = np.arctanh(pool["r_low"]), np.arctanh(pool["r_high"])
    return float(pool["z"]), float((high - low) / (2 * Z95))


def mechanisms(data: evidence.Evidence, pools: dict) -> dict:
    """The adherence path under each published adherence-outcome link, and its inverse."""
    core, adherence = (pools[t]["all_reports"] for t in ("core", "adherence"))
    rows = data.benchmarks.set_index("citation_key")
    paths = []
    for key, reading in ADHERENCE_OUTCOME.items():
        candidates = rows.loc[[key]]
        row = candidates[candidates["path"] == "adherence_outcome"].iloc[0]
        link = benchmark_r(row)["r"]
        point = path.decompose(adherence["r"], link, core["r"])
        spread = path.simulate(normal_z(adherence), (float(np.arctanh(link)), 0.0), normal_z(core))
        paths.append(
            {"citation_key": key, "label": row["label"], "reading": reading}
            | asdict(point)
            | {name: asdict(value) for name, value in
             (("indirect_interval", spread["indirect"]), ("direct_interval", spread["direct"]),
                ("share_interval", spread["share"]))}
            | {"figure": drawn(adherence, core, link, row["label"], point, spread)}
        )  # fmt: skip
    needed = path.full_mediation_correlation(adherence["r"], core["r"])
    arms = arm_reports(data)
    return {
        "paths": paths,
        "share_low": min(p["share"] for p in paths),
        "share_high": max(p["share"] for p in paths),
        "full_mediation_r": needed,
        "reading": mediation_reading(needed, paths),
        "share_interval_low": min(p["share_interval"]["low"] for p in paths),
        "share_interval_high": max(p["share_interval"]["high"] for p in paths),
        "direct_interval_low": min(p["direct_interval"]["low"] for p in paths),
        "largest_link": max(p["adherence_outcome"] for p in paths),
        "both_links": sorted({r["sample_id"] for r in pools["core"]["rows"]}
                            & {r["sample_id"] for r in pools["adherence"]["rows"]}),
        "placebo_arms": arms,
        "placebo_counts": {
            "arms": len(arms),
            "samples": len({a["sample_id"] for a in arms}),
            "positive": sum(a["form"] == "significant" and a["sign"] == 1 for a in arms),
            "negative": sum(a["form"] == "significant" and a["sign"] == -1 for a in arms),
            "null": sum(a["form"] == "null" for a in arms),
        },
    }


def drawn(adherence: dict, core: dict, link: float, source: str, point, spread) -> dict:
    """One path as the diagram needs it: the three correlations, and what follows from them."""

    def pooled(fit: dict) -> dict:
        return {key: fit[key] for key in ("r", "r_low", "r_high", "k")}

    def simulated(value: float, name: str) -> dict:
        return {"r": value, "r_low": spread[name].low, "r_high": spread[name].high}

    return {
        "relationship_adherence": pooled(adherence),
        "adherence_outcome": {"r": link, "source": source},
        "relationship_outcome": pooled(core),
        "indirect": simulated(point.indirect, "indirect"),
        "direct": simulated(point.direct, "direct"),
        "share": point.share,
        "share_low": spread["share"].low,
        "share_high": spread["share"].high,
    }


def mediation_reading(needed: float, paths: list[dict]) -> str:
    """What the correlation needed for full mediation says beside the published links."""
    largest = max(p["adherence_outcome"] for p in paths)
    if needed >= 1:
        point = ("No correlation is that large, so at the point estimates adherence cannot carry "
                 "all.")  # fmt: skip
    elif needed > largest:
        point = "At the point estimates, then, adherence carries a part and not the whole."
    else:
        point = "A link of that size has been published, so adherence could carry all of it."
    whole = any(p["share_interval"]["high"] >= 1 for p in paths)
    return point + (" The intervals are wide enough that full mediation is not excluded." if whole
                    else " The intervals exclude full mediation.")  # fmt: skip


def arm_reports(data: evidence.Evidence) -> list[dict]:
    """Core effects in placebo arms: does the association need a drug?"""
    effects = data.effects
    rows = effects[(effects["tier"] == "core") & (effects["drug_role"] == "placebo")]
    labels = data.samples.set_index("sample_id")["label"]
    return [
        {"effect_id": row["effect_id"], "sample_id": row["sample_id"],
         "label": labels[row["sample_id"]], "n": plain(row["n"]), "measure": plain(row["measure"]),
         "form": row["evidence_form"], "sign": plain(row["sign"]),
         "reported_as": plain(row["reported_as"])}
        for row in rows.to_dict("records")
    ]  # fmt: skip


def appraisal(data: evidence.Evidence, core: dict) -> tuple[dict, dict]:
    """Design appraisal of every core row, and the certainty that follows."""
    verdicts = []
    post_hoc = set(parameter(data, "post_hoc_samples").split(";"))
    blind = set(parameter(data, "blind_outcome_samples").split(";"))
    upper_bound = set(parameter(data, "size_upper_bound_samples").split(";"))
    for row in core["rows"]:
        flagged = row | {"post_hoc": row["sample_id"] in post_hoc,
                         "upper_bound": row["sample_id"] in upper_bound,
                         "blind_outcome": row["sample_id"] in blind}  # fmt: skip
        verdicts.append({"sample_id": row["sample_id"], "label": row["label"]}
                        | {"verdicts": rules.appraise(flagged)})  # fmt: skip
    counts = {
        rule.key: {
            "question": rule.question,
            **{name: sum(v["verdicts"][rule.key] == word for v in verdicts) for name, word in
               (("concern", rules.CONCERN), ("clear", rules.CLEAR), ("unknown", rules.UNKNOWN))},
        }
        for rule in rules.RULES
    }  # fmt: skip
    items = len(verdicts) * len(rules.RULES)
    k = len(core["rows"])
    prospective = sum(r["design"] != "cross_sectional" and r["timing"] == "early"
                      for r in core["rows"])  # fmt: skip
    facts = {
        "share_clear": sum(c["clear"] for c in counts.values()) / items,
        "share_withheld": core["counts"]["worded"] / k,
        "share_indirect": 1 - prospective / k,
        "prediction_r_low": core["all_reports"]["prediction_r_low"],
        "r_low": core["all_reports"]["r_low"],
        "r_high": core["all_reports"]["r_high"],
    }
    level, domains = rules.certainty(facts)
    return (
        {"rows": verdicts, "rules": counts},
        {"level": level, "facts": facts, "domains": [asdict(d) for d in domains],
         "steps": sum(d.steps for d in domains)},
    )  # fmt: skip


def fact(data: evidence.Evidence, fact_id: str) -> dict:
    """One policy figure with its source."""
    row = data.policy.set_index("fact_id").loc[fact_id]
    return {"fact_id": fact_id} | {key: plain(row[key]) for key in
                                   ("quantity", "value", "low", "high", "unit", "population",
                                    "country", "data_years", "citation_key", "url",
                                    "caveat")}  # fmt: skip


def policy(data: evidence.Evidence, pools: dict) -> dict:
    """Extra people improved per 1,000 against the causal share of the association, 0 included."""
    core = pools["core"]["all_reports"]
    facts = {i: fact(data, i) for i in FACTS}
    response = facts[BASE_RATE]
    base_rate = (response["low"] + response["high"]) / 2 / 100
    p_value = float(parameter(data, "scenario_training_p"))
    people = int(parameter(data, "scenario_training_n"))
    visits = int(parameter(data, "scenario_visits"))
    extra_minutes = int(parameter(data, "scenario_extra_minutes"))
    followed = int(parameter(data, "scenario_training_followed"))
    shift = scenario.d_from_p(p_value, people)
    trial = facts["P-CST-2"]
    # The limits of the printed difference, on the scale of the shift.
    shift_low, shift_high = (shift * trial[end] / trial["value"] for end in ("low", "high"))
    wage = facts["P-FEE-4"]
    minutes = visits * extra_minutes
    start = scenario.Scenario(core["r"], base_rate, shift, 1.0, minutes, wage["value"])

    def at(share: float, r: float) -> float:
        return scenario.extra_improved(replace(start, causal_share=share, r=r))

    curve = {
        "share": SHARES,
        "extra": [at(s, core["r"]) for s in SHARES],
        "low": [at(s, core["r_low"]) for s in SHARES],
        "high": [at(s, core["r_high"]) for s in SHARES],
    }
    rows = []
    for share in (0.0, 0.25, 0.5, 1.0):
        case = replace(start, causal_share=share)
        cost = scenario.cost_per_extra_improved(case)
        limits = [scenario.extra_improved(replace(case, shift=s)) for s in (shift_low, shift_high)]
        rows.append({"share": share, "extra": at(share, core["r"]), "low": at(share, core["r_low"]),
                     "high": at(share, core["r_high"]), "shift_low": limits[0],
                     "shift_high": limits[1],
                     "cost": cost if np.isfinite(cost) else None})  # fmt: skip
    halves = {name: dict(zip(("below", "above"), scenario.median_split(core[key]), strict=True))
              for name, key in (("at", "r"), ("low", "r_low"), ("high", "r_high"))}
    return {
        "facts": facts,
        "inputs": {"base_rate": base_rate, "shift": shift, "shift_p": p_value,
                   "shift_n": people, "followed": followed, "shift_low": shift_low,
                   "shift_high": shift_high,
                   "shift_followed": scenario.d_from_p(p_value, followed), "visits": visits,
                   "extra_minutes": extra_minutes,
                   "minutes_per_year": minutes, "wage": wage["value"], "wage_low": wage["low"],
                   "wage_high": wage["high"]},
        "curve": curve,
        "rows": rows,
        "halves": halves,
    }  # fmt: skip
