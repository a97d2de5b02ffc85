"""The simulation study: what is told in each way, what each method makes of it, what is kept."""

import json

import numpy as np
import pytest
from joblib import parallel_config
from scipy.special import ndtr, stdtrit

from alliance_review import paths, synthesis
from alliance_review.analysis import pools, simulated
from alliance_review.simulation_study import (
    METHODS,
    REGIMES,
    SLOW_METHODS,
    Answers,
    Told,
    measures,
)
from alliance_review.simulation_study import design as designs
from alliance_review.simulation_study import methods as m
from alliance_review.simulation_study import regimes as g
from alliance_review.simulation_study.design import Cell, Design
from alliance_review.simulation_study.measures import holds_new, prediction
from alliance_review.simulation_study.run import (
    WITH_PREDICTION,
    WITH_SLOW_METHODS,
    kept,
    rows,
    study,
    task,
    text,
)
from alliance_review.synthesis import Report, critical_z, report_bounds

RATES = {"significant": 0.3, "not_significant": 0.2}
WORDS = {"significant": 0.0, "not_significant": 0.0}  # no number is printed
PRIORS = {"mean_prior": [0.0, 0.5], "tau_prior": ["half-normal", 0.25]}
MANY = 40_000


def tell(name, mu=0.0, tau=0.0, n=100, reviews=MANY, seed=1, **parameters):
    """One study in many reviews, told in one way."""
    sizes = np.full((1, reviews), n)
    return REGIMES[name](np.random.default_rng(seed), mu, tau, sizes, RATES | parameters)


def near(share, expected, count=MANY):
    """Within five Monte Carlo standard errors."""
    return abs(share - expected) <= 5 * np.sqrt(expected * (1 - expected) / count)


def small(**changes) -> Design:
    plain = {"seed": 5, "reviews": 24, "chunk": 8, "slow": 2, "alpha": 0.05, "level": 0.95,
             "r": (0.0, 0.2), "tau": (0.0, 0.1),
             "sizes": ((30, 30), (60, 60), (90, 90), (15, 58)), "record": {},
             "regimes": {"none": {}, "ours": RATES},
             "options": {"every_report_bayes": PRIORS}}  # fmt: skip
    return Design(**plain | changes)


# --- what is told -----------------------------------------------------------------------------


def test_numbers_and_words_are_those_of_the_reports_of_the_engine():
    told = tell("ours", mu=0.1, reviews=400, n=80)
    for low, high in zip(told.low[0], told.high[0], strict=True):
        if low == high:
            continue
        form = "null" if np.isfinite([low, high]).all() else "significant"
        sign = {"null": None}.get(form, 1 if high == np.inf else -1)
        assert (low, high) == pytest.approx(report_bounds(Report(form, 80, sign=sign)))
    assert {*np.unique(told.sign)} == {-1, 0, 1} or {*np.unique(told.sign)} == {0, 1}


@pytest.mark.parametrize("n, tau", [(20, 0.0), (100, 0.1), (813, 0.2)])
def test_observed_values_have_the_stated_mean_and_variance(n, tau):
    z = tell("none", mu=0.2, tau=tau, n=n).low
    variance = tau**2 + 1 / (n - 3)
    assert abs(z.mean() - 0.2) < 5 * np.sqrt(variance / MANY)
    assert z.var() == pytest.approx(variance, rel=5 * np.sqrt(2 / MANY))


def test_the_chance_of_a_number_depends_on_significance_alone():
    told = tell("ours", mu=0.2)
    critical = critical_z(100)
    significant = np.where(told.number, np.abs(told.low) >= critical, ~told.null)
    for which, share in ((significant, 0.3), (~significant, 0.2)):
        assert near(told.number[which].mean(), share, which.sum())
    assert REGIMES["extreme"] is REGIMES["eligible"] is REGIMES["ours"]


