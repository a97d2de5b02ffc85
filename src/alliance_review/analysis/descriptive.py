"""Counts and comparisons that need no pooling: flow, map, reporting, agreement, benchmarks."""

from dataclasses import asdict

import numpy as np
import pandas as pd

from alliance_review import effect_sizes, evidence
from alliance_review.analysis import robustness
from alliance_review.analysis.pools import EXACT, plain
from alliance_review.evidence.derive import alternatives, rederive
from alliance_review.interpretation.implied import implied_heterogeneity

CODED = ("tier", "evidence_form", "sign", "clinician", "drug_role", "outcome_family", "adjusted",
         "construct", "unit_ok", "timing")  # fmt: skip

# Verdicts of the audit; one that nobody holds any more is counted as none.
VERDICTS = ("supported", "supported_with_caveats", "not_checkable", "source_differs",
            "psychotherapy_only", "citation_not_as_described")  # fmt: skip


def parameter(data: evidence.Evidence, name: str) -> str:
    """The value of a protocol parameter, as text."""
    return robustness.parameter(data.protocol, name)


def records(data: evidence.Evidence) -> dict:
    """How much of everything the review holds."""
    effects = data.effects
    return {
        "effects": len(effects),
        "effects_round1": int((effects["round"] == 1).sum()),
        "effects_round2": int((effects["round"] == 2).sum()),
        "round2_in_pools": int(((effects["round"] == 2) & (effects["tier"] != "excluded")).sum()),
        "studies": int(effects["study_id"].nunique()),
        "samples": int(effects["sample_id"].nunique()),
        "abstract_only": int((effects["source_depth"] == "abstract").sum()),
        "abstract_share": float((effects["source_depth"] == "abstract").mean()),
        "benchmarks": len(data.benchmarks),
        "claims": len(data.claims),
        "points": len(data.points),
        "policy": len(data.policy),
        "measures": len(data.measures),
        "queries": len(data.search_queries),
        "search_results": len(data.search_results),
        "tiers": {t: int(n) for t, n in effects["tier"].value_counts().sort_index().items()},
    }


