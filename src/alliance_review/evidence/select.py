"""One effect per sample: a stated hierarchy chooses, and never the result.

Several effects of one sample are not independent, so one of them stands for it in a pool. The
hierarchy looks at what was measured, in whom, by whom and when; neither the size nor the sign nor
the significance of a result is among its columns. Its order is data (``protocol.csv``), so that
the robustness chapter can ask what another order would have given.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from .across import RESULT_COLUMNS, why_not_usable

if TYPE_CHECKING:
    from . import Evidence

Order = tuple[tuple[str, tuple[str, ...]], ...]
"""Columns, the one that decides first at the front, each with its values in order of preference."""


def selection_order(protocol: pd.DataFrame) -> Order:
    """The hierarchy stated in ``protocol.csv``: its parameters of the type ``order``.

    Each has a value such as ``rater=patient>observer>clinician``. The last rule of all, the
    lowest effect_id, is part of :func:`rank_effects` and closes every hierarchy.
    """
    rules = protocol[protocol["type"] == "order"].sort_values("order")
    split = (value.split("=", 1) for value in rules["value"])
    return tuple(
        (column.strip(), tuple(v.strip() for v in values.split(">")))
        for column, values in split
        if column.strip() != "effect_id"
    )


def rank_effects(effects: pd.DataFrame, order: Order) -> pd.DataFrame:
    """``effects`` in the order of preference within each sample.

    Parameters
    ----------
    effects : DataFrame
        Rows of the table ``effects``.
    order : tuple of (column, values)
        As from :func:`selection_order`; a value that is not listed comes after those that are.

    Returns
    -------
    DataFrame
        The same rows sorted by sample and preference, with a column ``rank`` (1 = stands for its
        sample). Ties go to the lowest effect_id.

    Raises
    ------
    ValueError
        If a column of the order is a column of results.
    """
    forbidden = sorted(RESULT_COLUMNS.intersection(column for column, _ in order))
    if forbidden:
        raise ValueError(f"effects must not be selected by their result: {', '.join(forbidden)}")
    keys = {}
    for column, values in order:
        place = {value: i for i, value in enumerate(values)}
        keys[f"_{column}"] = [place.get(value, len(values)) for value in effects[column]]
    ranked = effects.assign(**keys).sort_values(["sample_id", *keys, "effect_id"])
    ranked = ranked.drop(columns=list(keys)).reset_index(drop=True)
    return ranked.assign(rank=ranked.groupby("sample_id").cumcount() + 1)


def flag_usable(effects: pd.DataFrame) -> pd.DataFrame:
    """``effects`` with ``usable`` (yes, no) and ``why_not`` (empty when usable)."""
    reads = ["n", "n_low", "evidence_form", "sign", "r_coded"]
    reasons = [
        why_not_usable({k: None if pd.isna(v) else v for k, v in row.items()})
        for row in effects[reads].to_dict("records")
    ]
    return effects.assign(usable=["no" if reason else "yes" for reason in reasons], why_not=reasons)


def pool_rows(evidence: Evidence, tier: str, order: Order | None = None) -> pd.DataFrame:
    """One effect per sample of a tier, by the protocol's hierarchy.

    Parameters
    ----------
    evidence : Evidence
        As loaded.
    tier : {"core", "adherence", "extended"}
        Pool.
    order : Order, optional
        Another hierarchy than the protocol's.

    Returns
    -------
    DataFrame
        Columns of ``effects``, then ``usable`` (yes, no) and ``why_not``. An effect that cannot
        enter a likelihood stands for its sample only where no other effect can; it is returned,
        and flagged, so that it is never dropped in silence. Rows are sorted by sample_id.

    Raises
    ------
    ValueError
        If there is no such tier.
    """
    tiers = ("core", "adherence", "extended")
    if tier not in tiers:
        raise ValueError(f"tier must be one of {', '.join(tiers)}; got {tier!r}")
    rows = flag_usable(evidence.effects[evidence.effects["tier"] == tier])
    chosen = order if order is not None else selection_order(evidence.protocol)
    ranked = rank_effects(rows, (("usable", ("yes", "no")), *chosen))
    return ranked[ranked["rank"] == 1].drop(columns="rank").reset_index(drop=True)
