"""Effect sizes: from what a paper prints to a correlation, from r to Fisher's z, and back.

Pure functions of numbers and arrays. Every function that returns a correlation returns it on the
r scale, in the open interval (-1, 1); the statistics of the review run on Fisher's z. Inputs
outside their range raise ``ValueError`` with words that say which value is refused and why: a
wrong effect size is worse than none.

Which conversion a row of the evidence uses is stated in the row; ``from_statistic`` is the one
place where a name leads to a formula, and ``data/conversions.csv`` documents the same names.

The modules: ``correlations`` (scales and variances of r), ``partial``, ``from_tests``,
``from_groups`` and ``from_models`` (to r), ``back`` (from r), ``differences`` and ``ratios`` (d, g,
log ratios and their variances), ``registry`` (formulas by name).
"""

from .back import (
    to_coefficient,
    to_coefficient_interval,
    to_d,
    to_f,
    to_hazard_ratio,
    to_hazard_ratio_events,
    to_odds_ratio,
    to_p,
    to_p_normal,
    to_r_squared,
    to_ratio_interval,
    to_standardised,
    to_t,
    to_wald_z,
)
from .correlations import (
    critical_r,
    critical_z,
    r_to_z,
    r_variance,
    unbiased_r,
    unbiased_r_variance,
    z_to_r,
    z_variance,
    z_variance_of_r,
)
from .differences import (
    d_from_means,
    d_from_t,
    d_to_g,
    d_variance,
    d_variance_of_r,
    g_to_d,
    g_variance,
    r_variance_of_d,
    small_sample_factor,
    t_from_d,
)
from .from_groups import from_d, from_odds_ratio
from .from_models import (
    from_coefficient,
    from_coefficient_interval,
    from_hazard_ratio,
    from_hazard_ratio_events,
    from_ratio_interval,
    from_standardised,
    standard_error,
    wald_z_of_ratio,
)
from .from_tests import from_f, from_p, from_p_normal, from_r_squared, from_t, from_wald_z
from .partial import (
    partial_to_semipartial,
    partial_variance,
    partial_z_variance,
    semipartial_r,
    semipartial_to_partial,
    semipartial_to_t,
    semipartial_variance,
)
from .ratios import (
    d_to_log_odds,
    log_hazard_ratio_variance,
    log_odds_ratio,
    log_odds_to_d,
    log_ratio,
    log_risk_ratio,
)
from .registry import BACK, CONVERSIONS, from_statistic, to_statistic

__all__ = [
    "BACK",
    "CONVERSIONS",
    "critical_r",
    "critical_z",
    "d_from_means",
    "d_from_t",
    "d_to_g",
    "d_to_log_odds",
    "d_variance",
    "d_variance_of_r",
    "from_coefficient",
    "from_coefficient_interval",
    "from_d",
    "from_f",
    "from_hazard_ratio",
    "from_hazard_ratio_events",
    "from_odds_ratio",
    "from_p",
    "from_p_normal",
    "from_r_squared",
    "from_ratio_interval",
    "from_standardised",
    "from_statistic",
    "from_t",
    "from_wald_z",
    "g_to_d",
    "g_variance",
    "log_hazard_ratio_variance",
    "log_odds_ratio",
    "log_odds_to_d",
    "log_ratio",
    "log_risk_ratio",
    "partial_to_semipartial",
    "partial_variance",
    "partial_z_variance",
    "r_to_z",
    "r_variance",
    "r_variance_of_d",
    "semipartial_r",
    "semipartial_to_partial",
    "semipartial_to_t",
    "semipartial_variance",
    "small_sample_factor",
    "standard_error",
    "t_from_d",
    "to_coefficient",
    "to_coefficient_interval",
    "to_d",
    "to_f",
    "to_hazard_ratio",
    "to_hazard_ratio_events",
    "to_odds_ratio",
    "to_p",
    "to_p_normal",
    "to_r_squared",
    "to_ratio_interval",
    "to_standardised",
    "to_statistic",
    "to_t",
    "to_wald_z",
    "unbiased_r",
    "unbiased_r_variance",
    "wald_z_of_ratio",
    "z_to_r",
    "z_variance",
    "z_variance_of_r",
]
