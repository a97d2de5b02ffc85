"""Tables of the record: this version's estimates, the change log, environment."""

import math
import re
from collections.abc import Iterable, Mapping

import pandas as pd

from alliance_review.analysis import pools
from alliance_review.reporting.tables import FIELDS, interval, r, words

METHODS = {
    "all_reports": "all reports", "DL": "printed numbers, DL", "PM": "printed numbers, PM",
    "REML": "printed numbers, REML",
}  # fmt: skip
"""Methods of the change log as readers know them."""


def estimates(results: Mapping) -> pd.DataFrame:
    """The pooled estimates of this version, as the change log will keep them."""
    version = results["meta"]["version"]
    rows = []
    for tier, pool in results["pools"].items():
        every = pool["all_reports"]
        fits = [(METHODS["all_reports"], every | {"samples": every["k"]})]
        if "REML" in pool["printed_only"]:
            printed = pool["printed_only"]
            fits.append((METHODS["REML"], printed["REML"] | {"samples": printed["k"]}))
        rows += [
            {"Version": version, "Pool": tier, "Method": method, "Samples": fit["samples"],
             "r": r(fit["r"]), "95 % interval": interval(fit["r_low"], fit["r_high"]),
             "Tau": r(fit["tau"])}
            for method, fit in fits
        ]  # fmt: skip
    return pd.DataFrame(rows)


def fits(named: Mapping[str, object]) -> pd.DataFrame:
    """Pools of all reports side by side, one line per name, on the scale of r.

    Parameters
    ----------
    named : mapping
        Name -> what `alliance_review.synthesis.pool_reports` returned (Fisher z).

    Notes
    -----
    The prediction interval is that of the results (`alliance_review.analysis.pools.prediction`).
    """
    back = math.tanh
    return pd.DataFrame(
        {"Pool": name, "Samples": fit.k, "With a number": fit.k_exact, "r": r(back(fit.estimate)),
         "95 % interval": interval(back(fit.ci_low), back(fit.ci_high)), "Tau": r(fit.tau),
         "Prediction": interval(*map(back, pools.prediction(fit)))}
        for name, fit in named.items()
    )  # fmt: skip


def codes_that_stand(data) -> pd.DataFrame:
    """Where the two coders differed: whose code stands in the table of effects, by field."""
    names = [c for c in data.codes.columns if c not in ("effect_id", "coder")]
    codes = {c: part.set_index("effect_id")[names] for c, part in data.codes.groupby("coder")}
    first, second = codes["a"], codes["b"].loc[codes["a"].index]
    final = data.effects.set_index("effect_id").loc[first.index, names]
    rows = []
    for name in names:
        a, b, kept = (t[name].astype("string").fillna("") for t in (first, second, final))
        differ = a != b
        rows.append(
            {"Field": FIELDS.get(name, words(name)), "Differ": int(differ.sum()),
             "First coder's stands": int((differ & (kept == a)).sum()),
             "Second coder's stands": int((differ & (kept == b)).sum()),
             "Neither stands": int((differ & (kept != a) & (kept != b)).sum())}
        )  # fmt: skip
    table = pd.DataFrame(rows)
    total = {"Field": "all"} | {c: int(table[c].sum()) for c in table.columns[1:]}
    return pd.concat([table, pd.DataFrame([total])], ignore_index=True)


def change_log(results: Mapping, data) -> pd.DataFrame:
    """Estimates of this version, then of those it superseded, newest first.

    While no version has been superseded the table is that of `estimates`; later it has a column
    for the date of release and one for what changed.
    """
    rows = data.history.sort_values(["date", "version"], ascending=False, kind="stable")
    earlier = [
        {"Version": row["version"], "Pool": row["pool"], "Method": METHODS[row["method"]],
         "Samples": int(row["k"]), "r": r(row["r"]),
         "95 % interval": interval(row["r_low"], row["r_high"]), "Released": row["date"],
         "What changed": row["change"]}
        for row in rows.to_dict("records")
    ]  # fmt: skip
    now = estimates(results)
    if not earlier:
        return now
    now = now.assign(Released="this version").drop(columns="Tau")  # the log keeps no tau
    return pd.concat([now, pd.DataFrame(earlier)], ignore_index=True)


def environment(lock: str, names: Iterable[str]) -> pd.DataFrame:
    """Locked versions of the named packages, read from the text of the lock file.

    Where the lock holds several, for different versions of Python, all are shown.

    Raises
    ------
    ValueError
        If a package is not locked.
    """
    locked: dict[str, list[str]] = {}
    for name, version in re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", lock, flags=re.M):
        locked.setdefault(name, []).append(version)
    missing = [name for name in names if name not in locked]
    if missing:
        raise ValueError(f"not in the lock file: {', '.join(missing)}")
    return pd.DataFrame(
        {"Package": name, "Locked version": " or ".join(locked[name])} for name in names
    )
