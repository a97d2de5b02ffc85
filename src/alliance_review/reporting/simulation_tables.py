"""The tables of the page on simulated reviews: what was simulated, and how each method did."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from alliance_review.analysis.simulated import FITTING, QUOTED_TAU, answered, of, span
from alliance_review.reporting.numbers import format_value

REGIMES = {
    "none": "Every number printed",
    "ours": "As in all that was coded",
    "eligible": "As in the three pools",
    "extreme": "Few numbers",
    "size": "Large results printed",
    "one_sided": "One-sided tests",
    "p_hacking": "Other outcomes tried",
    "picked": "Best rating picked",
    "wrong_alpha": "Laxer level",
    "direction": "Wrong signs",
    "skewed": "Skewed true effects",
    "two_point": "Two kinds of setting",
    "unpublished": "Nulls unpublished",
}
"""Ways of telling as readers know them, in the order in which they are shown."""

METHODS = {
    "every_report": "Every report",
    "every_report_wide": "Every report, t limits",
    "printed_reml": "Numbers only, REML",
    "printed_dl": "Numbers only, DL",
    "nulls_as_zero": "Nulls as zero",
    "vote_count": "Vote count",
    "sign_test": "Sign test",
}
"""Methods as readers know them."""

WITH_INTERVAL = tuple(METHODS)[:5]
WITH_ESTIMATE = tuple(name for name in WITH_INTERVAL if name != "every_report_wide")
"""The same without other limits around one estimate."""

ESTIMATORS = {
    "every_report": "Maximum likelihood",
    "every_report_wide": "The same, t limits",
    "every_report_reml": "Restricted likelihood",
    "every_report_bayes": "Bayesian",
}
"""Ways to pool every report, as readers know them."""

_WHAT = {
    "every_report": (
        "This review's method: maximum likelihood over numbers and words, profile interval",
        "no number, and no result called not significant",
    ),
    "every_report_wide": (
        "The same estimate; limits where the deviance reaches t² with k − 1 degrees of freedom "
        "in place of chi-square",
        "as above, or only two reports",
    ),
    "printed_reml": (
        "Printed numbers alone: restricted likelihood, Hartung–Knapp interval",
        "fewer than two numbers",
    ),
    "printed_dl": (
        "Printed numbers alone: DerSimonian–Laird, normal interval",
        "fewer than two numbers",
    ),
    "nulls_as_zero": (
        "Numbers, and r = 0 for each result called not significant; significant results in words "
        "left out; REML, Hartung–Knapp",
        "fewer than two such results",
    ),
    "vote_count": (
        "Whichever is most frequent: significant and positive, not significant, significant and "
        "negative; a tie finds nothing",
        "nothing reported at all",
    ),
    "sign_test": (
        "Exact two-sided test that positive and negative directions are equally frequent, among "
        "those known: numbers, and significant results in words",
        "no direction known",
    ),
}


def percent(value: float | None) -> str | None:
    """A share as the book prints it."""
    return None if value is None else format_value(float(value), "pct")


def regimes(design: Mapping[str, Any]) -> pd.DataFrame:
    """Every way of telling in words, with the parameters of the stored design."""
    p = design["regimes"]
    numbers = {name: f"{percent(p[name]['significant'])} of significant results, "
                     f"{percent(p[name]['not_significant'])} of others"
               for name in ("ours", "eligible", "extreme")}  # fmt: skip
    told = {
        "none": "Every result is printed as a number.",
        "ours": f"A number is printed for {numbers['ours']}, by chance; words for the rest. These "
        "are the shares among all effects that were coded, left out or not.",
        "eligible": f"The same with {numbers['eligible']}: the shares in the three pools of the "
        "review.",
        "extreme": f"The same with {numbers['extreme']}: the shares in the extended pool.",
        "size": f"Of significant results those beyond {p['size']['beyond']:g} times the critical "
        f"value get a number in {percent(p['size']['far'])}, those nearer to it in "
        f"{percent(p['size']['near'])}.",
        "one_sided": f"{percent(p['one_sided']['share'])} of the studies test one-sided, for a "
        "positive association; the reader takes all tests for two-sided.",
        "p_hacking": "Unless the first outcome is significant and positive, the largest of "
        f"{p['p_hacking']['outcomes']} outcomes is reported (errors correlate at "
        f"{format_value(p['p_hacking']['correlation'], 'r')}).",
        "picked": f"The largest of {p['picked']['ratings']} ratings or time points is reported, "
        f"always (errors correlate at {format_value(p['picked']['correlation'], 'r')}).",
        "wrong_alpha": f"{percent(p['wrong_alpha']['share'])} of the studies call significant "
        f"what reaches {format_value(p['wrong_alpha']['alpha'], 'r')}; the reader takes it for "
        f"{format_value(design['alpha'], 'r')}.",
        "direction": f"{percent(p['direction']['share'])} of the significant results, numbers or "
        "words, are read with the wrong sign.",
        "skewed": "True effects have a long tail upwards (exponential), not a normal distribution.",
        "two_point": f"True effects have two values: a large one in "
        f"{percent(p['two_point']['share'])} of the studies, a small one in the others.",
        "unpublished": f"{percent(p['unpublished']['share'])} of the results that are not "
        "significant never appear at all; those that do are as many as under the other ways.",
    }
    return pd.DataFrame(
        {"Way of telling": REGIMES[name], "What happens": told[name],
         "Our assumption": "holds" if name in FITTING else "broken"}
        for name in REGIMES
    )  # fmt: skip


def methods() -> pd.DataFrame:
    """What each method does, and when it has no answer."""
    return pd.DataFrame(
        {"Method": METHODS[name], "What it does": what, "No answer where": never}
        for name, (what, never) in _WHAT.items()
    )


def _range(write: Callable[[Any], str | None]) -> Callable[[Mapping], str]:
    def words(ends: Mapping) -> str:
        low, high = write(ends["low"]), write(ends["high"])
        return "–" if low is None else low if low == high else f"{low} to {high}"

    return words


def r(value: float | None) -> str | None:
    """A value on Fisher z with two decimals, in the style of a correlation."""
    return None if value is None else format_value(value, "r" if abs(value) <= 1 else "f2")


def _plain_percent(value: float | None) -> str | None:
    return None if value is None else format_value(100 * value, "f0")


#: Measures that are shares; measures of all reviews, whether the method has an answer or not.
_SHARES = {"coverage", "no_answer", "rejects", "rejects_rightly", "tau_coverage",
           "prediction_coverage"}  # fmt: skip
_OF_ALL = {"no_answer", "rejects", "rejects_rightly"}


def ranges(
    rows: Sequence[Mapping], measure: str, methods: Iterable[str] = WITH_INTERVAL
) -> pd.DataFrame:
    """Lowest to highest value of a measure over true r and tau, by way of telling and method.

    Shares are in percent, all else on Fisher z. What is measured among the reviews with an answer
    leaves out combinations in which hardly any has one (``answered``).
    """
    rows = list(rows) if measure in _OF_ALL else answered(rows)
    write = _range(_plain_percent if measure in _SHARES else r)
    return pd.DataFrame(
        {"Way of telling": title}
        | {METHODS[m]: write(span(of(rows, regime=name, method=m), measure)) for m in methods}
        for name, title in REGIMES.items()
    )


def estimators(rows: Sequence[Mapping], regime: str = "ours") -> pd.DataFrame:
    """Ways to pool every report, by the spread of true effects; ranges over true r."""
    lines = []
    for tau in sorted({row["tau"] for row in rows}):
        for method, title in ESTIMATORS.items():
            mine = of(rows, regime=regime, method=method, tau=tau)
            lines.append({
                "True tau": r(tau), "Estimator": title, "Reviews": int(mine[0]["reviews"]),
                "Bias": _range(r)(span(mine, "bias")),
                "Coverage, %": _range(_plain_percent)(span(mine, "coverage")),
                "Width": _range(r)(span(mine, "width")),
                "Bias of tau": _range(r)(span(mine, "tau_bias")),
                "Coverage of tau, %": _range(_plain_percent)(span(mine, "tau_coverage")),
                "Prediction, %": _range(_plain_percent)(span(mine, "prediction_coverage")),
            })  # fmt: skip
    return pd.DataFrame(lines)


def prediction(rows: Sequence[Mapping]) -> pd.DataFrame:
    """How often prediction intervals hold a new true effect, by way of telling and true tau.

    Ranges over true r in percent; ways of telling whose true effects are not normal have none.
    """
    some = [row for row in rows if row["tau"] > 0 and row["prediction_coverage"] is not None]
    shown = {name: METHODS[name] for name in ("every_report", "every_report_wide")}
    return pd.DataFrame(
        {"Way of telling": title}
        | {f"{words}, tau {r(tau)}": _range(_plain_percent)(
            span(of(some, regime=name, method=method, tau=tau), "prediction_coverage"))
           for method, words in shown.items() for tau in sorted({row["tau"] for row in some})}
        for name, title in REGIMES.items() if of(some, regime=name)
    )  # fmt: skip


def found(rows: Sequence[Mapping], true_r: float) -> pd.DataFrame:
    """Percent of reviews that find a positive association, by way of telling and method.

    At the spread of true effects at which single cells are quoted; for a true r of 0 the percent
    that find any association, of either sign.
    """
    measure = "rejects" if true_r == 0 else "rejects_rightly"
    lines = []
    for name, title in REGIMES.items():
        line = {"Way of telling": title}
        for method, words in METHODS.items():
            cell = of(rows, regime=name, method=method, r=true_r, tau=QUOTED_TAU)[0]
            line[words] = _plain_percent(cell[measure])
        lines.append(line)
    return pd.DataFrame(lines)


def cells(rows: Sequence[Mapping], regime: str, method: str = "every_report") -> pd.DataFrame:
    """Every cell of one way of telling and one method, Monte Carlo standard errors in brackets."""

    def with_error(row, name, places, factor=1.0):
        value, error = (format_value(float(factor * row[key]), f"f{places}")
                        for key in (name, f"{name}_mcse"))  # fmt: skip
        return f"{value} ({error})"

    return pd.DataFrame(
        {"True r": r(row["r"]), "True tau": r(row["tau"]),
         "Numbers": format_value(row["numbers"], "f1"), "Bias": with_error(row, "bias", 3),
         "Empirical SE": with_error(row, "empirical_se", 3),
         "Coverage, %": with_error(row, "coverage", 1, 100.0),
         "Width": with_error(row, "width", 3),
         "Finds a positive association, %": with_error(row, "rejects_rightly", 1, 100.0),
         "Coverage of tau, %": with_error(row, "tau_coverage", 1, 100.0)}
        for row in of(rows, regime=regime, method=method)
    )  # fmt: skip
