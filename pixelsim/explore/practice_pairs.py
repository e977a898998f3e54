"""Two designs side by side on the same luck: the claims Q1 to Q5 of each run, and how the designs differ."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pixelsim.counts.exactness import Exactness, worst
from pixelsim.explore.practice_counts import CountedSales, claim_rows
from pixelsim.measure import claims_measured
from pixelsim.scenario.scenario import Scenario
from pixelsim.study.attempts import AT_ONCE
from pixelsim.study.count_run import CountRun
from pixelsim.study.detail import Detail
from pixelsim.study.paired import PairedDifference, correct, paired
from pixelsim.study.run import Run, run_in
from pixelsim.study.statistics import Summary, summarise
from pixelsim.study.window import WHOLE

__all__ = ["CLAIMS", "Claim", "Contrast", "Measures", "Trust", "claims_of", "contrasts", "pairs_of_runs", "percentages"]

CLAIMS = ("Q1", "Q2", "Q3", "Q4", "Q5")
"""What sharing is claimed to bring: learning, audiences, reporting, pages, consistency."""


@dataclass(frozen=True, slots=True, order=True)
class Claim:
    """One measure of a claim: the claim's id, what is measured, its unit, and which way is better."""

    claim: str
    measure: str
    unit: str
    better: str


Measures = Mapping[Claim, float]
"""What one run comes to; NaN where nothing can be measured."""


Trust = Mapping[Claim, Exactness]
"""How far each measure can be trusted, of a run in counts; nothing of one with events."""


def claims_of(
    one: Run | CountRun, claims: Collection[str] = CLAIMS, sales: CountedSales | None = None
) -> tuple[dict[Claim, float], dict[Claim, Exactness]]:
    """Give the measures of some claims in one run, and how far they can be trusted.

    See :func:`pixelsim.measure.claims_measured`; ``sales`` are those of a run in counts, if there are any.
    """
    if isinstance(one, CountRun):
        rows = list(claim_rows(one.simulation, claims, sales))
        values = {Claim(*row[:2], *row[3:5]): row[2] for row in rows}
        return values, {Claim(*row[:2], *row[3:5]): row[5] for row in rows}
    table = claims_measured(one.simulation)
    return {
        Claim(claim, measure, unit, better): float(value)
        for claim, measure, value, unit, better in table.itertuples(index=False, name=None)
        if claim in claims
    }, {}


def pairs_of_runs(
    first: Scenario, second: Scenario, detail: Detail, seed: int, replications: Sequence[int]
) -> Iterator[tuple[Run | CountRun, Run | CountRun]]:
    """Run two designs on the same luck, once for each replication.

    Parameters
    ----------
    first, second
        The designs.
    detail
        How they are run; runs in counts go side by side, a few pairs at a time.
    seed, replications
        See :func:`pixelsim.study.run`.
    """
    if detail == "events":
        for number in replications:
            yield run_in(detail, first, seed, number, WHOLE), run_in(detail, second, seed, number, WHOLE)
        return
    for begin in range(0, len(replications), AT_ONCE // 2):
        some = replications[begin : begin + AT_ONCE // 2]
        runs = iter(CountRun.together([(one, seed, number) for number in some for one in (first, second)], WHOLE))
        yield from zip(runs, runs, strict=True)


@dataclass(frozen=True, slots=True)
class Contrast:
    """One measure under two designs.

    Parameters
    ----------
    claim
        What is measured.
    first, second
        Its summary over the runs of each design.
    difference
        Second minus first, run by run on the same random numbers, judged together with the other measures (Holm).
    exactness
        How far it can be trusted, of runs in counts; empty for runs with events.
    """

    claim: Claim
    first: Summary
    second: Summary
    difference: PairedDifference
    exactness: str = ""


def contrasts(first: Sequence[Measures], second: Sequence[Measures], trust: Iterable[Trust] = ()) -> list[Contrast]:
    """Compare two designs measure by measure.

    Parameters
    ----------
    first, second
        What each run came to, equally long and in the order of the replications.
    trust
        How far what runs in counts came to can be trusted.

    Raises
    ------
    InputError
        The designs differ in the number of runs.
    """
    claims = list(dict.fromkeys(claim for values in (*first, *second) for claim in values))
    one, other = ({c: [values[c] for values in runs] for c in claims} for runs in (first, second))
    alone = {c: paired(one[c], other[c], direction=c.better, unit=c.unit) for c in claims}
    judged = correct(alone)
    known = list(trust)
    told = {c: worst(found[c] for found in known if c in found).value if known else "" for c in claims}
    return [Contrast(c, summarise(one[c]), summarise(other[c]), judged[c], told[c]) for c in claims]


def percentages(claim: Claim) -> tuple[float, str]:
    """Give the factor and the unit in which a measure is shown: shares as per cent, all others as they are."""
    return (100.0, "%") if claim.unit == "share" else (1.0, claim.unit)
