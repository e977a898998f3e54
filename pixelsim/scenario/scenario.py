"""A scenario: one full set of inputs, immutable, with a content hash as its key."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import (
    AwareDatetime,
    Field,
    FieldSerializationInfo,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)
from pydantic_core import from_json, to_json

from pixelsim.base.clock import DAY, Clock, fixed_offset
from pixelsim.base.errors import Fault, InputError, UnknownNameError
from pixelsim.scenario.base import Input, Source, SourceKind
from pixelsim.scenario.checks import rule_faults
from pixelsim.scenario.checks_traffic import traffic_faults
from pixelsim.scenario.measurement import MeasurementSettings
from pixelsim.scenario.paths import put
from pixelsim.scenario.plan import Plan
from pixelsim.scenario.references import reference_faults
from pixelsim.scenario.spreads import spread_faults
from pixelsim.scenario.structure import START, Structure
from pixelsim.scenario.traffic import Traffic
from pixelsim.sharing.rulebook import PRESETS, UNLIMITED, Limits, Rulebook, SharingSettings, UnsharePolicy

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
    policy, settings, limits
        Unshare policy (or the name of a preset), the other disagreements about sharing, and how many of a thing the
        platform allows (``"unlimited"`` for no limit).
    viewers
        Who reads the metrics.
    sources
        Where values come from, by path; whatever is not named keeps the source of its default.
    """

    name: str = "scenario"
    title: str = ""
    start: AwareDatetime = START
    days: Annotated[int, Field(ge=1, le=3660)] = 28
    structure: Structure = Structure()
    traffic: Traffic = Traffic()
    measurement: MeasurementSettings = MeasurementSettings()
    plan: Plan = Plan()
    policy: UnsharePolicy = UnsharePolicy()
    settings: SharingSettings = SharingSettings()
    limits: Limits = Limits()
    viewers: tuple[Viewer, ...] = ()
    sources: dict[str, Source] = Field(default_factory=dict)

    @field_validator("policy", mode="before")
    @classmethod
    def _preset(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        if value not in PRESETS:
            msg = f"must be one of {', '.join(PRESETS)}, or a table; choose a preset"
            raise ValueError(msg)
        return PRESETS[value]

    @field_serializer("limits")
    def _written(self, limits: Limits, info: FieldSerializationInfo) -> dict[str, int | str]:
        """Write "unlimited" for None, for which a file has no word."""
        held = ((f.name, getattr(limits, f.name), f.default) for f in dataclasses.fields(limits))
        return {
            name: UNLIMITED if value is None else value
            for name, value, default in held
            if value != default or not info.exclude_defaults
        }

    @model_validator(mode="after")
    def _calendar(self) -> Self:
        self.__dict__["structure"] = self.structure.beginning(self.start)
        return self

    @classmethod
    def read(cls, data: Mapping[str, Any], source: str = "scenario") -> Self:
        """Validate plain data or parts of a scenario; every fault comes at once, each with its path.

        Raises
        ------
        InputError
            Anything is wrong with the data, in itself, across its parts, or against the rules.
        """
        try:
            scenario = cls.checked(data, source)
        except InputError as error:
            raise InputError(source, [*error.faults, *_faults_beside(data)]) from None
        faults = scenario.cross_faults()
        if faults:
            raise InputError(source, faults)
        return scenario

    def replace(self, **changes: Any) -> Self:
        """Give a variant with some fields exchanged, checked like a file.

        Raises
        ------
        UnknownNameError
            A field does not exist.
        InputError
            A value is refused.
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
        put(data, path, value)
        return type(self).read(data, source=f"variant of {self.name}")

    def plain(self) -> dict[str, Any]:
        """Give the scenario as plain data (dicts, lists, numbers, texts), as a file would hold it."""
        data: dict[str, Any] = self.model_dump(mode="json")
        return data

    @property
    def content_hash(self) -> str:
        """Key of the scenario: 32 hexadecimal digits that depend on every input.

        The scenario's own name and title, and the sources of its values, are no inputs; the spread of a value is one,
        since replications draw from it.
        """
        data = self.plain()
        for name in ("name", "title", "sources"):
            data.pop(name)
        spread = {
            path: [s.scale, *((x.cause, x.error) for x in s.spread)] for path, s in self.sources.items() if s.spread
        }
        if spread:
            data["spread"] = spread
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
        """Policy, settings and limits, as the rules take them."""
        return Rulebook(policy=self.policy, settings=self.settings, limits=self.limits)

    def source_of(self, path: str, default: Source | None = None) -> Source:
        """Give where the value at a path comes from."""
        if path in self.sources:
            return self.sources[path]
        return default or Source(kind=SourceKind.GIVEN, text="given in the scenario")

    @property
    def notes(self) -> tuple[str, ...]:
        """What was understood in another way than it was written: named zones as fixed offsets (P111)."""
        clocks = [(f"ad account {a.id}", a.utc_offset) for a in self.structure.ad_accounts]
        clocks += [(f"website {site.website}", site.utc_offset) for site in self.traffic.sites]
        clocks += [
            (f"market {market.name} of website {site.website}", market.utc_offset)
            for site in self.traffic.sites
            for market in site.markets
        ]
        told = [(what, fixed_offset(text)[1]) for what, text in clocks]
        return tuple(f"{what}: {note}" for what, note in told if note is not None)

    def cross_faults(self) -> list[Fault]:
        """List faults that only show across parts: ids, spreads, and what the rules do not allow."""
        return [
            *reference_faults(self.plain()),
            *traffic_faults(self.traffic, self.plan),
            *rule_faults(self.structure, self.rulebook),
            *spread_faults(self),
        ]


def _faults_beside(data: Mapping[str, Any]) -> list[Fault]:
    """List the faults across the parts of data that does not validate as a whole, as far as they can be told."""
    plain: dict[str, Any] = from_json(to_json(data, fallback=str))
    faults = reference_faults(plain)
    structure = _mended(plain.get("structure") or {})
    if structure is None:
        return faults
    try:
        known: dict[str, Any] = {name: plain[name] for name in ("policy", "settings", "limits") if name in plain}
        read = Scenario.checked(known, "settings")
    except InputError:
        read = Scenario()
    return [*faults, *rule_faults(structure, read.rulebook)]


def _mended(data: Any) -> Structure | None:
    """Make do with a faulty structure: refused fields fall back on their defaults, missing ones are named ``"?"``."""
    for _ in range(3):
        try:
            return Structure.model_validate_json(to_json(data), strict=True)
        except ValidationError as error:
            for details in reversed(error.errors(include_url=False)):
                *path, last = details["loc"]
                here = data
                for step in path:
                    here = here[step]
                if len(path) < 2 or not isinstance(here, dict | list):
                    return None
                if details["type"].startswith("missing"):
                    here[last] = "?"
                else:
                    del here[last]
    return None
