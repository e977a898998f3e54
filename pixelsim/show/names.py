"""Names where people look, ids where programs do: actions and decisions in words that name things by their names."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from enum import Enum

from pixelsim.base.clock import DAY
from pixelsim.plan.wording import describe
from pixelsim.sharing.actions import Action
from pixelsim.sharing.causes import WORDING
from pixelsim.sharing.decision import Decision
from pixelsim.sharing.history import Change
from pixelsim.show.digits import given
from pixelsim.show.style import drawable
from pixelsim.world.world import ENTITY_FIELDS, World

__all__ = ["Names"]

LONGEST_DRAWN = 44
"""Characters of a name that a picture has room for."""
_KIND_OF = {
    "account": "ad_accounts",
    "creator": "ad_accounts",
    "actor": "people",
    "person": "people",
    "bc": "business_centers",
    "active_bc": "business_centers",
    "owner": "business_centers",
    "partner": "business_centers",
    "waiting": "business_centers",
    "pixel": "pixels",
    "website": "websites",
    "campaign": "campaigns",
    "ad_group": "ad_groups",
    "ad": "ads",
    "audience": "audiences",
    "seed": "audiences",
    "payment": "payment_methods",
}
"""What a field of an action, or a fact of a decision, names first of all."""
_REFERENCES = {
    "account": "ad_accounts",
    "creator": "ad_accounts",
    "owner_bc": "business_centers",
    "pixel": "pixels",
    "tracking_pixel": "pixels",
    "payment_method": "payment_methods",
}
"""Fields of the world that hold the id of something else."""
_INSTANTS = frozenset(
    {"start", "end", "review_until", "learning_from", "built_at", "last_used", "since", "audience_until"}
)
"""Fields of the world that hold ms since the scenario's start."""
_ENDS = {
    "members": ("business_centers", "people"),
    "account_people": ("ad_accounts", "people"),
    "account_grants": ("business_centers", "ad_accounts"),
    "partnerships": ("business_centers", "business_centers"),
    "shares": ("pixels", "business_centers"),
    "links": ("pixels", "ad_accounts"),
    "unbound": ("pixels", "ad_accounts"),
    "pixel_people": ("pixels", "people"),
    "payment_shares": ("payment_methods", "business_centers"),
}
"""What the two ids of a relation name."""
_WORDS = {
    "business_centers": "Business Center",
    "people": "person",
    "ad_accounts": "ad account",
    "websites": "website",
    "pixels": "pixel",
    "campaigns": "campaign",
    "ad_groups": "ad group",
    "ads": "ad",
    "audiences": "audience",
    "tokens": "token",
    "payment_methods": "payment method",
    "members": "membership",
    "account_people": "role on the ad account",
    "account_grants": "business's role on the ad account",
    "partnerships": "partnership",
    "shares": "share",
    "links": "link",
    "unbound": "revoked link",
    "pixel_people": "pixel assigned",
    "payment_shares": "payment method lent",
}
"""What a mapping of the world holds, in the singular."""
_NO_NAMES = frozenset(
    {"id", "name", "field", "value", "allowed", "people", "minimum", "count", "limit", "hours", "days"}
)
"""Facts that are numbers, or texts that a user gave: a word in them that looks like an id is none."""
_WORD = re.compile(r"[^\s,;:.()“”\"']+")


