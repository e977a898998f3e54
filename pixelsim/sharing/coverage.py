"""P07: which ad accounts a pixel reaches, as far as it could be read: linked, not linked, or not known."""

from __future__ import annotations

import collections
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from pixelsim.sharing.batch import Batch, Part
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.checks import account_role_refusal
from pixelsim.sharing.decision import allow, unknown
from pixelsim.sharing.frames import table
from pixelsim.sharing.visibility import account_may_see, api_relation, label
from pixelsim.world.entities import AccountRole
from pixelsim.world.queries import is_linked
from pixelsim.world.world import World

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Coverage", "LinkState", "PixelReport", "Reads", "coverage_report", "pixel_report"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """What could be read of the links between pixels and ad accounts, which each side can tell.

    Parameters
    ----------
    pixels
        Codes of the pixels whose list of ad accounts was read; None stands for all.
    accounts
        Ids of the ad accounts whose list of pixels was read; None stands for all.
    """

    pixels: frozenset[str] | None = None
    accounts: frozenset[str] | None = None

    def pixel(self, pixel: str) -> bool:
        """Whether a pixel's own list was read."""
        return self.pixels is None or pixel in self.pixels

    def account(self, account: str) -> bool:
        """Whether an ad account's list was read."""
        return self.accounts is None or account in self.accounts

    def source(self, pixel: str, account: str) -> str:
        """Name the side that tells about a link: ``"pixel side"``, ``"account side"``, or ``""`` for neither."""
        if self.pixel(pixel):
            return "pixel side"
        return "account side" if self.account(account) else ""


class LinkState(StrEnum):
    """What is known of the link between a pixel and an ad account."""

    LINKED = "linked"
    NOT_LINKED = "not linked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Coverage:
    """Which ad accounts a pixel reaches: rows of (ad account, state, source), in the order asked for."""

    pixel: str
    rows: tuple[tuple[str, LinkState, str], ...]

    @property
    def counts(self) -> dict[LinkState, int]:
        """How many accounts are in each state; unknown is counted apart, never as "not linked"."""
        found = collections.Counter(state for _, state, _ in self.rows)
        return {state: found[state] for state in LinkState}

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each account: ``pixel``, ``account``, ``state``, ``source``."""
        rows = [(self.pixel, account, state.value, source) for account, state, source in self.rows]
        return table(rows, ["pixel", "account", "state", "source"])

    def __str__(self) -> str:
        return f"pixel {self.pixel}: " + ", ".join(f"{number} {state}" for state, number in self.counts.items())


def coverage_report(
    world: World, pixel: str, *, accounts: Iterable[str] | None = None, readable: Reads | None = None
) -> Coverage:
    """Report which ad accounts a pixel is linked to, as far as it could be read (P07).

    A link that neither side could tell about is unknown, which is an answer of its own; so is everything about an id
    that does not exist.

    Parameters
    ----------
    accounts
        Ids of the ad accounts asked about; all of the world by default.
    readable
        What could be read; everything by default.
    """
    reads = readable or Reads()
    rows: list[tuple[str, LinkState, str]] = []
    for account in sorted(world.ad_accounts) if accounts is None else accounts:
        source = reads.source(pixel, account) if pixel in world.pixels and account in world.ad_accounts else ""
        state = LinkState.UNKNOWN
        if source:
            state = LinkState.LINKED if is_linked(world, pixel, account) else LinkState.NOT_LINKED
        rows.append((account, state, source))
    return Coverage(pixel, tuple(rows))


@dataclass(frozen=True, slots=True)
class PixelReport:
    """The pixels of several ad accounts as one person reads them.

    Parameters
    ----------
    batch
        One part for each account: read, not readable (with the cause), or unknown.
    rows
        Rows of (ad account, pixel, label, API relation) of the accounts that were read.
    """

    batch: Batch
    rows: tuple[tuple[str, str, str, str], ...]

    def to_frame(self) -> pd.DataFrame:
        """Give one row for each pixel of each account that was read."""
        return table(self.rows, ["account", "pixel", "label", "relation"])

    def __str__(self) -> str:
        return str(self.batch)


def pixel_report(world: World, person: str, accounts: Iterable[str], *, readable: Reads | None = None) -> PixelReport:
    """Read the pixels of several ad accounts; one that is refused is named, and the rest is kept (P19).

    Parameters
    ----------
    person
        Who reads; any role on an ad account is enough (R17).
    accounts
        Ids of the ad accounts.
    readable
        What the platform answered; everything by default.
    """
    reads = readable or Reads()
    parts: list[Part] = []
    rows: list[tuple[str, str, str, str]] = []
    for account in accounts:
        refusal = account_role_refusal(world, "R17", person, account, AccountRole.ANALYST)
        if refusal is None and not reads.account(account):
            refusal = unknown("R17", Cause.NOT_READABLE, what=f"the pixels of ad account {account}")
        parts.append(Part(account, refusal or allow("R17")))
        if refusal is None:
            rows.extend(
                (account, pixel, label(world, pixel, account).value, api_relation(world, pixel, account).value)
                for pixel in sorted(world.pixels)
                if account_may_see(world, account, pixel).allowed
            )
    return PixelReport(Batch(tuple(parts), world), tuple(rows))