def test_large_results_are_printed_more_often_where_the_way_says_so():
    told = tell("size", mu=0.25, beyond=1.5, far=0.9, near=0.1)
    z, critical = told.low[told.number], critical_z(100)
    # of the observed values 24.6 % are near, so printed numbers are mostly the far ones
    whole = tell("none", mu=0.25).low
    far = (np.abs(whole) >= 1.5 * critical).mean()
    close = ((np.abs(whole) >= critical) & (np.abs(whole) < 1.5 * critical)).mean()
    printed_far = (np.abs(z) >= 1.5 * critical).sum() / MANY
    printed_near = ((np.abs(z) >= critical) & (np.abs(z) < 1.5 * critical)).sum() / MANY
    assert near(printed_far, 0.9 * far) and near(printed_near, 0.1 * close)


def test_a_one_sided_test_calls_five_percent_significant_and_none_negative():
    told = tell("one_sided", share=1.0, **WORDS)
    assert near((told.sign == 1).mean(), 0.05) and not (told.sign == -1).any()
    half = tell("one_sided", share=0.5, **WORDS)
    assert near((half.sign == 1).mean(), 0.0375) and near((half.sign == -1).mean(), 0.0125)
    # the reader takes the two-sided critical value for the bound
    assert half.low[half.sign == 1] == pytest.approx(critical_z(100))


def test_three_independent_outcomes_are_significant_three_times_as_often():
    told = tell("p_hacking", outcomes=3, correlation=0.0, n=5000, **WORDS)
    assert near((told.sign == 1).mean(), 1 - 0.975**3)
    same = tell("p_hacking", outcomes=3, correlation=1.0, n=5000, **WORDS)
    assert near((same.sign == 1).mean(), 0.025)


def test_a_first_outcome_that_is_significant_stays():
    told = tell("p_hacking", mu=0.9, outcomes=3, correlation=0.0, significant=1.0)
    assert told.low.mean() == pytest.approx(0.9, abs=5 * 97**-0.5 / np.sqrt(MANY))


def test_the_best_of_three_ratings_lies_as_far_up_as_normal_theory_says():
    told = tell("picked", mu=0.1, ratings=3, correlation=0.7, significant=1.0, not_significant=1.0)
    expected = 0.1 + np.sqrt(0.3) * 1.5 / np.sqrt(np.pi) / np.sqrt(97)
    assert told.low.mean() == pytest.approx(expected, abs=5 * 97**-0.5 / np.sqrt(MANY))


def test_a_laxer_level_calls_more_significant_and_is_read_as_the_strict_one():
    told = tell("wrong_alpha", share=1.0, alpha=0.10, n=5000, **WORDS)
    assert near((told.sign != 0).mean(), 0.10)
    assert told.low[told.sign == 1] == pytest.approx(critical_z(5000, 0.05))


def test_turned_signs_mirror_significant_results_only():
    right = tell("direction", mu=0.2, share=0.0)
    wrong = tell("direction", mu=0.2, share=1.0)
    critical = critical_z(100)
    beyond = np.where(right.number, np.abs(right.low) >= critical, ~right.null)
    assert np.array_equal(wrong.low[beyond], -right.high[beyond])
    assert np.array_equal(wrong.low[~beyond], right.low[~beyond])
    assert 0.45 < beyond.mean() < 0.6  # both kinds are there


@pytest.mark.parametrize("name, skewness", [("skewed", 2.0), ("two_point", 2 / 3**0.5)])
def test_other_distributions_keep_the_mean_and_the_spread(name, skewness):
    told = tell(name, mu=0.2, tau=0.1, n=10**9, significant=1.0, not_significant=1.0, share=0.25)
    z = (told.low - 0.2) / 0.1
    assert abs(z.mean()) < 5 / np.sqrt(MANY)
    assert z.var() == pytest.approx(1.0, abs=0.1)
    assert (z**3).mean() == pytest.approx(skewness, rel=0.15)


def test_what_is_never_published_is_not_significant():
    told = tell("unpublished", mu=0.1, share=1.0)
    critical = critical_z(100)
    assert not told.null.any() and (np.abs(told.low[told.number]) >= critical).all()


