"""Where the values of a calibrated scenario come from, and how uncertain each is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from pixelsim.exchange.estimates import Estimate, shown
from pixelsim.exchange.report import MISMATCH
from pixelsim.scenario.base import Source, SourceKind, Spread
from pixelsim.scenario.scenario import Scenario

__all__ = ["Origins", "Spreads", "is_marked", "logit_spread", "relative"]

Spreads = Mapping[str, float | tuple[float, ...]]
"""Standard errors by cause, on the scale of the value."""


def relative(found: Estimate) -> float:
    """Give the relative standard error of an estimate; 0 where it is unknown."""
    return found.sd / abs(found.value) if found.value and math.isfinite(found.sd) else 0.0


def logit_spread(share: float, spread: Mapping[str, float]) -> dict[str, float]:
    """Turn relative errors of a share into errors of its logit."""
    return {cause: error / (1 - share) for cause, error in spread.items()} if 0 < share < 1 else {}


def is_marked(scenario: Scenario) -> bool:
    """Say whether a scenario rests on a file whose totals differ from its rows, which its user accepted."""
    return any(MISMATCH in source.text for source in scenario.sources.values())


@dataclass
class Origins:
    """Collects the source of each value while a scenario is fitted.

    Parameters
    ----------
    marked
        A file's totals differ and the caller accepted it: every value from the files says so.
    """

    marked: bool = False
    sources: dict[str, Source] = field(default_factory=dict)

    def from_file(
        self,
        path: str,
        found: Estimate,
        *,
        more: str = "",
        spread: Spreads | None = None,
        scale: Literal["ln", "logit", "plain"] = "ln",
    ) -> None:
        """Note a value that an estimate gives, with its interval."""
        interval = ""
        if math.isfinite(found.low) and found.low < found.high:
            name = found.name.replace("_", " ")
            interval = f"; {name} {shown(found.value)}, 95 % {shown(found.low)} to {shown(found.high)}"
        self.told(path, f"{found.source}{interval}{more}", found.rows, spread=spread, scale=scale)

    def told(
        self,
        path: str,
        text: str,
        rows: int,
        *,
        spread: Spreads | None = None,
        scale: Literal["ln", "logit", "plain"] = "ln",
    ) -> None:
        """Note a value from the files, in words."""
        text = f"{text}; {MISMATCH}" if self.marked else text
        self._put(path, SourceKind.FILE, text, rows, spread=spread, scale=scale)

    def assumed(
        self, path: str, text: str, *, spread: Spreads | None = None, scale: Literal["ln", "logit", "plain"] = "ln"
    ) -> None:
        """Note a value that no file tells."""
        self._put(path, SourceKind.ASSUMPTION, text, None, spread=spread, scale=scale)

    def given(self, path: str) -> None:
        """Note a value that the user gave."""
        self._put(path, SourceKind.GIVEN, "given by the user", None, spread=None, scale="ln")

    def _put(
        self,
        path: str,
        kind: SourceKind,
        text: str,
        rows: int | None,
        *,
        spread: Spreads | None,
        scale: Literal["ln", "logit", "plain"],
    ) -> None:
        causes = tuple(
            Spread(cause=cause, error=rounded)
            for cause, error in (spread or {}).items()
            if np.any(np.asarray(rounded := _rounded(error)))
        )
        self.sources[path] = Source(kind=kind, text=text, rows=rows, spread=causes, scale=scale if causes else "ln")


def _rounded(error: float | tuple[float, ...]) -> float | tuple[float, ...]:
    """Round an error to four digits, which is more than is known of it."""
    if isinstance(error, tuple):
        return tuple(float(f"{e:.4g}") for e in error)
    return float(f"{error:.4g}")