def judged(effects: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Of every effect: is it significant, is it a printed number, can its significance be judged.

    A printed number is significant when its Fisher z passes the critical value for its own sample
    size at alpha .05, two-sided; a result in words is what its words say.
    """
    form = effects["evidence_form"].to_numpy(dtype=object)
    n, r = (effects[name].to_numpy(dtype=float, na_value=np.nan) for name in ("n", "r_coded"))
    printed = np.isin(form, sorted(EXACT))
    sized = printed & np.isfinite(r) & (n > 3)
    significant = form == "significant"
    significant[sized] = np.abs(np.arctanh(r[sized])) > effect_sizes.critical_z(n[sized], 0.05)
    return significant, printed, sized | (~printed & (form != "unusable"))


def reporting(data: evidence.Evidence) -> dict:
    """Who gets a number? Printed numbers among significant and non-significant results.

    ``p_value``: Fisher's exact test of the two shares, as if every association stood for itself.
    """
    from scipy.stats import fisher_exact  # slow to load, needed here alone

    rows = data.effects[data.effects["evidence_form"] != "unusable"]
    significant, printed, sure = judged(rows)

    def count(mask) -> dict:
        mask = np.asarray(mask) & sure
        out = {}
        for name, select in (("significant", significant), ("not_significant", ~significant)):
            total = int((mask & select).sum())
            number = int((mask & select & printed).sum())
            out[name] = {"total": total, "number": number, "words": total - number,
                         "share": number / total if total else None}  # fmt: skip
        table = [[part["number"], part["words"]] for part in out.values()]
        out["p_value"] = float(fisher_exact(table).pvalue)
        return out

    tiers = {t: count(rows["tier"] == t) for t in ("core", "adherence", "extended", "excluded")}
    return {
        "all": count(np.ones(len(rows), dtype=bool)),
        **tiers,
        "not_judged": int((~sure).sum()),
        "unusable": int((data.effects["evidence_form"] == "unusable").sum()),
    }


def kappa(a: pd.Series, b: pd.Series) -> float:
    """Cohen's kappa of two coders over the same rows (nominal categories)."""
    from statsmodels.stats.inter_rater import cohens_kappa

    table = pd.crosstab(a, b)
    levels = sorted(set(table.index) | set(table.columns), key=str)
    square = table.reindex(index=levels, columns=levels, fill_value=0)
    return float(cohens_kappa(square.to_numpy(), return_results=False))


def agreement(data: evidence.Evidence) -> dict:
    """Agreement of the two coders, field by field: kappa and raw agreement."""
    codes = data.codes.set_index("effect_id")
    a, b = (codes[codes["coder"] == coder] for coder in ("a", "b"))
    b = b.loc[a.index]
    fields = {}
    for field in CODED:
        x, y = (s[field].astype("string").fillna("none") for s in (a, b))
        fields[field] = {"kappa": kappa(x, y), "agreement": float((x == y).mean()),
                         "differ": int((x != y).sum())}  # fmt: skip
    kappas = [f["kappa"] for f in fields.values()]
    return {"effects": len(a), "fields": fields, "lowest": min(kappas), "highest": max(kappas)}


def rederivation(data: evidence.Evidence) -> dict:
    """Every number derived again from what was printed, beside the coder's value."""
    rows = rederive(data.effects)
    listed = [{k: plain(v) for k, v in row.items()} for row in rows.to_dict("records")]
    differ = [row for row in listed if row["agrees"] is False]
    others = [{k: plain(v) for k, v in row.items()}
              for row in alternatives(data.effects).to_dict("records")]  # fmt: skip
    return {"checked": len(listed), "agree": len(listed) - len(differ), "differ": len(differ),
            "disagreements": differ, "alternatives": others, "rows": listed}  # fmt: skip


def benchmark_r(row) -> dict:
    """A published pooled result on the scale of r; all None where it has no size.

    Each scale is turned into r by the row's named conversion. A risk difference is read as r
    (binomial effect size display); proportions of variance give the absolute value.
    """
    conversion = plain(row["conversion"])
    values = [plain(row[column]) for column in ("value", "ci_low", "ci_high")]
    if conversion not in effect_sizes.CONVERSIONS or values[0] is None:
        return {"r": None, "r_low": None, "r_high": None}
    r, *limits = [
        None if v is None else effect_sizes.from_statistic(conversion, value=v) for v in values
    ]
    if row["sign_reversed"] == "yes":
        r, limits = -r, [None if v is None else -v for v in reversed(limits)]
    return {"r": r, "r_low": limits[0], "r_high": limits[1]}


def benchmarks(data: evidence.Evidence) -> list[dict]:
    """Published pooled results on the scale of r, one entry per row that has one."""
    keep = ("label", "field", "association", "path", "rater", "k", "n", "citation_key", "note",
            "reported_as", "source_url")  # fmt: skip
    out = []
    for row in data.benchmarks.to_dict("records"):
        size = benchmark_r(row)
        if size["r"] is not None:
            out.append({"id": row["benchmark_id"], "headline": row["headline"] == "yes"}
                       | {key: plain(row[key]) for key in keep} | size)  # fmt: skip
    return out


def totura(data: evidence.Evidence) -> dict:
    """The predecessor's pooled result and what its interval implies."""
    rows = data.benchmarks
    row = rows[(rows["citation_key"] == "totura2018") & (rows["headline"] == "yes")].iloc[0]
    z, low, high = (float(row[c]) for c in ("value", "ci_low", "ci_high"))
    k, n = int(row["k"]), int(row["n"])
    cases = implied_heterogeneity(z, low, high, k, n)
    taus = [c.tau for c in cases]
    return {
        "z": z, "z_low": low, "z_high": high, "k": k, "n": n,
        "r": np.tanh(z), "r_low": np.tanh(low), "r_high": np.tanh(high),
        "implied": {
            "tau_low": min(taus), "tau_high": max(taus), "cases": len(cases),
            "prediction_r_low": np.tanh(min(c.prediction_low for c in cases)),
            "prediction_r_low_narrowest": np.tanh(max(c.prediction_low for c in cases)),
            "prediction_r_high": np.tanh(max(c.prediction_high for c in cases)),
            "prediction_r_high_narrowest": np.tanh(min(c.prediction_high for c in cases)),
            "rows": [asdict(c) for c in cases],
        },
    }  # fmt: skip


def claims(data: evidence.Evidence) -> dict:
    """The audit of what is commonly said, counted by verdict and by document."""
    table = data.claims

    def counts(rows: pd.DataFrame) -> dict[str, int]:
        return {verdict: int((rows["verdict"] == verdict).sum()) for verdict in VERDICTS}

    return {
        "total": len(table),
        "verdicts": counts(table),
        "by_document": {str(d): counts(part) for d, part in table.groupby("document")},
    }


# Sample sizes whose critical value the methods chapter names.
READING_SIZES = (31, 80, 813)


def reading_example(data: evidence.Evidence) -> dict:
    """The smallest observed r that is called significant, by sample size."""
    alpha = float(parameter(data, "alpha"))
    return {
        "alpha": alpha,
        "critical": [{"n": n, "r": float(effect_sizes.critical_r(n, alpha))}
                     for n in READING_SIZES],
    }  # fmt: skip
