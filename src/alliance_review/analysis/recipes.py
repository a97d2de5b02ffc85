"""A complete recipe for one pool: its label, its key, and the reports it leads to.

A recipe gives one answer to each of seven questions (``CHOICES``). Filters come first (what
counts), then the selection rule (which association stands for a sample), then how unknown sizes
and words are read, and at last the estimator.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import NamedTuple

import pandas as pd

from alliance_review.analysis.pools import plain, to_report
from alliance_review.analysis.robustness import choose
from alliance_review.synthesis import Report

#: Question -> (its name for readers, {key: words}); the first answer is the primary one.
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "selection": ("Selection rule", {
        "hierarchy": "primary hierarchy",
        "clinician_first": "clinician first",
        "observer_first": "observer first",
        "placebo_first": "placebo arm first",
        "concurrent_first": "concurrent or late first",
        "proxies_first": "proxies first",
        "last_identifier": "ties: last identifier",
        "alliance_scales": "alliance scales only",
        "early": "early ratings only",
    }),
    "estimator": ("Estimator", {
        "ml": "every report, ML",
        "reml": "every report, REML",
        "dl_printed": "numbers only, DL",
        "hk_printed": "numbers only, REML and HK",
    }),
    "size": ("Unknown n", {
        "recorded": "n as recorded",
        "range": "n over its range",
        "lowest": "lowest n",
        "highest": "highest n",
        "left_out": "unknown n left out",
    }),
    "design": ("Design", {
        "any_design": "with cross-sectional",
        "no_cross_sectional": "no cross-sectional",
    }),
    "arms": ("Arms", {"all_arms": "with placebo arms", "drug_arms": "drug arms only"}),
    "adjustment": ("Adjustment", {
        "adjusted_too": "adjusted too",
        "zero_order": "zero-order or not stated",
    }),
    "alpha": ("Words read at", {
        "alpha_05": "alpha .05", "alpha_01": "alpha .01", "alpha_10": "alpha .10",
    }),
}  # fmt: skip
ALPHA = {"alpha_01": 0.01, "alpha_05": 0.05, "alpha_10": 0.10}
#: Columns of the hierarchy that a selection rule turns, with the values that then come first.
TURNED: dict[str, dict[str, list[str]]] = {
    "clinician_first": {"rater": ["clinician"]},
    "observer_first": {"rater": ["observer"]},
    "placebo_first": {"drug_role": ["placebo"]},
    "concurrent_first": {"timing": ["concurrent", "late"]},
    "proxies_first": {"measure_kind": ["proxy"]},
}
#: What is left out before one association is chosen per sample.
KEPT = {
    "alliance_scales": lambda e: e["measure_kind"] == "alliance_scale",
    "early": lambda e: e["timing"] == "early",
    "no_cross_sectional": lambda e: e["design"] != "cross_sectional",
    "drug_arms": lambda e: e["drug_role"] != "placebo",
    "zero_order": lambda e: e["adjusted"] != "yes",
}


class Recipe(NamedTuple):
    """One answer to each question, as keys of ``CHOICES``."""

    selection: str = "hierarchy"
    estimator: str = "ml"
    size: str = "recorded"
    design: str = "any_design"
    arms: str = "all_arms"
    adjustment: str = "adjusted_too"
    alpha: str = "alpha_05"

    @property
    def label(self) -> str:
        """The complete recipe in words, its parts joined by ``|``."""
        return " | ".join(CHOICES[q][1][a] for q, a in zip(CHOICES, self, strict=True))

    @property
    def key(self) -> str:
        """The complete recipe as a name without spaces."""
        return "-".join(self)

    @property
    def code(self) -> str:
        """The place of each answer among those of its question, one digit each."""
        return "".join(
            str(list(CHOICES[q][1]).index(a)) for q, a in zip(CHOICES, self, strict=True)
        )


PRIMARY = Recipe()


def recipes() -> Iterator[Recipe]:
    """Every combination of answers, the primary one first."""
    return (Recipe(*answers) for answers in product(*(levels for _, levels in CHOICES.values())))


def parse(text: str) -> Recipe:
    """The recipe of a label, a key or a code.

    Raises
    ------
    ValueError
        If a part is missing or is no answer to its question; the message lists the answers.
    """
    parts = [part.strip() for part in text.split("|" if "|" in text else "-")]
    if len(parts) == 1 and text.isdecimal():
        parts = list(text)
    if len(parts) != len(CHOICES):
        raise ValueError(f"a recipe has {len(CHOICES)} parts, {len(parts)} given: {text!r}")
    answers = []
    for (name, levels), part in zip(CHOICES.values(), parts, strict=True):
        known = {w: k for k, w in levels.items()} | {k: k for k in levels}
        known |= {str(place): k for place, k in enumerate(levels)}
        if part not in known:
            raise ValueError(f"{name}: {part!r} is none of {', '.join(levels.values())}")
        answers.append(known[part])
    return Recipe(*answers)


def rows_of(recipe: Recipe, effects: pd.DataFrame, protocol: pd.DataFrame) -> pd.DataFrame:
    """The association that stands for each sample under a recipe, one row each."""
    for answer in recipe:
        if answer in KEPT:
            effects = effects[KEPT[answer](effects)]
    turned = TURNED.get(recipe.selection, {})
    return choose(effects, protocol, last=recipe.selection == "last_identifier", **turned)


def sized(row: Mapping, how: str) -> Mapping | None:
    """A row with its unknown sample size read as asked; None where it is left out.

    A size that is not printed, or is an assumption of the coder, is unknown. ``recorded`` keeps
    an assumed size and averages a missing one over its range; a row that states no range keeps
    what is recorded.
    """
    if how == "recorded" or row["n_basis"] == "reported":
        return row
    if how == "left_out":
        return None
    low, high = plain(row["n_low"]), plain(row["n_high"])
    if low is None or high is None:
        return row
    return {**row, "n": {"range": None, "lowest": low, "highest": high}[how]}


def reports_of(recipe: Recipe, rows: Iterable[Mapping]) -> tuple[Report, ...]:
    """The reports of a recipe, in an order that does not depend on that of the rows."""
    read = (sized(row, recipe.size) for row in rows)
    reports = [to_report(row, ALPHA[recipe.alpha]) for row in read if row is not None]
    if recipe.estimator.endswith("printed"):
        # a number without a size has no sampling variance
        reports = [r for r in reports if r.form == "exact" and isinstance(r.n, int)]
    return tuple(sorted(reports, key=repr))