@pytest.mark.parametrize("mu, tau, share", [(0.0, 0.0, 0.5), (0.1, 0.1, 0.5), (0.2, 0.0, 0.9)])
def test_every_study_that_is_read_is_one_of_those_published(mu, tau, share):
    """As many as under the other ways, significant as often as Bayes' rule says."""
    told = tell("unpublished", mu=mu, tau=tau, share=share, **WORDS)
    assert not np.isnan(told.low).any() and (told.n == 100).all()
    sd = np.sqrt(tau**2 + 1 / 97)
    power = ndtr((mu - critical_z(100)) / sd) + ndtr((-mu - critical_z(100)) / sd)
    assert near((~told.null).mean(), power / (power + (1 - share) * (1 - power)))


def test_where_all_nulls_appear_nothing_is_drawn_anew():
    told = tell("unpublished", mu=0.1, tau=0.1, share=0.0, significant=1.0, not_significant=1.0)
    assert told.low.var() == pytest.approx(0.01 + 1 / 97, rel=5 * np.sqrt(2 / MANY))


def test_a_study_drawn_anew_keeps_its_size():
    sizes = np.array([[20, 500], [900, 30]]).repeat(200, axis=1)
    told = REGIMES["unpublished"](
        np.random.default_rng(1), 0.0, 0.0, sizes, RATES | WORDS | {"share": 0.9}
    )
    assert np.array_equal(told.n, sizes)
    assert np.array_equal(np.where(told.null, told.high, critical_z(sizes)), critical_z(sizes))


def test_sizes_are_known_or_uniform_over_their_range():
    n = g.draw_sizes(np.random.default_rng(3), ((31, 31), (15, 58)), 20_000)
    assert set(n[0]) == {31} and set(n[1]) == set(range(15, 59))
    assert np.bincount(n[1])[15:].min() > 20_000 / 44 * 0.7


# --- what the methods make of it --------------------------------------------------------------


@pytest.fixture(scope="module")
def told() -> Told:
    """Thirty reviews of eleven studies, told as in the kept design, half of them with gaps."""
    design = designs.stored()
    rng = np.random.default_rng(11)
    n = g.draw_sizes(rng, design.sizes, 15)
    whole, gaps = (REGIMES["ours"](rng, 0.15, 0.1, n, design.regimes["ours"]) for _ in range(2))
    gone = rng.random(n.shape) < 0.3
    gaps = Told(*(np.where(gone, np.nan, end) for end in gaps[:2]), n)
    return Told(*(np.concatenate(arrays, axis=1) for arrays in zip(whole, gaps, strict=True)))


def reports(told: Told, b: int) -> list[Report]:
    out = []
    for low, high, n in zip(told.low[:, b], told.high[:, b], told.n[:, b], strict=True):
        if low == high:
            out.append(Report("exact", int(n), z=float(low)))
        elif np.isfinite(low) and np.isfinite(high):
            out.append(Report("null", int(n)))
        elif not np.isnan(low):
            out.append(Report("significant", int(n), sign=1 if np.isfinite(low) else -1))
    return out


def test_every_report_is_pool_reports(told):
    answers = m.every_report(told, 0.95)
    for b in (0, 7, 20, 29):
        fit = synthesis.pool_reports(reports(told, b))
        names = ("estimate", "ci_low", "ci_high", "tau", "tau_ci_low", "tau_ci_high")
        found = [field[b] for field in answers[:6]]
        assert found == pytest.approx([getattr(fit, n) for n in names], rel=1e-6, abs=1e-7)
        assert answers.verdict[b] == (fit.ci_low > 0) - (fit.ci_high < 0)


def test_t_limits_lie_where_the_deviance_is_t_squared(told):
    answers = m.every_report_wide(told, 0.95)
    for b in (3, 25):
        mine = reports(told, b)
        limit = -float(stdtrit(len(mine) - 1, 0.025))
        deviance = synthesis.profile(mine, [answers.low[b], answers.high[b]]).deviance
        assert deviance == pytest.approx(limit**2, rel=1e-5)


