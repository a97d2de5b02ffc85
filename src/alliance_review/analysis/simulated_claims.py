"""What the page on simulated reviews says in words, as true or false of the kept results."""

from collections.abc import Iterable, Mapping

#: Spread of true effects and true r at which single cells are quoted: those nearest to the core.
QUOTED_TAU, QUOTED_R = 0.1, 0.2
#: Coverage of a 95 % interval that is called near enough.
NEAR = 0.92
#: Bias, on Fisher z, up to which an estimate is called nearly right on average.
SMALL = 0.03
#: Bias, on Fisher z, from which on it is called too high or too low.
CLEAR = 0.02
#: Share of reviews with an answer below which a cell says nothing of bias, coverage and width.
FEW = 0.1
#: Ways of telling under which the assumption of the method holds.
FITTING = ("none", "ours", "eligible", "extreme")
#: Ways of telling in which the authors choose what to report.
CHOSEN = ("p_hacking", "picked")


def of(lines: Iterable[Mapping], **wanted) -> list[Mapping]:
    """The lines that hold these values."""
    return [row for row in lines if all(row[key] == value for key, value in wanted.items())]


def under(lines: Iterable[Mapping], regimes: Iterable[str]) -> list[Mapping]:
    """The lines of these ways of telling."""
    return [row for row in lines if row["regime"] in regimes]


def answered(lines: Iterable[Mapping]) -> list[Mapping]:
    """The lines in which the method has an answer often enough for bias, coverage and width."""
    return [row for row in lines if row["answers"] >= FEW * row["reviews"]]


def values(lines: Iterable[Mapping], measure: str) -> list[float]:
    """A measure where it is defined."""
    return [row[measure] for row in lines if row[measure] is not None]


def span(lines: Iterable[Mapping], measure: str) -> dict[str, float | None]:
    """Lowest and highest value of a measure; None where it is not defined."""
    found = values(lines, measure)
    return {"low": min(found, default=None), "high": max(found, default=None)}


def predicates(lines: list[Mapping]) -> dict[str, bool]:
    """True or false, by the name that the page gives to ``claim``."""
    own = of(lines, method="every_report")
    fitting = under(own, FITTING)
    wide = under(of(lines, method="every_report_wide"), FITTING)
    numbers = answered(of(lines, method="printed_reml"))
    ours = of(lines, regime="ours")
    lowest = min(own, key=lambda row: row["coverage"])

    def upwards(regime: str) -> bool:
        biases = values(of(own, regime=regime), "bias")
        return max(biases) > CLEAR and max(biases) > -3 * min(biases)

    return {
        "simulated_unbiased": all(abs(row["bias"]) <= SMALL for row in fitting),
        "simulated_too_narrow": min(row["coverage"] for row in fitting) < NEAR,
        "simulated_narrow_with_spread": all(
            row["coverage"] >= NEAR for row in fitting if row["tau"] == 0),
        "simulated_t_limits_hold": all(row["coverage"] >= NEAR for row in wide),
        "simulated_prediction_narrow": min(spread_out(fitting)) < NEAR,
        "simulated_prediction_t_narrow": min(spread_out(wide)) < NEAR,
        "simulated_chosen_up": all(row["bias"] > CLEAR for row in under(own, CHOSEN)),
        "simulated_chosen_worst": lowest["regime"] in CHOSEN,
        "simulated_little": all(
            abs(row["bias"]) <= SMALL for row in under(own, ("size", "wrong_alpha"))),
        "simulated_not_normal": min(
            row["coverage"] for row in under(own, ("skewed", "two_point"))) < 0.9,
        "simulated_unpublished_up": upwards("unpublished"),
        "simulated_one_sided_up": upwards("one_sided"),
        "simulated_tau_low": all(
            row["tau_bias"] < 0 for row in of(ours, method="every_report", tau=0.2)),
        "simulated_wrong_signs_down": all(
            row["bias"] < 0 for row in of(own, regime="direction") if row["r"] > 0),
        "simulated_zeros_down": all(
            row["bias"] < -CLEAR for row in of(ours, method="nulls_as_zero") if row["r"] > 0),
        "simulated_most_power": most_power(ours),
    } | of_numbers(own, numbers, lines)  # fmt: skip


def spread_out(lines: Iterable[Mapping]) -> list[float]:
    """Coverage of the prediction intervals where true effects differ."""
    return values([row for row in lines if row["tau"] > 0], "prediction_coverage")


def most_power(ours: list[Mapping]) -> bool:
    """Whether every report finds more than all that does without its likelihood."""
    found = {row["method"]: row["rejects_rightly"]
             for row in of(ours, r=QUOTED_R, tau=QUOTED_TAU)}  # fmt: skip
    others = ("printed_reml", "printed_dl", "nulls_as_zero", "vote_count", "sign_test")
    return all(found["every_report"] > found[name] for name in others)


def of_numbers(own: list[Mapping], numbers: list[Mapping], lines: list[Mapping]) -> dict[str, bool]:
    """What is said of printed numbers alone (REML, Hartung-Knapp) beside every report."""
    told = {(row["regime"], row["r"], row["tau"]): row for row in own}
    pairs = [(row, told[row["regime"], row["r"], row["tau"]]) for row in numbers]
    chosen = [(a, b) for a, b in pairs if a["regime"] in CHOSEN]
    plain = answered(under(of(lines, method="printed_dl"), FITTING))
    return {
        "simulated_narrower_than_numbers": all(
            b["median_width"] < a["median_width"] for a, b in pairs if a["regime"] == "ours"),
        "simulated_chosen_numbers_too": max(a["bias"] for a, _ in chosen)
        > max(row["bias"] for row in under(own, CHOSEN)),
        "simulated_chosen_numbers_cover": all(
            a["coverage"] > b["coverage"] and (a["r"] != 0 or a["rejects"] < b["rejects"])
            for a, b in chosen if a["tau"] > 0),
        "simulated_plain_numbers_miss": min(row["coverage"] for row in plain)
        < min(a["coverage"] for a, _ in pairs if a["regime"] in FITTING) - 0.05,
    }  # fmt: skip
