"""What explorers of two designs share: tables of both side by side, and pairs of runs that come in one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Hashable, Sequence
from html import escape
from typing import Any, Generic, TypeVar

from pixelsim.explore.practice_pairs import Contrast, percentages
from pixelsim.explore.settling import Settling, runs_told
from pixelsim.explore.tables import html_table
from pixelsim.show.digits import plus_minus
from pixelsim.study.detail import Detail
from pixelsim.study.paired import Verdict

__all__ = ["PairsExplorer", "contrast_table", "pairs_told", "titled_table"]

T = TypeVar("T")


def titled_table(
    title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, numeric: Sequence[str] = ()
) -> str:
    """Give a small table as HTML under a line of its own that says what it shows."""
    heading = f'<div style="font-weight:bold;margin-top:10px">{escape(title)}</div>'
    return heading + html_table(columns, rows, numeric=numeric)


def contrast_table(found: Sequence[Contrast], first: str, second: str) -> str:
    """Give the measures of two designs as HTML: each with its half-width, the paired difference, and its verdict.

    Parameters
    ----------
    found
        The measures.
    first, second
        Names of the designs; "better" is said of the second one.
    """
    columns = ["claim", "measure", second, first, f"{second} minus {first}", "unit", f"{second} is"]
    counted = any(one.exactness for one in found)
    rows = []
    for one in found:
        factor, unit = percentages(one.claim)
        a, b, difference = one.first, one.second, one.difference
        none = one.first.n == 0 or one.second.n == 0
        verdict = "not measured" if none else "equal" if _equal(one) else difference.verdict.value
        rows.append(
            (
                one.claim.claim,
                one.claim.measure,
                plus_minus(factor * b.mean, factor * b.half_width),
                plus_minus(factor * a.mean, factor * a.half_width),
                plus_minus(factor * difference.mean, factor * difference.half_width, sign=True),
                unit,
                verdict,
                *([one.exactness] if counted else []),
            )
        )
    numeric = columns[2:5]
    columns += ["in counts"] if counted else []
    return titled_table("What sharing is claimed to bring", columns, rows, numeric=numeric)


def _equal(one: Contrast) -> bool:
    return one.difference.verdict is Verdict.NO_DIFFERENCE_SHOWN and one.difference.standard_deviation == 0


def pairs_told(done: int, wanted: int, seed: int, detail: Detail) -> str:
    """Say below the tables how many pairs of runs they come from, and how differences are judged."""
    over = runs_told(done, wanted, detail, what="pairs")
    return f"<div>{over}, seed {seed}; half-widths of 95 %, differences judged together (Holm)</div>"


class PairsExplorer(Settling, Generic[T]):
    """Base of explorers that compare two designs by pairs of runs.

    A subclass gives :meth:`chosen`, :meth:`task` and :meth:`show`. What needs no run is there at once: a pair of
    runs takes longer than a hand waits.
    """

    ahead = True
    shared = True
    seed: int
    """Root seed."""

    def __init__(self, title: str, controls: dict[str, Any], told: str, *, replications: int) -> None:
        # Choices that were looked at before come back at once.
        self._pairs: dict[tuple[Detail, Hashable], dict[int, T]] = {}
        super().__init__(title, controls, told, replications=replications)

    def chosen(self) -> Hashable:
        """Give what the controls say of the runs."""
        raise NotImplementedError

    def task(self) -> Callable[[Sequence[int]], Sequence[T]]:
        """Give what runs both designs that the controls say, in the present detail."""
        raise NotImplementedError

    def show(self, pairs: tuple[T, ...]) -> None:
        """Show what pairs of runs brought."""
        raise NotImplementedError

    def _kept(self) -> dict[int, T]:
        return self._pairs.setdefault((self.detail, self.chosen()), {})

    def known(self) -> int:
        """Give how many pairs are there, from the first one on without a gap."""
        kept = self._kept()
        return next(number for number in itertools.count() if number not in kept)

    def left(self) -> list[int]:
        """Give the replications of which there is no pair."""
        kept = self._kept()
        return [number for number in range(self.replications) if number not in kept]

    def keep(self, replication: int, result: T) -> None:
        """Keep one pair."""
        self._kept()[replication] = result

    def answer(self, done: int) -> None:
        """Show picture and tables of so many pairs."""
        kept = self._kept()
        self.show(tuple(kept[number] for number in range(done)))

    def fingerprint(self) -> dict[str, Any]:
        """Give the seed and the number of runs."""
        return {"seed": self.seed, "replications": self.replications}
