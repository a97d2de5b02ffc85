"""Effect sizes: from what a paper prints to a correlation, from r to Fisher's z, and back.

Pure functions of numbers and arrays. Every function that returns a correlation returns it on the
r scale, in the open interval (-1, 1), and refuses a statistic so large that r would be rounded to
1 or -1. Inputs outside their range raise ``ValueError`` with words that say which value is refused
and why: a wrong effect size is worse than none. Scalars give floats, arrays give arrays of the
shape to which the arguments broadcast.

``from_statistic`` is the one place where a name leads to a formula, for tables in which every row
states its conversion.

The modules: ``from_tests``, ``from_wald``, ``from_groups``, ``from_ratios`` and
``from_coefficients`` lead to r, ``to_tests`` to ``to_coefficients`` undo them; ``correlations``,
``unbiased`` and ``critical`` have scales, variances and critical values of r, ``partial`` and
``semipartial`` those of a predictor among others; ``differences``, ``small_sample``,
``difference_variances``, ``tables`` and ``ratios`` have d, g and log ratios with their variances;
``registry`` has the formulas by name.
"""

from .correlations import r_to_z, r_variance, z_to_r, z_variance, z_variance_of_r
from .critical import critical_r, critical_z
from .difference_variances import d_variance, d_variance_of_r, g_variance, r_variance_of_d
from .differences import d_from_means, d_from_t, t_from_d
from .from_coefficients import from_coefficient, from_coefficient_interval, from_standardised
from .from_groups import from_d, from_odds_ratio
from .from_ratios import (
    from_hazard_ratio,
    from_hazard_ratio_events,
    from_ratio_interval,
    standard_error,
    wald_z_of_ratio,
)
from .from_tests import from_f, from_p, from_r_squared, from_t
from .from_wald import from_p_normal, from_wald_z
from .partial import partial_variance, partial_z_variance
from .ratios import d_to_log_odds, log_hazard_ratio_variance, log_odds_to_d, log_ratio
from .registry import BACK, CONVERSIONS, FIGURES, GIVEN, from_statistic, to_statistic
from .semipartial import (
    partial_to_semipartial,
    semipartial_r,
    semipartial_to_partial,
    semipartial_to_t,
    semipartial_variance,
)
from .small_sample import d_to_g, g_to_d, small_sample_factor
from .tables import log_odds_ratio, log_risk_ratio
from .to_coefficients import to_coefficient, to_coefficient_interval, to_standardised
from .to_groups import to_d, to_odds_ratio
from .to_ratios import to_hazard_ratio, to_hazard_ratio_events, to_ratio_interval
from .to_tests import to_f, to_p, to_r_squared, to_t
from .to_wald import to_p_normal, to_wald_z
from .unbiased import unbiased_r, unbiased_r_variance

__all__ = [
    "BACK",
    "CONVERSIONS",
    "FIGURES",
    "GIVEN",
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
