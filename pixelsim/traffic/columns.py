"""Tables of equally long arrays: how the parts of a step are joined, picked and ordered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

__all__ = ["Columns"]


class Columns:
    """Base of frozen data classes whose fields are arrays of the same length."""

    __slots__ = ()

    def take(self, index: NDArray[np.bool_] | NDArray[np.int64] | slice) -> Self:
        """Pick rows by position, mask or slice."""
        return type(self)(*(getattr(self, name)[index] for name in self.names()))

    @classmethod
    def join(cls, parts: Iterable[Self]) -> Self:
        """Put tables one after another; at least one is needed, since it gives the types."""
        tables = list(parts)
        return cls(*(np.concatenate([getattr(table, name) for table in tables]) for name in cls.names()))

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Give the names of the columns, in their order."""
        return tuple(field.name for field in fields(cls))  # type: ignore[arg-type]  # subclasses are data classes

    def with_columns(self, **columns: NDArray[Any]) -> Self:
        """Give the table with some columns exchanged."""
        return type(self)(*(columns.get(name, getattr(self, name)) for name in self.names()))

    def __len__(self) -> int:
        return len(getattr(self, self.names()[0]))
