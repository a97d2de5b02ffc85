"""How often a result is printed as a number, given that it is significant or not."""

from collections.abc import Mapping, Sequence

import numpy as np

from alliance_review.analysis.descriptive import judged
from alliance_review.analysis.pools import Z95
from alliance_review.evidence import Evidence
from alliance_review.synthesis import Report
from alliance_review.synthesis.reports.record.kinds import NOT, observed_class

KINDS = ("significant", "not_significant")
DRAWS, SEED = 4000, 1


def sample_counts(data: Evidence) -> dict[str, np.ndarray]:
    """Judged effects of every sample, by tier: an array (samples, kind, printed or in words).

    Samples in the order of their identifiers. ``all`` is every tier, ``eligible`` every tier but
    the excluded.
    """
    effects = data.effects
    tier = effects["tier"].to_numpy(dtype=object)
    significant, printed, sure = judged(effects)
    samples, sample = np.unique(effects["sample_id"].to_numpy(dtype=str), return_inverse=True)
    counts = {}
    for name in ("core", "adherence", "extended", "excluded", "all"):
        rows = np.flatnonzero(sure & ((tier == name) | (name == "all")))
        counts[name] = np.zeros((samples.size, 2, 2), dtype=int)
        np.add.at(counts[name], (sample[rows], 1 - significant[rows], 1 - printed[rows]), 1)
    return counts | {"eligible": counts["all"] - counts["excluded"]}


def outside(counts: Mapping[str, np.ndarray], tier: str) -> np.ndarray:
    """Chance of a number for a significant and another result among the effects of no such tier."""
    rest = (counts["all"] - counts[tier]).sum(axis=0)
    return rest[:, 0] / rest.sum(axis=1)


def chances(counts: Mapping[str, np.ndarray]) -> dict:
    """Chance of a number by significance, by tier, with intervals; ``few``: a cell below five.

    ``low`` and ``high``: Wilson's interval, as if every effect stood for itself.
    ``cluster_low``, ``cluster_high`` and the interval of the odds ratio: percentiles of a bootstrap
    that draws whole samples, since the effects of one sample share their authors and their habits
    of printing. Such a bootstrap needs no model of how alike they are, which a handful of effects
    in each sample could not support. Where a cell is empty the odds ratio is no finite number, and
    drawing the same samples again cannot tell how far it reaches: there is none. With ``few`` the
    percentiles are rough.
    ``design_effect``: variance of the log odds ratio over draws against independent effects.
    """
    return {name: _chance(part) for name, part in counts.items()}


def _chance(counts: np.ndarray) -> dict:
    there = counts[counts.sum(axis=(1, 2)) > 0]
    table = there.sum(axis=0)
    rng = np.random.default_rng(SEED)
    weights = rng.multinomial(len(there), np.full(len(there), 1 / len(there)), DRAWS)
    drawn = np.einsum("bs,skf->bkf", weights, there)
    out: dict = {"samples": len(there), "effects": int(table.sum()), "seed": SEED, "draws": DRAWS,
                 "few": bool(table.min() < 5)}  # fmt: skip
    for kind, row, draws in zip(KINDS, table, np.moveaxis(drawn, 1, 0), strict=True):
        number, total = int(row[0]), int(row.sum())
        held = draws[draws.sum(axis=1) > 0]
        ends = np.quantile(held[:, 0] / held.sum(axis=1), (0.025, 0.975)) if number else (None,) * 2
        low, high = wilson(number, total) if total else (None, None)
        out[kind] = {"number": number, "total": total, "share": number / total if total else None,
                     "low": low, "high": high, "cluster_low": ends[0],
                     "cluster_high": ends[1]}  # fmt: skip
    names = ("odds_ratio", "odds_ratio_low", "odds_ratio_high", "design_effect")
    return out | dict(zip(names, _odds_ratio(table, drawn), strict=True))


def one_per_sample(reports_of: Mapping[str, Sequence[Report]]) -> dict:
    """The same over the selected effects of all pools: no two of one sample in the same pool.

    ``p_value``: Fisher's exact test, which here may take them as independent.
    """
    from scipy.stats import fisher_exact  # slow to load, needed here alone

    reports = [report for part in reports_of.values() for report in part]
    other = np.array([observed_class(report) == NOT for report in reports])
    printed = np.array([report.form == "exact" for report in reports])
    out: dict = {"effects": len(reports)}
    for kind, chosen in zip(KINDS, (~other, other), strict=True):
        number, total = int((chosen & printed).sum()), int(chosen.sum())
        low, high = wilson(number, total) if total else (None, None)
        out[kind] = {"number": number, "total": total, "share": number / total if total else None,
                     "low": low, "high": high}  # fmt: skip
    table = [[part["number"], part["total"] - part["number"]]
             for part in (out[kind] for kind in KINDS)]  # fmt: skip
    return out | {"p_value": float(fisher_exact(table).pvalue)}


def _odds_ratio(table, drawn):
    if not table.all():
        return None, None, None, None
    # half an effect in every cell of a draw: some draws have an empty one
    logs = np.log(drawn + 0.5)
    logs = logs[:, 0, 0] - logs[:, 0, 1] - logs[:, 1, 0] + logs[:, 1, 1]
    low, high = np.exp(np.quantile(logs, (0.025, 0.975)))
    odds = table[0, 0] * table[1, 1] / (table[0, 1] * table[1, 0])
    return odds, low, high, logs.var() / (1 / (table + 0.5)).sum()


def wilson(number: int, total: int) -> tuple[float, float]:
    """Wilson's (1927) 95 % interval of a share."""
    share, half = number / total, Z95**2 / (2 * total)
    spread = Z95 * np.sqrt(share * (1 - share) / total + (half / Z95) ** 2)
    low, high = ((share + half + sign * spread) / (1 + 2 * half) for sign in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))
