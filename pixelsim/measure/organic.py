"""How far total events rest on organic sessions, which no export tells: what half or twice as many would have made.

Organic sessions are Poisson, so that half of them are what is left when each is kept with an even chance, and twice as
many are these and another such set. What they send adds up, since copies of different sessions are never taken for one
another. So the two figures are exact in the mean and cost no further run. Where copies of one visitor can be (a repeat
window, or ids made of the visitor), they are approximate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from pixelsim.measure.domains import sites_of_events
from pixelsim.scenario.capture import EVENT_NAMES
from pixelsim.traffic.identity import origins_of
from pixelsim.traffic.log import Fate
from pixelsim.traffic.sessions import Visit
from pixelsim.traffic.simulate import Simulation

__all__ = ["organic_sensitivity"]

ORGANIC = ("organic", "returning")
"""Kinds of origins whose sessions are as many as ``organic_sessions`` says."""


def organic_sensitivity(simulation: Simulation) -> pd.DataFrame:
    """Give the total events that the organic sessions of each website bring, and the totals for half and twice as many.

    Parameters
    ----------
    simulation
        One replication.

    Returns
    -------
    DataFrame
        Columns ``pixel``, ``website``, ``event``, ``total`` (total events of the pixel, R24), ``organic`` (those of the
        website's organic sessions), ``halved`` and ``doubled`` (the total with half and with twice the website's
        ``organic_sessions``, in the mean). Pixels that no event of the website reached are left out.
    """
    log, numbering = simulation.log, simulation.numbering
    kept = log.take((log.fate == Fate.KEPT) & (log.visit != Visit.PREVIEW))
    kinds = np.array([origin.kind in ORGANIC for origin in numbering.origins], dtype=np.bool_)
    organic = kinds[origins_of(kept.key)]
    site = sites_of_events(simulation, kept.key)
    rows = []
    for pixel, code in enumerate(numbering.pixels):
        for place, website in enumerate(numbering.sites):
            here = kept.pixel == pixel
            mine = here & (site == place)
            if not mine.any():
                continue
            totals = np.bincount(kept.event[here], minlength=len(EVENT_NAMES)).tolist()
            own = np.bincount(kept.event[mine & organic], minlength=len(EVENT_NAMES)).tolist()
            rows += [
                (code, website, event, total, count, total - count / 2, float(total + count))
                for event, total, count in zip(EVENT_NAMES, totals, own, strict=True)
            ]
    return pd.DataFrame(rows, columns=["pixel", "website", "event", "total", "organic", "halved", "doubled"])
