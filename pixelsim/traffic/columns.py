"""Tables of equally long arrays: how the parts of a step are joined, picked and ordered.

Columns that are one and the same array stay so: what is picked or joined once is not copied again for each of them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import partial
from typing import Any, ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import NDArray

from pixelsim.traffic.kernels import chosen

__all__ = ["Columns", "replaced"]

_Number = TypeVar("_Number", np.int64, np.int8)


class Columns:
    """Base of frozen data classes whose fields are arrays of the same length."""

    __slots__ = ()
    __match_args__: ClassVar[tuple[str, ...]] = ()
    """Names of the columns, which the data class fills in."""

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Pick rows by position, mask or slice; positions that are all rows in their order copy nothing."""
        if isinstance(index, np.ndarray):
            if index.dtype == np.bool_:
                index = np.flatnonzero(index)
            if len(index) == len(self) and _counts_up(index):
                return self
        made: dict[Hashable, NDArray[Any]] = {}
        # Taking positions is faster by the method than by the brackets.
        pick = (lambda column: column[index]) if isinstance(index, slice) else (lambda column: column.take(index))
        return type(self)(*(_once(made, id(column), partial(pick, column)) for column in self.columns()))

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Put tables one after another; at least one is needed, since it gives the types."""
        given = list(parts)
        tables = [table for table in given if len(table)] or given[:1]
        if len(tables) == 1:
            return tables[0]
        made: dict[Hashable, NDArray[Any]] = {}
        together = zip(*(table.columns() for table in tables), strict=True)
        return cls(*(_once(made, tuple(map(id, group)), partial(np.concatenate, group)) for group in together))

    @classmethod
    def merged(cls, parts: Sequence[Self], order: NDArray[np.int64]) -> Self:
        """Put tables one after another and pick all rows in an order, which has to name each of them once."""
        compiled = chosen()
        if compiled is None:
            return cls.join(parts).take(order)
        # Each row of a part is written to its place at once, so that nothing is put together only to be picked apart.
        rank = compiled.inverse(order)
        ends = np.cumsum([len(part) for part in parts])
        places = [rank[end - len(part) : end] for part, end in zip(parts, ends, strict=True)]

        def placed(columns: Sequence[NDArray[Any]]) -> NDArray[Any]:
            whole = np.empty(len(order), dtype=columns[0].dtype)
            for column, place in zip(columns, places, strict=True):
                compiled.scatter(column, place, whole)
            return whole

        made: dict[Hashable, NDArray[Any]] = {}
        together = zip(*(part.columns() for part in parts), strict=True)
        return cls(*(_once(made, tuple(map(id, group)), partial(placed, group)) for group in together))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of the columns, in their order."""
        return cls.__match_args__

    def columns(self) -> list[NDArray[Any]]:
        """Give the columns, in their order."""
        return [getattr(self, name) for name in self.names()]

    def with_columns(self, **columns: NDArray[Any]) -> Self:
        """Give the table with some columns exchanged."""
        return type(self)(*(columns.get(name, getattr(self, name)) for name in self.names()))

    def __deepcopy__(self, memo: dict[int, object]) -> Self:
        # Nothing changes a table once it is made, so copies of what holds it may share it.
        return self

    def __len__(self) -> int:
        return len(getattr(self, self.names()[0]))


def replaced(column: NDArray[_Number], mask: NDArray[np.bool_], value: int) -> NDArray[_Number]:
    """Give a column with a value of its type where a mask holds.

    This is arithmetic and no choice: a processor guesses wrong where a mask is random, which costs several times more.
    """
    return column + mask * (column.dtype.type(value) - column)


def _counts_up(index: NDArray[Any]) -> bool:
    """Tell whether positions are 0, 1, 2 and so on; most that are not give themselves away at the ends."""
    size = len(index)
    return not size or bool(index[0] == 0 and index[-1] == size - 1 and np.array_equal(index, np.arange(size)))


def _once(made: dict[Hashable, NDArray[Any]], key: Hashable, make: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """Make an array unless the same one was made before."""
    if key not in made:
        made[key] = make()
    return made[key]
