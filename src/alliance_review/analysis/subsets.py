"""The pool of every subset of the samples, and what the presence of each sample does."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from alliance_review import synthesis
from alliance_review.analysis.pools import to_report
from alliance_review.analysis.t_limits import FEWEST, above_zero_t

MAX_SUBSET_SAMPLES = 14


def subsets(rows: pd.DataFrame) -> dict:
    """Estimate and interval of every subset of the samples, summarised.

    Subsets whose likelihood has no maximum (all reports one-sided) are counted, not dropped
    silently. ``above`` and the ``members`` of the named sample hold one digit per point: 1 where
    the interval lies above zero, and where the sample is in the subset.
    ``share_above_zero_t`` is the share of t intervals above zero among the subsets of three or more
    samples, ``share_above_zero_three`` that of the plain intervals of the same subsets.

    Raises
    ------
    ValueError
        If there are too many samples for every subset.
    """
    records = rows.to_dict("records")
    if len(records) > MAX_SUBSET_SAMPLES:
        raise ValueError(
            f"every subset of {len(records)} samples is too many to show, {MAX_SUBSET_SAMPLES} at "
            "most: raise MAX_SUBSET_SAMPLES and its like in synthesis, or show a random part"
        )
    reports = [to_report(row) for row in records]
    table = synthesis.report_subsets(reports, intervals=True)
    kept = np.isfinite(table.estimate)
    members, r = np.asarray(table.members)[kept], np.tanh(np.asarray(table.estimate)[kept])
    above, k = np.asarray(table.ci_low)[kept] > 0, members.sum(axis=1)
    several = k >= FEWEST
    above_t = above_zero_t(reports, members[several].T) if several.any() else None
    samples = [
        {"sample_id": str(row["sample_id"]), "label": row["label"]}
        | presence(members[:, i], r, above)
        for i, row in enumerate(records)
    ]
    place = max(range(len(samples)), key=lambda i: abs(samples[i]["difference"]))
    named = samples[place] | {"members": digits(members[:, place])}
    return {
        "count": len(kept),
        "no_maximum": int((~kept).sum()),
        "with_estimate": int(kept.sum()),
        "median": float(np.median(r)),
        "low": float(np.quantile(r, 0.025)),
        "high": float(np.quantile(r, 0.975)),
        "share_positive": float(np.mean(r > 0)),
        "above_zero": int(above.sum()),
        "share_above_zero": float(above.mean()),
        "three_or_more": int(several.sum()),
        "share_above_zero_three": float(above[several].mean()) if several.any() else None,
        "share_above_zero_t": None if above_t is None else float(above_t.mean()),
        "points": [{"k": int(a), "r": round(float(b), 4)} for a, b in zip(k, r, strict=True)],
        "above": digits(above),
        "by_size": [
            {"k": int(size), "count": int((k == size).sum()),
             "share_above_zero": float(above[k == size].mean())}
            for size in np.unique(k)
        ],
        "samples": samples,
        "named": named,
        "median_with": {sample["sample_id"]: sample["median_with"] for sample in samples},
    }  # fmt: skip


def digits(flags: Iterable[bool]) -> str:
    """Flags as text, a digit each: 1 for true."""
    return "".join("01"[bool(flag)] for flag in flags)


def presence(member: np.ndarray, r: np.ndarray, above: np.ndarray) -> dict:
    """What the presence of a sample does: subsets with it against subsets without it.

    Parameters
    ----------
    member, r, above : ndarray, shape (B,)
        Of every subset: whether the sample is in it, its pooled r, and whether its interval lies
        above zero.

    Raises
    ------
    ValueError
        If the sample is in all of them or in none.
    """
    sides = {"with": member, "without": ~member}
    if not all(side.any() for side in sides.values()):
        raise ValueError("a sample that is in every subset, or in none, cannot be judged")
    out = {f"median_{name}": float(np.median(r[side])) for name, side in sides.items()}
    out |= {f"above_{name}": float(above[side].mean()) for name, side in sides.items()}
    return out | {
        "difference": out["median_with"] - out["median_without"],
        "above_difference": out["above_with"] - out["above_without"],
    }
