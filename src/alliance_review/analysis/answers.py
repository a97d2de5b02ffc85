"""What each answer to a question does to the pool, over all recipes that give it.

Comparisons are made over recipes, however many lead to the same reports: there every other choice
occurs equally often on both sides.
"""

from collections.abc import Sequence

import numpy as np

from alliance_review.analysis.recipes import CHOICES, PRIMARY, Recipe
from alliance_review.formats import FORMATS

BRIEF = ("count", "lowest", "median", "highest", "share_above_zero")


def spread(found: Sequence[dict]) -> dict:
    """Quantiles of the estimates and how many of their intervals lie above zero."""
    if not found:
        return {"count": 0}
    r = np.array([point["r"] for point in found])
    above = np.array([point["r_low"] > 0 for point in found])
    low, q25, median, q75, high = np.quantile(r, (0.025, 0.25, 0.5, 0.75, 0.975))
    return {
        "count": r.size, "lowest": r.min(), "low": low, "q25": q25, "median": median, "q75": q75,
        "high": high, "highest": r.max(), "share_positive": (r > 0).mean(),
        "above_zero": int(above.sum()), "holding_zero": int((~above).sum()),
        "share_above_zero": above.mean(), "lowest_limit": min(p["r_low"] for p in found),
    }  # fmt: skip


def by_choice(by_recipe: dict[Recipe, dict | None]) -> list[dict]:
    """What each answer does: all recipes that give it, and the change against the primary answer.

    Recipes with the primary estimator, but for the question of the estimator itself: the numbers
    alone know nothing of how words are read. ``change`` is the difference in r between two recipes
    that differ in this answer alone, its median and its extremes over all such pairs with two
    estimates; ``lost`` and ``gained`` count the pairs in which the interval lies above zero with
    the primary answer only, and with this one only.
    """
    out = []
    for question, (name, levels) in CHOICES.items():
        first = next(iter(levels))
        rows = []
        for answer, words in levels.items():
            mine = {
                recipe: f
                for recipe, f in by_recipe.items()
                if getattr(recipe, question) == answer
                and f is not None
                and (question == "estimator" or recipe.estimator == PRIMARY.estimator)
            }
            row = {"key": answer, "label": words, "primary": answer == first}
            whole = spread(list(mine.values()))
            row |= {name: whole[name] for name in BRIEF if name in whole}
            pairs = [] if answer == first else [
                (by_recipe[recipe._replace(**{question: first})], f) for recipe, f in mine.items()
            ]  # fmt: skip
            pairs = [(a, b) for a, b in pairs if a is not None]
            if pairs:
                change = [b["r"] - a["r"] for a, b in pairs]
                row |= {
                    "pairs": len(pairs), "change": np.median(change), "change_low": min(change),
                    "change_high": max(change),
                    "lost": sum(a["r_low"] > 0 >= b["r_low"] for a, b in pairs),
                    "gained": sum(b["r_low"] > 0 >= a["r_low"] for a, b in pairs),
                }  # fmt: skip
            rows.append(row)
        out.append({"key": question, "label": name, "levels": rows})
    return out


def reading(choices: Sequence[dict], most: int = 4) -> str:
    """Which answers move the estimate most, and after which the interval comes to hold zero."""
    turned = [row for choice in choices for row in choice["levels"] if row.get("pairs")]
    if not turned:
        return "No choice can be turned while another estimate remains."
    r = FORMATS["r"]
    by_change = sorted(turned, key=lambda row: (-abs(row["change"]), row["key"]))[:most]
    moved = "; ".join(f"{row['label']} ({r(row['change'])})" for row in by_change)
    by_loss = sorted(turned, key=lambda row: (-row["lost"] / row["pairs"], row["key"]))[:most]
    lost = "; ".join(f"{row['label']} ({row['lost']:,} of {row['pairs']:,})"
                     for row in by_loss if row["lost"])  # fmt: skip
    told = ("Turned one at a time with all else equal, the answers that move the pooled r most "
            f"are, with the median change: {moved}.")  # fmt: skip
    if not lost:
        return f"{told} None of them brings an interval that was above zero down to it."
    return (f"{told} Of the pairs of specifications that differ in one answer, intervals that were "
            f"above zero come to hold it most often with: {lost}.")  # fmt: skip
