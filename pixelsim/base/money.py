"""Money: whole numbers of a currency's smallest unit, always with the currency beside them."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from pixelsim.base.errors import InputError

__all__ = ["decimals", "minor_units", "to_major"]

_NONE = frozenset(
    "BIF CLP DJF GNF IDR ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF".split()  # noqa: SIM905 - reads as a list
)
_THREE = frozenset({"BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"})


def decimals(currency: str) -> int:
    """Count the decimals of a currency: ISO 4217, except IDR, which Ads Manager reports in whole rupiah."""
    if currency in _NONE:
        return 0
    return 3 if currency in _THREE else 2


def minor_units(amount: float | Decimal | str, currency: str) -> int:
    """Convert an amount in the currency's own unit to whole smallest units, rounding half to even.

    Raises
    ------
    InputError
        The amount is no finite number.
    """
    try:
        return int((Decimal(str(amount)) * (Decimal(10) ** decimals(currency))).to_integral_value())
    except (InvalidOperation, ValueError, OverflowError):
        raise InputError.single(
            "money", field="amount", value=amount, rule="a finite number", remedy="leave a missing amount out"
        ) from None


def to_major(minor: int, currency: str) -> float:
    """Convert whole smallest units to the currency's own unit."""
    return float(Decimal(minor) / (Decimal(10) ** decimals(currency)))
