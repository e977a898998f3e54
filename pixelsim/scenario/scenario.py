"""A scenario: one full set of inputs, immutable, with a content hash as its key."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterator
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, ValidationError
from pydantic_core import ErrorDetails

from pixelsim.base.clock import DAY, Clock
from pixelsim.base.errors import Fault, InputError, UnknownNameError
from pixelsim.scenario.base import Input, Source, SourceKind
from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.scenario.plan import Plan
from pixelsim.scenario.structure import Structure
from pixelsim.scenario.traffic import Traffic
from pixelsim.sharing.rulebook import PRESETS, Rulebook, SharingSettings, UnsharePolicy

__all__ = ["Scenario", "Viewer"]


class Viewer(Input):
    """Someone who reads reports: a name for people, and the ad account from which they look."""

    name: str
    account: str


class Scenario(Input):
    """One full set of inputs; a variant is made with :meth:`replace` or :meth:`vary`.

    Parameters
    ----------
    name, title
        Short name and one line of words.
    start
        Timezone-aware instant at which day 0 begins.
    days
        Simulated days, at least 1.
    structure, traffic, measurement, plan
        What exists, what happens, how it is counted, what people do.
    policy, settings
        Unshare policy (or the name of a preset), and the other disagreements about sharing.
    viewers
        Who reads the metrics.
    sources
        Where values come from, by path; whatever is not named keeps the source of its default.
    """

    name: str = "scenario"
    title: str = ""
    start: AwareDatetime = dt.datetime(2026, 1, 5, tzinfo=dt.UTC)
    days: Annotated[int, Field(ge=1, le=3660)] = 28
    structure: Structure = Structure()
    traffic: Traffic = Traffic()
    measurement: MeasurementSettings = MeasurementSettings()
    plan: Plan = Plan()
    policy: UnsharePolicy = UnsharePolicy()
    settings: SharingSettings = SharingSettings()
    viewers: tuple[Viewer, ...] = ()
    sources: dict[str, Source] = Field(default_factory=dict)

    @classmethod
    def read(cls, data: dict[str, Any], source: str = "scenario") -> Self:
        """Validate plain data; every fault comes at once, each with its path.

        Raises
        ------
        InputError
            Anything is wrong with the data.
        """
        data = dict(data)
        if isinstance(data.get("policy"), str):
            preset = data["policy"]
            if preset not in PRESETS:
                raise InputError.single(
                    source,
                    field="policy",
                    value=preset,
                    rule=f"one of {', '.join(PRESETS)}, or a table",
                    remedy="choose a preset",
                    place="$.policy",
                )
            data["policy"] = PRESETS[preset]
        try:
            scenario = cls.model_validate(data)
        except ValidationError as error:
            raise InputError(source, [_fault(e) for e in error.errors(include_url=False)]) from None
        faults = list(scenario.cross_faults())
        if faults:
            raise InputError(source, faults)
        return scenario

    def replace(self, **changes: Any) -> Self:
        """Give a variant with some fields exchanged, checked like a file.

        Raises
        ------
        InputError
            A field does not exist or its value is refused.
        """
        unknown = [name for name in changes if name not in type(self).model_fields]
        if unknown:
            raise UnknownNameError("scenario field", unknown[0], list(type(self).model_fields))
        now = {name: getattr(self, name) for name in type(self).model_fields}
        return type(self).read({**now, **changes}, source=f"variant of {self.name}")

    def vary(self, path: str, value: Any) -> Self:
        """Give a variant in which one value, named by its path, is another.

        Parameters
        ----------
        path
            Fields joined by dots, items by number or by id: ``"policy.partner.effect"``,
            ``"traffic.sites[0].organic_sessions"``, ``"traffic.delivery[ag_1].daily_budget"``.

        Raises
        ------
        UnknownNameError
            The path leads nowhere.
        InputError
            The value is refused.
        """
        data = self.plain()
        steps = [inside or plain for inside, plain in _STEP.findall(path)]
        here: Any = data
        for depth, step in enumerate(steps):
            last = depth == len(steps) - 1
            if isinstance(here, list):
                index = _index(here, step)
                if index is None:
                    raise UnknownNameError("scenario path", path, _ids(here))
                if last:
                    here[index] = value
                here = here[index]
            elif isinstance(here, dict) and step in here:
                if last:
                    here[step] = value
                here = here[step]
            else:
                known = list(here) if isinstance(here, dict) else []
                raise UnknownNameError("scenario path", path, [".".join([*steps[:depth], k]) for k in known])
        return type(self).read(data, source=f"variant of {self.name}")

    def plain(self) -> dict[str, Any]:
        """Give the scenario as plain data (dicts, lists, numbers, texts), as a file would hold it."""
        data: dict[str, Any] = self.model_dump(mode="json")
        return data

    @property
    def content_hash(self) -> str:
        """Key of the scenario: 32 hexadecimal digits that depend on every input except names and sources."""
        data = self.plain()
        for name in ("name", "title", "sources"):
            data.pop(name)
        text = json.dumps(data, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()

    @property
    def clock(self) -> Clock:
        """The bridge between milliseconds and the calendar."""
        return Clock(self.start)

    @property
    def length(self) -> int:
        """Length of the run in ms."""
        return self.days * DAY

    @property
    def rulebook(self) -> Rulebook:
        """Policy and settings, as the rules take them."""
        return Rulebook(policy=self.policy, settings=self.settings)

    def source_of(self, path: str, default: Source | None = None) -> Source:
        """Give where the value at a path comes from."""
        if path in self.sources:
            return self.sources[path]
        return default or Source(kind=SourceKind.GIVEN, text="given in the scenario")

    def cross_faults(self) -> Iterator[Fault]:
        """Give faults that only show across parts: unknown ids, doubled sites, plans after the end."""
        yield from self.structure.faults()
        sites = {w.id for w in self.structure.websites}
        groups = {g.id for g in self.structure.ad_groups}
        accounts = {a.id for a in self.structure.ad_accounts}
        people = {p.id for p in self.structure.people}
        created = {s.action.ad_group for s in self.plan.steps if s.action.do == "create_ad_group"}
        checks: list[tuple[str, str, str, set[str]]] = []
        for i, site in enumerate(self.traffic.sites):
            checks.append((f"$.traffic.sites[{i}].website", "website", site.website, sites))
        for i, delivery in enumerate(self.traffic.delivery):
            place = f"$.traffic.delivery[{i}]"
            checks.append((f"{place}.ad_group", "ad_group", delivery.ad_group, groups | created))
            checks.append((f"{place}.website", "website", delivery.website, sites))
        for i, viewer in enumerate(self.viewers):
            checks.append((f"$.viewers[{i}].account", "account", viewer.account, accounts))
        for i, step in enumerate(self.plan.steps):
            checks.append((f"$.plan.steps[{i}].action.actor", "actor", step.action.actor, people))
        for place, field, value, known in checks:
            if value not in known:
                yield Fault(place, field, value, "an id of the structure", "add it to the structure, or correct it")
        for path, items, key in (
            ("$.traffic.sites", [s.website for s in self.traffic.sites], "website"),
            ("$.traffic.delivery", [d.ad_group for d in self.traffic.delivery], "ad_group"),
            ("$.viewers", [v.name for v in self.viewers], "name"),
        ):
            for i, item in enumerate(items):
                if item in items[:i]:
                    yield Fault(f"{path}[{i}].{key}", key, item, "named once", "merge the two entries")
        for i, step in enumerate(self.plan.steps):
            if step.at >= self.length:
                place = f"$.plan.steps[{i}].day"
                yield Fault(
                    place, "day", f"{step.day:g}", f"before the end, day {self.days}", "raise days, or date it earlier"
                )


_STEP = re.compile(r"\[([^\]]*)\]|([^.\[\]]+)")
"""A step of a path: an item in brackets, whose id may hold dots, or a field."""


def _ids(items: list[Any]) -> list[str]:
    keys = ("id", "code", "ad_group", "website", "name")
    found = [next((str(item[k]) for k in keys if isinstance(item, dict) and k in item), "") for item in items]
    return [key or str(i) for i, key in enumerate(found)]


def _index(items: list[Any], step: str) -> int | None:
    if step.isdigit() and int(step) < len(items):
        return int(step)
    ids = _ids(items)
    return ids.index(step) if step in ids else None


def _fault(error: ErrorDetails) -> Fault:
    place = "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"])
    field = next((str(part) for part in reversed(error["loc"]) if isinstance(part, str)), "scenario")
    rule, remedy = _RULES.get(error["type"], ("", "correct the value"))
    if not rule:
        rule = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ").removeprefix("must be ")
        rule, _, told = rule.partition("; ")
        remedy = told or remedy
    value = "" if error["type"] == "missing" else str(error["input"])
    return Fault(place, field, value, rule, remedy)


_RULES = {
    "missing": ("present", "add it"),
    "extra_forbidden": ("a field that exists", "remove it, or correct its name"),
    "unexpected_keyword_argument": ("a field that exists", "remove it, or correct its name"),
    "missing_keyword_only_argument": ("present", "add it"),
    "missing_argument": ("present", "add it"),
    "union_tag_not_found": ("an action with a field 'do'", "say what is done, such as do = 'link_pixel'"),
}
