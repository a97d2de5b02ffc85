"""What statsmodels answers: common effect, DL, PM, Hartung-Knapp, regression, Egger."""

from collections.abc import Callable, Iterator

import numpy as np
from statsmodels.api import OLS, WLS
from statsmodels.stats.meta_analysis import combine_effects


def questions(y, v) -> Iterator[tuple[str, Callable]]:
    """Pairs of a key and a function that answers it as {field: number or numbers}."""

    def fit(method, t):
        return combine_effects(y, v, method_re=method, use_t=t)

    def common():
        r = fit("dl", False)
        return {"estimate": r.mean_effect_fe, "se": r.sd_eff_w_fe, "q": r.q, "i2": 100 * r.i2}

    def random(method, t):
        r = fit(method, t)
        low, high = r.conf_int(use_t=t)[3 if t else 1]
        se = np.sqrt(r.var_hksj_re) if t else r.sd_eff_w_re
        return {
            "tau2": r.tau2,
            "estimate": r.mean_effect_re,
            "se": se,
            "ci_low": low,
            "ci_high": high,
        }

    def regression():
        design = np.column_stack([np.ones(y.size), np.sqrt(v)])
        r = WLS(y, design, weights=1 / v).fit(cov_type="fixed scale")
        return {"estimate": r.params, "se": r.bse}

    def egger():
        r = OLS(y / np.sqrt(v), np.column_stack([np.ones(y.size), 1 / np.sqrt(v)])).fit()
        return {"statistic": r.tvalues[0], "p_value": r.pvalues[0], "limit": r.params[1]}

    yield "FE/z", common
    for method in ("dl", "pm"):
        for test, t in (("z", False), ("hksj", True)):
            yield f"{method.upper()}/{test}", lambda m=method, t=t: random(m, t)
    yield "regression/FE/z", regression
    yield "egger", egger
