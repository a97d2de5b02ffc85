"""Ours beside statsmodels, PyMARE and PyMetaAnalysis, on the nine sets and the stress sets.

Their answers are kept in ``validation/peers``, made with the packages at their default control.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from . import fixtures, own_answers
from .cells import Cell

PACKAGES = ("statsmodels", "pymare", "pymetaanalysis")


class LeftOut(NamedTuple):
    """Answers of a package that are not compared.

    ``keys`` are those of the kept answers, or their beginning up to a slash; ``fields`` empty
    stands for all of an answer.
    """

    package: str
    sets: tuple[str, ...]
    keys: tuple[str, ...]
    fields: tuple[str, ...]
    why: str

    def covers(self, package: str, name: str, key: str) -> bool:
        """Whether an answer, or some of its fields, is left out by this rule."""
        begins = any(f"{key}/".startswith(f"{k}/") for k in self.keys)
        return package == self.package and name in self.sets and begins


#: Sets on which the restricted likelihood of the effects, or of the filled funnel, has two modes.
TWO_MODES = ("bimodal_zero_is_local_only_0", "bimodal_zero_is_local_only_1")
NO_SPREAD = (
    "cor07_k6_mu0.1_tau0.0",
    "cor10_k21_mu0.1_tau0.1",
    "cor14_k4_mu0.5_tau0.2",
    "cor15_k5_mu0.5_tau0.0",
    "cor17_k20_mu0.0_tau0.0",
    "k2",
    "identical_effects",
    "one_giant_n",
    "n4_to_12",
)
WRONG_MODE = "its search ends at tau squared = 0, where the restricted likelihood is lower"
NO_FLOOR = "Q is below its degrees of freedom and the package does not set the estimate to 0"
ROUNDING = "all effects are equal: every residual is 0, and what is left is rounding"
NOT_DEFINED = "the design is of deficient rank or has as many coefficients as effects; we refuse"

LEFT_OUT = (
    LeftOut("statsmodels", NO_SPREAD, ("DL",), (), NO_FLOOR),
    LeftOut("statsmodels", NO_SPREAD, ("FE",), ("i2",), NO_FLOOR),
    LeftOut("statsmodels", ("k2", "equal_variances"), ("regression", "egger"), (), NOT_DEFINED),
    LeftOut("statsmodels", ("identical_effects",), ("egger",), (), ROUNDING),
    LeftOut("PyMARE", ("k2", "equal_variances"), ("regression",), (), NOT_DEFINED),
    LeftOut(
        "PyMARE",
        ("identical_effects",),
        tuple(f"{method}/hksj" for method in ("DL", "HE", "ML", "REML")),
        ("ci_low", "ci_high", "p_value"),
        "the Hartung-Knapp error of equal effects is 0; the package then gives no interval, we "
        "give one of no width",
    ),
    LeftOut(
        "PyMARE",
        ("identical_effects",),
        tuple(f"regression/{method}/hksj" for method in ("DL", "HE", "ML", "REML")),
        (),
        ROUNDING,
    ),
    LeftOut(
        "PyMARE",
        ("tiny_scale_1e-4",),
        ("heterogeneity",),
        ("tau2_low", "tau2_high"),
        "its root search ends at an absolute error of 2e-12 in tau squared, which is 4e-10 here",
    ),
    LeftOut("PyMetaAnalysis", TWO_MODES, ("REML", "trim_and_fill/REML"), (), WRONG_MODE),
    LeftOut("PyMetaAnalysis", TWO_MODES[1:], ("regression/REML",), (), WRONG_MODE),
    LeftOut(
        "PyMetaAnalysis",
        ("one_giant_n", "bimodal_zero_is_global_0"),
        ("trim_and_fill/REML/right",),
        (),
        "on the filled funnel " + WRONG_MODE,
    ),
    LeftOut(
        "PyMetaAnalysis",
        ("tiny_scale_1e-4",),
        ("PM", "REML", "regression/PM", "regression/REML", "interval", "trim_and_fill/REML"),
        (),
        "its searches end at an absolute error of 1e-10 in tau squared, which is 4e-9 here",
    ),
    LeftOut(
        "PyMetaAnalysis",
        ("identical_effects",),
        ("egger", *(f"regression/{method}/hksj" for method in ("DL", "PM", "REML"))),
        (),
        ROUNDING,
    ),
)

CONVENTIONS = (
    (
        "I squared",
        "statsmodels and PyMARE take it from Q for every model, as we do for the common effect; "
        "theirs is compared with that. PyMetaAnalysis takes it from tau squared, as we do.",
    ),
    (
        "prediction interval",
        "PyMetaAnalysis has t with k - 2 degrees of freedom; it is compared with ours of that "
        'kind (prediction="riley"). statsmodels and PyMARE have none.',
    ),
    (
        "CR2 where the variances differ within a cluster",
        "its condition has many solutions; PyMARE takes the one symmetric in the weighted metric, "
        "we take that of Pustejovsky and Tipton (2018), symmetric in the plain one. The two are "
        "the same where the variances are equal within clusters, and so they are compared.",
    ),
    (
        "selection models, three-level models",
        "none of the three packages has them",
    ),
    (
        "permutation tests of PyMARE; subgroups, cumulative analysis and influence in regression "
        "of PyMetaAnalysis",
        "offered, not asked here; compared with metafor",
    ),
)

DIFFERS = CONVENTIONS + tuple(
    (f"{r.package}: {', '.join(r.keys)} {', '.join(r.fields)} on {', '.join(r.sets)}", r.why)
    for r in LEFT_OUT
)

ANALYSES = {
    "regression": "meta-regression, ",
    "egger": "Egger's test, ",
    "rank": "rank test, ",
    "trim_and_fill": "trim and fill, ",
    "leave_one_out": "leave one out, ",
    "robust": "cluster-robust, ",
}
LABELS = {
    "estimate": "estimate",
    "se": "standard error",
    "df": "degrees of freedom",
    "ci_low": "confidence interval",
    "prediction_low": "prediction interval",
    "tau2_low": "interval of tau squared",
    "p_value": "p value",
    "tau2": "tau squared",
    "i2": "I squared",
    "q": "Q",
    "q_p": "p value of Q",
    "q_moderators": "test of the moderators",
    "statistic": "statistic",
    "limit": "limit",
    "tau": "Kendall's tau",
    "missing": "number missing",
}
CLOSED_FORMS = {"FE", "DL", "HE", "egger", "rank", "heterogeneity"}


def cells() -> Iterator[Cell]:
    """All answers of the three packages but those left out."""
    for package in PACKAGES:
        kept = fixtures.load(package, "peers")
        for name, answers in kept["sets"].items():
            for key, theirs in answers.items():
                if "refused" not in theirs:
                    yield from compare(kept["package"], name, key, theirs)


def given() -> dict[str, tuple[int, int]]:
    """By package: numbers it gave, and fits it refused."""
    found = {}
    for package in PACKAGES:
        kept = fixtures.load(package, "peers")
        answers = [a for by_key in kept["sets"].values() for a in by_key.values()]
        values = [v for a in answers if "refused" not in a for v in a.values()]
        numbers = sum(np.count_nonzero(~np.isnan(np.array(v, dtype=float))) for v in values)
        found[kept["package"]] = int(numbers), sum("refused" in a for a in answers)
    return found


def left_out(package: str, name: str, key: str) -> set[str] | None:
    """Fields of an answer that are not compared; None where the whole answer is not."""
    fields: set[str] = set()
    for rule in LEFT_OUT:
        if rule.covers(package, name, key):
            if not rule.fields:
                return None
            fields |= set(rule.fields)
    return fields


def compare(package: str, name: str, key: str, theirs: dict, omit=None) -> Iterator[Cell]:
    """Cells of one answer of a package; ``omit``, where given, replaces ``left_out``."""
    omit = left_out(package, name, key) if omit is None else omit
    if omit is None:
        return
    ours, se = own_answers.answer(name, key)
    what = ANALYSES.get(key.split("/")[0], "")
    where = ", ".join([name, *key.split("/")])
    for field, value in theirs.items():
        if field in omit or field.endswith("_high"):
            continue
        pair = [field, field.replace("_low", "_high")] if field.endswith("_low") else [field]
        yield Cell(
            f"{package}: {what}{LABELS[field]}",
            where,
            [ours[f] for f in pair] if len(pair) > 1 else ours[field],
            [theirs[f] for f in pair] if len(pair) > 1 else value,
            _kind(key, field),
            _scale(field, se),
        )


def _kind(key: str, field: str) -> str:
    if field == "missing":
        return "exact"
    closed = field == "q" or (CLOSED_FORMS & set(key.split("/")) and field != "tau2_low")
    if not closed:
        return "other package"
    return "tail area" if field in ("p_value", "q_p") else "closed form"


def _scale(field: str, se: float) -> float:
    if field in ("estimate", "limit", "ci_low", "prediction_low"):
        return se
    return SCALES.get(field, 0.0)


#: Smallest size that counts. A tail of 1e-100 magnifies the error of its statistic hundreds of
#: times; the standard errors and Q of equal effects are 0 but for rounding.
SCALES = {
    **{"i2": 1.0, "statistic": 1.0, "tau": 1.0, "p_value": 1e-10, "q_p": 1e-10},
    **{"se": 1e-6, "q": 1e-6, "q_moderators": 1e-6},
}
