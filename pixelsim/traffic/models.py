"""Multi-touch models: how one conversion is shared among the touches of its path.

The platform itself credits one touch. These models are for comparison; each keeps the total: the shares of a path
add up to one, whatever its length (field case P68).
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import Fault, InputError
from pixelsim.traffic.keys import sort_groups

__all__ = ["Position", "Share", "channel_credit", "touch_shares"]


class Share(enum.StrEnum):
    """The models that need no numbers."""

    FIRST = "first"
    LAST = "last"
    LINEAR = "linear"


@dataclass(frozen=True, slots=True)
class Position:
    """Shares by position: of the first touch, of all between together, and of the last touch.

    A path without touches between gives their share to its ends, in proportion to the ends' own (half each when both
    are 0); a path of one touch has it all.

    Parameters
    ----------
    first, middle, last
        Shares, at least 0, adding up to 1. Defaults are the usual 40, 20 and 40 %.

    Raises
    ------
    InputError
        A share is negative, or they do not add up to 1.
    """

    first: float = 0.4
    middle: float = 0.2
    last: float = 0.4

    def __post_init__(self) -> None:
        shares = {"first": self.first, "middle": self.middle, "last": self.last}
        faults = [
            Fault(f"$.{name}", name, str(share), "at least 0", "give a share of the conversion")
            for name, share in shares.items()
            if not share >= 0
        ]
        if abs(sum(shares.values()) - 1) > 1e-9:
            faults.append(Fault("$", "sum of shares", str(sum(shares.values())), "1", "divide the shares by their sum"))
        if faults:
            raise InputError("position model", faults)


def touch_shares(path: ArrayLike, model: Share | str | Position) -> NDArray[np.float64]:
    """Share each path's one conversion among its touches.

    Parameters
    ----------
    path
        Number of the path that each touch belongs to, the touches of a path in the order of time, shape (m,).
    model
        The model.

    Returns
    -------
    ndarray of float64, shape (m,)
        Shares in [0, 1] that add up to 1 over each path.
    """
    order, heads = sort_groups(np.asarray(path, dtype=np.int64))
    start = np.flatnonzero(heads)
    length = np.diff(start, append=len(order))
    number = np.cumsum(heads) - 1
    position, touches = np.arange(len(order)) - start[number], length[number]
    is_first, is_last = position == 0, position == touches - 1
    if isinstance(model, Position):
        ends = model.first + model.last
        first, last = (model.first / ends, model.last / ends) if ends > 0 else (0.5, 0.5)
        share = np.where(is_first, model.first, np.where(is_last, model.last, 0.0))
        between = ~is_first & ~is_last
        share[between] = model.middle / (touches[between] - 2)
        share[touches == 2] = np.where(is_first, first, last)[touches == 2]
        share[touches == 1] = 1.0
    elif Share(model) is Share.LINEAR:
        share = 1.0 / touches
    else:
        share = np.where(is_first if Share(model) is Share.FIRST else is_last, 1.0, 0.0)
    result = np.empty(len(order), dtype=np.float64)
    result[order] = share
    return result


def channel_credit(
    path: ArrayLike, channel: ArrayLike, converted: ArrayLike, model: Share | str | Position, *, channels: int
) -> NDArray[np.float64]:
    """Add up the conversions that each channel (ad group, account, source) earns.

    Parameters
    ----------
    path, channel
        Numbers of path and channel of each touch, the touches of a path in the order of time, shape (m,).
    converted
        Whether each path ended in a conversion, by number of the path, bool.
    model
        The model.
    channels
        How many channels there are.

    Returns
    -------
    ndarray of float64, shape (channels,)
        Conversions; they add up to the converted paths that have a touch.
    """
    paths, of_touch = np.asarray(path, dtype=np.int64), np.asarray(channel, dtype=np.int64)
    earns = np.asarray(converted, dtype=np.bool_)[paths]
    credit = np.bincount(of_touch[earns], weights=touch_shares(paths[earns], model), minlength=channels)
    return credit.astype(np.float64)