def test_slow_methods_are_those_of_the_engine(told):
    few = Told(*(array[:, :3] for array in told))
    restricted = m.every_report_reml(few, 0.95)
    bayes = m.every_report_bayes(few, 0.95, **PRIORS)
    for b in range(3):
        fit = synthesis.pool_reports(reports(told, b), estimator="REML")
        assert [f[b] for f in restricted[:4]] == [fit.estimate, fit.ci_low, fit.ci_high, fit.tau]
        fit = synthesis.bayesian_reports(
            reports(told, b), mean_prior=(0.0, 0.5), tau_prior=("half-normal", 0.25)
        )
        assert [f[b] for f in bayes[:4]] == [fit.estimate, fit.ci_low, fit.ci_high, fit.tau_mean]
        assert bayes.verdict[b] == (fit.ci_low > 0) - (fit.ci_high < 0)
    silent = words("++-", (None,) * 3)
    assert np.isnan(m.every_report_reml(silent, 0.95).verdict).all()


def test_methods_of_numbers_are_pool_of_those_numbers(told):
    cases = (
        (m.printed_dl, told.number, told.low, {"tau2": "DL", "test": "z"}),
        (m.printed_reml, told.number, told.low, {"tau2": "REML", "test": "hksj"}),
        (m.nulls_as_zero, told.number | told.null, np.where(told.number, told.low, 0.0),
         {"tau2": "REML", "test": "hksj"}),
    )  # fmt: skip
    for method, use, y, options in cases:
        answers, compared = method(told, 0.95), 0
        for b in range(told.n.shape[1]):
            at = use[:, b]
            if at.sum() < 2:
                assert np.isnan(answers.estimate[b]) and np.isnan(answers.verdict[b])
                continue
            fit = synthesis.pool(y[at, b], 1 / (told.n[at, b] - 3.0), **options)
            assert (answers.estimate[b], answers.low[b], answers.high[b]) == pytest.approx(
                (fit.estimate, fit.ci_low, fit.ci_high), rel=1e-8, abs=1e-10
            )
            compared += 1
        assert compared > 15


def words(*columns) -> Told:
    """Reviews of three samples of 100, each report "+", "-", "0", a number, or None."""
    c = float(critical_z(100))
    bounds = {"+": (c, np.inf), "-": (-np.inf, -c), "0": (-c, c), None: (np.nan, np.nan)}
    pairs = np.array([[bounds.get(x) or (x, x) for x in column] for column in columns])
    return Told(pairs[..., 0].T, pairs[..., 1].T, np.full(pairs.shape[:2], 100).T)


def test_the_vote_count_takes_the_most_frequent_and_finds_nothing_in_a_tie():
    told = words("++0", "+-0", "--+", "000", (0.5, 0.4, "0"), (0.1, 0.05, "+"), (None,) * 3,
                 ("+", None, None))  # fmt: skip
    verdict = m.vote_count(told, 0.95).verdict
    assert verdict == pytest.approx([1, 0, -1, 0, 1, 0, np.nan, 1], nan_ok=True)


def test_the_sign_test_knows_no_direction_of_a_null():
    six = Told(*(np.repeat(a, 2, axis=0) for a in words("+++", "++0", "---", "000", (0.01,) * 3)))
    verdict = m.sign_test(six, 0.95).verdict  # six of six: p = .031; four of four: p = .125
    assert verdict == pytest.approx([1, 0, -1, np.nan, 1], nan_ok=True)


# --- measures ---------------------------------------------------------------------------------


def test_measures_by_hand():
    nan = np.nan
    answers = Answers(*np.array([
        [0.1, 0.3, 0.2, nan], [0.0, 0.25, -0.1, nan], [0.2, 0.35, 0.5, nan], [0.1, 0.0, 0.2, nan],
        [0.0, 0.0, 0.15, nan], [0.3, 0.05, 0.4, nan], [0, 1, 0, nan],
    ]))  # fmt: skip
    found = measures(answers, 0.15, 0.1)
    assert found["answers"] == 3 and found["no_answer"] == 0.25
    assert found["bias"] == pytest.approx(0.05) and found["empirical_se"] == pytest.approx(0.1)
    assert found["bias_mcse"] == pytest.approx(0.1 / 3**0.5)
    assert found["empirical_se_mcse"] == pytest.approx(0.1 / 2)
    assert found["coverage"] == pytest.approx(2 / 3) and found["above"] == pytest.approx(1 / 3)
    assert found["coverage_mcse"] == pytest.approx((2 / 9 / 3) ** 0.5) and found["below"] == 0
    assert found["width"] == pytest.approx(0.9 / 3) and found["median_width"] == pytest.approx(0.2)
    assert found["rejects"] == 0.25 == found["rejects_rightly"]  # of all four reviews
    assert found["rejects_mcse"] == pytest.approx((0.25 * 0.75 / 4) ** 0.5)
    assert found["tau_bias"] == pytest.approx(0.0)
    assert found["tau_coverage"] == pytest.approx(1 / 3)  # 0 to .3 alone holds .1
    assert measures(answers._replace(verdict=-answers.verdict), 0.15, 0.1)["rejects_rightly"] == 0


