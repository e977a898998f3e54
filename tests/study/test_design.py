from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.study.design import Design, design_of, place

BUDGET, SESSIONS = "traffic.delivery[launch_1].daily_budget", "traffic.sites[0].organic_sessions"


class TestGrid:
    def test_all_combinations_the_last_factor_fastest(self):
        found = design_of({"policy": ["strict", "pause"], BUDGET: [1.0, 2.0, 3.0]})
        assert found.paths == ("policy", BUDGET)
        assert found.rows == tuple((p, b) for p in ("strict", "pause") for b in (1.0, 2.0, 3.0))

    def test_a_tuple_is_a_list_of_levels(self):
        assert design_of({BUDGET: (1.0, 9.0)}).rows == ((1.0,), (9.0,))

    def test_levels_of_numpy_are_plain(self):
        (row,) = design_of({BUDGET: np.array([3.0]), "days": np.array([9])}).rows
        assert [type(level) for level in row] == [float, int]


class TestLatinHypercube:
    def test_one_point_in_each_slice_of_each_factor(self):
        found = design_of({BUDGET: (100.0, 200.0), SESSIONS: (0.0, 1.0)}, "latin", n=10, seed=4)
        for i, (low, width) in enumerate(((100.0, 10.0), (0.0, 0.1))):
            slices = sorted(int((row[i] - low) / width) for row in found.rows)
            assert slices == list(range(10))

    def test_lists_are_divided_evenly(self):
        found = design_of({"policy": ["strict", "pause", "continue"], "days": (5, 9)}, "latin", n=30, seed=4)
        policies, days = zip(*found.rows, strict=True)
        assert {policies.count(p) for p in set(policies)} == {10}
        assert {days.count(d) for d in range(5, 10)} == {6}
        assert all(type(day) is int for day in days)

    def test_the_seed_decides(self):
        factors = {BUDGET: (1.0, 2.0), SESSIONS: (1.0, 2.0)}
        one, again, other = (design_of(factors, "latin", n=5, seed=seed) for seed in (1, 1, 2))
        assert one == again
        assert one != other


class TestSobol:
    def test_balanced_over_every_half(self):
        found = design_of({BUDGET: (0.0, 1.0), SESSIONS: (0.0, 1.0)}, "sobol", n=16, seed=4)
        upper = np.array(found.rows) >= 0.5
        assert upper.sum(axis=0).tolist() == [8, 8]
        assert (upper[:, 0] & upper[:, 1]).sum() == 4

    def test_wants_a_power_of_two_and_says_the_nearest(self):
        with pytest.raises(InputError, match="choose 8 or 16"):
            design_of({BUDGET: (0.0, 1.0)}, "sobol", n=12)


class TestPlace:
    def test_ends_of_the_cube_are_ends_of_the_ranges(self):
        factors = {"a": (2.0, 6.0), "b": (3, 5), "c": ["x", "y"]}
        assert place(factors, np.array([[0.0, 0.0, 0.0], [1.0, 1.0, 1.0]])).rows == ((2.0, 3, "x"), (6.0, 5, "y"))

    @settings(derandomize=True, deadline=None, max_examples=60)
    @given(st.floats(0, 1), st.integers(-5, 5), st.integers(0, 9))
    def test_never_leaves_the_range(self, u, low, width):
        ((number, whole),) = place(
            {"a": (float(low), low + width + 0.5), "b": (low, low + width)}, np.array([[u, u]])
        ).rows
        assert low <= number <= low + width + 0.5
        assert low <= whole <= low + width


class TestFinishedDesign:
    def test_columns_are_paths(self):
        table = pd.DataFrame({"policy": ["strict", "pause"], "days": [7, 8]})
        assert design_of(table).rows == (("strict", 7), ("pause", 8))

    def test_refusals(self):
        with pytest.raises(InputError, match="leave out method and n"):
            design_of(pd.DataFrame({"days": [7]}), "latin", n=3)
        with pytest.raises(InputError, match="at least one point"):
            design_of(pd.DataFrame({"days": []}))


class TestText:
    @settings(derandomize=True, deadline=None, max_examples=60)
    @given(st.lists(st.tuples(st.floats(allow_nan=False, allow_infinity=False), st.text(), st.integers()), min_size=1))
    def test_is_read_back_as_it_was(self, rows):
        design = Design(("a", "b", "c"), tuple(rows))
        assert Design.from_text(design.text) == design
        assert Design.from_text(design.text).content_hash == design.content_hash

    def test_the_hash_depends_on_every_level(self):
        hashes = {design_of({"days": levels}).content_hash for levels in ([5, 6], [5, 7], [6, 5], [5])}
        assert len(hashes) == 4


class TestPoints:
    def test_several_levels_are_put_in_at_once(self, scenario):
        point = design_of({"days": [9], "policy": ["strict"], BUDGET: [33.0]}).point(scenario, 0)
        assert point.scenario == scenario.vary("days", 9).vary("policy", "strict").vary(BUDGET, 33.0)
        assert point.message == ""

    def test_refused_levels_are_told_of(self, scenario):
        point = design_of({"days": [5, 1]}).point(scenario, 1)
        assert point.scenario is None
        assert "must be before the end, day 1" in point.message

    def test_a_path_that_leads_nowhere_is_an_error(self, scenario):
        with pytest.raises(UnknownNameError, match="policy"):
            design_of({"polcy": ["strict"]}).point(scenario, 0)


class TestTable:
    def test_types(self):
        table = design_of({"a": [1, 2], "b": [True], "c": [1, 2.5], "d": ["x"], "e": [None], "f": [[1, 2]]}).table()
        kinds = {str(name): str(kind) for name, kind in table.dtypes.items()}
        assert kinds == {"a": "int64", "b": "bool", "c": "float64", "d": "str", "e": "str", "f": "str"}
        assert (table["e"][0], table["f"][0]) == ("null", "[1, 2]")


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"factors": {}}, "at least one path"),
        ({"factors": {"days": []}}, "at least one"),
        ({"factors": {"days": "5"}}, "list of levels"),
        ({"factors": {"days": 5}}, "list of levels"),
        ({"factors": {"days": [5]}, "n": 3}, "left out for a grid"),
        ({"factors": {"days": [5]}, "method": "random"}, "grid, latin or sobol"),
        ({"factors": {"days": [5]}, "method": "latin"}, "number of points"),
    ],
)
def test_refusals(arguments, part):
    with pytest.raises(InputError, match=part):
        design_of(**arguments)
