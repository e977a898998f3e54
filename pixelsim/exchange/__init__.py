"""Real files in and out: exports, API answers, warehouse tables and events; estimates and forecast checks."""

from __future__ import annotations

from pixelsim.exchange.api_folder import ApiFolder, read_api_folder
from pixelsim.exchange.api_report import read_api_report
from pixelsim.exchange.api_world import Imported, world_from_api
from pixelsim.exchange.audit import Audit, audit_events
from pixelsim.exchange.backtest import Backtest, backtest
from pixelsim.exchange.calibrate import calibrate, fitted
from pixelsim.exchange.combine import Combined, combine
from pixelsim.exchange.estimate import CampaignEstimates, Estimate, Estimates, estimate
from pixelsim.exchange.event_log import read_event_log, read_events
from pixelsim.exchange.event_table import EventTable
from pixelsim.exchange.evidence import Evidence, weigh
from pixelsim.exchange.export import write_export
from pixelsim.exchange.export_api import write_api_report, write_event_stats
from pixelsim.exchange.export_events import write_event_payloads
from pixelsim.exchange.export_warehouse import write_warehouse
from pixelsim.exchange.foreign import in_currency
from pixelsim.exchange.funnel import availability, funnel
from pixelsim.exchange.gather import Gathered, gather, read_report
from pixelsim.exchange.history import with_history
from pixelsim.exchange.ids import check_ids
from pixelsim.exchange.keys import upsert
from pixelsim.exchange.layouts import align_versions, read_versions
from pixelsim.exchange.merge import MergedReports, merge_reports
from pixelsim.exchange.read import read_export
from pixelsim.exchange.report import AdsReport
from pixelsim.exchange.units import in_major_units
from pixelsim.exchange.warehouse import read_warehouse

__all__ = [
    "AdsReport",
    "ApiFolder",
    "Audit",
    "Backtest",
    "CampaignEstimates",
    "Combined",
    "Estimate",
    "Estimates",
    "EventTable",
    "Evidence",
    "Gathered",
    "Imported",
    "MergedReports",
    "align_versions",
    "audit_events",
    "availability",
    "backtest",
    "calibrate",
    "check_ids",
    "combine",
    "estimate",
    "fitted",
    "funnel",
    "gather",
    "in_currency",
    "in_major_units",
    "merge_reports",
    "read_api_folder",
    "read_api_report",
    "read_event_log",
    "read_events",
    "read_export",
    "read_report",
    "read_versions",
    "read_warehouse",
    "upsert",
    "weigh",
    "with_history",
    "world_from_api",
    "write_api_report",
    "write_event_payloads",
    "write_event_stats",
    "write_export",
    "write_warehouse",
]
