"""What decides whether a result is printed as a number, and what else could bend the pools.

Three questions, one after another: how often are significant and other results printed as numbers,
over all that this review coded; does each pool look as its fit and those chances predict; and what
would the pools be if printing depended on size, or if results were missing altogether.
"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from alliance_review import synthesis
from alliance_review.analysis import pools
from alliance_review.analysis.reporting_chances import (
    chances,
    one_per_sample,
    outside,
    sample_counts,
)
from alliance_review.evidence import Evidence
from alliance_review.synthesis import Report
from alliance_review.synthesis.reports.record.kinds import count_p, insignificant

TILTS = (-0.2, 0.0, 0.1, 0.2, 0.5, 1.0)
WEIGHTS = (1.0, 0.5, 0.25, 0.1)
TEST_DRAWS = 1000


def reporting_model(data: Evidence, usable: Mapping[str, pd.DataFrame]) -> dict:
    """All of this module, as the results tree holds it.

    Parameters
    ----------
    data : Evidence
        Its ``effects``, excluded ones too, are what chances are counted from.
    usable : mapping of tier to DataFrame
        The usable selected rows of each pool.
    """
    counts = sample_counts(data)
    out: dict = {"chance": chances(counts), "pools": {}}
    reports_of = {
        tier: [pools.to_report(row) for row in rows.to_dict("records")]
        for tier, rows in usable.items()
    }
    out["chance"]["selected"] = one_per_sample(reports_of)
    for tier, rows in usable.items():
        reports = reports_of[tier]
        labels = [str(label) for label in rows["label"]]
        rates = outside(counts, tier)
        out["pools"][tier] = {
            "forms": forms(reports, rates),
            "size": sizes(reports),
            "information": information(reports, labels),
            "tilted": tilted(reports),
            "selected": {kind: selected(reports, kind) for kind in ("two-sided", "positive")},
            "complete": complete(reports),
        }
    return out


def forms(reports: Sequence[Report], rates) -> dict:
    """Predicted against observed counts: kinds of results, and printed numbers.

    The kinds come from the fit of the pool. A report is a number with the chance ``rates`` of its
    kind, taken from the effects of other tiers, so that the pool does not predict itself.
    """
    check = synthesis.check_forms(list(reports))
    printed = check.probability @ np.array([rates[0], rates[1], rates[0]])
    number = sum(report.form == "exact" for report in reports)
    numbers = {"observed": number, "predicted": printed.sum(), "p_value": count_p(number, printed),
               "rate_significant": rates[0], "rate_not_significant": rates[1]}  # fmt: skip
    keep = ("chi_square", "chi_square_p", "deviance", "deviance_p", "draws_used", "seed", "k")
    plain = check.to_dict()
    return {name: plain[name] for name in keep} | {
        "kinds": [{"kind": kind, "observed": plain["observed"][i], "predicted":
                   plain["predicted"][i], "p_value": plain["p_value"][i]}
                  for i, kind in enumerate(plain["classes"])],
        "numbers": numbers,
        "residuals": [value for value in plain["residual"] if value is not None],
        "position_mean": plain["position_mean"],
        "position_p": plain["position_p"],
    }  # fmt: skip


def sizes(reports: Sequence[Report]) -> dict:
    """Significant results: how large the numbers are, and how small the words may be, in r.

    The sizes of words are unknown. They are at least critical, so the mean of the numbers is at
    most ``largest_difference`` above theirs; no lower bound is worth printing, as words may stand
    for any larger r. Without significant words or numbers the entries are None.
    """
    numbers, least = [], []
    for report in reports:
        if report.form not in ("exact", "significant"):
            continue
        n = np.mean(report.n)
        high = float(insignificant(report, np.array(n))[1])
        if report.form == "significant":
            least.append(np.tanh(high))
        elif abs(report.z) >= high:
            numbers.append(abs(np.tanh(report.z)))
    printed = float(np.mean(numbers)) if numbers else None
    worded = float(np.mean(least)) if least else None
    both = None if printed is None or worded is None else printed - worded
    return {"numbers": len(numbers), "words": len(least), "printed_mean_r": printed,
            "words_least_mean_r": worded, "largest_difference": both}  # fmt: skip


def information(reports: Sequence[Report], labels: Sequence[str]) -> dict:
    """What each report tells about the mean, and what leaving it out does."""
    found = synthesis.report_information(list(reports)).to_dict()
    keep = ("share", "equivalent_n", "efficiency", "expected_efficiency", "information_spread",
            "shift", "shift_se", "shift_tau", "deviance")  # fmt: skip
    rows = [{"label": label, "form": report.form} | {name: found[name][i] for name in keep}
            for i, (label, report) in enumerate(zip(labels, reports, strict=True))]  # fmt: skip
    worded = [row for row in rows if row["form"] != "exact"]
    return {
        "rows": rows,
        "se": found["se"],
        "se_spread": found["se_spread"],
        "kept": found["total_spread"] / found["total"],
        "words_share": sum(row["share"] for row in worded),
        # 3 is no information, so what counts is the size beyond it
        "words_equivalent_n": sum(row["equivalent_n"] - 3 for row in worded),
        "words_n": sum(float(np.mean(report.n)) - 3 for report in reports
                       if report.form != "exact"),
    }  # fmt: skip


def tilted(reports: Sequence[Report]) -> list[dict]:
    """The pool if larger significant results were printed more readily, in r."""
    fit = synthesis.pool_reports_tilted(list(reports), TILTS)
    base = fit.log_likelihood[TILTS.index(0.0)]
    return [row | {"tilt": tilt, "chance": plain(fit.chance[i]),
                   "deviance": plain(2 * (base - fit.log_likelihood[i]))}
            for i, (tilt, row) in enumerate(zip(TILTS, _in_r(fit), strict=True))]  # fmt: skip


def selected(reports: Sequence[Report], kind: str) -> list[dict]:
    """The pool if disfavoured results entered the record less often, in r."""
    fit = synthesis.pool_reports_selected(list(reports), WEIGHTS, selection=kind)
    base = fit.log_likelihood[WEIGHTS.index(1.0)]
    return [row | {"weight": weight, "unseen": plain(fit.unseen[i]),
                   "unseen_counted": plain(fit.unseen_counted[i]),
                   "deviance": plain(2 * (base - fit.log_likelihood[i]))}
            for i, (weight, row) in enumerate(zip(WEIGHTS, _in_r(fit), strict=True))]  # fmt: skip


def complete(reports: Sequence[Report]) -> dict:
    """Test of a complete record against missing results that are not significant."""
    found = synthesis.selection_test(list(reports), WEIGHTS[1:], draws=TEST_DRAWS)
    return {"statistic": found.statistic, "weight": found.best, "p_value": found.p_value,
            "draws_used": found.draws_used, "seed": found.seed}  # fmt: skip


def plain(value) -> float | None:
    """A number of the tree: None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def _in_r(fit) -> list[dict]:
    return [
        {"r": plain(np.tanh(fit.estimate[i])), "r_low": plain(np.tanh(fit.ci_low[i])),
         "r_high": plain(np.tanh(fit.ci_high[i])), "tau": plain(fit.tau[i]),
         "tau_low": plain(fit.tau_ci_low[i]), "tau_high": plain(fit.tau_ci_high[i]),
         "problem": fit.problem[i]}
        for i in range(fit.estimate.size)
    ]  # fmt: skip
