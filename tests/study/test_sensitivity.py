from __future__ import annotations

import importlib.util
import sys
from types import ModuleType

import numpy as np
import pytest
from scipy import stats

from pixelsim.base.errors import InputError, MissingExtraError, UnknownNameError
from pixelsim.study import open_study, sensitivity, sweep
from pixelsim.study.sensitivity import _means

BUDGET = "traffic.delivery[launch_1].daily_budget"
OTHER = "traffic.delivery[brand_always_on_1].daily_budget"
ORPHANED = "orphaned spend, acc_agency"
RANGES = {BUDGET: (10.0, 90.0), OTHER: (10.0, 90.0)}


def sample(problem, n, *, calc_second_order, seed):
    """Saltelli's design by hand: for each base point A, then A with one column of B after the other, then B."""
    assert not calc_second_order
    size = problem["num_vars"]
    base = stats.qmc.Sobol(2 * size, seed=seed).random(n)
    rows = []
    for a, b in zip(base[:, :size], base[:, size:], strict=True):
        mixed = [np.where(np.arange(size) == i, b, a) for i in range(size)]
        rows += [a, *mixed, b]
    return np.array(rows)


def analyze(problem, values, *, calc_second_order, conf_level, seed):
    """Saltelli's (2010) first-order and Jansen's total estimators, with half-widths by the bootstrap."""
    assert not calc_second_order
    assert seed
    size = problem["num_vars"]
    table = values.reshape(-1, size + 2)
    draws = np.random.default_rng(seed).integers(len(table), size=(100, len(table)))

    def indices(rows):
        a, mixed, b = rows[:, 0], rows[:, 1:-1], rows[:, -1]
        spread = np.var(np.concatenate([a, b]))
        first = (b[:, None] * (mixed - a[:, None])).mean(axis=0) / spread
        return first, ((a[:, None] - mixed) ** 2).mean(axis=0) / 2 / spread

    again = np.array([indices(table[draw]) for draw in draws])
    width = stats.norm.ppf(0.5 + conf_level / 2) * again.std(axis=0, ddof=1)
    first, total = indices(table)
    return {"S1": first, "S1_conf": width[0], "ST": total, "ST_conf": width[1]}


@pytest.fixture
def salib(monkeypatch):
    """SALib where it is installed; otherwise the same formulas, so that everything around them is tested anyway."""
    if importlib.util.find_spec("SALib") is not None:
        return
    names = ("SALib", "SALib.sample", "SALib.sample.sobol", "SALib.analyze", "SALib.analyze.sobol")
    modules = {name: ModuleType(name) for name in names}
    modules["SALib.sample.sobol"].sample = sample
    modules["SALib.analyze.sobol"].analyze = analyze
    modules["SALib.sample"].sobol = modules["SALib.sample.sobol"]
    modules["SALib.analyze"].sobol = modules["SALib.analyze.sobol"]
    for name, module in modules.items():
        monkeypatch.setitem(sys.modules, name, module)


def test_without_salib_it_says_what_to_install(scenario, monkeypatch):
    monkeypatch.setitem(sys.modules, "SALib", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'pixelsim\[sensitivity\]'"):
        sensitivity(scenario, RANGES, ORPHANED)


@pytest.mark.usefixtures("salib")
class TestSensitivity:
    def test_spend_in_proportion_to_one_budget_depends_on_it_alone(self, scenario, tmp_path):
        outcomes = [ORPHANED, "blind days, acc_brand"]
        asked = {"n": 4, "replications": 1, "seed": 0, "out": tmp_path / "study"}
        found = sensitivity(scenario, RANGES, outcomes, **asked)
        spent = found[found["outcome"] == ORPHANED].set_index("factor")
        assert list(spent.index) == [BUDGET, OTHER]
        assert spent.loc[OTHER, ["first_order", "total"]].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
        # Jansen's estimator of the total index, from the stored points: A, A with B's budget, A with B's other, B.
        a, mixed, _, b = (
            open_study(tmp_path / "study")
            .frame("orphaned spend", object="acc_agency")["value"]
            .to_numpy()
            .reshape(4, 4)
            .T
        )
        assert spent.loc[BUDGET, "total"] == pytest.approx(((a - mixed) ** 2).mean() / 2 / np.var([*a, *b]))
        assert spent.loc[BUDGET, "total_half_width"] > 0
        constant = found[found["outcome"] != ORPHANED]
        assert np.isnan(constant["total"]).all()
        # Asked again nothing runs again, and the answer is the same, with seed 0 as with any other.
        assert sensitivity(scenario, RANGES, outcomes, **asked).equals(found)

    @pytest.mark.parametrize(
        ("factors", "arguments", "error", "part"),
        [
            (RANGES, {"n": 12}, InputError, "power of 2"),
            ({}, {}, InputError, "at least one path"),
            ({"days": (1, 3)}, {"n": 2}, InputError, "narrow the ranges"),
            ({BUDGET: (10.0, 90.0)}, {"n": 2, "outcomes": "orphan spend"}, UnknownNameError, "orphaned spend"),
            ({BUDGET: (10.0, 90.0)}, {"n": 2, "cancel": lambda: True, "replications": 1}, InputError, "which goes on"),
        ],
    )
    def test_refusals(self, scenario, factors, arguments, error, part):
        with pytest.raises(error, match=part):
            sensitivity(scenario, factors, **{"outcomes": ORPHANED, "replications": 1, **arguments})


class TestMeans:
    def test_by_point(self, scenario):
        study = sweep(scenario, {BUDGET: [20.0, 40.0]}, replications=2)
        (values,) = _means(study, ORPHANED).values()
        frame = study.frame("orphaned spend", object="acc_agency")
        assert values == pytest.approx(frame.groupby("point")["value"].mean().to_numpy())

    def test_a_failed_replication_is_told_of(self, scenario, failing):
        failing(lambda _, replication: replication == 1)
        study = sweep(scenario, {BUDGET: [20.0]}, replications=2)
        with pytest.raises(InputError, match="ZeroDivisionError"):
            _means(study, ORPHANED)

    def test_a_response_with_gaps_is_told_of(self, scenario):
        study = sweep(scenario, {BUDGET: [20.0]}, replications=1)
        asked = {"viewer": "agency", "surface": "Events Manager", "response": "total events", "event": "Purchase"}
        with pytest.raises(InputError, match="every replication of every point has"):
            _means(study, asked)
