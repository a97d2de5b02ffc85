"""The tables of the verification appendix: agreement with other software, reasons, timings."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from alliance_review.verification import fixtures, peers

TOPICS = {
    "pooling": "Pooling: common effect and eight estimators of tau², three tests",
    "fifty_digits": "Pooling, against fifty digits",
    "tau_intervals": "Intervals of tau²",
    "sensitivity": "Leave-one-out, cumulative",
    "subsets": "Every subset",
    "gosh": "Every subset, summaries",
    "influence": "Influence",
    "regression": "Meta-regression",
    "permutation": "Permutation tests",
    "subgroups": "Subgroups",
    "funnel": "Funnel asymmetry",
    "trim_and_fill": "Trim and fill",
    "fail_safe": "Fail-safe N",
    "pet_peese": "PET-PEESE",
    "bias_models": "Henmi–Copas, excess significance",
    "selection": "Selection models",
    "multilevel": "Three-level models, robust errors",
    "effect_sizes": "Effect sizes",
    "reports": "Reports in words: censored regression",
    "reports_posterior": "Reports in words: sampled posterior",
    "peers": "Other packages",
    "published": "Printed results",
}
"""Topics of the verification in the order in which they are shown."""


def difference(value: float) -> str:
    """A relative difference as a power of ten, rounded up: "10⁻¹²" for 3e-13."""
    if value == 0:
        return "none"
    exponent = 0
    while value <= 10.0 ** (exponent - 1) and exponent > -15:
        exponent -= 1
    return f"10{str(exponent).translate(_RAISED)}" if exponent else "1 or more"


_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


#: Quantity of the page -> how ``verification`` names it, for metafor (topics and names) and for
#: the other packages (after the name of the package).
MATRIX = (
    ("Pooled effect", {"pooling": ("estimate",)}, ("estimate",)),
    ("Its standard error", {"pooling": ("standard error",)}, ("standard error",)),
    ("Its interval", {"pooling": ("confidence interval",)}, ("confidence interval",)),
    ("p value", {"pooling": ("p value",)}, ("p value",)),
    ("tau²", {"pooling": ("tau squared",)}, ("tau squared",)),
    ("I²", {"pooling": ("I squared",)}, ("I squared",)),
    ("Q and its p value", {"pooling": ("Q", "p value of Q")}, ("Q", "p value of Q")),
    ("Prediction interval", {"pooling": ("prediction interval", "prediction interval, k - 2")},
     ("prediction interval",)),
    ("Interval of tau²", {"tau_intervals": None}, ("interval of tau squared",)),
    ("Leave-one-out, cumulative", {"sensitivity": None},
     ("leave one out, estimate", "leave one out, tau squared", "leave one out, Q")),
    ("Every subset of the first ten effects", {"subsets": None, "gosh": None}, ()),
    ("Influence", {"influence": None}, ()),
    ("Meta-regression", {"regression": None},
     ("meta-regression, estimate", "meta-regression, standard error", "meta-regression, p value",
      "meta-regression, tau squared", "meta-regression, Q",
      "meta-regression, test of the moderators")),
    ("Permutation tests", {"permutation": None}, ()),
    ("Subgroups", {"subgroups": None}, ()),
    ("Funnel asymmetry, PET-PEESE", {"funnel": None, "pet_peese": None},
     ("Egger's test, statistic", "Egger's test, p value", "Egger's test, limit",
      "rank test, Kendall's tau", "rank test, p value")),
    ("Trim and fill", {"trim_and_fill": None},
     ("trim and fill, number missing", "trim and fill, estimate", "trim and fill, tau squared")),
    ("Fail-safe N", {"fail_safe": None}, ()),
    ("Henmi–Copas, excess significance", {"bias_models": None}, ()),
    ("Selection models", {"selection": None}, ()),
    ("Three-level models, robust errors", {"multilevel": None}, ()),
    ("Robust errors (CR2) of a pool", {},
     ("cluster-robust, estimate", "cluster-robust, standard error",
      "cluster-robust, degrees of freedom")),
    ("Correlations and their variances", {"effect_sizes": None}, ()),
)  # fmt: skip
NOT_METAFOR = ("meta: ", "puniform: ", "weightr: ", "polished: ")
"""How quantities begin whose reference is another R package, or an optimum polished to more digits
than metafor has."""


def by_package(rows: Sequence[Any]) -> pd.DataFrame:
    """Largest difference per quantity and package; a dash where the package has no such result."""
    peers = [row for row in rows if row.topic == "peers"]
    lines = []
    for title, reference, names in MATRIX:
        mine = [
            row for row in rows
            if row.topic in reference and not row.quantity.startswith(NOT_METAFOR)
            and not row.quantity.endswith(", polished")
            and (reference[row.topic] is None or row.quantity in reference[row.topic])
        ]  # fmt: skip
        count = f"{sum(row.comparisons for row in mine):,}" if mine else "–"
        line = {"Quantity": title, "Numbers": count, "metafor": _worst(mine)}
        for package in PACKAGES[1:]:
            wanted = {f"{package}: {name}" for name in names}
            line[package] = _worst([row for row in peers if row.quantity in wanted])
        lines.append(line)
    return pd.DataFrame(lines)


def _worst(rows: Sequence[Any]) -> str:
    return difference(max(row.largest for row in rows)) if rows else "–"


def topics(rows: Sequence[Any]) -> pd.DataFrame:
    """The same by topic: how much is compared, and the largest difference of any quantity."""
    lines = []
    for topic, title in TOPICS.items():
        mine = [row for row in rows if row.topic == topic]
        if mine:
            worst = max(mine, key=lambda row: row.largest)
            lines.append(
                {"Topic": title, "Numbers compared": f"{sum(m.comparisons for m in mine):,}",
                 "Largest difference": difference(worst.largest),
                 "Where it occurs":
                     readable(f"{worst.quantity}: {worst.where}") if worst.largest else "–"}
            )  # fmt: skip
    return pd.DataFrame(lines)


NAMES = {
    "aloe2013": "Aloe 2013", "bangertdrowns2004": "Bangert-Drowns 2004", "bcg": "BCG vaccine",
    "cohen1981": "Cohen 1981", "crede2010": "Credé 2010",
    "konstantopoulos2011": "Konstantopoulos 2011", "mcdaniel1994": "McDaniel 1994",
    "molloy2014": "Molloy 2014", "raudenbush1985": "Raudenbush 1985",
}  # fmt: skip
"""The nine data sets as the tables call them."""

_WORDS = {
    "tau squared": "tau²", "I squared": "I²", "H squared": "H²", "R squared": "R²",
    "tau2": "tau²", "ablat_year": "latitude and year", "ablat": "latitude",
    "hksj_adhoc": "ad hoc Hartung–Knapp", "hksj": "Hartung–Knapp",
    ' (prediction="riley")': "", "Hartung-Knapp": "Hartung–Knapp", "Henmi-Copas": "Henmi–Copas",
    "DerSimonian-Laird": "DerSimonian–Laird", "X'WX": "X\N{MODIFIER LETTER CAPITAL T}WX",
    "negative_exponential": "negative exponential", "tiny_scale_1e-4": "effects of size 1e-4",
    "huge_scale_1e3": "effects of size 1,000", "one_giant_n": "one giant study",
    "one_outlier": "one outlier", "identical_effects": "equal effects",
    "equal_variances": "equal variances", "n4_to_12": "4 to 12 subjects",
    "tiny_n_large_r": "few subjects, large r", "'": "\N{RIGHT SINGLE QUOTATION MARK}",
} | NAMES  # fmt: skip
_PATTERNS = (
    (r"\bcor(\d+)_k(\d+)_mu([\d.]+)_tau([\d.]+)", r"made-up set \1 (k = \2, mean \3, tau \4)"),
    (r"\bbimodal_(\w+?)_(\d)\b", lambda m: f"two maxima ({m[1].replace('_', ' ')}), set {m[2]}"),
    (r"\bk([23])\b(?! [=-])", r"\1 effects"),
    (r"\b(\d+(?:\.\d+)?)e([+-]?\d+)\b", lambda m: _power(m[1], int(m[2]))),
    (r"(?<![\w.])-(?=\d)", "\N{MINUS SIGN}"),
    (r"(?<=\w) - (?=\w)", " \N{MINUS SIGN} "),
)


def _power(number: str, exponent: int) -> str:
    times = "" if number == "1" else f"{number}\N{NO-BREAK SPACE}×\N{NO-BREAK SPACE}"
    return f"{times}10{str(exponent).translate(_RAISED)}"


def readable(text: str) -> str:
    """A technical phrase as the book writes it: 1e-5 is 10⁻⁵, "tau squared" is tau²."""
    for code, words in _WORDS.items():
        text = text.replace(code, words)
    for pattern, words in _PATTERNS:
        text = re.sub(pattern, words, text)
    return text


def reasons(found: Mapping[str, Sequence[tuple[str, str]]]) -> pd.DataFrame:
    """What does not agree, or is not compared, and why: topic -> pairs of what and why.

    Things of one topic with the same cause stand in one line, the first two of them by name.
    """
    lines = []
    for topic in TOPICS:
        causes: dict[str, list[str]] = {}
        for what, why in found.get(topic, ()):
            causes.setdefault(why, []).append(what)
        lines += [
            {"Topic": TOPICS[topic], "What": readable(_few(what)), "Why": readable(why)}
            for why, what in causes.items()
        ]
    return pd.DataFrame(lines)


def _few(things: Sequence[str]) -> str:
    more = [f"and {len(things) - 2} more"] if len(things) > 3 else things[2:]
    return "; ".join([*things[:2], *more])


def published(documents: Mapping[str, Mapping]) -> pd.DataFrame:
    """Printed analyses by document: where, how many numbers, how many ours round to."""
    lines = []
    for document in documents.values():
        # what stands before a colon is the place, what follows one of several results there
        places = list(dict.fromkeys(a["where"].split(":")[0] for a in document["analyses"]))
        printed = sum(map(_numbers, (a["printed"] for a in document["analyses"])))
        differs = sum(
            _numbers({field: a["printed"][field] for field in a.get("differs", {})})
            for a in document["analyses"]
        )
        own = " (output of metafor)" if document.get("prints_metafor") else ""
        lines.append(
            {"Document": document["title"] + own, "address": document["read_at"],
             "Where": "; ".join(places), "Numbers printed": str(printed),
             "Ours round to them": str(printed - differs)}
        )  # fmt: skip
    sums = {name: str(sum(int(line[name]) for line in lines))
            for name in ("Numbers printed", "Ours round to them")}  # fmt: skip
    lines.append({"Document": "All", "address": "", "Where": "–"} | sums)
    return pd.DataFrame(lines)


def _numbers(printed: Mapping[str, Any]) -> int:
    """Numbers printed; a list holds one per coefficient."""
    return sum(len(value) if isinstance(value, list) else 1 for value in printed.values())


def data_sets() -> pd.DataFrame:
    """The nine data sets by the name that the other tables use."""
    effects = fixtures.load("effects")
    return pd.DataFrame(
        {"Name": NAMES[name], "Effects": str(data["k"]), "What": data["origin"]}
        for name, data in sorted(effects.items())
    )  # fmt: skip


def left_out(rows: Sequence[Any]) -> pd.DataFrame:
    """Numbers that the Python packages gave, those compared (``rows``), and fits they refused."""
    lines = []
    for package, (given, refused) in peers.given().items():
        mine = (r for r in rows if r.topic == "peers" and r.quantity.startswith(f"{package}: "))
        compared = sum(row.comparisons for row in mine)
        lines.append({"Package": package, "Numbers given": f"{given:,}",
                      "Compared": f"{compared:,}", "Left out": f"{given - compared:,}",
                      "Fits refused": str(refused)})  # fmt: skip
    return pd.DataFrame(lines)


def seconds(value: float) -> str:
    """A time in the unit that suits it, three digits at most."""
    for unit, size in (("s", 1.0), ("ms", 1e-3), ("µs", 1e-6)):
        if value >= size or unit == "µs":
            break
    number = value / size
    return f"{number:,.0f}\N{NO-BREAK SPACE}{unit}" if number >= 10 else (
        f"{number:.1f}\N{NO-BREAK SPACE}{unit}"
    )


PACKAGES = ("metafor", "statsmodels", "PyMARE", "PyMetaAnalysis")


def _two_digits(value: float) -> int:
    return int(float(f"{value:.2g}"))


def timings(kept: Mapping) -> pd.DataFrame:
    """Kept times of ``benchmarks/engine.py``: ours, and how many times as long the others take."""
    lines = []
    for task, times in kept["seconds"].items():
        ours = times["this review"]
        line = {"Task": task[:1].upper() + task[1:], "Here": seconds(ours)}
        for package in PACKAGES:
            name = next((n for n in times if n.startswith(package)), None)
            if name is None:
                line[package] = "–"
            else:
                ratio = times[name] / ours
                line[package] = f"× {ratio:.1f}" if ratio < 10 else f"× {_two_digits(ratio):,}"
        lines.append(line)
    return pd.DataFrame(lines)


def measured_on(kept: Mapping) -> pd.DataFrame:
    """Machine and versions of the kept times."""
    machine = kept["machine"]
    lines = {
        "Processor": machine["processor"],
        "Cores, of which used": f"{machine['cores']}, {machine['threads_used']}",
        "System": machine["system"],
        "Time": "CPU time, median of rounds in which all take turns",
    } | dict(kept["versions"])
    return pd.DataFrame({"What": what, "Value": str(value)} for what, value in lines.items())
