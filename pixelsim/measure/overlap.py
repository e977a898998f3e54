"""Overlap of audiences: people are compared as sets, each way with its base named, and never added up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from pixelsim.base.errors import InputError

__all__ = ["Overlap", "overlap", "overlap_table"]


@dataclass(frozen=True, slots=True)
class Overlap:
    """How much of one audience stands in another one (P78).

    Parameters
    ----------
    base, other
        Names of the audiences; the share is of the base.
    base_people, other_people, common
        People in each, and in both.
    flag
        ``""``, ``"overlap"`` or ``"nearly the same audience"``.
    """

    base: str
    other: str
    base_people: int
    other_people: int
    common: int
    flag: str

    @property
    def share(self) -> float:
        """Common people as a share of the base; NaN for an empty base."""
        return self.common / self.base_people if self.base_people else float("nan")

    def __str__(self) -> str:
        told = f"{self.share:.0%} of {self.base} ({self.common} of {self.base_people} people) are in {self.other} too"
        return f"{told}: {self.flag}" if self.flag else told


def overlap(audiences: Mapping[str, ArrayLike], *, high: float = 0.2, nearly_same: float = 0.4) -> tuple[Overlap, ...]:
    """Compare every two audiences both ways.

    Parameters
    ----------
    audiences
        Numbers of the people in each audience by its name, whole numbers of shape (n,), repeats counted once.
    high, nearly_same
        Shares of the base above which an overlap is flagged. Defaults 20 % and 40 % (practitioners' articles on
        audience overlap: a problem, and nearly the same audience).

    Returns
    -------
    tuple of Overlap
        Two for each pair, in the order of the names given.

    Raises
    ------
    InputError
        The thresholds are not in order in [0, 1].
    """
    if not 0 <= high <= nearly_same <= 1:
        raise InputError.single(
            "audience overlap",
            field="high, nearly_same",
            value=f"{high}, {nearly_same}",
            rule="shares from 0 to 1 in ascending order",
            remedy="write 20 % as 0.2",
        )
    people = {name: np.unique(np.asarray(members, dtype=np.int64)) for name, members in audiences.items()}
    found = []
    for base, other in permutations(people, 2):
        common = len(np.intersect1d(people[base], people[other], assume_unique=True))
        share = common / len(people[base]) if len(people[base]) else 0.0
        flag = "nearly the same audience" if share > nearly_same else "overlap" if share > high else ""
        found.append(Overlap(base, other, len(people[base]), len(people[other]), common, flag))
    return tuple(found)


def overlap_table(audiences: Mapping[str, ArrayLike], *, high: float = 0.2, nearly_same: float = 0.4) -> pd.DataFrame:
    """Give `overlap` as a table with columns ``base``, ``other``, ``base_people``, ``common``, ``share``, ``flag``."""
    rows = [
        (o.base, o.other, o.base_people, o.common, o.share, o.flag)
        for o in overlap(audiences, high=high, nearly_same=nearly_same)
    ]
    return pd.DataFrame(rows, columns=["base", "other", "base_people", "common", "share", "flag"])
