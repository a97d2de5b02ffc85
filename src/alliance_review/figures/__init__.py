"""Figures of the review: each takes plain results and returns a figure and its alt text."""

from .benchmarks import benchmark_forest
from .evidence_map import evidence_map
from .flow import flow
from .forest import forest
from .funnel import funnel
from .likelihood import profile_likelihood
from .multiverse import multiverse_curve
from .pathways import path_diagram, scenario
from .robustness import leave_one_out, specification_curve
from .sensitivity import selection_sensitivity, tilt_sensitivity
from .style import TOKENS
from .subsets import subset_plot
from .svg import to_svg
from .tipping import tipping_study
from .words import reading_words

__all__ = [
    "TOKENS",
    "benchmark_forest",
    "evidence_map",
    "flow",
    "forest",
    "funnel",
    "leave_one_out",
    "multiverse_curve",
    "path_diagram",
    "profile_likelihood",
    "reading_words",
    "scenario",
    "selection_sensitivity",
    "specification_curve",
    "subset_plot",
    "tilt_sensitivity",
    "tipping_study",
    "to_svg",
]
