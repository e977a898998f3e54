"""Consent: what a pixel may send and when, and how many people cannot be tracked at all."""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.traffic.keys import NONE, sort_groups

__all__ = [
    "Consent",
    "ConsentOutcome",
    "Released",
    "Signal",
    "WhileRevoked",
    "audience_after_loss",
    "release_events",
    "untrackable_share",
]

Longs = NDArray[np.int64]


class Consent(enum.IntEnum):
    """The state of a visitor's consent."""

    HELD = 0
    """No answer yet: events wait."""
    GRANTED = 1
    REVOKED = 2


class Signal(enum.IntEnum):
    """What a visitor tells, with the state that follows."""

    GRANT = 1
    REVOKE = 2


class WhileRevoked(enum.StrEnum):
    """What becomes of events while consent is revoked; sources disagree (field case P95)."""

    DROP = "drop"
    """They are lost, and so is what still waited when consent was refused."""
    HOLD = "hold"
    """They wait for the next grant."""


class ConsentOutcome(enum.IntEnum):
    """What became of an event."""

    SENT = 0
    """Sent as it happened."""
    RELEASED = 1
    """Held, and sent at a later grant under its own time."""
    HELD = 2
    """Still waiting at the end."""
    DROPPED = 3


@dataclass(frozen=True, slots=True, eq=False)
class Released:
    """What was sent, one entry for each event, in the caller's order.

    Parameters
    ----------
    sent_at
        When it was sent in ms, -1 = never, int64. The event keeps its own time.
    outcome
        Codes of `ConsentOutcome`, int8.
    """

    sent_at: Longs
    outcome: NDArray[np.int8]


def release_events(
    event_at: ArrayLike,
    event_visitor: ArrayLike,
    signal_at: ArrayLike,
    signal_visitor: ArrayLike,
    signal: ArrayLike,
    *,
    while_revoked: WhileRevoked | str = WhileRevoked.DROP,
    start: Consent = Consent.HELD,
) -> Released:
    """Run every visitor's events through consent: held, granted, revoked, granted again.

    A signal at an event's own instant comes before the event.

    Parameters
    ----------
    event_at, event_visitor
        Time in ms and visitor of each event, shape (n,), in any order.
    signal_at, signal_visitor, signal
        Time in ms, visitor and code of `Signal` of each answer, shape (k,), in any order; of answers at one instant
        the one that stands last holds.
    while_revoked
        What becomes of events while consent is revoked.
    start
        The state before a visitor's first answer; GRANTED for a site that does not ask.

    Raises
    ------
    InputError
        A signal is neither grant nor revoke.
    """
    events, answers = np.asarray(event_at, dtype=np.int64), np.asarray(signal_at, dtype=np.int64)
    codes = np.asarray(signal, dtype=np.int8)
    if len(codes) and (codes.min() < Signal.GRANT or codes.max() > Signal.REVOKE):
        value = f"{codes.min()} to {codes.max()}"
        raise InputError.single(
            "release_events", field="signal", value=value, rule="1 (grant) or 2 (revoke)", remedy="use Signal"
        )
    in_time = np.argsort(np.concatenate([answers, events]), kind="stable")
    visitor = np.concatenate([np.asarray(signal_visitor, np.int64), np.asarray(event_visitor, np.int64)])
    order, heads = sort_groups(visitor[in_time])
    row = in_time[order]
    code = np.concatenate([codes, np.zeros(len(events), dtype=np.int8)])[row]
    place = np.arange(len(row))
    begin = np.maximum.accumulate(heads * place)
    last = np.maximum.accumulate(np.where(code > 0, place, NONE))
    state = np.where(last >= begin, code[last], np.int8(start))
    # The next answer is the last one read backwards; it counts when it belongs to the same visitor.
    next_grant, next_revoke = (_next(code == kind, begin) for kind in (Signal.GRANT, Signal.REVOKE))
    later = next_grant < len(row)
    if WhileRevoked(while_revoked) is WhileRevoked.DROP:
        lost = (state == Consent.REVOKED) | ((state == Consent.HELD) & (next_revoke < next_grant))
        later &= ~lost
    else:
        lost = np.zeros(len(row), dtype=np.bool_)
    sent = state == Consent.GRANTED
    outcome = np.where(lost, ConsentOutcome.DROPPED, ConsentOutcome.HELD)
    outcome[later], outcome[sent] = ConsentOutcome.RELEASED, ConsentOutcome.SENT
    at = np.concatenate([answers, events])
    sent_at = np.where(later, at[np.append(row, 0)[next_grant]], NONE) if len(row) else at
    sent_at[sent] = at[row][sent]
    result = Released(np.empty(len(at), dtype=np.int64), np.empty(len(at), dtype=np.int8))
    result.sent_at[row], result.outcome[row] = sent_at, outcome
    return Released(result.sent_at[len(answers) :], result.outcome[len(answers) :])


def _next(wanted: NDArray[np.bool_], begin: Longs) -> Longs:
    """Give for each place the next wanted place after it in its own group, else the number of places."""
    size = len(wanted)
    following = np.minimum.accumulate(np.where(wanted, np.arange(size), size)[::-1])[::-1]
    same = begin[np.minimum(following, size - 1)] == begin
    return np.where(same & (following < size), following, size)


def untrackable_share(device_share: float, adoption: float, opt_in: float) -> float:
    """Give the share of users that an app-tracking prompt makes untrackable (field case P96).

    Parameters
    ----------
    device_share
        Share of users on devices that show the prompt, in [0, 1].
    adoption
        Share of those devices on a system version that has it, in [0, 1].
    opt_in
        Share of the asked who agree, in [0, 1].

    Raises
    ------
    InputError
        A share lies outside [0, 1]; all such faults are listed.
    """
    shares = {"device_share": device_share, "adoption": adoption, "opt_in": opt_in}
    faults = [
        Fault(f"$.{name}", name, str(share), "a share in [0, 1]", "write 34 % as 0.34")
        for name, share in shares.items()
        if not 0 <= share <= 1
    ]
    if faults:
        raise InputError("untrackable share", faults)
    return device_share * adoption * (1 - opt_in)


def audience_after_loss(matched: int, lost_share: float, *, minimum: int = 1_000) -> tuple[int, bool]:
    """Shrink an audience by the people who can no longer be matched.

    Parameters
    ----------
    matched
        People matched without the loss.
    lost_share
        Share lost, in [0, 1].
    minimum
        Smallest usable audience. Default 1,000 people (TikTok help page "Custom audiences").

    Returns
    -------
    size : int
        People left, rounded to the nearest whole number.
    usable : bool
        Whether these are enough.
    """
    if not 0 <= lost_share <= 1:
        raise InputError.single(
            "audience", field="lost_share", value=lost_share, rule="a share in [0, 1]", remedy="write 13 % as 0.13"
        )
    size = round(matched * (1 - lost_share))
    return size, size >= minimum
