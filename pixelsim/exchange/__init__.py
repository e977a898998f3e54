"""Real files in and out: exports read, checked, merged, estimated from, and written."""

from __future__ import annotations

from pixelsim.exchange.calibrate import calibrate
from pixelsim.exchange.estimate import CampaignEstimates, Estimate, Estimates, estimate
from pixelsim.exchange.export import write_export
from pixelsim.exchange.merge import MergedReports, merge_reports
from pixelsim.exchange.read import read_export
from pixelsim.exchange.report import AdsReport

__all__ = [
    "AdsReport",
    "CampaignEstimates",
    "Estimate",
    "Estimates",
    "MergedReports",
    "calibrate",
    "estimate",
    "merge_reports",
    "read_export",
    "write_export",
]
