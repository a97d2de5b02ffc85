"""What is simulated: sizes, true values, ways of telling, numbers of reviews, the seed."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from alliance_review import evidence, paths
from alliance_review.analysis import descriptive, pools
from alliance_review.analysis.estimators import prior_pair

#: True correlations, and standard deviations of true effects on Fisher z.
TRUE_R = (0.0, 0.1, 0.2, 0.3)
TRUE_TAU = (0.0, 0.1, 0.2)
#: Parameters of the ways of telling that are no rates of the record; see ``regimes``.
ASSUMED = {
    "size": {"beyond": 1.5, "far": 0.6, "near": 0.15},
    "one_sided": {"share": 0.5},
    "p_hacking": {"outcomes": 3, "correlation": 0.5},
    "picked": {"ratings": 3, "correlation": 0.7},
    "wrong_alpha": {"share": 0.5, "alpha": 0.1},
    "direction": {"share": 0.1},
    "skewed": {},
    "two_point": {"share": 0.25},
    "unpublished": {"share": 0.5},
}
#: Pools whose effects meet the criteria of the review.
POOLS = ("core", "adherence", "extended")
#: Ways of telling whose true effects are not normal; the same as "ours" where all are equal.
NEEDS_SPREAD = frozenset({"skewed", "two_point"})


class Cell(NamedTuple):
    """One way of telling at one true mean and one true spread."""

    regime: str
    r: float
    tau: float

    @property
    def mu(self) -> float:
        """The true mean on the scale of Fisher z."""
        return float(np.arctanh(self.r))


@dataclass(frozen=True)
class Design:
    """The whole study as plain values.

    Attributes
    ----------
    seed, reviews, chunk, slow : int
        Seed of everything; reviews per cell; how many of them one task simulates; how many of
        those the slow methods pool.
    alpha, level : float
        Of the studies' two-sided tests as a reader takes them; of all intervals.
    r, tau : tuple of float
        True correlations, and standard deviations of true effects on Fisher z.
    sizes : tuple of (int, int)
        Lowest and highest sample size of each study, equal where it is known.
    record : dict
        The counts that the rates come from.
    regimes : dict
        Name -> parameters of every way of telling.
    options : dict
        Method -> what it is asked for besides the level: the priors of the Bayesian analysis.
    """

    seed: int
    reviews: int
    chunk: int
    slow: int
    alpha: float
    level: float
    r: tuple[float, ...]
    tau: tuple[float, ...]
    sizes: tuple[tuple[int, int], ...]
    record: Mapping[str, Any]
    regimes: Mapping[str, Mapping[str, Any]]
    options: Mapping[str, Mapping[str, Any]]

    def cells(self) -> Iterator[Cell]:
        """Every cell, in the order of the results."""
        for regime in self.regimes:
            for r in self.r:
                for tau in self.tau:
                    if tau > 0 or regime not in NEEDS_SPREAD:
                        yield Cell(regime, r, tau)

    def chunks(self) -> range:
        """Positions of the tasks of a cell."""
        return range(-(-self.reviews // self.chunk))

    def generator(self, cell: Cell, chunk: int) -> np.random.Generator:
        """The random generator of one task: the same whoever runs it, and when."""
        place = (list(self.regimes).index(cell.regime), self.r.index(cell.r),
                 self.tau.index(cell.tau), chunk)  # fmt: skip
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=place))

    def text(self) -> str:
        """The design as JSON."""
        return json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n"


def from_text(text: str) -> Design:
    """A design from its JSON."""
    plain = json.loads(text)
    plain["sizes"] = tuple(tuple(pair) for pair in plain["sizes"])
    return Design(**plain | {name: tuple(plain[name]) for name in ("r", "tau")})


def stored(folder: Path = paths.SIMULATION) -> Design:
    """The design of the results that are kept."""
    return from_text((folder / "design.json").read_text("utf-8"))


def shares(counts: Mapping[str, Mapping]) -> dict[str, float]:
    """Chance of a printed number for a significant result and for one that is not."""
    return {name: counts[name]["number"] / counts[name]["total"]
            for name in ("significant", "not_significant")}  # fmt: skip


def together(counts: Iterable[Mapping[str, Mapping]]) -> dict[str, dict[str, int]]:
    """The counts of several parts of the record added up."""
    parts = list(counts)
    return {name: {key: sum(part[name][key] for part in parts) for key in ("number", "total")}
            for name in ("significant", "not_significant")}  # fmt: skip


def priors(protocol: Mapping[str, Any]) -> dict[str, list]:
    """The priors of the protocol, as ``bayesian_reports`` takes them."""
    return {"mean_prior": [0.0, float(protocol["prior_mean_sd"])],
            "tau_prior": list(prior_pair(protocol["prior_tau"]))}  # fmt: skip


def present() -> dict:
    """What ``from_record`` needs of the results tree, straight from the evidence.

    The tree itself holds the kept results of the study, which may be missing or of another form.
    """
    data = evidence.load()
    rows = pools.selected(data, "core")
    keep = ["effect_id", "n", "n_low", "n_high"]
    used = rows[rows["usable"] == "yes"][keep].to_dict("records")
    return {
        "pools": {"core": {"rows": [{k: pools.plain(v) for k, v in row.items()} for row in used]}},
        "reporting": descriptive.reporting(data),
        "protocol": dict(zip(data.protocol["parameter"], data.protocol["value"], strict=True)),
    }


def from_record(
    results: Mapping[str, Any], *, reviews: int, seed: int, chunk: int = 1000, slow: int = 200
) -> Design:
    """The study at the sample sizes and reporting rates of the present record.

    Parameters
    ----------
    results : mapping
        The results tree: sizes from ``pools.core``, rates from ``reporting``, priors and levels
        from ``protocol``.
    reviews, seed, chunk, slow : int
        As in ``Design``.

    Notes
    -----
    "ours" takes the rates of all effects of the record whose significance is known: those of the
    core pool alone rest on so few effects that none of its results "not significant" has a number,
    which as a rate would be certain. "eligible" takes those of the three pools together, "extreme"
    those of the extended pool, the most silent part of the record.
    """
    rows = sorted(results["pools"]["core"]["rows"], key=lambda row: row["effect_id"])
    sizes = tuple(
        (row["n_low"], row["n_high"]) if row["n"] is None else (row["n"], row["n"]) for row in rows
    )
    reporting = results["reporting"]
    record = {name: {part: {key: reporting[name][part][key] for key in ("number", "total")}
                     for part in ("significant", "not_significant")}
              for name in ("all", *POOLS)}  # fmt: skip
    record["eligible"] = together(record[name] for name in POOLS)
    ours = shares(record["all"])
    regimes = {"none": {}, "ours": ours, "eligible": shares(record["eligible"]),
               "extreme": shares(record["extended"])}  # fmt: skip
    regimes |= {name: ours | more for name, more in ASSUMED.items()}
    del regimes["size"]["significant"]  # "near" and "far" stand in its place
    protocol = results["protocol"]
    return Design(
        seed=seed, reviews=reviews, chunk=chunk, slow=slow, alpha=float(protocol["alpha"]),
        level=float(protocol["level"]), r=TRUE_R, tau=TRUE_TAU, sizes=sizes,
        record=record, regimes=regimes, options={"every_report_bayes": priors(protocol)},
    )  # fmt: skip
