"""Cluster-robust variances: hand results, dense matrices, leave-one-cluster-out, unbiasedness."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alliance_review.synthesis import pool
from alliance_review.synthesis.multilevel.model import three_level
from alliance_review.synthesis.multilevel.robust import robust_variance

FEW = settings(max_examples=30, derandomize=True, deadline=None)
KINDS = ("CR0", "CR1", "CR1p", "CR1S", "CR2", "CR3")


def example(seed=3, k=24, m=7, p=2):
    rng = np.random.default_rng(seed)
    cluster = np.concatenate([np.arange(m), rng.integers(0, m - 1, k - m)])
    rng.shuffle(cluster)
    v = rng.uniform(0.01, 0.2, k)
    y = 0.3 + 0.3 * rng.normal(size=m)[cluster] + rng.normal(size=k) * np.sqrt(v + 0.02)
    X = rng.normal(size=(k, p - 1)) + 0.5 * rng.normal(size=(m, p - 1))[cluster]
    return y, v, cluster.tolist(), X if p > 1 else None


def power(matrix, exponent):
    values, vectors = np.linalg.eigh(matrix)
    return (vectors * values**exponent) @ vectors.T


def dense(y, v, cluster, X, fit, kind):
    """Estimate, covariance and Satterthwaite df from k x k matrices, by the definitions."""
    cluster, s, k = np.array(cluster), np.sqrt(v), y.size
    X = np.ones((k, 1)) if X is None else np.column_stack([np.ones(k), X])
    same = cluster[:, None] == cluster
    V = same * (fit.rho * np.outer(s, s) + fit.tau2_between)
    V = V + np.diag((1 - fit.rho) * v + fit.tau2_within)
    W = np.linalg.inv(V)
    M = np.linalg.inv(X.T @ W @ X)
    H = X @ M @ X.T @ W
    residual = y - H @ y
    cover = (np.eye(k) - H) @ V @ (np.eye(k) - H).T  # of the residuals
    rows = [np.flatnonzero(cluster == c) for c in sorted(set(cluster.tolist()))]
    weights = []  # one row per cluster: the weights of all residuals, per coefficient
    for r in rows:
        i = np.ix_(r, r)
        if kind == "CR2":
            D = power(V[i], 0.5)
            A = D @ power(D @ (V - X @ M @ X.T)[i] @ D, -0.5) @ D
        elif kind == "CR3":
            A = np.linalg.inv(np.eye(r.size) - H[i])
        else:
            A = np.eye(r.size)
        full = np.zeros((X.shape[1], k))
        full[:, r] = M @ X[r].T @ W[i] @ A
        weights.append(full)
    scores = np.stack([g @ residual for g in weights])
    df = []
    for a in range(X.shape[1]):
        G = np.stack([g[a] for g in weights])
        P = G @ cover @ G.T
        df.append(np.trace(P) ** 2 / (P * P).sum())
    m, p = len(rows), X.shape[1]
    scale = {"CR1": m / (m - 1), "CR1p": m / (m - p),
             "CR1S": m * (k - 1) / ((m - 1) * (k - p))}  # fmt: skip
    return M @ X.T @ W @ y, scale.get(kind, 1.0) * scores.T @ scores, np.array(df)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [1, 3])
@pytest.mark.parametrize("working", [("three_level", 0.0), ("three_level", 0.6), ("DL", 0.0)])
def test_equals_dense_matrices(kind, p, working):
    y, v, cluster, X = example(p=p)
    fit = robust_variance(y, v, cluster, X=X, kind=kind, working=working[0], rho=working[1])
    estimate, covariance, df = dense(y, v, cluster, X, fit, kind)
    np.testing.assert_allclose(np.atleast_1d(fit.estimate), estimate, rtol=1e-9)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-8)
    np.testing.assert_allclose(np.atleast_1d(fit.df), df, rtol=1e-8)
    np.testing.assert_allclose(np.atleast_1d(fit.se) ** 2, np.diag(covariance), rtol=1e-8)


def test_single_effects_of_equal_variance_give_the_standard_error_of_a_mean():
    y = np.array([0.1, 0.4, 0.35, 0.9, 0.2])
    fit = robust_variance(y, np.full(5, 0.03), range(5), working="FE")
    assert fit.estimate == pytest.approx(y.mean())
    assert fit.se == pytest.approx(y.std(ddof=1) / np.sqrt(5), rel=1e-12)
    assert fit.df == pytest.approx(4, rel=1e-12)
    raw = robust_variance(y, np.full(5, 0.03), range(5), working="FE", kind="CR0")
    assert raw.se == pytest.approx(y.std() / np.sqrt(5), rel=1e-12)


def test_equal_clusters_are_their_means():
    """With n effects of equal variance in each of m clusters only the m means matter."""
    rng = np.random.default_rng(8)
    y, cluster = rng.normal(size=(6, 4)), np.repeat(list("abcdef"), 4)
    fit = robust_variance(y.ravel(), np.full(24, 0.05), cluster)
    assert fit.se == pytest.approx(y.mean(axis=1).std(ddof=1) / np.sqrt(6), rel=1e-9)
    assert fit.df == pytest.approx(5, rel=1e-9)


def test_cr3_is_the_jackknife_over_clusters():
    """The change of the coefficients when a cluster is left out, the working model kept."""
    y, v, cluster, X = example()
    fit = robust_variance(y, v, cluster, X=X, working="PM", kind="CR3")
    w, design = 1 / (v + fit.tau2_within), np.column_stack([np.ones(y.size), X])
    changes = []
    for label in set(cluster):
        left = np.array(cluster) != label
        root = np.sqrt(w[left])
        changes.append(np.linalg.lstsq(root[:, None] * design[left], root * y[left])[0])
    changes = np.array(changes) - fit.estimate
    np.testing.assert_allclose(fit.covariance, changes.T @ changes, rtol=1e-9)


def test_cr2_is_unbiased_where_the_working_model_holds():
    """Averaged over effects drawn from the working model it is the model's own variance."""
    _, v, cluster, X = example()
    rng = np.random.default_rng(0)
    k, same = v.size, np.array(cluster)[:, None] == np.array(cluster)
    # sampling variances alone, effects independent: the common-effect working model
    design = np.column_stack([np.ones(k), X])
    M = np.linalg.inv(design.T @ (design / v[:, None]))
    found = {kind: np.zeros(2) for kind in ("CR0", "CR2", "CR3")}
    draws = 300
    for _ in range(draws):
        y = rng.normal(size=k) * np.sqrt(v)
        for kind in found:
            fit = robust_variance(y, v, cluster, X=X, working="FE", kind=kind)
            found[kind] += np.diag(fit.covariance) / draws
    ratio = {kind: value / np.diag(M) for kind, value in found.items()}
    assert np.abs(ratio["CR2"] - 1).max() < 0.12  # four standard errors of the average
    assert (ratio["CR0"] < ratio["CR2"]).all() and (ratio["CR2"] < ratio["CR3"]).all()
    assert same.sum() > k


