"""When people act: the SimPy clock, planned actions, human delays, approvals, refusals and retries."""

from pixelsim.control.people import ControlPlane
from pixelsim.control.timeline import Span, Timeline

__all__ = ["ControlPlane", "Span", "Timeline"]
