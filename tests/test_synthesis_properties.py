"""What must hold for any data, for every function alike: order, labels, sign, scale, shift, copies,
limits, and two studies."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review import synthesis as s

METHODS = ("FE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")
TESTS = ("z", "hksj", "hksj_adhoc")
quick = settings(max_examples=25, deadline=None, derandomize=True)
seeds = st.integers(0, 10**6)


def data(seed, k=9, tau=0.2):
    rng = np.random.default_rng(seed)
    v = 1 / (rng.integers(10, 300, k) - 3)
    return 0.25 + tau * rng.standard_normal(k) + np.sqrt(v) * rng.standard_normal(k), v


def near(mine, other, scale=1.0, *, relative=1e-6):
    """Equal up to what an iteration may leave, on a scale that bounds numbers near 0."""
    np.testing.assert_allclose(mine, other, rtol=relative, atol=1e-7 * scale)


def regression(y, v, **options):
    return s.meta_regression(y, v, np.linspace(-1, 1, len(y)) ** 3, **options)


# name -> (function of y and v, fields on the scale of the effects, fields on their square,
#          fields without a scale). The data must not be close to a boundary that a field jumps at.
PLACES = {
    "pool": (s.pool, ("estimate", "se", "ci_low", "prediction_high"), ("tau2",), ("i2", "q")),
    "egger_test": (s.egger_test, ("slope", "slope_se"), (), ("bias", "statistic", "p_value")),
    "rank_test": (s.rank_test, (), (), ("tau", "p_value")),
    "henmi_copas": (s.henmi_copas, ("estimate", "ci_low", "ci_high"), ("tau2",), ()),
    "tau2_interval": (s.tau2_interval, (), ("low", "high"), ("i2_high",)),
    "tau2_interval, likelihood": (partial(s.tau2_interval, method="profile_likelihood"), (),
                                  ("low", "high"), ()),
    "tau2_lr_test": (s.tau2_lr_test, (), (), ("statistic", "p_value")),
    "meta_regression": (regression, ("estimate", "se"), ("tau2",), ("i2", "q", "q_moderators")),
    "bayesian_pool": (partial(s.bayesian_pool, level=0.95, tau_prior=("uniform", 1e4)),
                      ("estimate", "ci_low"), (), ()),
    "pet_peese": (s.pet_peese, ("estimate",), (), ()),
}  # fmt: skip


# a prior has a scale of its own
@pytest.mark.parametrize("name", [n for n in PLACES if n != "bayesian_pool"])
@quick
@given(seeds)
def test_scale(name, seed):
    """A thousand times the effects and a million times the variances: the same in other units."""
    function, linear, square, free = PLACES[name]
    (y, v), c = data(seed), 1000.0
    one, other = function(y, v), function(c * y, c * c * v)
    for field in linear:
        near(np.divide(getattr(other, field), c), getattr(one, field))
    for field in square:
        near(np.divide(getattr(other, field), c * c), getattr(one, field))
    for field in free:
        near(getattr(other, field), getattr(one, field))


@pytest.mark.parametrize("name", PLACES)
@quick
@given(seeds)
def test_sign(name, seed):
    """Effects turned round: the same, turned round."""
    function, _, square, free = PLACES[name]
    y, v = data(seed)
    one, other = function(y, v), function(-y, v)
    for field in square:
        near(getattr(other, field), getattr(one, field))
    for field in free:
        near(np.abs(getattr(other, field)), np.abs(getattr(one, field)))
    if hasattr(one, "estimate"):
        near(other.estimate, -np.asarray(one.estimate))


@pytest.mark.parametrize("name", [n for n in PLACES if n != "meta_regression"])
@quick
@given(seeds)
def test_order(name, seed):
    function, linear, square, free = PLACES[name]
    y, v = data(seed)
    order = np.random.default_rng(seed).permutation(y.size)
    one, other = function(y, v), function(y[order], v[order])
    for field in (*linear, *square, *free):
        near(getattr(other, field), getattr(one, field))


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seeds)
def test_shift(method, seed):
    y, v = data(seed)
    one, other = (s.pool(y + a, v, tau2=method) for a in (0.0, 5.0))
    near(other.estimate - 5, one.estimate)
    for field in ("tau2", "se", "q", "i2"):
        near(getattr(other, field), getattr(one, field))
    line, moved = (regression(y + a, v, tau2=method) for a in (0.0, 5.0))
    near(moved.estimate, line.estimate + [5.0, 0.0])
    near(moved.tau2, line.tau2)


@pytest.mark.parametrize("name", ["influence", "leave_one_out", "blup", "baujat"])
@quick
@given(seeds)
def test_what_belongs_to_a_study_moves_with_it(name, seed):
    y, v = data(seed)
    order = np.random.default_rng(seed + 1).permutation(y.size)
    function = getattr(s, name)
    one, other = function(y, v), function(y[order], v[order])
    frame = one.to_frame().select_dtypes("number").to_numpy()
    turned = other.to_frame().select_dtypes("number").to_numpy()
    near(turned, frame[order])


@quick
@given(seeds)
def test_labels_of_clusters_and_groups_do_not_matter(seed):
    y, v = data(seed, 14)
    rng = np.random.default_rng(seed)
    cluster = np.array([0, 0, 0, 1, 1, 2, 2, 2, 3, 4, 4, 5, 5, 5])
    names = np.array(["Zoe", "b", "7", "ä", "x y", "A"])[cluster]
    order = rng.permutation(14)
    one, other = s.three_level(y, v, cluster), s.three_level(y[order], v[order], names[order])
    for field in ("estimate", "se", "tau2_between", "tau2_within", "log_likelihood"):
        near(getattr(other, field), getattr(one, field))
    one, other = (s.robust_variance(y, v, cluster),
                  s.robust_variance(y[order], v[order], names[order]))  # fmt: skip
    for field in ("estimate", "se", "df", "p_value"):
        near(getattr(other, field), getattr(one, field), relative=1e-5)
    half = np.arange(14) % 2
    one = s.subgroup_analysis(y, v, half)
    other = s.subgroup_analysis(y[order], v[order], np.array(["odd", "even"])[half][order])
    near(other.q_between, one.q_between)


@quick
@given(seeds)
def test_every_study_twice(seed):
    """The likelihood is squared: the same maximum; a common-effect error falls by root 2."""
    y, v = data(seed)
    twice = np.tile(y, 2), np.tile(v, 2)
    one, other = s.pool(y, v, tau2="ML"), s.pool(*twice, tau2="ML")
    near(other.tau2, one.tau2)
    near(other.estimate, one.estimate)
    one, other = (s.pool(*d, tau2="FE", test="z") for d in ((y, v), twice))
    near(other.se * 2**0.5, one.se)
    near(other.q, 2 * one.q)


@pytest.mark.parametrize("test", TESTS)
@pytest.mark.parametrize("method", METHODS)
@quick
@given(seeds)
def test_two_studies(method, test, seed):
    """With two studies five estimators and REML have one closed form: half of what the squared
    difference exceeds its variance by."""
    y, v = data(seed, 2, tau=0.4)
    found = s.pool(y, v, tau2=method, test=test)
    if method in ("DL", "HE", "REML", "EB", "PM"):
        near(found.tau2, max(0.0, ((y[0] - y[1]) ** 2 - v.sum()) / 2))
    assert min(y) <= found.estimate <= max(y) and found.k == 2 and found.q_df == 1
    near(found.q, (y[0] - y[1]) ** 2 / v.sum())


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seeds)
def test_more_and_more_subjects(method, seed):
    """As sampling errors vanish tau squared becomes the variance of the effects themselves and
    the mean their plain mean; the common-effect model has only the weights."""
    y, v = data(seed)
    found = s.pool(y, v * 1e-9, tau2=method, test="z")
    if method == "FE":
        assert found.tau2 == 0
    elif method == "HS":  # weights by precision however small the errors are
        assert found.tau2 > 0
    else:
        divisor = y.size if method == "ML" else y.size - 1
        squares = ((y - y.mean()) ** 2).sum()
        if method == "DL":
            assert 0 < found.tau2 < squares * y.size
        else:
            near(found.tau2, squares / divisor, relative=1e-5)
        near(found.estimate, y.mean(), relative=1e-5)
        near(found.i2, 100, relative=1e-4)


@pytest.mark.parametrize("method", METHODS)
@quick
@given(seeds)
def test_no_more_spread_than_chance(method, seed):
    """Equal effects: no variance between studies, and the common-effect mean."""
    _, v = data(seed)
    found = s.pool(np.full(v.size, 0.3), v, tau2=method, test="z")
    assert found.tau2 == 0 and found.q == 0
    near(found.estimate, 0.3)
    near(found.se, v.__rtruediv__(1).sum() ** -0.5)


@quick
@given(seeds)
def test_models_that_nest_agree(seed):
    y, v = data(seed)
    alone, none = s.pool(y, v), s.meta_regression(y, v, None)
    near(none.estimate[0], alone.estimate)
    near(none.se[0], alone.se)
    # two effects per cluster that are one effect measured twice as well: nothing varies within
    levels = s.three_level(np.repeat(y, 2), np.repeat(2 * v, 2), np.repeat(np.arange(y.size), 2),
                           method="ML")  # fmt: skip
    assert levels.tau2_within == 0
    near(levels.tau2_between, s.pool(y, v, tau2="ML").tau2)
    reports = [s.Report("exact", round(3 + 1 / x), z=float(z)) for z, x in zip(y, v, strict=True)]
    words = s.pool_reports(reports)
    numbers = s.pool(y, v, tau2="ML", test="z")
    near(words.estimate, numbers.estimate)
    near(words.tau**2, numbers.tau2)
    near(s.pool_many(y[:, None], v).tau2[0], alone.tau2)
    near(s.subsets(y, v).estimate[-1], alone.estimate)
    near(s.cumulative(y, v, range(y.size)).ci_low[-1], alone.ci_low)
