"""Campaigns, ad groups and ads from saved answers, with their statuses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from pixelsim.base.clock import Clock
from pixelsim.exchange.answers import Answer
from pixelsim.exchange.api_drafts import Draft
from pixelsim.exchange.api_status import (
    WINDOW_DAYS,
    api_statuses,
    count_mode,
    delivery_status,
    is_deleted,
    is_on,
    time_of,
)
from pixelsim.exchange.documents import text_of
from pixelsim.exchange.event_names import standard_event
from pixelsim.world.entities import Ad, AdGroup, Campaign
from pixelsim.world.relations import AudienceAfter, Effect, Unbound
from pixelsim.world.status import DeliveryStatus

__all__ = ["CampaignReader"]


class CampaignReader:
    """Reads ``campaign/get``, ``adgroup/get`` and ``ad/get``.

    Parameters
    ----------
    draft
        Where it is gathered.
    code_of
        Gives the code of the pixel of a number.
    start
        The scenario's start, or None to leave schedules open.
    """

    def __init__(self, draft: Draft, code_of: Callable[[str], str], start: dt.datetime | None) -> None:
        self.draft = draft
        self.code_of = code_of
        self.clock = None if start is None else Clock(start)

    def read(self) -> None:
        """Read all answers."""
        for answer, row in self.draft.folder.rows("campaign/get"):
            self._campaign(answer, row)
        for answer, row in self.draft.folder.rows("adgroup/get"):
            self._ad_group(answer, row)
        for answer, row in self.draft.folder.rows("ad/get"):
            self._ad(answer, row)

    def _status(self, level: str, key: str, row: Mapping[str, Any]) -> DeliveryStatus | None:
        told = api_statuses(row)
        if told is None:
            return None
        meaning = delivery_status(told)
        self.draft.statuses.append((level, key, told, None if meaning is None else meaning.value))
        return meaning

    def _switch(self, level: str, key: str, row: Mapping[str, Any]) -> bool:
        on = is_on(row)
        if on is None:
            self.draft.miss("switch", f"{level} {key}", "the answer does not say; on stands in")
        return on is not False

    def _account(self, answer: Answer, row: Mapping[str, Any]) -> str | None:
        return text_of(row, "advertiser_id") or self.draft.asked(answer, "advertiser_id")

    def _campaign(self, answer: Answer, row: Mapping[str, Any]) -> None:
        key, account = text_of(row, "campaign_id"), self._account(answer, row)
        if key is None:
            return
        if account is None:
            self.draft.miss("campaign", key, "its ad account is not told; pass advertiser=")
            return
        self.draft.need_account(account)
        name = text_of(row, "campaign_name") or key
        on = self._switch("campaign", key, row)
        self._status("campaign", key, row)
        campaign = Campaign(id=key, account=account, name=name, on=on, deleted=is_deleted(row))
        self.draft.replace("campaigns", key, campaign)

    def _ad_group(self, answer: Answer, row: Mapping[str, Any]) -> None:
        key, campaign = text_of(row, "adgroup_id"), text_of(row, "campaign_id")
        account = self._account(answer, row)
        if key is None or campaign is None or not self._need_campaign(campaign, account):
            if key is not None:
                self.draft.miss("ad group", key, "its campaign or ad account is not told")
            return
        number = text_of(row, "pixel_id")
        pixel = None if number in {None, "0"} or number is None else self.code_of(number)
        start, end = self._schedule(key, row)
        group = AdGroup(
            id=key,
            campaign=campaign,
            name=text_of(row, "adgroup_name") or key,
            pixel=pixel,
            event=standard_event(text_of(row, "optimization_event") or "Purchase"),
            start=start,
            end=end,
            on=self._switch("ad group", key, row),
            deleted=is_deleted(row),
            click_days=self._window(key, row, "click_attribution_window", (1, 7, 14, 28), 7),
            engaged_view_days=self._window(key, row, "engaged_view_attribution_window", (1, 7), 1),
            view_days=self._window(key, row, "view_attribution_window", (0, 1, 7), 1),
            count=count_mode(row),
        )
        self.draft.replace("ad_groups", key, group)
        meaning = self._status("ad group", key, row)
        owner = self.draft.get("campaigns")[campaign].account
        if meaning is DeliveryStatus.PIXEL_UNBIND and pixel is not None:
            self._unauthorized(pixel, owner, f"ad group {key}")

    def _need_campaign(self, key: str, account: str | None) -> bool:
        """Make sure that a campaign exists; one that no answer describes stands in with its id."""
        if key in self.draft.get("campaigns"):
            return True
        if account is None:
            return False
        self.draft.need_account(account)
        self.draft.put("campaigns", key, Campaign(id=key, account=account, name=key))
        self.draft.miss("campaign", key, "no campaign/get describes it: name and switch are not known")
        return True

    def _unauthorized(self, pixel: str, account: str, what: str) -> None:
        """Note a link that is gone, as the status of what used it says."""
        if (pixel, account) in self.draft.linked:
            self.draft.notes.append(f"{what} is Pixel Unauthorized, and a list says that its pixel is linked")
            return
        self.draft.notes.append(f"{what} is Pixel Unauthorized: pixel {pixel} is taken as unlinked from {account}")
        tombstone = Unbound(
            at=0, effect=Effect.NOT_DELIVERING, tracking_only=Effect.NOT_DELIVERING, audiences=AudienceAfter.FROZEN
        )
        self.draft.put("unbound", (pixel, account), tombstone)

    def _schedule(self, key: str, row: Mapping[str, Any]) -> tuple[int, int | None]:
        start, end = time_of(row, "schedule_start_time"), time_of(row, "schedule_end_time")
        if text_of(row, "schedule_type") == "SCHEDULE_FROM_NOW":
            # The answer prints an end ten years on, which means none.
            end = None
        if self.clock is None:
            if start is not None or end is not None:
                self.draft.miss("schedule", f"ad group {key}", "left open; pass start= to place it")
            return 0, None
        begin = 0 if start is None else max(0, self.clock.to_ms(start))
        return begin, None if end is None else max(begin, self.clock.to_ms(end))

    def _window(self, key: str, row: Mapping[str, Any], name: str, allowed: tuple[int, ...], default: int) -> int:
        told = text_of(row, name)
        if told is None:
            return default
        number = WINDOW_DAYS.get(told.upper())
        if number is None or number not in allowed:
            self.draft.miss("attribution window", f"ad group {key}", f"{name} {told}; {default} days stand in")
            return default
        return number

    def _ad(self, answer: Answer, row: Mapping[str, Any]) -> None:
        key, group, campaign = text_of(row, "ad_id"), text_of(row, "adgroup_id"), text_of(row, "campaign_id")
        if key is None or group is None:
            return
        if group not in self.draft.get("ad_groups"):
            account = self._account(answer, row)
            if campaign is None or not self._need_campaign(campaign, account):
                self.draft.miss("ad", key, "its ad group is in no answer")
                return
            self.draft.put("ad_groups", group, AdGroup(id=group, campaign=campaign, name=group))
            self.draft.miss("ad group", group, "no adgroup/get describes it: pixel, windows and switch are not known")
        parent: AdGroup = self.draft.get("ad_groups")[group]
        number = text_of(row, "tracking_pixel_id")
        pixel = None if number is None or number == "0" else self.code_of(number)
        ad = Ad(
            id=key,
            ad_group=group,
            name=text_of(row, "ad_name") or key,
            tracking_pixel=pixel,
            on=self._switch("ad", key, row),
            deleted=is_deleted(row),
        )
        self.draft.replace("ads", key, ad)
        meaning = self._status("ad", key, row)
        used = pixel or parent.pixel
        if meaning is DeliveryStatus.PIXEL_UNBIND and used is not None:
            self._unauthorized(used, self.draft.get("campaigns")[parent.campaign].account, f"ad {key}")
