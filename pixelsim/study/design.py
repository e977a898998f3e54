"""Design points: which combinations of factor levels a sweep runs, by grid, Latin hypercube or Sobol sequence."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from pixelsim.base.errors import Fault, InputError
from pixelsim.base.streams import Streams
from pixelsim.scenario.paths import put
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.statistics import Floats

__all__ = ["Design", "Factors", "Levels", "Method", "Point", "design_of", "place"]

Levels = Sequence[Any]
"""A list of levels; or, for the Latin hypercube and Sobol, a tuple (low, high) that stands for all numbers between."""
Factors = Mapping[str, Levels]
"""Levels by path into the scenario."""
Method = Literal["grid", "latin", "sobol"]


@dataclass(frozen=True, slots=True)
class Point:
    """One design point.

    Parameters
    ----------
    number
        Its place in the design, from 0.
    scenario
        What is run there; None where the scenario refuses the levels.
    message
        Why it refuses them; empty otherwise.
    """

    number: int
    scenario: Scenario | None
    message: str


@dataclass(frozen=True, slots=True)
class Design:
    """Factors and their levels at each design point.

    Parameters
    ----------
    paths
        Paths into the scenario.
    rows
        For each point a level of each factor, as plain data (numbers, texts, lists).
    """

    paths: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def content_hash(self) -> str:
        """Key of the design: 32 hexadecimal digits."""
        return hashlib.blake2b(self.text.encode(), digest_size=16).hexdigest()

    @property
    def text(self) -> str:
        """The design as JSON text, one line for each point, from which it can be read again."""
        lines = ",\n".join(json.dumps(row, ensure_ascii=True) for row in self.rows)
        return f'{{"factors": {json.dumps(self.paths)},\n"points": [\n{lines}\n]}}\n'

    @classmethod
    def from_text(cls, text: str) -> Design:
        """Read a design from its JSON text."""
        data = json.loads(text)
        return cls(tuple(data["factors"]), tuple(tuple(row) for row in data["points"]))

    def point(self, scenario: Scenario, number: int) -> Point:
        """Give one design point; levels that the scenario refuses make a point that says why.

        Raises
        ------
        UnknownNameError
            A path leads nowhere in the scenario.
        """
        data = scenario.plain()
        for path, level in zip(self.paths, self.rows[number], strict=True):
            put(data, path, level)
        try:
            return Point(number, type(scenario).read(data, source=f"point {number} of {scenario.name}"), "")
        except InputError as error:
            return Point(number, None, str(error))

    def table(self) -> pd.DataFrame:
        """Give the levels as a table, one column for each factor; levels that are no numbers or texts as JSON."""
        return pd.DataFrame({path: _column([row[i] for row in self.rows]) for i, path in enumerate(self.paths)})


def _column(levels: Sequence[Any]) -> pd.Series:
    if all(isinstance(level, bool) for level in levels):
        return pd.Series(levels, dtype="bool")
    if all(isinstance(level, int) and not isinstance(level, bool) for level in levels):
        return pd.Series(levels, dtype="int64")
    if all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels):
        return pd.Series(levels, dtype="float64")
    return pd.Series([level if isinstance(level, str) else json.dumps(level) for level in levels], dtype="str")


def design_of(
    factors: Factors | pd.DataFrame, method: Method = "grid", *, n: int | None = None, seed: int = 1
) -> Design:
    """Choose the design points.

    Parameters
    ----------
    factors
        Levels by path; or a finished design, one column for each path and one row for each point.
    method
        ``"grid"``: all combinations, the last factor changing fastest. ``"latin"``: a Latin hypercube of ``n`` points.
        ``"sobol"``: a scrambled Sobol sequence of ``n`` points. In the latter two a list of levels is divided evenly,
        and a tuple ``(low, high)`` stands for all numbers between; for whole ones, both ends included, when both are
        whole.
    n
        Points of ``"latin"`` and ``"sobol"``; a power of 2 for the latter.
    seed
        Root seed of the points of ``"latin"`` and ``"sobol"``, at least 0.

    Raises
    ------
    InputError
        There is no factor, no level or no point, or an argument does not fit the method.
    """
    if isinstance(factors, pd.DataFrame):
        return _finished(factors, method, n)
    _check_factors(factors)
    paths = tuple(factors)
    if method == "grid":
        if n is not None:
            raise _refuse("n", n, "left out for a grid", "thin out the levels, or use the Latin hypercube")
        return Design(paths, tuple(itertools.product(*([_plain(level) for level in factors[p]] for p in paths))))
    if method not in {"latin", "sobol"}:
        raise _refuse("method", method, "grid, latin or sobol", "choose one")
    if n is None or n < 1:
        raise _refuse("n", n, f"a number of points of at least 1 for {method}", "say how many points")
    from scipy.stats import qmc  # noqa: PLC0415 - slow to import, and needed for these two designs only

    generator = Streams(seed).generator("design", method)
    if method == "latin":
        cube = qmc.LatinHypercube(len(paths), seed=generator).random(n)
    else:
        if n & (n - 1):
            power = int(math.log2(n))
            raise _refuse("n", n, "a power of 2 for a Sobol sequence", f"choose {2**power} or {2 ** (power + 1)}")
        cube = qmc.Sobol(len(paths), seed=generator).random_base2(n.bit_length() - 1)
    return place(factors, cube)


def place(factors: Factors, cube: Floats) -> Design:
    """Turn points of the unit cube into levels.

    Parameters
    ----------
    factors
        Levels by path.
    cube
        float64 in [0, 1] of shape (points, factors).
    """
    scales = [_scale(levels) for levels in factors.values()]
    rows = tuple(tuple(scale(u) for scale, u in zip(scales, row, strict=True)) for row in cube.tolist())
    return Design(tuple(factors), rows)


def _scale(levels: Levels) -> Callable[[float], Any]:
    """Give the function that turns a number in [0, 1] into a level."""
    ends = _range(levels)
    if ends is None:
        known = [_plain(level) for level in levels]
        return lambda u: known[min(int(u * len(known)), len(known) - 1)]
    low, high = ends
    if isinstance(low, int) and isinstance(high, int):
        return lambda u: min(low + int(u * (high - low + 1)), high)
    return lambda u: low + u * (high - low)


def _range(levels: Levels) -> tuple[float, float] | None:
    """Give the ends of a range, None for a list of levels."""
    if not isinstance(levels, tuple) or len(levels) != 2:
        return None
    low, high = (_plain(level) for level in levels)
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) for end in (low, high))
    return (low, high) if numbers else None


def _finished(table: pd.DataFrame, method: Method, n: int | None) -> Design:
    if method != "grid" or n is not None:
        raise _refuse("method", method, "left out for a finished design", "leave out method and n")
    if table.empty or not table.columns.is_unique:
        value = f"{len(table)} points of {len(table.columns)} factors"
        raise _refuse("design", value, "at least one point, each factor named once", "give one column for each path")
    rows = zip(*(table[column].tolist() for column in table.columns), strict=True)
    return Design(tuple(str(c) for c in table.columns), tuple(tuple(_plain(v) for v in row) for row in rows))


def _plain(level: Any) -> Any:
    """Give a level as plain data."""
    value = level.item() if isinstance(level, np.generic) else level
    if value is pd.NA or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, tuple | list):
        return [_plain(one) for one in value]
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    return value if isinstance(value, bool | int | float | str | None) else str(value)


def _check_factors(factors: Factors) -> None:
    if not factors:
        raise _refuse("factors", "none", "at least one path with its levels", "name a factor")
    faults = [
        Fault("$", path, str(levels), "a list of levels, at least one", "give a list, even for one level")
        for path, levels in factors.items()
        if isinstance(levels, str) or not isinstance(levels, Sequence | np.ndarray) or not len(levels)
    ]
    if faults:
        raise InputError("sweep", faults)


def _refuse(field: str, value: object, rule: str, remedy: str) -> InputError:
    return InputError.single("sweep", field=field, value=value, rule=rule, remedy=remedy)
