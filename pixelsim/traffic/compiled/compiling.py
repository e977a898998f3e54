"""How a function is compiled: once for each set of types, and kept in Numba's cache."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

import numba

__all__ = ["compiled"]

_Given = ParamSpec("_Given")
_Result = TypeVar("_Result")


def compiled(function: Callable[_Given, _Result]) -> Callable[_Given, _Result]:
    """Compile a function at its first call; arithmetic keeps to IEEE 754 and integers wrap."""
    return cast("Callable[_Given, _Result]", numba.njit(cache=True, error_model="numpy")(function))
