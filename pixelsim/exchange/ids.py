"""Ids as text: kept digit by digit, and recognised when a spreadsheet has rounded them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import pandas as pd

__all__ = ["IdFinding", "check_ids", "inspect_id"]

IdStatus = Literal["OK", "LIKELY_ROUNDED", "REFUSED"]

KEPT_DIGITS = 15
"""A spreadsheet keeps this many significant digits of a number (IEEE 754 double, shown as decimal)."""

CERTAIN_ZEROS = 4
"""So many zeros in the digits that a spreadsheet does not keep are no chance any more (1 in 10,000)."""

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+")
_FLOAT = re.compile(r"(\d+)[.,]0+")
_WRAPPED = re.compile(r'="?(\d+)"?')

REMEDY = "export the file again and do not save it in a spreadsheet, or give the true ids with known_ids="


@dataclass(frozen=True, slots=True)
class IdFinding:
    """What an id was found to be.

    Parameters
    ----------
    value
        As it stands in the file.
    status
        ``OK``; ``LIKELY_ROUNDED`` (only zeros after the 15th digit, at least four of them or with a known id that
        begins alike; or a known id that a float would turn into it); ``REFUSED`` (digits are lost).
    id
        The id to use: the known one if exactly one fits a rounded id, else as read; None if refused.
    repaired
        ``id`` was taken from the known ids.
    candidates
        Known ids that it could have been.
    """

    value: str
    status: IdStatus
    id: str | None
    repaired: bool = False
    candidates: tuple[str, ...] = ()


def inspect_id(value: str, known: frozenset[str] = frozenset()) -> IdFinding:
    """Look at one id.

    Parameters
    ----------
    value
        The cell. ``="123"``, a leading apostrophe and ``123.0`` are unwrapped.
    known
        True ids, if there is a list of them.
    """
    text = value.strip().removeprefix("'")
    if match := _WRAPPED.fullmatch(text):
        text = match[1]
    if _SCIENTIFIC.fullmatch(text):
        return _from_scientific(value, text, known)
    was_float = _FLOAT.fullmatch(text)
    if was_float:
        text = was_float[1]
    if text in known or not text.isdecimal() or len(text) <= KEPT_DIGITS:
        return IdFinding(value, "OK", text)
    alike = _alike(text, known)
    zeros = text[KEPT_DIGITS:].strip("0") == ""
    if was_float or (zeros and text.endswith("0" * CERTAIN_ZEROS)) or alike:
        return _rounded(value, text, alike)
    return IdFinding(value, "OK", text)


def _alike(text: str, known: frozenset[str]) -> tuple[str, ...]:
    """Give the known ids that a spreadsheet (15 digits kept) or a float (53 bits kept) would turn into ``text``."""
    zeros = text[KEPT_DIGITS:].strip("0") == ""
    return tuple(
        sorted(
            k
            for k in known
            if len(k) == len(text)
            and k.isdecimal()
            and ((zeros and k[:KEPT_DIGITS] == text[:KEPT_DIGITS]) or int(float(k)) == int(text))
        )
    )


def _rounded(value: str, text: str, candidates: tuple[str, ...]) -> IdFinding:
    if len(candidates) == 1:
        return IdFinding(value, "LIKELY_ROUNDED", candidates[0], repaired=True, candidates=candidates)
    return IdFinding(value, "LIKELY_ROUNDED", text, candidates=candidates)


def _from_scientific(value: str, text: str, known: frozenset[str]) -> IdFinding:
    mantissa, exponent = re.split("[eE]", text.lstrip("+-").replace(",", "."))
    whole, _, fraction = mantissa.partition(".")
    digits = whole + fraction
    length = int(exponent) + len(whole)
    candidates = tuple(sorted(k for k in known if len(k) == length and k[: len(digits) - 1] == digits[:-1]))
    exact = tuple(k for k in candidates if len(digits) >= KEPT_DIGITS and k[:KEPT_DIGITS] == digits[:KEPT_DIGITS])
    if len(exact) == 1:
        return IdFinding(value, "LIKELY_ROUNDED", exact[0], repaired=True, candidates=exact)
    return IdFinding(value, "REFUSED", None, candidates=candidates)


def check_ids(values: Iterable[str], known: Iterable[str] = ()) -> pd.DataFrame:
    """Look at many ids (field case P129).

    Parameters
    ----------
    values
        Ids as text, as they stand in a file.
    known
        True ids, to find out what a rounded one was.

    Returns
    -------
    DataFrame
        One row for each value: ``value``, ``status`` (``OK``, ``LIKELY_ROUNDED``, ``REFUSED``), ``id`` (text, missing
        if refused), ``repaired`` (bool), ``candidates`` (text, parted by spaces).
    """
    true = frozenset(known)
    found = [inspect_id(v, true) for v in values]
    return pd.DataFrame(
        {
            "value": [f.value for f in found],
            "status": [f.status for f in found],
            "id": [f.id for f in found],
            "repaired": [f.repaired for f in found],
            "candidates": [" ".join(f.candidates) for f in found],
        }
    )
