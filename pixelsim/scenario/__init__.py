"""The input: one immutable scenario, checked whole, read from and written to TOML."""

from pixelsim.scenario.base import Source, SourceKind, Spread
from pixelsim.scenario.builtin import sample, scenario, scenario_names
from pixelsim.scenario.capture import EVENT_NAMES, Capture, Junk, PageViews, PageWeight, ServerLeg, Tag
from pixelsim.scenario.measurement import AttributedShown, DayBasis, InFlight, MeasurementSettings, Scope
from pixelsim.scenario.parameters import parameter_table
from pixelsim.scenario.plan import HumanDelay, Plan, PlannedAction
from pixelsim.scenario.scenario import Scenario, Viewer
from pixelsim.scenario.structure import AccountSpec, AdGroupSpec, Structure
from pixelsim.scenario.toml import dump_scenario, load_scenario, write_scenario
from pixelsim.scenario.traffic import (
    AdDelivery,
    ConversionDelay,
    Funnel,
    Learning,
    Market,
    OrderValue,
    Product,
    SiteTraffic,
    Traffic,
)

__all__ = [
    "EVENT_NAMES",
    "AccountSpec",
    "AdDelivery",
    "AdGroupSpec",
    "AttributedShown",
    "Capture",
    "ConversionDelay",
    "DayBasis",
    "Funnel",
    "HumanDelay",
    "InFlight",
    "Junk",
    "Learning",
    "Market",
    "MeasurementSettings",
    "OrderValue",
    "PageViews",
    "PageWeight",
    "Plan",
    "PlannedAction",
    "Product",
    "Scenario",
    "Scope",
    "ServerLeg",
    "SiteTraffic",
    "Source",
    "SourceKind",
    "Spread",
    "Structure",
    "Tag",
    "Traffic",
    "Viewer",
    "dump_scenario",
    "load_scenario",
    "parameter_table",
    "sample",
    "scenario",
    "scenario_names",
    "write_scenario",
]
