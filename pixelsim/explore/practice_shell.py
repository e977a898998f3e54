"""What explorers of two designs share: tables of both side by side, and pairs of runs that come in one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from html import escape
from typing import Any, Protocol, TypeVar

from pixelsim.explore.base import Explorer, html_table
from pixelsim.explore.practice_pairs import Contrast, percentages
from pixelsim.show.digits import plus_minus
from pixelsim.study.paired import Verdict

__all__ = ["PairsExplorer", "contrast_table", "runs_told", "titled_table", "unbroken"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)


class _RunsPair(Protocol[T_co]):
    """Runs both designs once."""

    def __call__(self, *, replication: int) -> T_co: ...


def unbroken(text: str) -> str:
    """Give a short text in one piece, which a narrow column does not break."""
    return text.replace(" ", "\u00a0")


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
                unbroken(plus_minus(factor * b.mean, factor * b.half_width)),
                unbroken(plus_minus(factor * a.mean, factor * a.half_width)),
                unbroken(plus_minus(factor * difference.mean, factor * difference.half_width, sign=True)),
                unit,
                verdict,
            )
        )
    return titled_table("What sharing is claimed to bring", columns, rows, numeric=columns[2:5])


def _equal(one: Contrast) -> bool:
    return one.difference.verdict is Verdict.NO_DIFFERENCE_SHOWN and one.difference.standard_deviation == 0


def runs_told(done: int, wanted: int, seed: int) -> str:
    """Say below the tables how many pairs of runs they come from, and how differences are judged."""
    pairs = f"pair{'' if wanted == 1 else 's'} of runs"
    over = f"{done} {pairs}" if done == wanted else f"{done} of {wanted} {pairs} so far"
    return f"<div>{over}, seed {seed}; half-widths of 95 %, differences judged together (Holm)</div>"


class PairsExplorer(Explorer):
    """Base of explorers that compare two designs by pairs of runs."""

    replications: int
    """Pairs of runs for each choice."""
    seed: int
    """Root seed."""

    def bring_in(self, runs: list[T], run_pair: _RunsPair[T], show: Callable[[tuple[T, ...]], None]) -> None:
        """Show the pairs that are known at once, and bring the others in one by one.

        Parameters
        ----------
        runs
            Pairs that are known, from the first on; those to come are added, so that they come back at once later.
        run_pair
            Gives the pair of a replication.
        show
            Shows the pairs that are there.
        """

        def others() -> Iterator[None]:
            for replication in range(len(runs), self.replications):
                runs.append(run_pair(replication=replication))
                show(tuple(runs))
                yield

        show(tuple(runs))
        if len(runs) < self.replications:
            self.start(others(), self.replications, done=len(runs))

    def fingerprint(self) -> dict[str, Any]:
        """Give the seed and the number of runs."""
        return {"seed": self.seed, "replications": self.replications}
