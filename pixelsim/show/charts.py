"""Every chart in one place: functions that draw on a matplotlib Axes and give it back."""

from pixelsim.show.differences import difference
from pixelsim.show.flow import event_flow, funnel
from pixelsim.show.graph import access_graph
from pixelsim.show.metrics import metrics_by_viewer
from pixelsim.show.timeline import timeline

__all__ = ["access_graph", "difference", "event_flow", "funnel", "metrics_by_viewer", "timeline"]
