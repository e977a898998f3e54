"""The event log: every copy of every event, in order of time, with what became of it and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pixelsim.base.clock import Clock
from pixelsim.base.money import decimals
from pixelsim.scenario.traffic import EVENT_NAMES
from pixelsim.traffic.attribution import Reason, TouchKind
from pixelsim.traffic.capture import Loss
from pixelsim.traffic.columns import Columns
from pixelsim.traffic.dedup import DedupOutcome
from pixelsim.traffic.identity import event_keys_as_text
from pixelsim.traffic.numbering import Numbering
from pixelsim.traffic.sessions import Visit

__all__ = ["ClaimRows", "Fate", "LogRows", "log_frame"]

Longs = NDArray[np.int64]


class Fate(IntEnum):
    """What became of a copy: lost before the pixel, or how de-duplication took it."""

    KEPT = DedupOutcome.KEPT
    MERGED = DedupOutcome.MERGED
    DUPLICATE = DedupOutcome.DUPLICATE
    REPEAT = DedupOutcome.REPEAT
    LOST = 4


@dataclass(frozen=True, slots=True, eq=False)
class LogRows(Columns):
    """Rows of the event log.

    Rows stand in the order in which they were received, or would have been. ``at`` is when the event happened and
    ``received`` when the copy arrived, in ms; ``person`` the number of the person, ``visitor`` of the first-party
    cookie (-1: none); ``event`` a position in ``EVENT_NAMES``; ``key`` the number of the event, the same for all its
    copies, and ``event_id`` of the id sent with it (-1: none); ``pixel`` the pixel's number; ``channel`` 0 browser or
    1 server; ``value`` in smallest money units, -1 where the event has none; ``visit`` a `Visit`; ``loss`` a `Loss`;
    ``fate`` a `Fate`; ``reason`` a
    `Reason` of attribution, -1 unless kept; ``ad_group``, ``ad``, ``touch_at``, ``touch_kind`` the credited touch,
    -1 where there is none; ``refused_account`` the account whose touch was passed over since its access had ended.
    A credited event that does not count, since its touch had its conversion, has the reason ``NOT_COUNTED_AGAIN``.
    """

    at: Longs
    received: Longs
    person: Longs
    visitor: Longs
    event: NDArray[np.int8]
    key: Longs
    event_id: Longs
    pixel: NDArray[np.int32]
    channel: NDArray[np.int8]
    value: Longs
    visit: NDArray[np.int8]
    loss: NDArray[np.int8]
    fate: NDArray[np.int8]
    reason: NDArray[np.int8]
    ad_group: NDArray[np.int32]
    ad: NDArray[np.int32]
    touch_at: Longs
    touch_kind: NDArray[np.int8]
    refused_account: NDArray[np.int32]


@dataclass(frozen=True, slots=True, eq=False)
class ClaimRows(Columns):
    """Claims of accounts on kept events, one row for each event and claiming account.

    Under scope ``pixel`` every credited event has one; under ``account`` each account claims for itself. ``at`` is the
    event's time, ``received`` when its copy arrived, ``touch_at`` the touch's time, in ms; ``row`` is the position of
    the event in the log; the rest are numbers.
    """

    row: Longs
    at: Longs
    received: Longs
    touch_at: Longs
    event: NDArray[np.int8]
    pixel: NDArray[np.int32]
    account: NDArray[np.int32]
    ad_group: NDArray[np.int32]
    ad: NDArray[np.int32]
    kind: NDArray[np.int8]
    value: Longs
    key: Longs
    counted: NDArray[np.bool_]


def _names(numbers: NDArray[np.integer], names: tuple[str, ...]) -> pd.Series:
    return pd.Series(
        pd.Categorical.from_codes(numbers.astype(np.int64).tolist(), dtype=pd.CategoricalDtype(list(names)))
    )


def _times(at: Longs, clock: Clock) -> pd.Series:
    start = pd.Timestamp(clock.start).tz_convert("UTC")
    series = pd.Series(start + pd.to_timedelta(np.where(at < 0, 0, at), unit="ms"))
    return series.where(pd.Series(at >= 0))


def log_frame(rows: LogRows, numbering: Numbering, clock: Clock, currency: str) -> pd.DataFrame:
    """Give the log with names instead of numbers, and instants instead of milliseconds.

    Parameters
    ----------
    rows
        The log.
    numbering
        Names of the numbers.
    clock
        The scenario's calendar.
    currency
        Currency of ``value``.
    """
    scale = 10 ** decimals(currency)
    groups = numbering.ad_groups
    account = np.where(rows.ad_group >= 0, numbering.group_account[rows.ad_group] if len(groups) else -1, -1)
    return pd.DataFrame(
        {
            "at": _times(rows.at, clock),
            "received": _times(rows.received, clock),
            "person": rows.person,
            "event": _names(rows.event, EVENT_NAMES),
            "event_key": event_keys_as_text(rows.key, numbering),
            "event_id": pd.Series(rows.event_id, dtype="Int64").where(pd.Series(rows.event_id >= 0)),
            "pixel": _names(rows.pixel, numbering.pixels),
            "channel": _names(rows.channel, ("browser", "server")),
            "value": pd.Series(rows.value / scale).where(pd.Series(rows.value >= 0)),
            "currency": pd.Series(currency, index=range(len(rows)), dtype="str").where(pd.Series(rows.value >= 0)),
            "visit": _names(rows.visit, tuple(v.name.lower() for v in Visit)),
            "fate": _names(rows.fate, tuple(f.name.lower() for f in Fate)),
            "loss": _names(rows.loss, tuple(x.name.lower() for x in Loss)),
            "credit": _names(rows.reason, tuple(r.name.lower() for r in Reason)),
            "account": _names(account, numbering.accounts),
            "ad_group": _names(rows.ad_group, groups),
            "ad": _names(rows.ad, numbering.ads),
            "touch_at": _times(rows.touch_at, clock),
            "touch": _names(rows.touch_kind, tuple(k.name.lower() for k in TouchKind)),
            "refused_account": _names(rows.refused_account, numbering.accounts),
        }
    )
