"""Likelihoods of many records at once: sets of reports that were drawn from one fit.

The chance of what a report says in words, and that of being in the record at all, are sums of
tails of the normal law at the two critical values of its test and at zero; so are, by the heat
equation, all derivatives. A drawn report has one size, which leaves no mean over sizes.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ...distributions import ndtr
from ..terms import Terms, number_terms
from .form_draws import Drawn
from .kinds import NEGATIVE, NOT, POSITIVE, kind_of, probabilities

#: Stands for the open side of a one-tailed test: nothing reaches it, yet its square is finite.
FAR = 1e50
#: What a report is, besides the three kinds of words: a number, or a direction alone.
NUMBER, UP, DOWN = 3, 4, 5
#: Chance of the kinds of words, and of a number: a constant, and shares of the tails below ``low``
#: and above ``high``. That of a direction alone depends on the weight.
CONSTANT = np.array([0.0, 1.0, 0.0, 1.0, 0.0, 0.0])
BELOW = np.array([0.0, -1.0, 1.0, 0.0, 0.0, 0.0])
ABOVE = np.array([1.0, -1.0, 0.0, 0.0, 0.0, 0.0])
LEAST = 1e-300


@dataclass(frozen=True)
class RecordSets:
    """B records of k reports, all arrays (k, B).

    ``low`` and ``high``: what the test calls not significant lies between them. ``said``: one of
    ``POSITIVE``, ``NOT``, ``NEGATIVE`` for words, ``NUMBER``, ``UP``, ``DOWN``. ``disfavoured``
    (B,): how many reports are, a direction alone not counted. ``weight`` (B,): the chance of such a
    result to be in the record; ``positive``: whether a significant negative one is one of them.
    ``numbers``, ``signs``: rows with a number in some set, and with a direction alone.
    """

    z: np.ndarray
    v: np.ndarray
    low: np.ndarray
    high: np.ndarray
    said: np.ndarray
    disfavoured: np.ndarray
    weight: np.ndarray
    positive: bool
    numbers: np.ndarray
    signs: np.ndarray

    def take(self, columns, weight=None) -> "RecordSets":
        """The records of some columns, at weights of their own (B,)."""
        names = ("z", "v", "low", "high", "said")
        return replace(
            self,
            **{name: getattr(self, name)[:, columns] for name in names},
            disfavoured=self.disfavoured[columns],
            weight=self.weight[columns] if weight is None else weight,
        )

    @property
    def anchored(self) -> np.ndarray:
        """Does any report hold the mean from both sides? (B,)"""
        both = (self.low > -FAR) & (self.high < FAR)
        return ((self.said == NUMBER) | ((self.said == NOT) & both)).any(axis=0)

    @cached_property
    def _shares(self):
        below, above = BELOW[self.said], ABOVE[self.said]
        if self.signs.size:
            said, rest = self.said[self.signs], 1 - self.weight
            above[self.signs] = np.where(said == UP, rest, 0.0)
            below[self.signs] = 0.0 if self.positive else np.where(said == DOWN, rest, 0.0)
        return CONSTANT[self.said], below, above

    def terms(self, mu, t) -> Terms:
        """Log-likelihood and derivatives of every record at its own point, (B,) each."""
        s2 = self.v + t
        s = np.sqrt(s2)
        below, above = _tail(self.low, 1.0, mu, s), _tail(self.high, -1.0, mu, s)
        constant, share_below, share_above = self._shares
        words = share_below * below + share_above * above
        words[0] += constant
        self._between(words[0], mu, t)
        if self.signs.size:
            side = np.where(self.said[self.signs] == UP, -1.0, 1.0)
            words[:, self.signs] += self.weight * _tail(0.0, side, mu, s[self.signs])
        total = _of_logs(words)
        recorded = above if self.positive else above + below
        recorded *= 1 - self.weight
        recorded[0] += self.weight
        total -= _of_logs(recorded)
        if self.numbers.size:
            part = np.empty((6, self.numbers.size, mu.size))
            number_terms(part, self.z[self.numbers], s2[self.numbers], mu)
            total += np.einsum("akb,kb->ab", part, self._there)
        total[0] += self.disfavoured * np.log(self.weight)
        return Terms(*total)

    @cached_property
    def _there(self):
        return (self.said[self.numbers] == NUMBER).astype(float)

    def _between(self, chance, mu, t):
        """Words of no significance far from the mean: there 1 less both tails has no digits."""
        i, b = np.nonzero((self.said == NOT) & (chance < 1e-4))
        if i.size:
            at = self.low[i, b], self.high[i, b], self.v[i, b], mu[b], t[b]
            chance[i, b] = probabilities(*at)[NOT]

    def on_lattice(self, mu, t, weights):
        """For every weight the log-likelihood of all records at M means and T values of t,
        (B, M, T)."""
        count, points = self.disfavoured.size, (mu.size, t.size)
        tests, which = np.unique(
            np.stack([self.low, self.high, self.v]).reshape(3, -1), axis=1, return_inverse=True
        )
        which = which.reshape(self.low.shape)
        low, high, v = tests[:, :, None, None]
        # every test has a table of what it may say, and reports only pick their places in it
        chance = probabilities(low, high, v, mu[:, None], t)
        frequent = _frequencies(which + tests.shape[1] * np.minimum(self.said, NUMBER), 3, tests)
        common = frequent @ np.log(np.maximum(chance, LEAST)).reshape(3 * tests.shape[1], -1)
        common = common.reshape(count, *points) + self._numbers_on_lattice(mu, t)
        recorded = _frequencies(which, 1, tests)
        if self.signs.size:
            up = np.where(self.said[self.signs] == UP, 0, 1)
            signed = _frequencies(which[self.signs] + tests.shape[1] * up, 2, tests)
            beyond = ndtr(np.array([1.0, -1.0])[:, None, None, None] * mu[:, None] / np.sqrt(v + t))
            favoured = np.stack([chance[POSITIVE], (0 if self.positive else 1) * chance[NEGATIVE]])
        for weight in weights:
            seen = chance[POSITIVE] if self.positive else chance[POSITIVE] + chance[NEGATIVE]
            table = np.log(weight + (1 - weight) * seen).reshape(tests.shape[1], -1)
            value = -(recorded @ table)
            if self.signs.size:
                table = np.log(np.maximum(weight * beyond + (1 - weight) * favoured, LEAST))
                value += signed @ table.reshape(2 * tests.shape[1], -1)
            value += self.disfavoured[:, None] * np.log(weight)
            yield common + value.reshape(count, *points)

    def _numbers_on_lattice(self, mu, t):
        there, z = self._there[:, :, None], self.z[self.numbers][:, :, None]
        s2 = self.v[self.numbers][:, :, None] + t
        share = there / s2
        fixed = (share * z * z + there * np.log(2 * np.pi * s2)).sum(axis=0)[:, None]
        first, mass, at = (share * z).sum(axis=0)[:, None], share.sum(axis=0)[:, None], mu[:, None]
        return -0.5 * (fixed + at * (at * mass - 2 * first))


def record_sets(drawn: Drawn, selection: str) -> RecordSets:
    """The drawn reports as ``Drawn.reports`` would give them, at weight 1."""
    reports = drawn.templates
    one = np.array([report.tails == 1 for report in reports])[:, None]
    own = np.array([report.sign or 0 for report in reports])[:, None]
    side = np.where(drawn.z > 0, 1, -1)
    # a number against the direction of its test becomes words; without a direction of its own
    # the test goes the way of what is drawn
    number = drawn.numbers & ~(one & (own * side < 0))
    turned = one & (drawn.signs | (drawn.numbers & (own == 0)))
    bound = np.where(np.isfinite(drawn.high), drawn.high, -drawn.low)
    low = np.where(turned, np.where(side > 0, -FAR, -bound), np.maximum(drawn.low, -FAR))
    high = np.where(turned, np.where(side > 0, bound, FAR), np.minimum(drawn.high, FAR))
    kinds = kind_of(drawn.z, low, high)
    said = np.where(number, NUMBER, np.where(drawn.signs, np.where(side > 0, UP, DOWN), kinds))
    disfavoured = (kinds == NOT) | ((kinds == NEGATIVE) & (selection == "positive"))
    return RecordSets(
        z=drawn.z,
        v=1 / (drawn.n - 3),
        low=low,
        high=high,
        said=said,
        disfavoured=(disfavoured & ~drawn.signs).sum(axis=0),
        weight=np.ones(drawn.z.shape[1]),
        positive=selection == "positive",
        numbers=np.flatnonzero(drawn.numbers),
        signs=np.flatnonzero(drawn.signs),
    )


def _frequencies(places, kinds, tests):
    """How often each set has each place of a table, (B, places); beyond the table none."""
    width, sets = kinds * tests.shape[1], places.shape[1]
    inside = places < width
    flat = (places + width * np.arange(sets))[inside]
    return np.bincount(flat, minlength=width * sets).reshape(sets, width).astype(float)


def _tail(bound, side, mu, s):
    """Chance of less than ``bound`` (``side`` 1) or more (-1), and its first four derivatives in
    the mean, (5, rows, B)."""
    inverse = 1 / s
    x = (bound - mu) * inverse
    out = np.empty((5, *x.shape))
    out[0] = ndtr(side * x)
    x2 = x * x
    np.multiply(np.exp(-0.5 * x2), (side * -((2 * np.pi) ** -0.5)) * inverse, out=out[1])
    np.multiply(out[1], x * inverse, out=out[2])
    inverse *= inverse
    np.multiply(out[1], (x2 - 1) * inverse, out=out[3])
    np.multiply(out[2], (x2 - 3) * inverse, out=out[4])
    return out


def _of_logs(parts):
    """Sum over the rows of the log of a chance, with its derivatives in the order of ``Terms``; a
    derivative in t is half the second one in mu."""
    chance, m, t, mt, tt = parts[0], *(parts[1:] / parts[0])
    first, half = m, 0.5 * t
    return np.stack([
        np.log(chance).sum(axis=0),
        m.sum(axis=0),
        (t - m * m).sum(axis=0),
        half.sum(axis=0),
        (0.5 * mt - first * half).sum(axis=0),
        (0.25 * tt - half * half).sum(axis=0),
    ])  # fmt: skip
