"""Numbers as exports print them: decimal comma or point, thousands, percent, currency signs, dashes for missing."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["MISSING", "Decimal", "NumberStyle", "decide_decimal", "is_missing", "parse_number", "printed_decimals"]

Decimal = Literal[".", ","]

MISSING = frozenset({"", "-", "--", "---", "—", "–", "―", "−", "n/a", "null", "none", "nan"})
"""Cells that say nothing, in lower case; missing is never zero."""

_SPACES = re.compile("[\\s\u00a0\u202f\u2009'’]")
_CURRENCY = re.compile(
    r"^(?:[A-Z]{3}|[A-Z]{0,2}\$|R\$|kr|zł|Rp|RM|\$|€|£|¥|￥|₩|₫|₹|฿|₱|₺|₽)\s*|\s*(?:[A-Z]{3}|\$|€|£|¥|￥|₩|₫|₹|฿|₱|₺|₽|kr|zł|元|円|원)$"
)
_SIGNS = {
    "€": "EUR",
    "£": "GBP",
    "₩": "KRW",
    "₫": "VND",
    "₹": "INR",
    "฿": "THB",
    "₱": "PHP",
    "₺": "TRY",
    "円": "JPY",
    "원": "KRW",
    "元": "CNY",
    "R$": "BRL",
}
_POINT = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:,\d{2,3})*,\d{3})?(?:\.\d+)?(?:[eE][+-]?\d{1,3})?")
_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+)?(?:,\d+)?(?:[eE][+-]?\d{1,3})?")
_POINT_PLAIN = re.compile(r"[+-]?\d+\.\d+")
_DIGIT = re.compile(r"\d")

POINT_SQL = r"-?[0-9]+(\.[0-9]+)?"
COMMA_SQL = r"-?([0-9]+|[0-9]{1,3}(\.[0-9]{3})+)(,[0-9]+)?"
GROUPED_SQL = r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?"
WHOLE_SQL = r"-?[0-9]+"


@dataclass(frozen=True, slots=True)
class NumberStyle:
    """How a file prints numbers.

    Parameters
    ----------
    decimal
        The decimal mark, or None if nothing in the file tells it.
    note
        Why, for the report; None if there is nothing to say.
    """

    decimal: Decimal | None
    note: str | None = None


def is_missing(text: str) -> bool:
    """Say whether a cell says nothing (empty, a dash, ``n/a``)."""
    return text.strip().lower() in MISSING


def strip_number(text: str) -> str:
    """Drop what surrounds the digits: spaces, apostrophes, currency, percent; minus signs become one kind."""
    body = text.strip().replace("−", "-").replace("\u2212", "-")
    if body.startswith("(") and body.endswith(")"):
        body = "-" + body[1:-1]
    body = body.removesuffix("%").removesuffix("％")
    sign = ""
    if body.startswith("-"):
        sign, body = "-", body[1:].strip()
    body = _CURRENCY.sub("", body.strip()).strip()
    return sign + _SPACES.sub("", body)


def currency_of(text: str) -> str | None:
    """Give the currency that a sign or code at an amount names; None where it names several (``$``, ``¥``)."""
    body = text.strip().lstrip("-−(").rstrip(")")
    for sign, code in _SIGNS.items():
        if body.startswith(sign) or body.endswith(sign):
            return code
    if match := re.match(r"([A-Z]{3})\s*[\d.,]|.*\d\s*([A-Z]{3})$", body):
        return match.group(1) or match.group(2)
    return None


def parse_number(text: str, decimal: Decimal | None) -> float:
    """Read one number.

    Parameters
    ----------
    text
        The cell; a percent sign is dropped, not applied.
    decimal
        The file's decimal mark; None allows only numbers that neither reading changes.

    Returns
    -------
    float
        The number; NaN if the cell says nothing.

    Raises
    ------
    ValueError
        The cell is no number in this style.
    """
    if is_missing(text):
        return math.nan
    body = strip_number(text)
    if not _DIGIT.search(body):
        raise ValueError(text)
    if decimal is None:
        if "." in body or "," in body:
            raise ValueError(text)
        decimal = "."
    pattern = _POINT if decimal == "." else _COMMA
    if not pattern.fullmatch(body):
        raise ValueError(text)
    plain = body.replace(",", "") if decimal == "." else body.replace(".", "").replace(",", ".")
    value = float(plain)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _evidence(text: str) -> tuple[Decimal | None, bool]:
    """Say which decimal mark a cell proves, and whether it contains a mark at all."""
    body = strip_number(text).lstrip("+-")
    points, commas = body.count("."), body.count(",")
    if not points and not commas:
        return None, False
    if points and commas:
        return ("." if body.rfind(".") > body.rfind(",") else ","), True
    mark: Decimal = "." if points else ","
    other: Decimal = "," if points else "."
    if points + commas > 1:
        return other, True
    before, after = body.split(mark)
    if len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0"):
        return None, True
    return mark, True


def decide_decimal(cells: Iterable[str], whole: Iterable[str] = ()) -> NumberStyle:
    """Find the decimal mark of a file from its cells.

    ``0.47`` and ``1,234.5`` prove a point, ``0,47`` and ``1.234.567`` a comma; ``1.234`` alone proves nothing, except
    in a column of whole numbers, where the mark must part thousands.

    Parameters
    ----------
    cells
        Cells of columns that may have decimals.
    whole
        Cells of columns of whole numbers.
    """
    votes: Counter[Decimal] = Counter()
    marked = False
    for cell in cells:
        mark, has = _evidence(cell)
        marked |= has
        if mark:
            votes[mark] += 1
    if not votes:
        for cell in whole:
            mark, has = _evidence(cell)
            marked |= has
            if has and mark is None:
                votes["," if "." in cell else "."] += 1
            elif mark:
                votes[mark] += 1
    if not votes:
        if marked:
            return NumberStyle(None, "nothing tells whether the marks in the numbers part decimals or thousands")
        return NumberStyle(None)
    (decimal, count), *rest = votes.most_common()
    if rest and rest[0][1] * 10 > count:
        return NumberStyle(None, "some numbers prove a decimal point and others a decimal comma")
    return NumberStyle(decimal, "decimal comma" if decimal == "," else None)


def printed_decimals(cells: Iterable[str], decimal: Decimal | None) -> int:
    """Count the most decimals printed in any of the cells."""
    mark = decimal or "."
    most = 0
    for cell in cells:
        body = strip_number(cell)
        if mark in body and "e" not in body.lower():
            most = max(most, len(body) - body.rfind(mark) - 1)
    return most
