"""What is allowed, and what an action does: rules R01 to R23 as pure functions on an immutable world."""

from pixelsim.sharing.actions import Action, AnyAction
from pixelsim.sharing.causes import Cause
from pixelsim.sharing.decision import Decision, Verdict
from pixelsim.sharing.engine import Outcome, apply, decide
from pixelsim.sharing.history import Change, History, Record
from pixelsim.sharing.rulebook import (
    PRESETS,
    AfterRefusal,
    AfterRelink,
    Guard,
    GuardAppliesTo,
    PartnerMayLink,
    Rulebook,
    SharingSettings,
    UnsharePolicy,
    UnshareRule,
)
from pixelsim.sharing.visibility import ApiRelation, Label, account_may_see, api_relation, label, may_see

__all__ = [
    "PRESETS",
    "Action",
    "AfterRefusal",
    "AfterRelink",
    "AnyAction",
    "ApiRelation",
    "Cause",
    "Change",
    "Decision",
    "Guard",
    "GuardAppliesTo",
    "History",
    "Label",
    "Outcome",
    "PartnerMayLink",
    "Record",
    "Rulebook",
    "SharingSettings",
    "UnsharePolicy",
    "UnshareRule",
    "Verdict",
    "account_may_see",
    "api_relation",
    "apply",
    "decide",
    "label",
    "may_see",
]
