"""The kept results of the simulation study, and what the prose takes from them.

The study itself is ``alliance_review.simulation_study``; it runs for minutes, so its results are
stored in ``validation/simulation`` and only read here.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from alliance_review import paths
from alliance_review.evidence.read import as_written

from .simulated_claims import (
    CHOSEN,
    FEW,
    FITTING,
    QUOTED_R,
    QUOTED_TAU,
    answered,
    of,
    predicates,
    span,
    under,
)

TEXTS = ("regime", "method")
QUOTED = ("bias", "coverage", "width", "median_width", "rejects", "rejects_rightly", "no_answer",
          "above", "below")  # fmt: skip


def rows() -> list[dict[str, Any]]:
    """One line per way of telling, true r, true tau and method; None where nothing is defined.

    Raises
    ------
    ValueError
        If no results are stored.
    """
    found = as_written(paths.SIMULATION, paths.SIMULATION_RESULTS.stem)
    if not found:
        raise ValueError("no results of the simulation study: run `make simulate`")
    return [
        {key: value if key in TEXTS else float(value) if value else None
         for key, value in row.items()} for row in found
    ]  # fmt: skip


def design() -> dict[str, Any]:
    """The stored design: sizes, rates, parameters, seed."""
    return json.loads((paths.SIMULATION / "design.json").read_text("utf-8"))


def by_method(lines: list[Mapping]) -> dict:
    """Ranges over the cells of one way of telling, and its quoted cells, by method."""
    out = {}
    for method in dict.fromkeys(row["method"] for row in lines):
        mine = of(lines, method=method)
        out[method] = {name: span(answered(mine), name)
                       for name in ("bias", "coverage", "width", "tau_coverage")}  # fmt: skip
        out[method] |= {"no_answer": span(mine, "no_answer"),
                        "false": span(of(mine, r=0.0), "rejects")}  # fmt: skip
        for r in (0.0, QUOTED_R):
            cell = of(mine, r=r, tau=QUOTED_TAU)[0]
            out[method][f"at_r{round(100 * r)}"] = {name: cell[name] for name in QUOTED}
    return out


def less(pool: Mapping[str, float], bias: float) -> dict[str, float]:
    """A pooled r and its limits with a bias on Fisher z taken off."""
    return {key: float(np.tanh(np.arctanh(pool[key]) - bias)) for key in ("r", "r_low", "r_high")}


def stays(one: float, two: float) -> str:
    """What the lower limit does with one fault taken off, and with two of its size."""
    said = "stays above zero" if one > 0 else "does not stay above zero"
    again = "it still would" if two > 0 else "it would not"
    return (f"with one fault of this strength the lower limit {said}; with two of them (twice the "
            f"bias taken off) {again}")  # fmt: skip


def listed(numbers: Sequence[float], joined: str) -> str:
    """True values as prose has them: ``0, .1 or .2``."""
    said = [f"{number:g}".replace("0.", ".", 1) for number in numbers]
    return f" {joined} ".join(filter(None, (", ".join(said[:-1]), said[-1])))


def add_to(tree: dict) -> None:
    """Add the branch ``simulation`` to the results, and to ``predicates`` what is said of it.

    Parameters
    ----------
    tree : dict
        The results, with ``pools``, ``estimates`` and ``predicates``.
    """
    found = summary(tree["pools"]["core"]["rows"])
    pool, bias = tree["pools"]["core"]["all_reports"], found["broken"]["bias"]["high"]
    found["core_t"] = tree["estimates"]["core"]["t_limits"]
    found["core_less"] = less(pool, bias)
    found["core_less_two"] = less(pool, 2 * bias)
    # Words of the evidence, not of the stored results: they follow it and stop nothing.
    found["core_less"]["words"] = stays(
        found["core_less"]["r_low"], found["core_less_two"]["r_low"])  # fmt: skip
    found["record_words"] = (
        "the core pool has changed since, and `make simulate` runs the study at its present sizes"
        if found["record_changed"] else "the core pool has the same sizes today"
    )  # fmt: skip
    tree["simulation"] = found
    tree["predicates"] |= predicates(rows())


def summary(core: Sequence[Mapping]) -> dict:
    """The branch ``simulation`` of the results tree, from the stored results and the core's rows.

    Bias and widths are on Fisher z. ``record_changed``: the record is no longer the one whose
    sample sizes the study has. Bias, coverage and width leave out cells in which a method has an
    answer in fewer than ``FEW`` of the reviews.
    """
    lines, plan = rows(), design()
    told = {name: of(lines, regime=name) for name in plan["regimes"]}
    own = of(lines, method="every_report")
    parts = {"fitting": under(own, FITTING),
             "broken": [row for row in own if row["regime"] not in FITTING],
             "chosen": under(own, CHOSEN),
             "broken_t": [row for row in of(lines, method="every_report_wide")
                          if row["regime"] not in FITTING]}  # fmt: skip
    sizes = sorted([row["n_low"], row["n_high"]] if row["n"] is None else [row["n"], row["n"]]
                   for row in core)  # fmt: skip
    return {
        "reviews": plan["reviews"],
        "slow_reviews": int(of(lines, method="every_report_reml")[0]["reviews"]),
        "studies": len(plan["sizes"]),
        "cells": len(own),
        "total": plan["reviews"] * len(own),
        "regimes": len(told),
        "broken_regimes": len(told) - len(FITTING),
        "record_changed": sizes != sorted(plan["sizes"]),
        "coverage_mcse": max(row["coverage_mcse"] for row in own),
        "bias_mcse": max(row["bias_mcse"] for row in own),
        "counts": plan["record"],
        "design": planned(plan),
        "numbers": {name: span(told[name], "numbers") for name in told},
        "regime": {name: by_method(told[name]) for name in told},
        "spread": {
            name: {method: span(of(under(lines, FITTING), method=method, tau=tau), "coverage")
                   for method in ("every_report", "every_report_wide")}
            for name, tau in (("none", min(plan["tau"])), ("largest", max(plan["tau"])))
        },
        **predicted(under(lines, FITTING)),
        **{name: {measure: span(some, measure)
                  for measure in ("bias", "coverage", "no_answer", "tau_coverage")}
           | {"false": span(of(some, r=0.0), "rejects")}
           for name, some in parts.items()},
        "chosen_numbers": numbers_alone(under(of(lines, method="printed_reml"), CHOSEN)),
        "fitting_numbers": {
            name: numbers_alone(under(of(lines, method=f"printed_{name}"), FITTING))
            for name in ("reml", "dl")
        },
    }  # fmt: skip


def numbers_alone(lines: list[Mapping]) -> dict:
    """Ranges of a method of printed numbers: coverage and bias where it answers, false findings."""
    some = answered(lines)
    return {"coverage": span(some, "coverage"), "bias": span(some, "bias"),
            "false": span(of(lines, r=0.0), "rejects")}  # fmt: skip


def predicted(lines: list[Mapping]) -> dict:
    """How often prediction intervals hold a new true effect where true effects differ."""
    spread = [row for row in lines if row["tau"] > 0]
    return {name: span(of(spread, method=method), "prediction_coverage")
            for name, method in (("prediction", "every_report"),
                                 ("prediction_t", "every_report_wide"),
                                 ("prediction_reml", "every_report_reml"))}  # fmt: skip


def planned(plan: Mapping[str, Any]) -> dict:
    """What the page says of the design: true values in words, levels, priors, all parameters."""
    priors = plan["options"]["every_report_bayes"]
    return {
        "r_or": listed(plan["r"], "or"), "tau_or": listed(plan["tau"], "or"),
        "tau_and": listed(plan["tau"], "and"),
        "tau_largest": max(plan["tau"]), "quoted_r": QUOTED_R, "quoted_tau": QUOTED_TAU,
        "alpha": plan["alpha"], "level": plan["level"],
        "false": 1 - plan["level"], "few": FEW,
        "prior": {"mean": priors["mean_prior"][0], "mean_sd": priors["mean_prior"][1],
                  "tau_family": priors["tau_prior"][0], "tau_scale": priors["tau_prior"][1]},
        "regimes": plan["regimes"],
    }  # fmt: skip
