"""A world in the making: entities and relations gathered from answers, and what stays unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pixelsim.exchange.answers import Answer
from pixelsim.exchange.api_folder import ApiFolder
from pixelsim.sharing.coverage import LinkState
from pixelsim.world.entities import AdAccount, BusinessCenter, Pixel
from pixelsim.world.world import World

__all__ = ["STAND_IN", "Draft"]

STAND_IN = "unknown "
"""Begins the id of what a world needs and no answer names; such things are listed as unknown."""


@dataclass
class Draft:
    """What the readers of the calls have gathered so far.

    Parameters
    ----------
    folder
        The answers.
    given
        Parameters that the caller says were asked for, where the answers do not tell.
    """

    folder: ApiFolder
    given: Mapping[str, str]
    items: dict[str, dict[Any, Any]] = field(default_factory=dict)
    unknown: list[tuple[str, str, str]] = field(default_factory=list)
    statuses: list[tuple[str, str, str, str | None]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    pixel_lists: set[str] = field(default_factory=set)
    account_lists: set[str] = field(default_factory=set)
    linked: dict[tuple[str, str], str] = field(default_factory=dict)

    def asked(self, answer: Answer, name: str) -> str | None:
        """Give a parameter of an answer's call: from the answer, else as the caller says."""
        return answer.asked.get(name) or self.given.get(name)

    def put(self, mapping: str, key: Any, value: Any) -> None:
        """File an entity or relation; the first that says so stays."""
        self.items.setdefault(mapping, {}).setdefault(key, value)

    def replace(self, mapping: str, key: Any, value: Any) -> None:
        """File an entity or relation over what was there."""
        self.items.setdefault(mapping, {})[key] = value

    def get(self, mapping: str) -> dict[Any, Any]:
        """Give what is filed in a mapping so far."""
        return self.items.setdefault(mapping, {})

    def miss(self, kind: str, subject: str, why: str) -> None:
        """List something as unknown."""
        self.unknown.append((kind, subject, why))

    def need_bc(self, key: str, name: str | None = None) -> str:
        """Make sure that a Business Center exists; one that only its id is known of is of unknown type."""
        known = self.get("business_centers").get(key)
        if known is None:
            self.put("business_centers", key, BusinessCenter(id=key, name=name or key))
            self.miss("business center type", key, "no answer of bc/get describes it; DIRECT stands in")
        elif name and known.name == key:
            self.replace("business_centers", key, BusinessCenter(id=key, name=name, type=known.type))
        return key

    def need_account(self, key: str) -> str:
        """Make sure that an ad account exists; one that only its id is known of has an unknown owner and clock."""
        if key not in self.get("ad_accounts"):
            self.put("ad_accounts", key, AdAccount(id=key, name=key))
            self.miss("ad account", key, "only its id is known: owner, currency and clock are not")
        return key

    def close(self) -> None:
        """Name what every failed call leaves unknown, and the links that nobody could tell of."""
        for answer in self.folder.failed:
            about = ", ".join(f"{k} {v}" for k, v in sorted(answer.asked.items())) or answer.place
            self.miss(answer.endpoint or "call", about, f"failed with code {answer.code}: {answer.message}")
        for text in self.folder.missing:
            self.miss("rows", text, "not all was saved")
        for fault in self.folder.unread:
            self.miss("file", fault.place, fault.value)

    def link_table(self) -> pd.DataFrame:
        """Give each pixel with each ad account: linked, not linked, or unknown."""
        rows = []
        pixels: dict[str, Pixel] = self.get("pixels")
        for code in sorted(pixels):
            for account in sorted(self.get("ad_accounts")):
                if account.startswith(STAND_IN):
                    continue
                side = self.linked.get((code, account))
                state = LinkState.LINKED
                if side is None:
                    side = "pixel side" if code in self.pixel_lists else "account side"
                    told = code in self.pixel_lists or account in self.account_lists
                    state, side = (LinkState.NOT_LINKED, side) if told else (LinkState.UNKNOWN, "")
                rows.append((code, account, state.value, side))
        return pd.DataFrame(rows, columns=["pixel", "account", "state", "source"])

    def world(self) -> World:
        """Make the world."""
        return World(**{name: dict(items) for name, items in self.items.items()})
