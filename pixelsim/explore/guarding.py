"""What fails in an explorer is shown in its page, since nobody waits for the callbacks of widgets."""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import TracebackType
from typing import Concatenate, ParamSpec, Protocol, TypeVar

__all__ = ["Guard", "guarded"]

P = ParamSpec("P")


class _Guarded(Protocol):
    """What can be guarded."""

    @property
    def reraises(self) -> bool:
        """Whether failures are let through."""
        ...

    def failed(self, error: Exception) -> None:
        """Show a failure in one line."""
        ...


E = TypeVar("E", bound=_Guarded)


class Guard:
    """Shows what fails inside the block in one line of the page, and lets it through where tests run.

    Parameters
    ----------
    explorer
        In whose page it is shown.
    """

    def __init__(self, explorer: _Guarded) -> None:
        self.explorer = explorer

    def __enter__(self) -> None:
        return None

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.explorer.failed(error)
        return not self.explorer.reraises


def guarded(callback: Callable[Concatenate[E, P], None]) -> Callable[Concatenate[E, P], None]:
    """Wrap a callback of an explorer: the page says in one line what failed, and a test sees the failure itself."""

    @functools.wraps(callback)
    def safe(explorer: E, /, *args: P.args, **kwargs: P.kwargs) -> None:
        with Guard(explorer):
            callback(explorer, *args, **kwargs)

    return safe
