"""A second opinion from ``statsmodels``, for the verification chapter and the tests."""

import numpy as np

from . import checks


def by_statsmodels(y, v, *, tolerance: float = 1e-9) -> dict[str, dict[str, float]]:
    """Pool with ``statsmodels.stats.meta_analysis``: DL and PM, normal and Hartung-Knapp errors.

    Parameters
    ----------
    y, v : array_like, shape (k,)
        Effects and sampling variances, k >= 2.
    tolerance : float
        Where the Paule-Mandel search stops, an absolute error in Q; loosened to 1e-7 and 1e-5
        when the search cannot meet it.

    Returns
    -------
    dict
        "DL" and "PM", each with ``tau2, estimate, se, se_hksj, q``. ``tau2`` is floored at 0, as
        the definition of both has it; ``statsmodels`` itself lets DL fall below 0, and then its
        estimate and errors are not comparable and are ``nan``.
    """
    # loading statsmodels takes longer than all the rest, and only this function needs it
    from statsmodels.stats.meta_analysis import combine_effects

    y, v = checks.effects(y, v)
    answer = {}
    for name, method in (("DL", "dl"), ("PM", "pm")):
        for atol in (tolerance, 1e-7, 1e-5):
            options = {"atol": atol} if name == "PM" else {}
            with np.errstate(divide="ignore", invalid="ignore"):
                result = combine_effects(y, v, method_re=method, **options)
            # Its Paule-Mandel search returns 0 without a word when it cannot meet the tolerance;
            # a Q above its degrees of freedom says that 0 is not the answer.
            if name == "DL" or result.tau2 > 0 or result.q <= len(y) - 1:
                break
        valid = result.tau2 >= 0
        answer[name] = {
            "tau2": max(0.0, float(result.tau2)),
            "estimate": float(result.mean_effect_re) if valid else np.nan,
            "se": float(result.sd_eff_w_re) if valid else np.nan,
            "se_hksj": float(np.sqrt(result.var_hksj_re)) if valid else np.nan,
            "q": float(result.q),
        }
    return answer
