"""The widget library, which comes with an extra."""

from __future__ import annotations

from typing import Any

from pixelsim.base.errors import MissingExtraError

try:
    import ipywidgets
except ModuleNotFoundError:
    raise MissingExtraError("an explorer", "ipywidgets", "notebook") from None

__all__ = ["widgets"]

widgets: Any = ipywidgets
"""ipywidgets, which has no types."""
