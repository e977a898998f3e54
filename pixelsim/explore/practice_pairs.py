"""Two designs side by side on the same luck: the claims Q1 to Q5 of each run, and how the designs differ."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from pixelsim.measure import claims_measured
from pixelsim.study.paired import PairedDifference, correct, paired
from pixelsim.study.run import Run
from pixelsim.study.statistics import Summary, summarise

__all__ = ["CLAIMS", "Claim", "Contrast", "Measures", "claims_of", "contrasts", "percentages"]

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


def claims_of(one: Run, claims: Collection[str] = CLAIMS) -> dict[Claim, float]:
    """Give the measures of some claims in one run; see :func:`pixelsim.measure.claims_measured`."""
    table = claims_measured(one.simulation)
    return {
        Claim(claim, measure, unit, better): float(value)
        for claim, measure, value, unit, better in table.itertuples(index=False, name=None)
        if claim in claims
    }


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
    """

    claim: Claim
    first: Summary
    second: Summary
    difference: PairedDifference


def contrasts(first: Sequence[Measures], second: Sequence[Measures]) -> list[Contrast]:
    """Compare two designs measure by measure.

    Parameters
    ----------
    first, second
        What each run came to, equally long and in the order of the replications.

    Raises
    ------
    InputError
        The designs differ in the number of runs.
    """
    claims = list(dict.fromkeys(claim for values in (*first, *second) for claim in values))
    one, other = ({c: [values[c] for values in runs] for c in claims} for runs in (first, second))
    alone = {c: paired(one[c], other[c], direction=c.better, unit=c.unit) for c in claims}
    judged = correct(alone)
    return [Contrast(c, summarise(one[c]), summarise(other[c]), judged[c]) for c in claims]


def percentages(claim: Claim) -> tuple[float, str]:
    """Give the factor and the unit in which a measure is shown: shares as per cent, all others as they are."""
    return (100.0, "%") if claim.unit == "share" else (1.0, claim.unit)
