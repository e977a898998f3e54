"""Commands about structures and plans: what breaks a practice, and how to end, share, move or begin safely."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal

from rich.text import Text

from pixelsim.base.clock import days
from pixelsim.base.errors import Fault, InputError, UnknownNameError
from pixelsim.cli.printing import Printer
from pixelsim.plan import ActionPlan, Availability, Finding, findings_table, plan_share, plan_transfer, plan_unshare
from pixelsim.plan.costs import combined
from pixelsim.plan.course import carried_out
from pixelsim.plan.course import check_scenario as check
from pixelsim.plan.findings import brief, when
from pixelsim.plan.rates import estimator_of
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.scenario.scenario import Scenario
from pixelsim.show.names import Names

__all__ = ["check_scenario", "make_plan"]

Format = Literal["table", "markdown", "json"]


def check_scenario(name: str, *, shape: Format) -> None:
    """Print what a scenario follows at its start, by its plan and at its end, what breaks it, and what that costs.

    Raises
    ------
    InputError, UnknownNameError
        The scenario is refused.
    """
    scenario = find_scenario(name)
    found = check(scenario, estimator=estimator_of(scenario))
    printer = Printer()
    if shape == "json":
        records = findings_table(found, scenario.clock).to_dict(orient="records")
        printer.console.out(json.dumps(records, indent=2, ensure_ascii=False), highlight=False)
        return
    names = Names(carried_out(scenario).now)
    if shape == "markdown":
        lines = [f"- {_since(finding, scenario)}: {names.text(str(finding))}" for finding in found]
        printer.console.out("\n".join([f"# {scenario.name}: {scenario.title}", "", *lines]), highlight=False)
        return
    table = printer.table(f"{scenario.name}: {scenario.title}", *_COLUMNS)
    for rows in _alike(found):
        table.add_row(*(Text(cell) for cell in _cells(rows, names, scenario)))
    printer.console.print(table)
    printer.console.print(_BASIS)


def _since(finding: Finding, scenario: Scenario) -> str:
    return brief(when(finding.since, scenario.clock)) or "the start"


_COLUMNS = ("what", "rule", "since", "finding", "remedy", "cost")
_BASIS = (
    "Costs are expectations from the scenario's own rates: for as long as something is so, or for one week where it "
    "has no end."
)


def _alike(found: Iterable[Finding]) -> Iterator[list[Finding]]:
    """Put findings of one code and severity together, since a business of many parts has the same fault many times."""
    groups: dict[tuple[str, str], list[Finding]] = {}
    for finding in found:
        groups.setdefault((finding.severity, finding.code), []).append(finding)
    for rows in groups.values():
        if len(rows) > MOST_ALIKE:
            yield rows
        else:
            yield from ([row] for row in rows)


MOST_ALIKE = 2
"""Findings of one kind that are told in full; of more, the first is, and the others are named."""


def _cells(rows: list[Finding], names: Names, scenario: Scenario) -> tuple[str, ...]:
    """Write findings of one kind as a row: the first in full, of the others the objects, and the cost of all."""
    first = rows[0]
    sentence, cost = names.text(first.sentence), first.price
    if len(rows) > 1:
        subjects = dict.fromkeys(names.any(one.subjects[0]) for one in rows[1:])
        sentence += f" So it is with {len(rows) - 1} more: {', '.join(subjects)}."
        total = combined(one.cost for one in rows)
        cost = "" if total is None else f"{total}, all {len(rows)}"
    return first.severity, first.rule, _since(first, scenario), sentence, names.text(first.remedy), cost


def make_plan(
    name: str,
    *,
    goal: Literal["unshare", "share", "transfer"],
    pixel: str | None,
    party: str,
    by: str | None,
    unavailable: Sequence[str],
    shape: Format,
) -> bool:
    """Print a plan for a scenario's structure, and tell whether a safe one exists.

    Parameters
    ----------
    name
        Scenario.
    goal
        ``unshare`` from, ``share`` with, or ``transfer`` to ``party``.
    pixel
        Code of the pixel; may be left out where there is one only.
    party
        Business Center, or ad account.
    by
        Day since the start, or a date, by which access has to have ended.
    unavailable
        Who cannot be counted on, each as ``ID=refuses``, ``ID=slow`` or ``ID=left``.
    shape
        How the plan is printed.

    Raises
    ------
    InputError, UnknownNameError
        A name or the date is refused.
    """
    scenario = find_scenario(name)
    world, rules = scenario.structure.world(), scenario.rulebook
    code = _pixel(scenario, pixel)
    estimator, absent = estimator_of(scenario), _absent(unavailable)
    if goal == "unshare":
        flight = scenario.measurement.in_flight.value
        until = _instant(scenario, by)
        plan = plan_unshare(
            world,
            code,
            from_=party,
            by=until,
            rulebook=rules,
            estimator=estimator,
            unavailable=absent,
            in_flight=flight,
        )
    elif goal == "share":
        plan = plan_share(world, code, to=party, rulebook=rules, unavailable=absent)
    else:
        plan = plan_transfer(world, code, to_bc=party, rulebook=rules, unavailable=absent)
    _print_plan(scenario, plan, shape)
    return plan.safe


def _absent(told: Sequence[str]) -> dict[str, Availability]:
    """Read who cannot be counted on, all faults at once."""
    found: dict[str, Availability] = {}
    faults = []
    for text in told:
        name, _, why = text.rpartition("=")
        if name and why in list(Availability):
            found[name] = Availability(why)
        else:
            rule = f"of the form ID=WHY, with WHY one of {', '.join(Availability)}"
            faults.append(Fault("--unavailable", "unavailable", text, rule, "write bc_agency=refuses, say"))
    if faults:
        raise InputError("plan", faults)
    return found


def _pixel(scenario: Scenario, pixel: str | None) -> str:
    codes = [p.code for p in scenario.structure.pixels]
    if pixel is None and len(codes) == 1:
        return codes[0]
    if pixel is None:
        raise InputError.single(
            "plan",
            field="pixel",
            value="none",
            rule=f"one of {', '.join(codes) or 'none'}",
            remedy="name it by --pixel",
        )
    if pixel not in codes:
        raise UnknownNameError("pixel", pixel, codes)
    return pixel


def _instant(scenario: Scenario, by: str | None) -> int | None:
    if by is None:
        return None
    try:
        return days(float(by))
    except ValueError:
        pass
    try:
        when = dt.datetime.fromisoformat(by)
    except ValueError:
        raise InputError.single(
            "plan",
            field="by",
            value=by,
            rule="a day since the start such as 14, or a date such as 2026-01-19",
            remedy="write it like one of these",
        ) from None
    return scenario.clock.to_ms(when if when.tzinfo is not None else when.replace(tzinfo=scenario.start.tzinfo))


def _print_plan(scenario: Scenario, plan: ActionPlan, shape: Format) -> None:
    printer, names = Printer(), Names(scenario.structure.world())
    if shape == "json":
        printer.console.out(plan.json(scenario.clock), highlight=False)
        return
    if shape == "markdown":
        printer.console.out(names.text(plan.markdown(scenario.clock)), highlight=False)
        return
    verdict = "a safe plan" if plan.safe else "no safe plan"
    printer.console.print(Text(f"{scenario.name}: {names.text(plan.goal.sentence)} - {verdict}"))
    for reason in plan.reasons:
        printer.console.print(Text(f"  {names.text(reason)}"))
    table = printer.table("Steps", "no.", "ask on", "done by", "what", "who", "waits for", "why", "rule")
    for _, row in plan.table(scenario.clock).iterrows():
        who = names.of("people", str(row["who"])) or names.text(str(row["must"]))
        told = (names.text(row["what"]), who, row["waits_for"], names.text(row["why"]), row["rule"])
        cells = (row["number"], row["ask"], row["done"], *told)
        table.add_row(*(Text(_shown(cell)) for cell in cells))
    printer.console.print(table)
    if plan.findings:
        found = printer.table("Before you begin", "what", "rule", "finding", "remedy", "cost")
        for finding in plan.findings:
            texts = (names.text(finding.sentence), names.text(finding.remedy), finding.price)
            found.add_row(*(Text(cell) for cell in (finding.severity, finding.rule, *texts)))
        printer.console.print(found)
    if plan.fallbacks:
        other = printer.table("If that way is closed", "way", "when", "what follows", "safe", "cost")
        for fallback in plan.fallbacks:
            safe = "yes" if fallback.safe else "no"
            way = [names.text(text) for text in (fallback.name, fallback.when_used, fallback.consequence)]
            other.add_row(*(Text(cell) for cell in (*way, safe, fallback.price)))
        printer.console.print(other)
        printer.console.print("Their steps are in --format markdown and --format json.")


def _shown(value: Any) -> str:
    """Write a cell; instants without the parts that say nothing."""
    return "" if value is None else brief(str(value))
