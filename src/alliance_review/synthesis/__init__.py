"""Statistics of meta-analysis: arrays or reports in, frozen results out.

No file is read here, nothing is drawn, and nothing here knows what is reviewed. Effects are on
one scale throughout, in this review Fisher z; readers see r = tanh(z).

- one pool: ``pool``, ``tau2_interval``, ``tau2_lr_test``, ``bayesian_pool``
- many at once: ``pool_many``, ``simulate``, ``coverage``, ``bootstrap``
- what if: ``leave_one_out``, ``cumulative``, ``subsets``, ``gosh``, ``influence``, ``baujat``,
  ``blup``
- why they differ: ``meta_regression``, ``subgroup_analysis``, ``permutation_test``
- effects that depend on one another: ``three_level``, ``robust_variance``, ``aggregate_effects``
- small studies, selective reporting: ``egger_test``, ``rank_test``, ``trim_and_fill``,
  ``pet_peese``, ``henmi_copas``, ``excess_significance``, ``fail_safe_n``, ``selection_model``,
  ``p_uniform_star``
- results in words: ``Report``, ``pool_reports``, ``bayesian_reports``, ``three_level_reports``,
  ``contrast_reports``, ``profile``; many at once: ``pool_report_sets``, ``report_subsets``,
  ``leave_one_out_reports``; what each tells and whether they fit: ``report_information``,
  ``check_forms``; what may be missing: ``pool_reports_tilted``, ``pool_reports_selected``,
  ``selection_test``
- planning: ``power_of_mean``, ``power_of_q``, ``power_of_subgroups``, ``required_studies`` ...
"""

from .baujat import Baujat, baujat
from .bayes.model import bayesian_pool
from .bayes.result import BayesianPool
from .bias.excess_significance import ExcessSignificance, excess_significance
from .bias.fail_safe import FailSafeN, fail_safe_n
from .bias.funnel_tests import EggerTest, RankTest, egger_test, rank_test
from .bias.henmi_copas import HenmiCopas, henmi_copas
from .bias.pet_peese import BiasRegression, PetPeese, pet_peese
from .bias.trim_and_fill import TrimAndFill, trim_and_fill
from .blup import Blup, blup
from .checks import NoMaximum
from .crosscheck import by_statsmodels
from .gosh import Gosh, gosh
from .heterogeneity import METHODS
from .influence import Influence, influence
from .multilevel.clusters import Composites, aggregate_effects
from .multilevel.intervals import variance_intervals
from .multilevel.model import three_level
from .multilevel.result import ThreeLevel, ThreeLevelRegression, VarianceIntervals
from .multilevel.robust import robust_variance
from .multilevel.robust_result import RobustRegression, RobustVariance
from .pooled_sets import PooledSets, pool_many
from .pooling import Pooled, pool
from .power.heterogeneity import power_of_q, power_of_q_fixed, required_studies_q, smallest_tau2
from .power.mean import (
    power_of_mean,
    required_n_per_study,
    required_studies,
    required_variance,
    smallest_effect,
)
from .power.moderators import power_of_slope, power_of_subgroups, smallest_slope
from .power.q_distribution import q_tail
from .regression.fit import MetaRegression, Predicted, meta_regression, variance_inflation
from .regression.permutation import PermutationTest, permutation_test
from .reports.clustered.model import three_level_reports
from .reports.clustered.result import ThreeLevelReports
from .reports.contrast.model import contrast_reports
from .reports.contrast.result import ReportContrast
from .reports.critical import critical_z
from .reports.pooling import PooledReports, Profile, pool_reports, profile
from .reports.posterior.model import bayesian_reports
from .reports.posterior.result import BayesianReports
from .reports.record.form_check import FormCheck, check_forms
from .reports.record.information import ReportInformation, report_information
from .reports.record.selected import SelectedReports, pool_reports_selected
from .reports.record.selection_test import SelectionTest, selection_test
from .reports.record.tilted import TiltedReports, pool_reports_tilted
from .reports.report import Report, report_bounds
from .reports.sensitivity import ReportSubsets, leave_one_out_reports, report_subsets
from .reports.sets import PooledReportSets, pool_report_sets
from .selection.model import selection_model
from .selection.p_uniform import PUniformStar, p_uniform_star
from .selection.result import SelectionModel
from .sensitivity import cumulative, leave_one_out, subsets
from .simulation import Bootstrap, Coverage, bootstrap, coverage, simulate
from .subgroups import SubgroupAnalysis, subgroup_analysis
from .tau_intervals import TauInterval, tau2_interval
from .tau_test import TauTest, tau2_lr_test

__all__ = [
    "Baujat",
    "BayesianPool",
    "BayesianReports",
    "BiasRegression",
    "Blup",
    "Bootstrap",
    "Composites",
    "Coverage",
    "EggerTest",
    "ExcessSignificance",
    "FailSafeN",
    "FormCheck",
    "Gosh",
    "HenmiCopas",
    "Influence",
    "METHODS",
    "MetaRegression",
    "NoMaximum",
    "PUniformStar",
    "PermutationTest",
    "PetPeese",
    "Pooled",
    "PooledReportSets",
    "PooledReports",
    "PooledSets",
    "Predicted",
    "Profile",
    "RankTest",
    "Report",
    "ReportContrast",
    "ReportInformation",
    "ReportSubsets",
    "RobustRegression",
    "RobustVariance",
    "SelectedReports",
    "SelectionModel",
    "SelectionTest",
    "SubgroupAnalysis",
    "TauInterval",
    "TauTest",
    "ThreeLevel",
    "ThreeLevelRegression",
    "ThreeLevelReports",
    "TiltedReports",
    "TrimAndFill",
    "VarianceIntervals",
    "aggregate_effects",
    "baujat",
    "bayesian_pool",
    "bayesian_reports",
    "blup",
    "bootstrap",
    "by_statsmodels",
    "check_forms",
    "contrast_reports",
    "coverage",
    "critical_z",
    "cumulative",
    "egger_test",
    "excess_significance",
    "fail_safe_n",
    "gosh",
    "henmi_copas",
    "influence",
    "leave_one_out",
    "leave_one_out_reports",
    "meta_regression",
    "p_uniform_star",
    "permutation_test",
    "pet_peese",
    "pool",
    "pool_many",
    "pool_report_sets",
    "pool_reports",
    "pool_reports_selected",
    "pool_reports_tilted",
    "power_of_mean",
    "power_of_q",
    "power_of_q_fixed",
    "power_of_slope",
    "power_of_subgroups",
    "profile",
    "q_tail",
    "rank_test",
    "report_bounds",
    "report_information",
    "report_subsets",
    "required_n_per_study",
    "required_studies",
    "required_studies_q",
    "required_variance",
    "robust_variance",
    "selection_model",
    "selection_test",
    "simulate",
    "smallest_effect",
    "smallest_slope",
    "smallest_tau2",
    "subgroup_analysis",
    "subsets",
    "tau2_interval",
    "tau2_lr_test",
    "three_level",
    "three_level_reports",
    "trim_and_fill",
    "variance_inflation",
    "variance_intervals",
]