def test_scale_factors():
    y, v, cluster, X = example()
    k, m, p = y.size, len(set(cluster)), 2
    fits = {kind: robust_variance(y, v, cluster, X=X, kind=kind) for kind in KINDS}
    raw = fits["CR0"].se
    np.testing.assert_allclose(fits["CR1"].se / raw, np.sqrt(m / (m - 1)), rtol=1e-12)
    np.testing.assert_allclose(fits["CR1p"].se / raw, np.sqrt(m / (m - p)), rtol=1e-12)
    factor = m * (k - 1) / ((m - 1) * (k - p))
    np.testing.assert_allclose(fits["CR1S"].se / raw, np.sqrt(factor), rtol=1e-12)
    np.testing.assert_allclose(fits["CR1S"].df, fits["CR0"].df, rtol=1e-12)
    fixed = robust_variance(y, v, cluster, X=X, kind="CR1p", df="clusters")
    assert fixed.df.tolist() == [m - p, m - p]


def test_estimates_are_those_of_the_working_model():
    y, v, cluster, X = example()
    robust = robust_variance(y, v, cluster, X=X, rho=0.5, method="ML")
    model = three_level(y, v, cluster, X=X, rho=0.5, method="ML")
    np.testing.assert_allclose(robust.estimate, model.estimate, rtol=1e-10)
    assert robust.tau2_between == model.tau2_between
    for method in ("FE", "DL", "REML", "PM"):
        plain = pool(y, v, tau2=method, test="z")
        found = robust_variance(y, v, cluster, working=method)
        assert found.estimate == pytest.approx(plain.estimate, rel=1e-9)
        assert found.tau2_within == pytest.approx(plain.tau2, rel=1e-9)
        assert found.tau2_between == 0


@FEW
@given(seed=st.integers(0, 10_000), working=st.sampled_from(["three_level", "DL"]))
def test_order_labels_scale_and_shift(seed, working):
    y, v, cluster, X = example()
    first = robust_variance(y, v, cluster, X=X, working=working)
    rng = np.random.default_rng(seed)
    order, scale, shift = rng.permutation(y.size), 10 ** rng.uniform(-3, 3), rng.normal()
    names = [f"study {cluster[i]}" for i in order]
    moved = robust_variance(scale * (y[order] + shift), scale**2 * v[order], names, X=X[order],
                            working=working)  # fmt: skip
    np.testing.assert_allclose(moved.se, scale * first.se, rtol=1e-7)
    np.testing.assert_allclose(moved.df, first.df, rtol=1e-7)
    np.testing.assert_allclose(moved.estimate, scale * (first.estimate + [shift, 0]), rtol=1e-6)