class Names:
    """The names of everything in a world.

    A name that two things of a kind share is followed by the id of each.

    Parameters
    ----------
    world
        Where the names come from; of a run take the last state, which knows what was created on the way.
    drawn
        Whether the names go into a picture: long ones are cut, and one with characters that the picture's font lacks
        gives way to the id.
    """

    def __init__(self, world: World, *, drawn: bool = False) -> None:
        self._names: dict[str, dict[str, str]] = {}
        for kind in ENTITY_FIELDS:
            items = getattr(world, kind)
            names = {key: _name(item) for key, item in items.items()}
            if drawn:
                names = {key: _cut(drawable(name, "")) for key, name in names.items()}
            times = Counter(names.values())
            self._names[kind] = {
                key: key if not name else f"{name} ({key})" if times[name] > 1 else name for key, name in names.items()
            }

    def of(self, kind: str, key: str) -> str:
        """Give the name of one thing, or its id where it has none.

        Parameters
        ----------
        kind
            A mapping of :class:`~pixelsim.world.world.World`, such as ``"ad_accounts"``.
        key
            Its id.
        """
        return self._names[kind].get(key, key)

    def any(self, key: str, field: str = "") -> str:
        """Give the name of a thing of any kind; ``field`` tells where it is named, and so what it is most likely."""
        first = _KIND_OF.get(field)
        for kind in [first, *self._names] if first else self._names:
            if kind in self._names and key in self._names[kind]:
                return self._names[kind][key]
        return key

    def action(self, action: Action) -> str:
        """Say what an action does, in the imperative, with names in quotation marks."""
        return describe(dataclasses.replace(action, **dict(self._named_fields(action))))

    def _named_fields(self, action: Action) -> Iterator[tuple[str, str]]:
        kind = getattr(action, "kind", "")
        for field in dataclasses.fields(action):
            value = getattr(action, field.name)
            if field.name == "value":
                yield "value", _value(value)
            elif isinstance(value, str) and not isinstance(value, Enum):
                if field.name == "id" and kind:
                    yield "id", _quoted(self.of(f"{kind}s", value))
                elif field.name in _KIND_OF:
                    told = self.any(value, field.name)
                    # What is about to be created is in no world yet, but the action itself has its name.
                    told = getattr(action, "name", "") or told if told == value else told
                    yield field.name, _quoted(told)

    def who(self, action: Action) -> str:
        """Name the person who acts."""
        return self.of("people", action.actor)

    def reason(self, decision: Decision) -> str:
        """Give a decision's sentence with names in the place of ids."""
        return WORDING[decision.cause].sentence.format_map(self._facts(decision))

    def remedies(self, decision: Decision) -> tuple[str, ...]:
        """Give what would repair a refusal with names in the place of ids."""
        facts = self._facts(decision)
        return tuple(text.format_map(facts) for text in WORDING[decision.cause].remedies)

    def _facts(self, decision: Decision) -> dict[str, str]:
        facts = {key: value if key in _NO_NAMES else self.text(value, key) for key, value in decision.facts}
        return {
            "blocking": self._listed(decision.blocking),
            "scheduled": self._listed(decision.scheduled) or "none",
            **facts,
        }

    def _listed(self, keys: Iterable[str]) -> str:
        return ", ".join(_quoted(self.any(key)) for key in keys)

    def change(self, change: Change) -> str:
        """Say what one change was: the thing or the relation, and the value before and after."""
        kinds = _ENDS.get(change.kind, (change.kind,))
        parts = change.id.split(" > ") if len(kinds) > 1 else [change.id]
        told = " – ".join(
            _quoted(self.of(kind, part) if kind in self._names else part)
            for kind, part in zip(kinds, parts, strict=True)
        )
        what = f"{_WORDS.get(change.kind, change.kind.replace('_', ' '))} {told}"
        if not change.field:
            if change.before is None or change.after is None:
                return f"{what} {'added' if change.before is None else 'ended'}"
            return f"{what}: {_value(change.before)} → {_value(change.after)}"
        before, after = (self._referred(value, change.field) for value in (change.before, change.after))
        return f"{what}, {change.field.replace('_', ' ')}: {before} → {after}"

    def _referred(self, value: object, field: str) -> str:
        """Write a value, by its name where it is the id of something."""
        if field in _INSTANTS and isinstance(value, int):
            return f"day {given(value / DAY)}"
        kind = _REFERENCES.get(field)
        return _quoted(self.of(kind, value)) if kind and isinstance(value, str) else _value(value)

    def text(self, text: str, field: str = "") -> str:
        """Give a short text in which every word that is an id is replaced by the name in quotation marks."""
        whole = self.any(text, field)
        if whole != text:
            return _quoted(whole)

        def named(match: re.Match[str]) -> str:
            name = self.any(match.group(), field)
            return match.group() if name == match.group() else _quoted(name)

        return _WORD.sub(named, text)


def _cut(name: str) -> str:
    return name if len(name) <= LONGEST_DRAWN else f"{name[: LONGEST_DRAWN - 1]}…"


def _value(value: object) -> str:
    """Write a value of the world in a few words."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, tuple):
        return ", ".join(map(_value, value)) or "none"
    return "none" if value is None else str(value)


def _name(item: object) -> str:
    return str(getattr(item, "name", ""))


def _quoted(name: str) -> str:
    return f"“{name}”"
