"""Real files in and out."""

from __future__ import annotations

from pixelsim.exchange.calibrate import calibrate
from pixelsim.exchange.estimate import estimate
from pixelsim.exchange.read import read_export
from pixelsim.exchange.report import AdsReport

__all__ = ["AdsReport", "calibrate", "estimate", "read_export"]
