"""Numbers as people read them: three significant digits, and no more digits than the half-width supports."""

from __future__ import annotations

import math

__all__ = ["NO_ACCESS", "count", "given", "money", "number", "plus_minus", "short"]

NO_ACCESS = "no access"
"""What stands where a viewer reads nothing; never 0."""
_DASH = "–"


def _decimals(size: float, digits: int) -> int:
    """Give the decimals that show ``digits`` significant digits of a number of this size."""
    if size == 0 or not math.isfinite(size):
        return 0
    return min(6, max(0, digits - 1 - math.floor(math.log10(abs(size)))))


def number(value: float, digits: int = 3) -> str:
    """Write a number with ``digits`` significant digits, whole where it is large, a dash where it is missing."""
    if not math.isfinite(value):
        return _DASH
    if 0 < abs(value) < 1e-6:
        return f"{value:.{digits - 1}e}".replace("-", "−")
    return _plain(value, 0 if value == round(value) else _decimals(value, digits))


def given(value: float) -> str:
    """Write a number that somebody set, with up to four significant digits and no zeros that say nothing."""
    text = number(value, 4)
    return text.rstrip("0").rstrip(".") if "." in text else text


def _plain(value: float, decimals: int) -> str:
    text = f"{value:,.{decimals}f}"
    # A value that rounds to nothing has no sign.
    text = text.lstrip("-") if float(text.replace(",", "")) == 0 else text
    return text.replace("-", "−")


def count(value: float) -> str:
    """Write a whole number with a comma for every thousand, a dash where it is missing."""
    return _DASH if not math.isfinite(value) else _plain(round(value), 0)


def short(value: float) -> str:
    """Write a number in a few characters for a mark on an axis: 1200 as 1.2k, 45000000 as 45M."""
    for size, unit in ((1e9, "B"), (1e6, "M"), (1e3, "k")):
        if abs(value) >= size:
            return f"{value / size:.3g}{unit}".replace("-", "−")
    return f"{value:.3g}".replace("-", "−")


def money(value: float, currency: str) -> str:
    """Write an amount with its currency."""
    return f"{number(value)} {currency}" if math.isfinite(value) else _DASH


def plus_minus(mean: float, half_width: float, *, sign: bool = False) -> str:
    """Write a mean with the half-width of its interval, both to the place of the half-width's second digit.

    Without a half-width (a single run, or runs that all agree) the mean stands alone.
    """
    if not math.isfinite(mean):
        return _DASH
    if not math.isfinite(half_width) or half_width == 0:
        return ("+" if sign and mean > 0 else "") + number(mean)
    decimals = _decimals(half_width, 2)
    # What rounds to nothing has no sign.
    plus = "+" if sign and round(mean, decimals) > 0 else ""
    return f"{plus}{_plain(mean, decimals)} ± {_plain(half_width, decimals)}"
