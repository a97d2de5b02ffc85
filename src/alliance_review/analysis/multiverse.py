"""Every combination of defensible choices: one pool per distinct set of reports and estimator.

Many recipes lead to the same reports. Such a set is fitted once and stands in the curve once; the
recipes that lead to it are counted. Comparisons of one answer with another are made over recipes,
because there every other choice occurs equally often on both sides.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from alliance_review import evidence, synthesis
from alliance_review.analysis.answers import by_choice, reading, spread
from alliance_review.analysis.pools import printed_numbers, with_context
from alliance_review.analysis.recipes import (
    CHOICES,
    PRIMARY,
    Recipe,
    parse,
    recipes,
    reports_of,
    rows_of,
)
from alliance_review.analysis.t_limits import FEWEST, above_zero_t, members_of
from alliance_review.synthesis import NoMaximum, Report

#: Decimals kept of the points of the curve.
DECIMALS = 4
NUMBERS = ("r", "r_low", "r_high", "tau", "k", "k_exact")
#: The questions that decide which associations are pooled; the others how they are read.
ROWS = ("selection", "design", "arms", "adjustment")


def estimate(estimator: str, reports: Sequence[Report]) -> dict | None:
    """The pooled r of reports; None where fewer than two are left or no maximum exists."""
    if len(reports) < 2:
        return None
    if estimator.endswith("printed"):
        how = ("DL", "z") if estimator == "dl_printed" else ("REML", "hksj")
        fitted = synthesis.pool(*printed_numbers(reports), tau2=how[0], test=how[1])
        tau, exact = fitted.tau2**0.5, len(reports)
    else:
        try:
            fitted = synthesis.pool_reports(list(reports), estimator=estimator.upper())
        except NoMaximum:
            return None
        tau, exact = fitted.tau, fitted.k_exact
    ends = np.tanh([fitted.estimate, fitted.ci_low, fitted.ci_high])
    values = (*map(float, ends), float(tau), len(reports), exact)
    return dict(zip(NUMBERS, values, strict=True))


def fit(recipe: str | Recipe, data: evidence.Evidence | None = None, tier: str = "core") -> dict:
    """One point of the multiverse, from the evidence and its label alone.

    Parameters
    ----------
    recipe : str or Recipe
        A label, a key or a code of the curve.
    data : Evidence, optional
        By default the review's own, read anew.
    tier : {"core", "adherence", "extended"}
        Pool.

    Returns
    -------
    dict
        ``label``, ``key``, ``effects`` (the associations chosen, one per sample) and the
        estimate: ``r``, ``r_low``, ``r_high``, ``tau`` (Fisher z), ``k``, ``k_exact``; all of
        these None where there is none.

    Raises
    ------
    ValueError
        If the text is no recipe; see ``recipes.parse``.
    """
    recipe = parse(recipe) if isinstance(recipe, str) else recipe
    data = evidence.load() if data is None else data
    effects = with_context(data, data.effects[data.effects["tier"] == tier])
    rows = rows_of(recipe, effects, data.protocol)
    found = estimate(recipe.estimator, reports_of(recipe, rows.to_dict("records")))
    chosen = {"label": recipe.label, "key": recipe.key, "effects": list(rows["effect_id"])}
    return chosen | (found or dict.fromkeys(NUMBERS))


def every_set(effects: pd.DataFrame, protocol: pd.DataFrame) -> dict[tuple, list[Recipe]]:
    """Distinct (estimator, reports) with the recipes that lead to each, in their order."""
    records = {row["effect_id"]: row for row in effects.to_dict("records")}
    chosen: dict[tuple, tuple] = {}
    read: dict[tuple, tuple] = {}
    sets: dict[tuple, list[Recipe]] = {}
    for recipe in recipes():
        which = tuple(getattr(recipe, name) for name in ROWS)
        if which not in chosen:
            chosen[which] = tuple(rows_of(recipe, effects, protocol)["effect_id"])
        printed = recipe.estimator.endswith("printed")
        how = (chosen[which], recipe.size, recipe.alpha, printed)
        if how not in read:
            read[how] = reports_of(recipe, (records[name] for name in chosen[which]))
        sets.setdefault((recipe.estimator, read[how]), []).append(recipe)
    return sets


def departures(recipe: Recipe) -> int:
    """On how many questions a recipe answers otherwise than the primary one."""
    return sum(a != b for a, b in zip(recipe, PRIMARY, strict=True))


def points(sets: dict[tuple, list[Recipe]]) -> tuple[list[dict], dict[Recipe, dict | None]]:
    """One point per distinct set that has an estimate, and the estimate of every recipe.

    A point is named by the recipe that leads to it with the fewest departures from the primary
    one. ``reached`` holds per question the answers that lead to it with some others, as the bits
    of a hexadecimal number.
    """
    out: list[dict] = []
    by_recipe: dict[Recipe, dict | None] = {}
    for (estimator, reports), members in sets.items():
        found = estimate(estimator, reports)
        by_recipe |= dict.fromkeys(members, found)
        if found is None:
            continue
        places = [[int(digit) for digit in member.code] for member in members]
        reached = [sum(1 << p for p in set(column)) for column in zip(*places, strict=True)]
        out.append(
            {"code": min(members, key=departures).code, "recipes": len(members),
             "reached": ".".join(f"{bits:x}" for bits in reached)}
            | {name: round(value, DECIMALS) for name, value in found.items()}
        )  # fmt: skip
    return sorted(out, key=lambda point: (point["r"], point["code"])), by_recipe


def with_t(sets: dict[tuple, list[Recipe]], by_recipe: dict[Recipe, dict | None]) -> dict:
    """How many pools by maximum likelihood lie above zero, by plain and by t intervals.

    Over the distinct sets of three or more reports that have an estimate.
    """
    found = {reports: by_recipe[members[0]] for (estimator, reports), members in sets.items()
             if estimator == PRIMARY.estimator and len(reports) >= FEWEST}  # fmt: skip
    found = {reports: fit for reports, fit in found.items() if fit is not None}
    plain = [fit["r_low"] > 0 for fit in found.values()]
    above = above_zero_t(*members_of(list(found)))
    return {"ml_count": len(found), "share_above_zero_ml": np.mean(plain),
            "share_above_zero_t": above.mean(), "above_zero_t": int(above.sum())}  # fmt: skip


def multiverse(effects: pd.DataFrame, protocol: pd.DataFrame) -> dict:
    """Every recipe on the effects of a tier, as the figure, the tables and the prose need it.

    Parameters
    ----------
    effects : DataFrame
        All effects of the tier, with context.
    protocol : DataFrame
        The protocol, which holds the hierarchy that some recipes turn.

    Returns
    -------
    dict
        ``choices`` (questions with their answers and what each does; ``answers`` the same by
        key), ``points`` (columns of equal length, ranked by r), ``summary`` (counts and quantiles
        over distinct points, and what `with_t` says), ``family`` (with every report, with numbers
        only), ``specifications`` (over recipes, however many lead to one point) and ``reading``.
    """
    sets = every_set(effects, protocol)
    ranked, by_recipe = points(sets)
    printed = list(CHOICES["estimator"][1]).index("dl_printed")
    family = {
        "every_report": [p for p in ranked if int(p["code"][1]) < printed],
        "numbers_only": [p for p in ranked if int(p["code"][1]) >= printed],
    }
    primary = [p["code"] for p in ranked].index(PRIMARY.code)
    choices = by_choice(by_recipe)
    return {
        "choices": choices,
        "answers": {row["key"]: row for choice in choices for row in choice["levels"]},
        "reading": reading(choices),
        "points": {name: [point[name] for point in ranked] for name in ranked[0]},
        "summary": spread(ranked) | with_t(sets, by_recipe) | {
            "specifications": len(by_recipe),
            "specifications_with_estimate": sum(f is not None for f in by_recipe.values()),
            "specifications_without": sum(f is None for f in by_recipe.values()),
            "distinct": len(sets),
            "without_estimate": len(sets) - len(ranked),
            "data_sets": len({reports for _, reports in sets}),
            "primary_place": primary,
            "primary_label": PRIMARY.label,
            "share_below_primary": primary / len(ranked),
        },
        "family": {name: spread(found) for name, found in family.items()},
        "specifications": spread([f for f in by_recipe.values() if f is not None]),
    }  # fmt: skip