def test_a_method_without_estimates_has_no_bias_but_a_verdict():
    answers = Answers(*np.full((6, 4), np.nan), verdict=np.array([1.0, 0, 0, -1]))
    found = measures(answers, 0.0, 0.0)
    assert np.isnan(found["bias"]) and np.isnan(found["coverage"])
    assert found["rejects"] == 0.5 and found["rejects_rightly"] == 0.25 and not found["no_answer"]


def test_prediction_limits_are_those_of_the_book(told):
    answers = m.every_report(told, 0.95)
    low, high = prediction(answers)
    for b in (1, 9, 22):
        fit = synthesis.pool_reports(reports(told, b))
        assert (low[b], high[b]) == pytest.approx(pools.prediction(fit), rel=1e-5, abs=1e-6)


def test_the_chance_of_a_new_true_effect_is_the_share_of_those_drawn():
    low, high = np.array([-0.3, 0.05, -np.inf]), np.array([0.1, 0.4, 0.2])
    drawn = g.normal_effects(np.random.default_rng(4), 0.2, 0.1, (MANY, 1))
    shares = ((low <= drawn) & (drawn <= high)).mean(axis=0)
    found = holds_new(low, high, 0.2, 0.1)
    assert all(near(a, b) for a, b in zip(shares, found, strict=True)) and found[2] == 0.5
    assert holds_new(low, high, 0.2, 0.0) == pytest.approx([0, 1, 1])
    assert holds_new(low, high, 0.2, 1e-9)[:2] == pytest.approx([0, 1])


def test_prediction_coverage_by_hand_and_only_where_asked():
    fields = np.array([[0.0, 0.0, np.nan], [-0.1, -9.0, np.nan], [0.1, 9.0, np.nan],
                       [0.0, 0.3, np.nan], *np.full((2, 3), np.nan), [0, 0, np.nan]])  # fmt: skip
    found = measures(Answers(*fields), 0.0, 0.1, predicts=True)
    within = ndtr(1.0) - ndtr(-1.0)  # tau estimated as 0: the confidence interval itself
    assert found["prediction_coverage"] == pytest.approx((within + 1) / 2)
    assert found["prediction_coverage_mcse"] == pytest.approx((1 - within) / 2)
    assert np.isnan(measures(Answers(*fields), 0.0, 0.1)["prediction_coverage"])


# --- the study --------------------------------------------------------------------------------


def test_neither_workers_nor_the_order_of_cells_change_a_digit():
    design = small()
    cells = list(design.cells())
    with parallel_config(backend="sequential"):
        alone, slices = study(design, cells, progress=lambda *_: None)
        backwards, _ = study(design, cells[::-1], progress=lambda *_: None)
    with parallel_config(backend="loky", n_jobs=2):
        together, _ = study(design, cells, progress=lambda *_: None)
    lines = [list(map(text, row.values())) for row in alone]
    assert lines == [list(map(text, row.values())) for row in together]
    assert sorted(lines) == sorted(list(map(text, row.values())) for row in backwards)
    assert len(lines) == len(cells) * len(METHODS) + 4 * len(SLOW_METHODS)
    assert set(slices) == {"none", "ours"}


def test_every_task_draws_its_own_numbers():
    design = small()
    first = [design.generator(cell, chunk).random() for cell in design.cells()
             for chunk in design.chunks()]  # fmt: skip
    assert len(set(first)) == len(first) == 8 * 3
    assert small(seed=6).generator(Cell("none", 0.0, 0.0), 0).random() not in first


