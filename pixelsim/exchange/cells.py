"""Cells of text: which say nothing, and how one is kept from acting as a formula in a spreadsheet."""

from __future__ import annotations

import re

__all__ = ["guard_cell", "is_blank", "unguard_cell"]

BLANK = frozenset({"", "-", "--"})
"""What exports print for a text that is not there; a campaign may well be called ``None`` or ``N/A``."""

_ACTS = re.compile(r"\s*[=+\-@]|[\t\r]")
_GUARDED = re.compile(r"'+(?:\s*[=+\-@]|[\t\r])")


def is_blank(text: str) -> bool:
    """Say whether a cell of text says nothing."""
    return text.strip() in BLANK


def guard_cell(text: str) -> str:
    """Make a text harmless in a spreadsheet: an apostrophe before ``=``, ``+``, ``-``, ``@``, tab or return.

    A text that already begins so with apostrophes gets one more, so that taking one off always gives the text back.
    """
    return f"'{text}" if _ACTS.match(text) or _GUARDED.match(text) else text


def unguard_cell(text: str) -> str:
    """Take the apostrophe off again that ``guard_cell`` put on."""
    return text[1:] if _GUARDED.match(text) else text
