"""Ids across the parts of a scenario: every one is named once, and every reference leads to one.

Works on plain data, so that a file's other faults hide none of these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pixelsim.base.errors import Fault, nearest

__all__ = ["reference_faults", "sound", "structure_faults"]

ENTITIES = (
    *("business_centers", "people", "ad_accounts", "websites", "pixels", "campaigns", "ad_groups", "ads"),
    *("audiences", "tokens", "payment_methods"),
)
"""Lists of the structure whose entries have an id."""
REFERENCES: dict[str, dict[str, str]] = {
    "ad_accounts": {
        "owner_bc": "business_centers",
        "created_from_bc": "business_centers",
        "payment_method": "payment_methods",
    },
    "websites": {"pixels": "pixels"},
    "pixels": {"creator": "ad_accounts", "owner_bc": "business_centers"},
    "campaigns": {"account": "ad_accounts"},
    "ad_groups": {"campaign": "campaigns", "pixel": "pixels", "audiences": "audiences"},
    "ads": {"ad_group": "ad_groups", "tracking_pixel": "pixels"},
    "audiences": {"account": "ad_accounts", "pixel": "pixels", "shared_with": "ad_accounts", "seed": "audiences"},
    "payment_methods": {"owner_bc": "business_centers"},
    "tokens": {"pixel": "pixels", "holder_bc": "business_centers"},
    "members": {"bc": "business_centers", "person": "people"},
    "account_people": {"account": "ad_accounts", "person": "people", "via": "business_centers"},
    "account_grants": {"bc": "business_centers", "account": "ad_accounts"},
    "partnerships": {"bc": "business_centers", "partner": "business_centers"},
    "shares": {"pixel": "pixels", "partner": "business_centers"},
    "links": {"pixel": "pixels", "account": "ad_accounts", "by_bc": "business_centers"},
    "pixel_people": {"pixel": "pixels", "person": "people", "via": "business_centers"},
    "payment_shares": {"payment": "payment_methods", "partner": "business_centers"},
}
"""For each list of the structure, where its fields lead."""
PAIRS = {
    "members": ("bc", "person"),
    "account_people": ("account", "person"),
    "account_grants": ("bc", "account"),
    "partnerships": ("bc", "partner"),
    "shares": ("pixel", "partner"),
    "links": ("pixel", "account"),
    "pixel_people": ("pixel", "person"),
    "payment_shares": ("payment", "partner"),
}
"""Relations, and the pair that can stand in each once."""

Entry = Mapping[str, Any]


def _entries(data: Any, name: str) -> Iterator[tuple[int, Entry]]:
    found = data.get(name) if isinstance(data, Mapping) else None
    if isinstance(found, list | tuple):
        yield from ((i, entry) for i, entry in enumerate(found) if isinstance(entry, Mapping))


def _ids(structure: Any, name: str) -> set[str]:
    key = _key(name)
    return {entry[key] for _, entry in _entries(structure, name) if isinstance(entry.get(key), str)}


def _key(name: str) -> str:
    return "code" if name == "pixels" else "id"


def _texts(value: Any) -> list[str]:
    values = value if isinstance(value, list | tuple) else [value]
    return [one for one in values if isinstance(one, str)]


def _unknown(place: str, field: str, value: str, known: set[str], home: str) -> Fault:
    close = nearest(value, known)
    remedy = f"write {' or '.join(close)}, or add it to {home}" if close else f"add it to {home}, or correct it"
    return Fault(place, field, value, f"the id of one of {home}", remedy)


def structure_faults(structure: Any, place: str = "$.structure") -> list[Fault]:
    """List ids and relations of a structure that occur twice, and references that lead nowhere.

    Parameters
    ----------
    structure
        Plain data: lists of tables by name; what is no such thing is passed over.
    place
        Where it stands.
    """
    faults: list[Fault] = []
    known = {name: _ids(structure, name) for name in ENTITIES}
    for name in ENTITIES:
        key = _key(name)
        seen: set[str] = set()
        for i, entry in _entries(structure, name):
            for value in _texts(entry.get(key)):
                if value in seen:
                    where = f"{place}.{name}[{i}].{key}"
                    faults.append(Fault(where, key, value, "an id that occurs once", "give each its own id"))
                seen.add(value)
    for name, pair in PAIRS.items():
        first: dict[tuple[Any, ...], int] = {}
        for i, entry in _entries(structure, name):
            values = tuple(entry.get(field) for field in pair)
            if not all(isinstance(value, str) for value in values):
                continue
            if values in first:
                what = " and ".join(f"{field} {value}" for field, value in zip(pair, values, strict=True))
                told = f"unlike entry {first[values]}, which has the same {what}"
                faults.append(Fault(f"{place}.{name}[{i}]", pair[-1], values[-1], told, "keep one of the two"))
            first.setdefault(values, i)
    for name, references in REFERENCES.items():
        for i, entry in _entries(structure, name):
            for field, target in references.items():
                faults.extend(
                    _unknown(f"{place}.{name}[{i}].{field}", field, value, known[target], f"structure.{target}")
                    for value in _texts(entry.get(field))
                    if value not in known[target]
                )
    return faults


def sound(structure: Entry) -> dict[str, set[int]]:
    """Find the entries of a structure that hang together: numbers by list, without those that lead nowhere.

    What refers to an entry that leads nowhere leads nowhere itself.
    """
    kept = {name: {i for i, _ in _entries(structure, name)} for name in REFERENCES | dict.fromkeys(ENTITIES)}
    while True:
        known = {
            name: {entry[_key(name)] for i, entry in _entries(structure, name) if i in kept[name]} for name in ENTITIES
        }
        gone = {
            name: {
                i
                for i, entry in _entries(structure, name)
                if i in kept[name]
                and any(not set(_texts(entry.get(field))) <= known[target] for field, target in references.items())
            }
            for name, references in REFERENCES.items()
        }
        if not any(gone.values()):
            return kept
        for name, numbers in gone.items():
            kept[name] -= numbers


def reference_faults(data: Entry) -> list[Fault]:
    """List ids that occur twice, references that lead nowhere, and plans after the end, over a whole scenario.

    Parameters
    ----------
    data
        Plain data of a scenario; what is of a wrong type is passed over.
    """
    structure, traffic, plan = data.get("structure"), data.get("traffic"), data.get("plan")
    faults = structure_faults(structure)
    ids = {name: _ids(structure, name) for name in ENTITIES}
    actions = [(i, step.get("action")) for i, step in _entries(plan, "steps")]
    made = [action for _, action in actions if isinstance(action, Mapping) and action.get("do") == "create_ad_group"]
    groups = ids["ad_groups"] | {name for action in made for name in _texts(action.get("ad_group"))}
    for i, site in _entries(traffic, "sites"):
        faults += _lost(site, f"$.traffic.sites[{i}]", "website", ids["websites"], "structure.websites")
    for i, delivery in _entries(traffic, "delivery"):
        place = f"$.traffic.delivery[{i}]"
        faults += _lost(delivery, place, "ad_group", groups, "structure.ad_groups")
        faults += _lost(delivery, place, "website", ids["websites"], "structure.websites")
    for i, viewer in _entries(data, "viewers"):
        faults += _lost(viewer, f"$.viewers[{i}]", "account", ids["ad_accounts"], "structure.ad_accounts")
    for i, action in actions:
        if isinstance(action, Mapping):
            faults += _lost(action, f"$.plan.steps[{i}].action", "actor", ids["people"], "structure.people")
    delays = plan.get("delays") if isinstance(plan, Mapping) else None
    for person in delays if isinstance(delays, Mapping) else ():
        if person not in ids["people"]:
            faults.append(_unknown(f"$.plan.delays.{person}", "delays", person, ids["people"], "structure.people"))
    for part, name, key in (
        (traffic, "sites", "website"),
        (traffic, "delivery", "ad_group"),
        (data, "viewers", "name"),
    ):
        faults += _twice(part, f"$.{name}" if part is data else f"$.traffic.{name}", name, key)
    return [*faults, *_too_late(data)]


def _lost(entry: Entry, place: str, field: str, known: set[str], home: str) -> list[Fault]:
    value = entry.get(field)
    if not isinstance(value, str) or value in known:
        return []
    return [_unknown(f"{place}.{field}", field, value, known, home)]


def _twice(part: Any, place: str, name: str, key: str) -> Iterator[Fault]:
    seen: set[str] = set()
    for i, entry in _entries(part, name):
        for value in _texts(entry.get(key)):
            if value in seen:
                yield Fault(f"{place}[{i}].{key}", key, value, "named once", "merge the two entries")
            seen.add(value)


def _too_late(data: Entry) -> Iterator[Fault]:
    length = data.get("days")
    for i, step in _entries(data.get("plan"), "steps"):
        day = step.get("day")
        if isinstance(length, int) and isinstance(day, int | float) and day >= length > 0:
            rule = f"before the end, day {length}"
            yield Fault(f"$.plan.steps[{i}].day", "day", f"{day:g}", rule, "raise days, or date it earlier")
