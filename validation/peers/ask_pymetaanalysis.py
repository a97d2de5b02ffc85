"""What PyMetaAnalysis answers: FE, DL, PM, REML, intervals, regression, small-study tests."""

from collections.abc import Callable, Iterator

import meta_analyze
import numpy as np


def questions(y, v) -> Iterator[tuple[str, Callable]]:
    """Pairs of a key and a function that answers it as {field: number or numbers}."""
    tests = {"z": "normal", "hksj": "hartung_knapp", "hksj_adhoc": "hartung_knapp_adhoc"}

    def fit(method, test="z"):
        options = {"model": "common"} if method == "FE" else {"tau2_method": method}
        return meta_analyze.meta_analysis(effect=y, variance=v, ci_method=tests[test], **options)

    def pooled(method, test):
        r = fit(method, test)
        answer = {
            "estimate": r.estimate,
            "se": r.standard_error,
            "ci_low": r.ci_low,
            "ci_high": r.ci_high,
            "q": r.q,
            "q_p": r.q_pvalue,
            "i2": 100 * r.i2,
        }
        if method != "FE":
            low, high = r.prediction_interval or (np.nan, np.nan)
            answer |= {"tau2": r.tau2, "prediction_low": low, "prediction_high": high}
        return answer

    def interval():
        r = fit("REML").tau2_confidence_interval()
        return {"tau2_low": r.ci_low, "tau2_high": r.ci_high}

    def egger():
        r = fit("FE").egger_test()
        return {"statistic": r.statistic, "p_value": r.pvalue, "limit": r.limit_estimate}

    def rank():
        r = fit("FE").begg_test()
        return {"tau": r.tau, "p_value": r.pvalue}

    def filled(method, side):
        r = fit(method).trim_and_fill(side=side)
        return {"missing": r.k0, "estimate": r.adjusted_estimate, "tau2": r.adjusted_tau2}

    def left_out():
        table = fit("DL").leave_one_out().table
        return {name: table[name].to_numpy() for name in ("estimate", "tau2", "q")}

    def regression(method, test):
        options = {"model": "common"} if method == "FE" else {"tau2_method": method}
        r = meta_analyze.meta_regression(
            effect=y,
            variance=v,
            moderators={"se": np.sqrt(v)},
            inference_method=tests[test],
            **options,
        )
        table, test_of_all = r.coefficients, r.global_test
        return {
            "estimate": table["estimate"].to_numpy(),
            "se": table["standard_error"].to_numpy(),
            "p_value": table["pvalue"].to_numpy(),
            "q": r.heterogeneity.q,
            "q_moderators": test_of_all.statistic,
        } | ({} if method == "FE" else {"tau2": r.tau2})

    yield "FE/z", lambda: pooled("FE", "z")
    for method in ("DL", "PM", "REML"):
        for test in tests:
            yield f"{method}/{test}", lambda m=method, t=test: pooled(m, t)
    yield "interval", interval
    yield "egger", egger
    yield "rank", rank
    for method in ("FE", "DL", "REML"):
        for side in ("left", "right"):
            yield f"trim_and_fill/{method}/{side}", lambda m=method, s=side: filled(m, s)
    yield "leave_one_out/DL/z", left_out
    yield "regression/FE/z", lambda: regression("FE", "z")
    for method in ("DL", "PM", "REML"):
        for test in ("z", "hksj"):
            yield f"regression/{method}/{test}", lambda m=method, t=test: regression(m, t)
