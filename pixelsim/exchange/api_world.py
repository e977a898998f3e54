"""From saved Business API answers to a world: what they say is in it, and what they do not say is listed as unknown."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from pixelsim.exchange.answers import Answer, AnswerStatus
from pixelsim.exchange.api_accounts import AccountReader
from pixelsim.exchange.api_campaigns import CampaignReader
from pixelsim.exchange.api_drafts import Draft
from pixelsim.exchange.api_folder import ApiFolder, read_api_folder
from pixelsim.exchange.api_pixels import PixelReader
from pixelsim.sharing.coverage import Coverage, LinkState
from pixelsim.world.world import World

__all__ = ["Imported", "world_from_api"]


@dataclass(frozen=True, eq=False)
class Imported:
    """A world as far as saved answers tell it.

    Parameters
    ----------
    world
        Everything that the answers say, and stand-ins where a world cannot do without something they do not say.
    unknown
        What the answers do not say: ``kind``, ``subject``, ``why``. Nothing in it may be read as "none" (P07).
    links
        One row for each pixel and ad account: ``pixel``, ``account``, ``state`` (linked, not linked, unknown) and
        ``source`` (which side told).
    statuses
        ``level``, ``id``, ``status`` as the API spells it, and ``meaning`` (a delivery status without prefix, or
        missing where it is not known here).
    notes
        What was assumed on the way.
    failed
        Answers whose code says that the call failed.
    status
        As that of the folder.
    """

    world: World
    unknown: pd.DataFrame
    links: pd.DataFrame
    statuses: pd.DataFrame
    notes: tuple[str, ...]
    failed: tuple[Answer, ...]
    status: AnswerStatus

    def coverage(self, pixel: str) -> Coverage:
        """Report which ad accounts a pixel reaches, as far as it could be read (P07)."""
        rows = self.links[self.links["pixel"] == pixel]
        told = zip(rows["account"], rows["state"], rows["source"], strict=True)
        return Coverage(pixel, tuple((str(a), LinkState(s), str(side)) for a, s, side in told))

    def __repr__(self) -> str:
        world = self.world
        return (
            f"<Imported {self.status}: {len(world.business_centers)} business centers, {len(world.ad_accounts)} ad "
            f"accounts, {len(world.pixels)} pixels, {len(world.campaigns)} campaigns, {len(self.unknown)} unknown>"
        )


def world_from_api(
    folder: str | Path | ApiFolder,
    *,
    bc: str | None = None,
    advertiser: str | None = None,
    pixel: str | None = None,
    start: dt.datetime | None = None,
) -> Imported:
    """Build a world from saved answers of the Business API.

    A call that failed, or of which pages are missing, leaves what it would have told unknown, never "none" (P07).

    Parameters
    ----------
    folder
        The folder or file, or what :func:`read_api_folder` made of it.
    bc, advertiser, pixel
        Business Center, ad account and pixel code that were asked about, for answers that do not tell.
    start
        Timezone-aware instant of the scenario's start, to place schedules; None leaves them open.

    Raises
    ------
    InputError
        There is no answer to read.
    """
    found = folder if isinstance(folder, ApiFolder) else read_api_folder(folder)
    draft = Draft(found, _given(bc, advertiser, pixel))
    AccountReader(draft).read()
    pixels = PixelReader(draft)
    pixels.read()
    CampaignReader(draft, pixels.code_of, start).read()
    pixels.settle()
    draft.close()
    return Imported(
        world=draft.world(),
        unknown=pd.DataFrame(draft.unknown, columns=["kind", "subject", "why"]).drop_duplicates(ignore_index=True),
        links=draft.link_table(),
        statuses=pd.DataFrame(draft.statuses, columns=["level", "id", "status", "meaning"]),
        notes=tuple(dict.fromkeys([*found.notes, *found.missing, *draft.notes])),
        failed=found.failed,
        status=found.status,
    )


def _given(bc: str | None, advertiser: str | None, pixel: str | None) -> Mapping[str, Any]:
    told = {"bc_id": bc, "advertiser_id": advertiser, "pixel_code": pixel}
    return {name: value for name, value in told.items() if value is not None}
