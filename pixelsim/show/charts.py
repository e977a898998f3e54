"""Every chart in one place: functions that draw on a matplotlib Axes and give it back."""

from pixelsim.show.audience import audience_growth
from pixelsim.show.bridge import bridge
from pixelsim.show.differences import difference
from pixelsim.show.flow import event_flow, funnel
from pixelsim.show.graph import access_graph
from pixelsim.show.learning import learning_curves
from pixelsim.show.metrics import metrics_by_viewer
from pixelsim.show.timeline import timeline
from pixelsim.show.weight import page_weight

__all__ = [
    "access_graph",
    "audience_growth",
    "bridge",
    "difference",
    "event_flow",
    "funnel",
    "learning_curves",
    "metrics_by_viewer",
    "page_weight",
    "timeline",
]