def test_numbers_without_moderators_and_arrays_with_them():
    y, v, cluster, X = example()
    plain = robust_variance(y, v, cluster)
    fit = robust_variance(y, v, cluster, X=X, names=["dose"], level=0.9)
    assert isinstance(plain.se, float) and isinstance(plain.df, float)
    assert fit.names == ("intercept", "dose") and fit.se.shape == (2,)
    assert list(fit.to_frame()["names"]) == ["intercept", "dose"]
    assert not fit.covariance.flags.writeable
    wide = robust_variance(y, v, cluster, X=X).ci_high - fit.estimate
    assert (wide > fit.ci_high - fit.estimate).all()
    assert "kind: CR2" in repr(plain) and "<table>" in fit._repr_html_()


@pytest.mark.parametrize("working", ["three_level", "DL", "SJ", "FE"])
@pytest.mark.parametrize("kind", KINDS)
def test_equal_effects_leave_no_variance_and_zero_is_no_evidence(kind, working):
    y, v, cluster, X = example()
    zero, same = np.zeros(y.size), np.full(y.size, 0.3)
    for moderators in (None, X):
        fit = robust_variance(zero, v, cluster, X=moderators, kind=kind, working=working)
        for name, expected in (("estimate", 0), ("se", 0), ("statistic", 0), ("p_value", 1)):
            np.testing.assert_array_equal(getattr(fit, name), expected)
    plain = robust_variance(same, v, cluster, kind=kind, working=working)
    assert (plain.estimate, plain.se, plain.statistic, plain.p_value) == (0.3, 0, np.inf, 0)
    fit = robust_variance(same, v, cluster, X=X, kind=kind, working=working)
    assert fit.estimate.tolist() == [0.3, 0] and fit.se.tolist() == [0, 0]
    assert fit.statistic.tolist() == [np.inf, 0] and fit.p_value.tolist() == [0, 1]


def test_warns_of_few_degrees_of_freedom():
    y, v, cluster, _ = example(m=4)
    assert "fewer than 4 degrees of freedom for intercept" in robust_variance(y, v, cluster).warning
    y, v, cluster, _ = example(k=40, m=15)
    many = robust_variance(y, v, cluster)
    assert many.df > 4 and many.warning == ""


def test_warns_where_one_cluster_determines_a_coefficient():
    y, v, cluster, _ = example(k=40, m=12)
    alone = (np.array(cluster) == 3).astype(float)
    fit = robust_variance(y, v, cluster, X=alone, working="DL")
    assert "a single cluster determines part of x1" in fit.warning
    assert np.isfinite(fit.se).all()
    with pytest.raises(ValueError, match="CR3 is not defined"):
        robust_variance(y, v, cluster, X=alone, working="DL", kind="CR3")


def test_no_test_where_one_cluster_is_all_there_is():
    """Its effects vary about their own mean, which says nothing about other clusters."""
    y, v, cluster, _ = example(k=40, m=12)
    alone = (np.array(cluster) == 3).astype(float)
    only = {"X": np.column_stack([alone, 1 - alone]), "intercept": False, "working": "DL"}
    raw = robust_variance(y, v, cluster, kind="CR0", **only)
    assert np.isnan([raw.df[0], raw.p_value[0], raw.ci_low[0]]).all()
    assert raw.se[0] == pytest.approx(0, abs=1e-7)
    assert np.isfinite([raw.df[1], raw.p_value[1], raw.ci_low[1]]).all()
    adjusted = robust_variance(y, v, cluster, **only)
    for words in ("degrees of freedom for x1:", "determines part of x1:"):
        assert words in adjusted.warning


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"cluster": [1, 1, 1, 1, 1]}, "at least 2 clusters are needed, 1 given"),
        ({"X": [1, 2, 4, 3, 9]}, "2 coefficients need at least 3 clusters, 2 given"),
        ({"rho": 0.5}, "rho needs the working model"),
        ({"working": "GLS"}, "working must be one of three_level, FE"),
        ({"kind": "HC2"}, "kind must be one of CR2"),
        ({"df": "z"}, "df must be one of satterthwaite, clusters"),
        ({"level": 0}, "level"),
        ({"cluster": [1, 2]}, "differ in length"),
        ({"v": [0.1, 0.1, 0.1, 0.1, -1]}, "positive; number 5"),
        ({"working": "three_level", "cluster": [1, 2, 3, 4, 5]}, "one effect"),
    ],
)
def test_refusals(change, words):
    data = {"y": [0.1, 0.3, 0.2, 0.6, 0.5], "v": [0.01, 0.02, 0.01, 0.03, 0.01],
            "cluster": [1, 1, 2, 2, 2], "working": "DL"}  # fmt: skip
    with pytest.raises(ValueError, match=words):
        robust_variance(**(data | change))
