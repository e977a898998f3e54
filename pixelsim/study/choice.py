"""Which responses a question is about: their labels, which way each is good, and how they are asked for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.scenario.scenario import Scenario
from pixelsim.sharing.actions import CreateCampaign
from pixelsim.study.paired import Direction
from pixelsim.study.responses import KEYS

__all__ = ["DECIDING", "Wanted", "by_label", "choose", "deciding", "direction_of", "labels"]

Wanted = str | Mapping[str, str]
"""A response by its name (all that bear it), by its label, or by values of columns of `KEYS`."""

_DIRECTIONS = {
    "orphaned spend": Direction.LOWER,
    "blind days": Direction.LOWER,
    "conversions attributed": Direction.HIGHER,
    "conversions lost to attribution": Direction.LOWER,
    "days in learning": Direction.LOWER,
    "days until usable": Direction.LOWER,
    "orders": Direction.HIGHER,
    "orders seen": Direction.HIGHER,
    "share of orders seen": Direction.HIGHER,
    "refused actions": Direction.LOWER,
}

DECIDING = (
    "orphaned spend",
    "blind days",
    "conversions attributed",
    "conversions lost to attribution",
    "days in learning",
    "days until usable",
    "orders seen",
    "refused actions",
)
"""The outcomes that are compared unless others are asked for."""


def direction_of(response: str) -> Direction:
    """Tell which way a response is good; spend, days with access and what viewers read are good neither way."""
    return _DIRECTIONS.get(response, Direction.NEITHER)


def labels(names: pd.DataFrame) -> list[str]:
    """Give a readable label for each response, unique in the table.

    Parameters
    ----------
    names
        Columns `KEYS`.

    Returns
    -------
    list of str
        ``"orphaned spend, acc_agency"`` of an outcome; of a metric, who reads it where, its event, object and pixel.
    """
    made = []
    columns = (names[key] for key in ("kind", "viewer", "surface", "response", "event", "object", "pixel"))
    for kind, viewer, surface, *parts in zip(*columns, strict=True):
        text = ", ".join(part for part in parts if part)
        made.append(f"{viewer} in {surface}: {text}" if kind == "metric" else text)
    return made


def deciding(names: pd.DataFrame, scenarios: Iterable[Scenario]) -> list[int]:
    """Give the positions of the outcomes that decide, of accounts only where they have a campaign."""
    idle: set[str] = set()
    busy: set[str] = set()
    for scenario in scenarios:
        structure = scenario.structure
        idle |= {account.id for account in structure.ad_accounts}
        busy |= {campaign.account for campaign in structure.campaigns}
        busy |= {step.action.account for step in scenario.plan.steps if isinstance(step.action, CreateCampaign)}
    idle -= busy
    wanted = (names["kind"] == "outcome") & names["response"].isin(DECIDING) & ~names["object"].isin(idle)
    return [position for position, fits in enumerate(wanted) if fits]


def choose(names: pd.DataFrame, wanted: Wanted | Sequence[Wanted]) -> list[int]:
    """Give the positions of the responses that are asked for, in the order of the question, none twice.

    Parameters
    ----------
    names
        Columns `KEYS`.
    wanted
        One or several responses.

    Raises
    ------
    UnknownNameError
        A name or a column does not exist.
    InputError
        Nothing is asked for, or nothing fits together.
    """
    questions = [wanted] if isinstance(wanted, str | Mapping) else list(wanted)
    if not questions:
        raise InputError.single(
            "responses",
            field="outcomes",
            value="none",
            rule="at least one response",
            remedy="leave outcomes out for those that decide",
        )
    labelled = labels(names)
    found: dict[int, None] = {}
    for question in questions:
        found |= dict.fromkeys(_fitting(names, labelled, question))
    return list(found)


def _fitting(names: pd.DataFrame, labelled: list[str], question: Wanted) -> list[int]:
    if isinstance(question, str):
        found = [i for i, label in enumerate(labelled) if label == question]
        found = found or [i for i, name in enumerate(names["response"]) if name == question]
        if not found:
            raise UnknownNameError("response", question, [*sorted(set(names["response"])), *labelled])
        return found
    fits = pd.Series(data=True, index=names.index)
    for key, value in question.items():
        if key not in KEYS:
            raise UnknownNameError("column of responses", key, KEYS)
        if not (names[key] == value).any():
            raise UnknownNameError(key, str(value), sorted(set(names[key]) - {""}))
        fits &= names[key] == value
    if not fits.any():
        raise InputError.single(
            "responses",
            field="outcomes",
            value=dict(question),
            rule="a response that exists",
            remedy="leave one of the keys out",
        )
    return [i for i, fit in enumerate(fits) if fit]


def by_label(given: float | Mapping[str, float] | None, names: pd.DataFrame, field: str) -> dict[str, float]:
    """Give one number for each response that has one, by its label.

    Parameters
    ----------
    given
        One number for all, which then have to share one unit; or numbers by name or by label.
    names
        The responses, columns `KEYS`.
    field
        Name of the argument, for errors.

    Raises
    ------
    InputError
        One number is given for responses of several units.
    UnknownNameError
        A name is none of the responses.
    """
    labelled = labels(names)
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {labelled[i]: number for name, number in given.items() for i in _fitting(names, labelled, name)}
    units = sorted(set(names["unit"]))
    if len(units) > 1:
        raise InputError.single(
            "compare",
            field=field,
            value=given,
            rule=f"a number for each outcome where they have several units ({', '.join(units)})",
            remedy=f"write {field}={{{labelled[0]!r}: {given:g}}}",
        )
    return dict.fromkeys(labelled, given)
