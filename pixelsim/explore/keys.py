"""Keys for drop-downs: JupyterLab takes arrows and letters for its own commands unless a control keeps them."""

from __future__ import annotations

from typing import Any

from pixelsim.explore.toolkit import widgets

__all__ = ["EXPLORER_CLASS", "keys_kept"]

EXPLORER_CLASS = "pixelsim-explorer"
"""CSS class of every explorer."""
_SCRIPT = f"""<script>
if (!window.pixelsimKeys) {{
  window.pixelsimKeys = true;
  document.addEventListener('focusin', event => {{
    if (event.target.matches('.{EXPLORER_CLASS} select')) {{
      event.target.setAttribute('data-lm-suppress-shortcuts', 'true');
    }}
  }});
}}
</script>"""
"""Marks a drop-down, once it has the focus, as JupyterLab's own text fields are marked."""


def keys_kept() -> Any:
    """Give a widget that shows nothing and leaves the keys to drop-downs, in a notebook that runs.

    In command mode no key moves a list otherwise, and a letter typed there adds or deletes cells. An output is the one
    place from which a notebook runs a script.
    """
    shown = {"output_type": "display_data", "data": {"text/html": _SCRIPT}, "metadata": {}}
    return widgets.Output(outputs=(shown,), layout=widgets.Layout(display="none"))
