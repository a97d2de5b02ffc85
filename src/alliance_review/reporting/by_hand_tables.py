"""The tables of the page that works out one pooled result by hand."""

from typing import Any

import pandas as pd

from alliance_review.formats import MINUS
from alliance_review.verification.by_hand import ByHand

NONE = "–"
"""What stands where a sum would mean nothing."""


def fixed(value: float, places: int) -> str:
    """A number with so many decimals, thousands apart, and a proper minus sign."""
    return f"{value:,.{places}f}".replace("-", MINUS)


def effects(work: ByHand) -> pd.DataFrame:
    """From r and n to Fisher z and the four sums of the common-effect model."""
    rows = [
        {"Study": e.label, "n": str(e.n), "r": fixed(e.r, 3), "z": fixed(e.z, 5),
         "v = 1/(n − 3)": fixed(e.v, 6), "w = 1/v": fixed(e.w, 0), "wz": fixed(e.wz, 3),
         "wz²": fixed(e.wzz, 4), "w²": fixed(e.ww, 0)}
        for e in work.effects
    ]  # fmt: skip
    total = {"Study": "Sum", "n": NONE, "r": NONE, "z": NONE, "v = 1/(n − 3)": NONE,
             "w = 1/v": fixed(work.sums["w"], 0), "wz": fixed(work.sums["wz"], 3),
             "wz²": fixed(work.sums["wzz"], 4), "w²": fixed(work.sums["ww"], 0)}  # fmt: skip
    return pd.DataFrame([*rows, total])


def first_guess(work: ByHand) -> pd.DataFrame:
    """Q and the DerSimonian-Laird estimate, with the numbers that go into them."""
    k, sums = len(work.effects), work.sums
    lines = {
        "(Σwz)²/Σw": fixed(sums["wz"] ** 2 / sums["w"], 4),
        "Q": fixed(work.q, 4),
        "k − 1": str(k - 1),
        "Σw − Σw²/Σw": fixed(sums["w"] - sums["ww"] / sums["w"], 3),
        "tau² (DL)": fixed(work.dl, 7),
    }
    return pd.DataFrame({"Quantity": name, "Value": value} for name, value in lines.items())


def results(work: ByHand) -> pd.DataFrame:
    """From the mean to its interval, on the scale of z and as a correlation."""
    lines = {
        "Mean (z)": fixed(work.mean, 5),
        "Plain standard error": fixed(work.se_plain, 5),
        "Σu(z − m)²/(k − 1)": fixed(work.factor, 4),
        "Standard error (Hartung–Knapp)": fixed(work.se, 5),
        f"t, {len(work.effects) - 1} degrees of freedom": fixed(work.t, 4),
        "95 % interval (z)": f"{fixed(work.ci_low, 4)} to {fixed(work.ci_high, 4)}",
        "Prediction interval (z)": (
            f"{fixed(work.prediction_low, 4)} to {fixed(work.prediction_high, 4)}"
        ),
        "Typical sampling variance": fixed(work.typical, 6),
        "I², %": fixed(work.i2, 1),
        "Mean (r)": fixed(work.r, 3),
        "95 % interval (r)": f"{fixed(work.r_low, 3)} to {fixed(work.r_high, 3)}",
    }
    return pd.DataFrame({"Quantity": name, "Value": value} for name, value in lines.items())


def steps(work: ByHand) -> pd.DataFrame:
    """Fisher scoring, one line per step."""
    return pd.DataFrame(
        {"Step": str(i), "tau² before": fixed(s.tau2, 7), "Mean": fixed(s.mean, 6),
         "a": fixed(s.a, 3), "b": fixed(s.b, 3), "c": fixed(s.c, 0), "tau² after": fixed(s.new, 7)}
        for i, s in enumerate(work.steps, 1)
    )  # fmt: skip


def shares(work: ByHand) -> pd.DataFrame:
    """Weights at the final tau squared, and what each study adds to the spread."""
    rows = [
        {"Study": s.label, "u = 1/(v + tau²)": fixed(s.w, 3), "Share, %": fixed(s.percent, 1),
         "z − mean": fixed(s.residual, 5), "u(z − mean)²": fixed(s.squared, 4)}
        for s in work.shares
    ]  # fmt: skip
    total = {"Study": "Sum", "u = 1/(v + tau²)": fixed(sum(s.w for s in work.shares), 3),
             "Share, %": fixed(sum(s.percent for s in work.shares), 1), "z − mean": NONE,
             "u(z − mean)²": fixed(sum(s.squared for s in work.shares), 4)}  # fmt: skip
    return pd.DataFrame([*rows, total])


BESIDE = {
    "tau2": "tau²", "mean": "Mean (z)", "se": "Standard error (z)", "ci_low": "Lower limit (z)",
    "ci_high": "Upper limit (z)", "prediction_low": "Prediction, lower limit (z)",
    "prediction_high": "Prediction, upper limit (z)", "q": "Q", "i2": "I², %",
}  # fmt: skip


def beside(work: ByHand, engine: Any) -> pd.DataFrame:
    """The results by hand beside those of the engine (a ``synthesis.Pooled``)."""
    names = {"mean": "estimate"}
    return pd.DataFrame(
        {"Quantity": label, "By hand": fixed(getattr(work, name), 6),
         "By the engine": fixed(getattr(engine, names.get(name, name)), 6)}
        for name, label in BESIDE.items()
    )  # fmt: skip
