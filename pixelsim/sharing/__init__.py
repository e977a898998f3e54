"""What is allowed, and what an action does: rules R01 to R23 as pure functions on an immutable world."""

from pixelsim.sharing.actions import Action, AnyAction
from pixelsim.sharing.audiences import may_use_audience
from pixelsim.sharing.batch import Batch, BatchState, Part, PartState, link_all, unlink_all
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.changelog import change_log, write_change_log
from pixelsim.sharing.coverage import Coverage, LinkState, PixelReport, Reads, coverage_report, pixel_report
from pixelsim.sharing.decision import Decision, Verdict
from pixelsim.sharing.engine import Outcome, apply, decide
from pixelsim.sharing.explain import VERBS, explain
from pixelsim.sharing.history import Change, History, Record
from pixelsim.sharing.impact import Affected, Impact, ImpactCode, preview, side_by_side
from pixelsim.sharing.listing import PixelList, list_pixels, usable_pixels, visible_pixels
from pixelsim.sharing.matrix import access_matrix, residual_access
from pixelsim.sharing.ownership import orphaned_pixels
from pixelsim.sharing.revoking import to_stop_first
from pixelsim.sharing.rulebook import (
    PRESETS,
    AfterRefusal,
    AfterRelink,
    AvailabilitySide,
    Guard,
    GuardAppliesTo,
    Limits,
    PartnerMayLink,
    Rulebook,
    SharingSettings,
    StopFirst,
    UnsharePolicy,
    UnshareRule,
)
from pixelsim.sharing.visibility import ApiRelation, Label, account_may_see, api_relation, label, may_see

__all__ = [
    "PRESETS",
    "VERBS",
    "Action",
    "Affected",
    "AfterRefusal",
    "AfterRelink",
    "AnyAction",
    "ApiRelation",
    "AvailabilitySide",
    "Batch",
    "BatchState",
    "Cause",
    "Change",
    "Coverage",
    "Decision",
    "Guard",
    "GuardAppliesTo",
    "History",
    "Impact",
    "ImpactCode",
    "Label",
    "Limits",
    "LinkState",
    "Outcome",
    "Part",
    "PartState",
    "PartnerMayLink",
    "PixelList",
    "PixelReport",
    "Reads",
    "Record",
    "Rulebook",
    "SharingSettings",
    "StopFirst",
    "UnsharePolicy",
    "UnshareRule",
    "Verdict",
    "access_matrix",
    "account_may_see",
    "api_relation",
    "apply",
    "change_log",
    "coverage_report",
    "decide",
    "explain",
    "label",
    "link_all",
    "list_pixels",
    "may_see",
    "may_use_audience",
    "orphaned_pixels",
    "pixel_report",
    "preview",
    "residual_access",
    "side_by_side",
    "to_stop_first",
    "unlink_all",
    "usable_pixels",
    "visible_pixels",
    "write_change_log",
]
