"""What to do: planner, exhaustive explorer, and lint against the good practices."""

from pixelsim.plan.alphabet import SWAPS, Letter, full_alphabet, running_world, small_world
from pixelsim.plan.costs import Cost, CostCase, CostKind, Estimator, RateEstimator
from pixelsim.plan.course import check_scenario
from pixelsim.plan.ending import InFlight
from pixelsim.plan.exits import exit_policies
from pixelsim.plan.explorer import Exploration, explore, find
from pixelsim.plan.findings import Code, Finding, Severity, findings_table
from pixelsim.plan.foreign import foreign_letters
from pixelsim.plan.giving import Path, plan_share, plan_transfer
from pixelsim.plan.goals import Condition, EndAccess, Goal, Removal, StopBy, removals
from pixelsim.plan.interleavings import Interleavings, check_interleavings
from pixelsim.plan.lint import Tag, check
from pixelsim.plan.onboarding import plan_onboard
from pixelsim.plan.people import Availability, Delays, who_can
from pixelsim.plan.planner import plan_unshare
from pixelsim.plan.precheck import precheck_unshare
from pixelsim.plan.replay import OrphanedSpend, PlanCheck, check_plan
from pixelsim.plan.steps import ActionPlan, Fallback, Step, StepKind
from pixelsim.plan.stories import Event, Story

__all__ = [
    "SWAPS",
    "ActionPlan",
    "Availability",
    "Code",
    "Condition",
    "Cost",
    "CostCase",
    "CostKind",
    "Delays",
    "EndAccess",
    "Estimator",
    "Event",
    "Exploration",
    "Fallback",
    "Finding",
    "Goal",
    "InFlight",
    "Interleavings",
    "Letter",
    "OrphanedSpend",
    "Path",
    "PlanCheck",
    "RateEstimator",
    "Removal",
    "Severity",
    "Step",
    "StepKind",
    "StopBy",
    "Story",
    "Tag",
    "check",
    "check_interleavings",
    "check_plan",
    "check_scenario",
    "exit_policies",
    "explore",
    "find",
    "findings_table",
    "foreign_letters",
    "full_alphabet",
    "plan_onboard",
    "plan_share",
    "plan_transfer",
    "plan_unshare",
    "precheck_unshare",
    "removals",
    "running_world",
    "small_world",
    "who_can",
]
