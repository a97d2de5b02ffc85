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
        Where the Paule-Mandel search stops, an absolute error in Q.

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
    for name, method, options in (("DL", "dl", {}), ("PM", "pm", {"atol": tolerance})):
        result = combine_effects(y, v, method_re=method, **options)
        valid = result.tau2 >= 0
        answer[name] = {
            "tau2": max(0.0, float(result.tau2)),
            "estimate": float(result.mean_effect_re) if valid else np.nan,
            "se": float(result.sd_eff_w_re) if valid else np.nan,
            "se_hksj": float(np.sqrt(result.var_hksj_re)) if valid else np.nan,
            "q": float(result.q),
        }
    return answer
