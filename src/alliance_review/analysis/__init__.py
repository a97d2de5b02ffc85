"""The one analysis: evidence in, a tree of plain values out, saved as ``results.json``.

``load()`` is what chapters, figures and the book call. It computes only when the data, the
statistics or the locked environment have changed since the file was written.
"""

import hashlib
import json
import math
import os
from pathlib import Path

from alliance_review import __version__, evidence, paths
from alliance_review.analysis import (
    descriptive,
    estimators,
    flow,
    mechanisms,
    moderators,
    multiverse,
    pools,
    reporting_model,
    robustness,
    simulated,
    subsets,
    summary,
    tipping,
)

TIERS = ("core", "adherence", "extended")
# What the results depend on. Figures, display and the book cannot change a number.
DEPENDS = ("effect_sizes", "formats.py", "evidence", "synthesis", "interpretation", "analysis")
DIGITS = 10


def key() -> str:
    """Digest of everything the results depend on."""
    digest = hashlib.sha256()
    files = {f"data/{file.name}": file for file in paths.DATA.glob("*")} | {"lock": paths.LOCK}
    files |= {f"simulation/{file.name}": file for file in paths.SIMULATION.glob("*")}
    for name in DEPENDS:
        part = paths.SOURCE / name
        for file in part.rglob("*.py") if part.is_dir() else [part]:
            files[file.relative_to(paths.SOURCE).as_posix()] = file
    for name, file in sorted(files.items()):
        if file.is_file():
            digest.update(name.encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def analyse(data: evidence.Evidence) -> dict:
    """All results of the review from its evidence; no I/O.

    Returns
    -------
    dict
        Plain values, floats rounded to ten significant digits. Scales are in the names: ``z`` and
        ``tau`` are Fisher z, everything called ``r`` is a correlation.
    """
    rows = {tier: pools.selected(data, tier) for tier in TIERS}
    effects = {
        tier: pools.with_context(data, data.effects[data.effects["tier"] == tier]) for tier in TIERS
    }
    pooled = {tier: pools.pool(tier, rows[tier], effects[tier]) for tier in TIERS}
    usable = {tier: r[r["usable"] == "yes"] for tier, r in rows.items()}
    minimum = int(descriptive.parameter(data, "min_k_moderator"))
    tree = {
        "meta": {"version": __version__, "data_digest": data.digest,
                 "search_date": descriptive.parameter(data, "search_date"),
                 "records": descriptive.records(data)},
        "pools": pooled,
        "benchmarks": descriptive.benchmarks(data),
        "totura": descriptive.totura(data),
        "flow": flow.flow(data, {t: len(pooled[t]["left_out"]) for t in TIERS}),
        "evidence_map": flow.evidence_map(data),
        "reporting": descriptive.reporting(data),
        "reading_example": descriptive.reading_example(data),
        "agreement": descriptive.agreement(data),
        "rederivation": descriptive.rederivation(data),
        "robustness": {
            "leave_one_out": robustness.leave_one_out(usable["core"]),
            "subsets": subsets.subsets(usable["core"]),
            "specifications": robustness.specifications(
                usable["core"], effects["core"], data.protocol),
            "multiverse": multiverse.multiverse(effects["core"], data.protocol),
            "tipping_point": tipping.several_nulls(usable["core"]),
            "tipping_study": tipping.single_study(
                usable["core"], float(descriptive.parameter(data, "r_small"))),
            "crude": robustness.crude_contrasts(usable["core"]),
            "egger": robustness.egger(usable["core"]),
            "likelihood": robustness.likelihood_curve(usable["core"]),
        },
        "moderators": {t: moderators.table(usable[t], minimum) for t in TIERS},
        "reporting_model": reporting_model.reporting_model(data, usable),
    }  # fmt: skip
    tree["robustness"]["adherence_other_conversions"] = robustness.other_conversions(
        usable["adherence"], tree["rederivation"]["alternatives"]
    )
    mixed = descriptive.parameter(data, "placebo_pooled_samples").split(";")
    core_rows = pooled["core"]["rows"]
    people = sum(row["n"] or 0 for row in core_rows if row["sample_id"] in mixed)
    pooled["core"]["placebo_pooled"] = {
        "samples": sum(row["sample_id"] in mixed for row in core_rows),
        "share": people / pooled["core"]["all_reports"]["n_total"],
    }
    tree["robustness"]["extended_without_unverified"] = robustness.without_unverified(
        usable["extended"], data.protocol
    )
    tree["robustness"]["specification"] = {
        row["key"]: row for row in tree["robustness"]["specifications"]
    }
    tree["robustness"] |= robustness.extremes(tree["robustness"])
    tree["robustness"]["tipping_study"]["sentence"] = tipping.sentence(
        tree["robustness"]["tipping_study"], pooled["core"]["all_reports"]["tau"]
    )
    tree["robustness"]["tipping_study"]["t_sentence"] = tipping.t_sentence(
        tree["robustness"]["tipping_study"]
    )
    pooled["core"]["number_conversions"] = sorted(
        usable["core"].loc[usable["core"]["evidence_form"].isin(pools.EXACT), "conversion"]
    )
    tree["mechanisms"] = mechanisms.mechanisms(data, pooled)
    tree["appraisal"], tree["certainty"] = mechanisms.appraisal(data, pooled["core"])
    tree["policy"] = mechanisms.policy(data, pooled)
    tree["claims"] = descriptive.claims(data)
    tree["protocol"] = dict(zip(data.protocol["parameter"], data.protocol["value"], strict=True))
    tree["estimates"] = {
        tier: estimators.estimators(pooled[tier], usable[tier], effects[tier], tree["protocol"])
        for tier in TIERS
    }
    tree["benchmark"] = {b["citation_key"]: b for b in tree["benchmarks"]
                         if b["headline"] and b["citation_key"]}  # fmt: skip
    tree["moderator_level"] = {t: moderators.by_level(tree["moderators"][t]) for t in TIERS}
    tree["moderator_reading"] = {t: moderators.reading(tree["moderators"][t]) for t in TIERS}
    compared = {t: moderators.contrasts(usable[t], tree["moderators"][t]) for t in TIERS}
    tests = sum("p_value" in found for pool in compared.values() for found in pool.values())
    tree["moderator_contrast"] = compared
    tree["moderator_contrast_reading"] = {
        t: moderators.contrast_reading(pool, tests) for t, pool in compared.items()
    }
    tree["moderator_tests"] = tests
    # Words follow from the numbers as they are stored and shown, not from longer ones.
    tree = rounded(tree)
    tree |= summary.summary(data, tree)
    simulated.add_to(tree)
    return rounded(tree)


def rounded(value, where: str = ""):
    """Plain values with floats at ten significant digits; a NaN or infinity is an error."""
    if isinstance(value, dict):
        return {str(k): rounded(v, f"{where}.{k}") for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [rounded(v, f"{where}.{i}") for i, v in enumerate(value)]
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"results hold {value} at {where.lstrip('.')}")
        return float(f"{value:.{DIGITS}g}")
    return value


def save(tree: dict, file: Path) -> None:
    """Write the results so that a reader never sees half a file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(tree, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
    part = file.with_name(f"{file.name}.{os.getpid()}.part")
    part.write_text(text, encoding="utf-8")
    part.replace(file)


def build() -> Path:
    """Compute and write ``results.json`` unless it is up to date; return where it is."""
    wanted = key()
    if paths.RESULTS.is_file():
        try:
            if json.loads(paths.RESULTS.read_text(encoding="utf-8"))["meta"]["key"] == wanted:
                return paths.RESULTS
        except (ValueError, KeyError, TypeError):
            pass  # an unreadable file is as good as none
    tree = analyse(evidence.load())
    tree["meta"]["key"] = wanted
    save(tree, paths.RESULTS)
    return paths.RESULTS


def load() -> dict:
    """The results tree, computed first when it is stale."""
    return json.loads(build().read_text(encoding="utf-8"))
