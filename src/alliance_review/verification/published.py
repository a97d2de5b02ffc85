"""Analyses printed by others, number by number: ours must round to the digits printed.

``validation/published`` holds the numbers with the citation, the place and the address where they
were read; its README says what could be found.
"""

from collections.abc import Iterator

import numpy as np

from alliance_review import effect_sizes, paths
from alliance_review.synthesis import egger_test, pool, rank_test, tau2_interval
from alliance_review.synthesis.multilevel.model import three_level
from alliance_review.synthesis.regression.fit import meta_regression

from . import fixtures
from .cells import Cell

BACK = {
    "tanh": np.tanh,
    "exp": np.exp,
    "percent_less": lambda log_ratio: 100 * (1 - np.exp(log_ratio)),
    None: lambda value: value,
}
#: Fields that are carried back from the scale of the analysis to that of the reader.
CARRIED = {"estimate", "ci_low", "ci_high", "prediction_low", "prediction_high"}


def documents() -> dict[str, dict]:
    """The kept documents by the name of their file."""
    names = sorted(p.stem for p in (paths.VALIDATION / "published").glob("*.json"))
    return {name: fixtures.load(name, "published") for name in names}


def cells() -> Iterator[Cell]:
    """One cell per number printed, with ours rounded to as many digits."""
    for document in documents().values():
        for analysis in document["analyses"]:
            for field, printed, ours in numbers(analysis):
                if field not in analysis.get("differs", {}):
                    where = f"{analysis['where']}: {field.replace('_', ' ')}"
                    mine = rounded(ours, printed)
                    yield Cell(document["title"], where, mine, as_numbers(printed), "exact")


def numbers(analysis: dict) -> Iterator[tuple[str, str | list[str], object]]:
    """Field, digits as printed (a list of them for coefficients), and our value."""
    result = CALLS[analysis["call"]](analysis)
    back = BACK[analysis.get("back")]
    for field, printed in analysis["printed"].items():
        ours = DERIVED[field](result) if field in DERIVED else getattr(result, field)
        yield field, printed, back(ours) if field in CARRIED else ours


def rounded(ours, printed: str | list[str]):
    """Our number, or numbers, to as many decimals as are printed."""
    if isinstance(printed, list):
        return [rounded(x, digits) for x, digits in zip(ours, printed, strict=True)]
    return round(float(ours), len(printed.partition(".")[2]))


def as_numbers(printed: str | list[str]):
    """What is printed, as a number or numbers."""
    return [float(x) for x in printed] if isinstance(printed, list) else float(printed)


def _data(analysis: dict) -> tuple[np.ndarray, np.ndarray]:
    if "measure" not in analysis:
        return fixtures.effects(analysis["set"])
    studies = fixtures.load(analysis["set"], "published")["studies"]
    table = np.array([studies[column] for column in analysis["columns"]], dtype=float)
    return MEASURES[analysis["measure"]](*table[:, ~np.isnan(table).any(axis=0)])


def _odds_ratio_of_cells(a, b, c, d):
    return effect_sizes.log_odds_ratio(a, b, c, d, add=0.5)  # only in tables with an empty cell


def _peto_odds_ratio(a, n1, c, n2):
    """Observed less expected events over their variance (Yusuf et al., 1985), and its variance."""
    total, events = n1 + n2, a + c
    variance = n1 * n2 * events * (total - events) / (total**2 * (total - 1))
    return (a - events * n1 / total) / variance, 1 / variance


def _hedges_g(mean1, sd1, n1, mean2, sd2, n2):
    """Unbiased standardised mean difference with the large-sample variance taken at g."""
    d = effect_sizes.d_from_means(mean1, sd1, n1, mean2, sd2, n2)
    g = effect_sizes.d_to_g(d, n1, n2)
    return g, effect_sizes.d_variance(g, n1, n2)


#: From the columns that a document keeps of its studies to effects and sampling variances.
MEASURES = {
    "estimates": lambda estimate, se: (estimate, se**2),
    "odds_ratio": lambda a, n1, c, n2: _odds_ratio_of_cells(a, n1 - a, c, n2 - c),
    "odds_ratio_of_cells": _odds_ratio_of_cells,
    "peto_odds_ratio": _peto_odds_ratio,
    "hedges_g": _hedges_g,
}


def _regression(analysis):
    moderator = fixtures.load("vanhouwelingen2002", "published")["studies"][analysis["moderator"]]
    return meta_regression(*_data(analysis), moderator, **analysis["options"])


def _three_level(analysis):
    cluster = fixtures.load("multilevel")[analysis["set"]]["cluster"]
    return three_level(*_data(analysis), cluster, **analysis["options"])


CALLS = {
    "pool": lambda a: pool(*_data(a), **a["options"]),
    "tau2_interval": lambda a: tau2_interval(*_data(a), **a["options"]),
    "egger_test": lambda a: egger_test(*_data(a), **a["options"]),
    "rank_test": lambda a: rank_test(*_data(a), **a["options"]),
    "meta_regression": _regression,
    "three_level": _three_level,
}
DERIVED = {
    "tau2_total": lambda r: r.tau2_between + r.tau2_within,
    "share_between": lambda r: r.tau2_between / (r.tau2_between + r.tau2_within),
}


def _differs() -> tuple[tuple[str, str], ...]:
    return tuple(
        (f"{document['title']}, {analysis['where']}: {field.replace('_', ' ')}", why)
        for document in documents().values()
        for analysis in document["analyses"]
        for field, why in analysis.get("differs", {}).items()
    )


DIFFERS = _differs()
