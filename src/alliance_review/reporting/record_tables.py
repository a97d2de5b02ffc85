"""Tables of the record: this version's estimates, the change log, verification, environment."""

import math
import re
from collections.abc import Iterable, Mapping

import pandas as pd

from alliance_review.reporting.tables import interval, r, words


def estimates(results: Mapping) -> pd.DataFrame:
    """The pooled estimates of this version, as the change log will keep them."""
    version = results["meta"]["version"]
    rows = []
    for tier, pool in results["pools"].items():
        fits = [("all reports", pool["all_reports"] | {"samples": pool["all_reports"]["k"]})]
        if "REML" in pool["printed_only"]:
            printed = pool["printed_only"]
            fits.append(("printed numbers, REML", printed["REML"] | {"samples": printed["k"]}))
        rows += [
            {"Version": version, "Pool": tier, "Method": method, "Samples": fit["samples"],
             "r": r(fit["r"]), "95 % interval": interval(fit["r_low"], fit["r_high"]),
             "Tau": r(fit["tau"])}
            for method, fit in fits
        ]  # fmt: skip
    return pd.DataFrame(rows)


def history(data) -> pd.DataFrame:
    """The change log of released versions, newest first; one line says so while it is empty."""
    rows = data.history.sort_values(["date", "version"], ascending=False, kind="stable")
    listed = [
        {"Version": row["version"], "Date": row["date"], "Pool": row["pool"],
         "Method": words(row["method"]), "Samples": str(row["k"]), "r": r(row["r"]),
         "95 % interval": interval(row["r_low"], row["r_high"]), "What changed": row["change"]}
        for row in rows.to_dict("records")
    ]  # fmt: skip
    none = dict.fromkeys(("Date", "Pool", "Method", "Samples", "r", "95 % interval"), "–")
    return pd.DataFrame(
        listed or [{"Version": "none"} | none | {"What changed": "no version has been superseded"}]
    )


def verification(ours: Mapping[str, float], reference: Mapping[str, float]) -> pd.DataFrame:
    """Our results beside reference results, and the significant digits that agree.

    Twelve digits and more are shown as such: beyond that the last bits of the machine decide.

    Raises
    ------
    KeyError
        If the reference lacks a quantity.
    """
    return pd.DataFrame(
        {"Quantity": name, "Here": f"{value:.10g}", "Reference": f"{reference[name]:.10g}",
         "Digits that agree": digits(value, reference[name])}
        for name, value in ours.items()
    )  # fmt: skip


def digits(value: float, reference: float) -> str:
    """Significant digits to which two numbers agree, ``12 or more`` at most."""
    if value == reference:
        return "12 or more"
    apart = abs(value - reference) / max(abs(value), abs(reference))
    agree = max(0, math.floor(-math.log10(apart)))
    return "12 or more" if agree >= 12 else str(agree)


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
