"""What PyMARE answers: FE, DL, HE, ML, REML, Hartung-Knapp, Q-profile, regression, CR2."""

from collections.abc import Callable, Iterator

import numpy as np
from pymare import Dataset, estimators


def clustered(v) -> tuple[np.ndarray, np.ndarray]:
    """Labels of clusters of three in the order of the data, and variances equal within each.

    With unequal variances within a cluster CR2 is not one thing: see the README.
    """
    labels = np.arange(v.size) // 3
    return labels, (np.bincount(labels, v) / np.bincount(labels))[labels]


def questions(y, v) -> Iterator[tuple[str, Callable]]:
    """Pairs of a key and a function that answers it as {field: number or numbers}."""
    corrections = {
        "z": "wald",
        "hksj": "knapp-hartung",
        "hksj_adhoc": "knapp-hartung-conservative",
    }
    likelihood = estimators.VarianceBasedLikelihoodEstimator
    makers = {
        "FE": lambda **o: estimators.WeightedLeastSquares(**o),
        "DL": lambda **o: estimators.DerSimonianLaird(**o),
        "HE": lambda **o: estimators.Hedges(**o),
        "ML": lambda **o: likelihood(method="ML", **o),
        "REML": lambda **o: likelihood(method="REML", **o),
    }

    def summary(method, test, X=None):
        data = Dataset(y=y, v=v, X=X, add_intercept=True)
        make = makers[method](small_sample_correction=corrections[test])
        return make.fit_dataset(data).summary()

    def pooled(method, test):
        r = summary(method, test)
        s = {name: value.item() for name, value in r.get_fe_stats().items()}
        answer = {"estimate": s["est"], "se": s["se"], "ci_low": s["ci_l"], "ci_high": s["ci_u"]}
        return answer | {"p_value": s["p"], "tau2": np.asarray(r.tau2).item()}

    def heterogeneity():
        r = summary("FE", "z")
        h, limits = r.get_heterogeneity_stats(), r.get_re_stats()
        return {
            "q": h["Q"].item(),
            "q_p": h["p(Q)"].item(),
            "i2": h["I^2"].item(),
            "tau2_low": limits["ci_l"].item(),
            "tau2_high": limits["ci_u"].item(),
        }

    def regression(method, test):
        r = summary(method, test, np.sqrt(v)[:, None])
        s = r.get_fe_stats()
        answer = {name: s[key].ravel() for name, key in (("estimate", "est"), ("se", "se"))}
        return answer | {"p_value": s["p"].ravel(), "tau2": np.asarray(r.tau2).item()}

    def robust(method):
        labels, level = clustered(v)
        design = np.ones((y.size, 1))
        p = makers[method]().fit(y=y[:, None], X=design, v=level[:, None], g=labels).params_
        return {
            "estimate": p["fe_params"].item(),
            "se": np.sqrt(p["inv_cov"].item()),
            "df": p["dof"].item(),
        }

    yield "heterogeneity", heterogeneity
    if y.size >= 9:
        for method in ("FE", "DL"):
            yield f"robust/{method}", lambda m=method: robust(m)
    for method in makers:
        for test in corrections if method != "FE" else ("z",):
            yield f"{method}/{test}", lambda m=method, t=test: pooled(m, t)
        for test in ("z", "hksj") if method != "FE" else ("z",):
            yield f"regression/{method}/{test}", lambda m=method, t=test: regression(m, t)