def test_a_last_task_may_be_short():
    design = small(reviews=20)
    assert [task(design, Cell("none", 0.0, 0.0), c)[1].shape[1] for c in design.chunks()] == [
        8, 8, 4]  # fmt: skip


def test_digits_are_kept_as_text_without_signed_zeros():
    assert [text(x) for x in (0.1234567891, -0.0, np.nan, 4000, "ours")] == [
        "0.123457", "0", "", "4000", "ours"]  # fmt: skip
    assert kept({"a": np.nan, "b": 0.5, "c": "d"}) == {"a": None, "b": 0.5, "c": "d"}


# --- what is kept -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def design() -> Design:
    return designs.stored()


def test_the_stored_design_is_complete(design):
    assert designs.from_text(design.text()) == design
    assert list(design.regimes) == list(REGIMES)
    assert design.regimes["ours"] == designs.shares(design.record["all"])
    assert design.regimes["extreme"] == designs.shares(design.record["extended"])
    assert design.regimes["eligible"] == designs.shares(design.record["eligible"])
    for kind, counts in design.record["eligible"].items():
        for key, number in counts.items():
            assert number == sum(design.record[name][kind][key] for name in designs.POOLS)


def test_the_priors_are_those_of_the_protocol(design, results):
    protocol = results["protocol"]
    priors = design.options["every_report_bayes"]
    assert priors["mean_prior"] == [0.0, float(protocol["prior_mean_sd"])]
    assert " ".join(map(str, priors["tau_prior"])) == protocol["prior_tau"]


def test_prediction_is_measured_where_true_effects_are_normal():
    for row in simulated.rows():
        wanted = row["method"] in WITH_PREDICTION and row["regime"] not in ("skewed", "two_point")
        assert (row["prediction_coverage"] is not None) == wanted
        assert (row["prediction_coverage_mcse"] is not None) == wanted


def test_every_cell_and_method_is_kept_once(design):
    lines = simulated.rows()
    wanted = [
        (*cell, name) for cell in design.cells()
        for name in (*METHODS, *(SLOW_METHODS if cell.regime in WITH_SLOW_METHODS else ()))
    ]  # fmt: skip
    assert [(w["regime"], w["r"], w["tau"], w["method"]) for w in lines] == wanted
    fast = design.reviews
    slow = design.slow * len(design.chunks())
    assert {(row["method"] in SLOW_METHODS, row["reviews"]) for row in lines} == {
        (False, fast), (True, slow)}  # fmt: skip
    content = paths.SIMULATION_RESULTS.read_bytes()
    assert b"\r" not in content and content.endswith(b"\n") and b"nan" not in content


@pytest.mark.parametrize("regime", ["ours", "p_hacking"])
def test_the_first_reviews_of_two_cells_give_what_is_kept(design, regime):
    """A change of the statistics, the generator or the ways of telling is noticed here."""
    stored = json.loads((paths.SIMULATION / "slices.json").read_text("utf-8"))[regime]
    cell = Cell(regime, 0.2, 0.1)
    for row in rows(cell, *task(design, cell, 0)):
        found, was = kept(row), stored[row["method"]]
        assert found.keys() == was.keys()
        for name, value in found.items():
            assert value == (was[name] if isinstance(value, str | None) else pytest.approx(
                was[name], rel=2e-5, abs=1e-7)), (row["method"], name)  # fmt: skip


def test_the_record_gives_a_design(results):
    made = designs.from_record(results, reviews=10, seed=1)
    assert len(made.sizes) == len(results["pools"]["core"]["rows"])
    assert made.regimes["ours"]["significant"] == pytest.approx(
        results["reporting"]["all"]["significant"]["share"]
    )
    chances = results["reporting_model"]["chance"]["eligible"]
    for kind in ("significant", "not_significant"):
        assert made.regimes["eligible"][kind] == pytest.approx(chances[kind]["share"])
    assert len(list(made.cells())) == 11 * 12 + 2 * 8
    # the study can be run where no results of it are kept
    assert made == designs.from_record(designs.present(), reviews=10, seed=1)
