"""Commands about structures and plans: what breaks a practice, and how to end, share, move or begin safely."""

from __future__ import annotations

import datetime as dt
import json
from typing import Any, Literal

from rich.text import Text

from pixelsim.base.clock import days
from pixelsim.base.errors import InputError, UnknownNameError
from pixelsim.cli.printing import Printer
from pixelsim.plan import ActionPlan, check, findings_table, plan_share, plan_transfer, plan_unshare
from pixelsim.plan.costs import cost_text
from pixelsim.plan.lint import Tag
from pixelsim.plan.rates import estimator_of
from pixelsim.scenario.builtin import scenario as find_scenario
from pixelsim.scenario.scenario import Scenario

__all__ = ["check_scenario", "make_plan"]

Format = Literal["table", "markdown", "json"]


def check_scenario(name: str, *, shape: Format) -> None:
    """Print what a scenario's structure follows, what breaks it, and what that costs.

    Raises
    ------
    InputError, UnknownNameError
        The scenario is refused.
    """
    scenario = find_scenario(name)
    tags = [
        Tag(website=site.website, name=tag.event, pixel=tag.pixel)
        for site in scenario.traffic.sites
        for tag in site.capture.tags
    ]
    found = check(scenario.structure.world(), scenario.rulebook, tags=tags, estimator=estimator_of(scenario))
    printer = Printer()
    table = findings_table(found, scenario.clock)
    if shape == "json":
        printer.console.out(json.dumps(table.to_dict(orient="records"), indent=2, ensure_ascii=False), highlight=False)
        return
    if shape == "markdown":
        printer.console.out("\n".join(f"- {finding}" for finding in found), highlight=False)
        return
    shown = printer.table(f"{scenario.name}: {scenario.title}", "what", "rule", "finding", "remedy", "cost")
    for _, row in table.iterrows():
        shown.add_row(*(Text(str(row[column])) for column in ("severity", "rule", "finding", "remedy", "cost")))
    printer.console.print(shown)


def make_plan(
    name: str,
    *,
    goal: Literal["unshare", "share", "transfer"],
    pixel: str | None,
    party: str,
    by: str | None,
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
    estimator = estimator_of(scenario)
    if goal == "unshare":
        flight = scenario.measurement.in_flight.value
        until = _instant(scenario, by)
        plan = plan_unshare(world, code, from_=party, by=until, rulebook=rules, estimator=estimator, in_flight=flight)
    elif goal == "share":
        plan = plan_share(world, code, to=party, rulebook=rules)
    else:
        plan = plan_transfer(world, code, to_bc=party, rulebook=rules)
    _print_plan(scenario, plan, shape)
    return plan.safe


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
    printer = Printer()
    if shape == "json":
        printer.console.out(plan.json(scenario.clock), highlight=False)
        return
    if shape == "markdown":
        printer.console.out(plan.markdown(scenario.clock), highlight=False)
        return
    names = _names(scenario)
    verdict = "a safe plan" if plan.safe else "no safe plan"
    printer.console.print(Text(f"{scenario.name}: {plan.goal.sentence} - {verdict}"))
    for reason in plan.reasons:
        printer.console.print(Text(f"  {reason}"))
    table = printer.table("Steps", "no.", "ask on", "done by", "what", "who", "waits for", "why", "rule")
    for _, row in plan.table(scenario.clock).iterrows():
        who = names.get(str(row["who"]), str(row["who"]))
        cells = (row["number"], row["ask"], row["done"], row["what"], who, row["waits_for"], row["why"], row["rule"])
        table.add_row(*(Text(_shown(cell)) for cell in cells))
    printer.console.print(table)
    if plan.findings:
        found = printer.table("Before you begin", "what", "rule", "finding", "remedy", "cost")
        for _, row in findings_table(plan.findings, scenario.clock).iterrows():
            found.add_row(*(Text(str(row[column])) for column in ("severity", "rule", "finding", "remedy", "cost")))
        printer.console.print(found)
    if plan.fallbacks:
        other = printer.table("If that way is closed", "way", "when", "what follows", "safe", "cost")
        for fallback in plan.fallbacks:
            safe = "yes" if fallback.safe else "no"
            told = (fallback.name, fallback.when_used, fallback.consequence, safe, cost_text(fallback.cost))
            other.add_row(*(Text(cell) for cell in told))
        printer.console.print(other)
        printer.console.print("Their steps are in --format markdown and --format json.")


def _names(scenario: Scenario) -> dict[str, str]:
    return {person.id: person.name for person in scenario.structure.people}


def _shown(value: Any) -> str:
    """Write a cell; instants without the parts that say nothing."""
    text = "" if value is None else str(value)
    return text.removesuffix("+00:00").removesuffix(" 00:00")
