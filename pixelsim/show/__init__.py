"""Charts and the report: what came of a scenario, for people to look at."""

from pixelsim.show.audience import AudienceCurve, audience_curve, audience_frame
from pixelsim.show.charts import (
    access_graph,
    audience_growth,
    bridge,
    difference,
    event_flow,
    funnel,
    learning_curves,
    metrics_by_viewer,
    page_weight,
    timeline,
)
from pixelsim.show.findings import findings
from pixelsim.show.frames import change_log_frame, metrics_frame, outcomes_frame
from pixelsim.show.graph import access_graph_figure
from pixelsim.show.learning import LearningCurve, learning_curve, learning_frame, new_ad_groups
from pixelsim.show.names import Names
from pixelsim.show.picture import Picture, chart, picture_of
from pixelsim.show.report import html_report, write_report
from pixelsim.show.study_report import study_points, study_report, write_study_report
from pixelsim.show.style import NARROW, WIDE, figure_png, new_figure, styled, write_png
from pixelsim.show.timeline import timeline_figure, write_timeline
from pixelsim.show.weight import page_loads

__all__ = [
    "NARROW",
    "WIDE",
    "AudienceCurve",
    "LearningCurve",
    "Names",
    "Picture",
    "access_graph",
    "access_graph_figure",
    "audience_curve",
    "audience_frame",
    "audience_growth",
    "bridge",
    "change_log_frame",
    "chart",
    "difference",
    "event_flow",
    "figure_png",
    "findings",
    "funnel",
    "html_report",
    "learning_curve",
    "learning_curves",
    "learning_frame",
    "metrics_by_viewer",
    "metrics_frame",
    "new_ad_groups",
    "new_figure",
    "outcomes_frame",
    "page_loads",
    "page_weight",
    "picture_of",
    "study_points",
    "study_report",
    "styled",
    "timeline",
    "timeline_figure",
    "write_png",
    "write_report",
    "write_study_report",
    "write_timeline",
]
