"""The moderators of a meta-regression: checked, named and put beside a column of ones."""

from dataclasses import dataclass

import numpy as np

from ..labels import missing
from .projection import COLLINEAR

INTERCEPT = "intercept"


@dataclass(frozen=True)
class Design:
    """Columns of a regression: ``matrix`` (k, p) and their ``names``.

    ``source`` says for every column which column of the given moderators it is; -1 is the
    column of ones that was added. ``intercept`` is whether the first column is all ones.
    ``columns`` are the names of the moderators as given, a column of ones among them included.
    """

    matrix: np.ndarray
    names: tuple[str, ...]
    source: tuple[int, ...]
    intercept: bool
    columns: tuple[str, ...]

    @property
    def given(self) -> int:
        """How many columns of moderators were given."""
        return len(self.columns)

    def rows(self, X) -> np.ndarray:
        """Rows of the design for new values of the moderators, shape (r, p).

        The columns of a data frame are found by their names, in whatever order they are.
        """
        if X is None and self.given == 0:
            return np.ones((1, 1))
        labels = _labels(X, self.given)
        X = _matrix(X, "new moderators", single_row=self.given)
        if X.shape[1] != self.given:
            raise ValueError(
                f"the model has {self.given} moderators, the new values have {X.shape[1]}"
            )
        if labels is not None:
            if sorted(labels) != sorted(self.columns):
                raise ValueError(
                    f"the model has the moderators {', '.join(self.columns)}, "
                    f"the new values {', '.join(labels)}"
                )
            X = X[:, [labels.index(name) for name in self.columns]]
        ones = np.ones(len(X))
        return np.column_stack([ones if j < 0 else X[:, j] for j in self.source])


def design(X, k: int, *, names=None, intercept: bool = True) -> Design:
    """Check moderators and make the design of a regression.

    Parameters
    ----------
    X : array_like, shape (k,) or (k, m), or None
        Moderators, one column each; None for a model with the intercept alone. A column of ones
        among them is the intercept; one that is constant at another value is refused beside an
        intercept.
    k : int
        Number of effects.
    names : sequence of str, optional
        One name per column of ``X``; where not given, its ``columns`` or its ``name`` if it has
        them (a data frame, a series), otherwise x1, x2, ...
    intercept : bool
        Whether to add a column of ones where ``X`` has none.

    Raises
    ------
    ValueError
        A wrong length, text or categories, a value that is not a finite number, a moderator that
        is a linear combination of others (or, beside an intercept, constant but not all ones), as
        many coefficients as effects or more.
    """
    if names is None:
        names = _own_names(X)
    X = np.empty((k, 0)) if X is None else _matrix(X, "moderators")
    if len(X) != k:
        raise ValueError(f"moderators and effects differ in length: {len(X)} and {k}")
    names = _names(names, X)
    _finite(X, names)
    source = list(range(X.shape[1]))
    ones = [j for j in source if (X[:, j] == 1).all()]
    intercept = bool(ones or intercept)
    if intercept:
        first = ones[0] if ones else -1
        source = [first, *(j for j in source if j != first)]
    if not source:
        raise ValueError("a regression needs a moderator or an intercept")
    labels = tuple(names[j] for j in source[intercept:])
    if intercept:
        if INTERCEPT in labels:
            raise ValueError(f"no moderator may be named {INTERCEPT!r} beside the intercept")
        labels = (INTERCEPT, *labels)
    matrix = np.column_stack([np.ones(k) if j < 0 else X[:, j] for j in source])
    made = Design(matrix, labels, tuple(source), intercept, tuple(names))
    if k <= len(labels):
        raise ValueError(
            f"{len(labels)} coefficients need at least {len(labels) + 1} effects, {k} given"
        )
    _independent(made)
    return made


def _own_names(X):
    """The names that a data frame or a series has for its columns; None for others."""
    if hasattr(X, "columns"):
        return [str(name) for name in X.columns]
    if getattr(X, "ndim", 0) == 1 and getattr(X, "name", None) is not None:
        return [str(X.name)]
    return None


def _labels(X, given):
    """The names of the columns of new values, as a data frame or a row of one has them."""
    if hasattr(X, "columns"):
        return [str(name) for name in X.columns]
    index = getattr(X, "index", None)
    if given > 1 and getattr(X, "ndim", 0) == 1 and index is not None:
        labels = list(index)
        # a series that was only numbered has no names to go by
        return [str(name) for name in labels] if labels != list(range(len(labels))) else None
    return None


def _matrix(X, what, single_row=0):
    X = _numbers(X, what)
    if X.ndim == 0 or (X.ndim == 1 and single_row > 1):
        X = X.reshape(1, -1)
    elif X.ndim == 1:
        X = X[:, None]
    if X.ndim != 2:
        raise ValueError(f"{what} must have one or two dimensions, not {X.ndim}")
    if single_row and not np.isfinite(X).all():
        raise ValueError(f"{what} must be finite numbers")
    return X


def _numbers(X, what):
    """An array of floats, nan for what is missing; no text, no categories, no dates."""
    kinds = getattr(X, "dtypes", getattr(X, "dtype", None))
    numeric = "category" not in map(str, kinds if np.ndim(kinds) else [kinds])
    try:
        array = np.asarray(X)
    except ValueError:
        raise ValueError(f"{what} must be a rectangle of numbers") from None
    if array.dtype == object:
        items, shape = array.ravel().tolist(), array.shape
        numeric = numeric and not any(isinstance(item, (str, bytes)) for item in items)
        items = [np.nan if missing(item) else item for item in items]
        array = np.array(items, dtype=object).reshape(shape)
    if numeric and array.dtype.kind in "biufO":
        try:
            return array.astype(float)
        except (TypeError, ValueError):
            pass
    raise ValueError(
        f"{what} must be numbers; code categories as 0/1 columns, or use subgroup_analysis"
    )


def _names(names, X):
    if names is None:
        return [f"x{j + 1}" for j in range(X.shape[1])]
    names = [names] if isinstance(names, str) else [str(name) for name in names]
    if len(names) != X.shape[1]:
        raise ValueError(f"{X.shape[1]} moderators need as many names, {len(names)} given")
    if len(set(names)) < len(names):
        raise ValueError("two moderators have the same name")
    return names


def _finite(X, names):
    bad = np.argwhere(~np.isfinite(X.T))
    if len(bad):
        column, row = bad[0]
        raise ValueError(
            f"moderator {names[column]!r} must be finite; number {row + 1} is {X[row, column]}"
        )


def _independent(made):
    """Refuse the first column that the columns before it make up."""
    basis = []
    for name, column in zip(made.names, made.matrix.T, strict=True):
        size = np.linalg.norm(column)
        rest = column / (size or 1.0)
        for _ in range(2):  # twice, so that rounding leaves nothing behind
            for q in basis:
                rest = rest - (q @ rest) * q
        norm = np.linalg.norm(rest)
        if norm <= COLLINEAR:
            if np.ptp(column) == 0:
                raise ValueError(f"moderator {name!r} is the same for all effects")
            raise ValueError(
                f"moderator {name!r} is collinear: a linear combination of the columns before it"
            )
        basis.append(rest / norm)
