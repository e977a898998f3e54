"""Words of the Business API for statuses, windows and times, and what they mean here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any

from pixelsim.exchange.documents import text_of
from pixelsim.world.entities import CountMode
from pixelsim.world.status import DeliveryStatus

__all__ = ["WINDOW_DAYS", "api_statuses", "count_mode", "delivery_status", "is_deleted", "is_on", "time_of"]

WINDOW_DAYS: Mapping[str, int] = {
    "OFF": 0,
    "ONE_DAY": 1,
    "SEVEN_DAYS": 7,
    "FOURTEEN_DAYS": 14,
    "TWENTY_EIGHT_DAYS": 28,
}
"""Attribution windows by the API's words, in days."""

_PREFIXES = ("CAMPAIGN_STATUS_", "ADGROUP_STATUS_", "AD_STATUS_", "AD_STAUS_")
"""Level prefixes of secondary statuses; the last is how the platform's own reference spells one of them."""

_MEANING = {
    "PIXEL_UNBIND": DeliveryStatus.PIXEL_UNBIND,
    "ASSET_AUTHORIZATION_LOST": DeliveryStatus.ASSET_AUTHORIZATION_LOST,
    "NOT_START": DeliveryStatus.NOT_START,
    "TIME_DONE": DeliveryStatus.TIME_DONE,
    "DONE": DeliveryStatus.TIME_DONE,
    "BUDGET_EXCEED": DeliveryStatus.BUDGET_EXCEED,
    "CAMPAIGN_EXCEED": DeliveryStatus.BUDGET_EXCEED,
    "BALANCE_EXCEED": DeliveryStatus.BALANCE_EXCEED,
    "AUDIT": DeliveryStatus.AUDIT,
    "AUDIT_DENY": DeliveryStatus.AUDIT_DENY,
    "REAUDIT": DeliveryStatus.REAUDIT,
    "CREATE": DeliveryStatus.CREATE,
    "ADVERTISER_ACCOUNT_PUNISH": DeliveryStatus.ACCOUNT_PUNISH,
    "DISABLE": DeliveryStatus.DISABLE,
    "CAMPAIGN_DISABLE": DeliveryStatus.CAMPAIGN_DISABLE,
    "ADGROUP_DISABLE": DeliveryStatus.ADGROUP_DISABLE,
    "DELETE": DeliveryStatus.DELETE,
    "CAMPAIGN_DELETE": DeliveryStatus.DELETE,
    "ADGROUP_DELETE": DeliveryStatus.DELETE,
    "DELIVERY_OK": DeliveryStatus.DELIVERY_OK,
    "PARTIAL_AUDIT_DELIVERY_OK": DeliveryStatus.DELIVERY_OK,
    "ENABLE": DeliveryStatus.DELIVERY_OK,
}


def _bare(status: str) -> str:
    text = status.strip().upper()
    for prefix in _PREFIXES:
        if text.startswith(prefix):
            return text.removeprefix(prefix)
    return text.removeprefix("STATUS_")


def delivery_status(status: str) -> DeliveryStatus | None:
    """Give what a secondary status means, whatever its prefix (``AD_STAUS_PIXEL_UNBIND`` too); None if unknown."""
    return _MEANING.get(_bare(status))


def api_statuses(row: Mapping[str, Any]) -> str | None:
    """Give the secondary status of an object's row, or its primary one."""
    return text_of(row, "secondary_status", "primary_status", "status")


def is_deleted(row: Mapping[str, Any]) -> bool:
    """Whether an object's row says that it was deleted."""
    told = api_statuses(row)
    return text_of(row, "operation_status") == "DELETE" or (told is not None and _bare(told).endswith("DELETE"))


def is_on(row: Mapping[str, Any]) -> bool | None:
    """Whether an object's own switch is on; None where the row does not say."""
    told = text_of(row, "operation_status", "opt_status")
    return None if told is None else told.upper() in {"ENABLE", "1", "0_ENABLE"}


def count_mode(row: Mapping[str, Any]) -> CountMode:
    """Give which repeats of an event an ad group counts; by its goal where it does not say."""
    told = (text_of(row, "attribution_event_count", "statistic_type") or "").upper()
    if told in {"EVERY", "EVERY_TIME"}:
        return CountMode.EVERY
    return CountMode.ONCE if told == "ONCE" else CountMode.BY_GOAL


def time_of(row: Mapping[str, Any], name: str) -> dt.datetime | None:
    """Read a schedule's time, which the API gives in UTC; None where it is missing or none."""
    text = text_of(row, name)
    if text is None:
        return None
    try:
        read = dt.datetime.fromisoformat(text)
        return read.replace(tzinfo=dt.UTC) if read.tzinfo is None else read.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        return None
