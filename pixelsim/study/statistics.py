"""What replications say of one response: its mean with its precision, and the range of single runs.

Two spreads are kept apart everywhere: the half-width tells how well the *mean* is known and shrinks with more
replications; the 5-95 % range tells how much *single runs* differ and does not. A missing value is counted and
reported, never taken for 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from pixelsim.base.errors import InputError
from pixelsim.study.stopping import check_confidence, half_width

__all__ = ["Floats", "Summary", "number", "numbers", "percent", "refuse", "summarise"]

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Summary:
    """A sample of one response over replications.

    Parameters
    ----------
    mean
        Mean of the values that are there; NaN when none is.
    half_width
        Half-width of the Student t interval for the mean; NaN for fewer than two values.
    standard_deviation
        Sample standard deviation of single runs (divisor ``n - 1``); NaN for fewer than two values.
    low, high
        5 % and 95 % quantiles of single runs, interpolated between order statistics (the usual definition, number 7
        of Hyndman and Fan 1996); NaN for fewer than two values. From fewer than 20 runs the range is too narrow.
    n
        Number of values that are there.
    missing
        Number of replications without a value.
    confidence
        Probability in (0, 1) that the interval is meant to cover the true mean.
    unit
        Unit of the response, such as ``"USD"``; empty for a plain number.
    """

    mean: float
    half_width: float
    standard_deviation: float
    low: float
    high: float
    n: int
    missing: int
    confidence: float
    unit: str

    def __str__(self) -> str:
        unit = f" {self.unit}" if self.unit else ""
        gone = f"; {self.missing} missing" if self.missing else ""
        if self.n == 0:
            return f"no value{gone}"
        if self.n == 1:
            return f"{number(self.mean)}{unit} from 1 run, which gives no half-width{gone}"
        return (
            f"{number(self.mean)} ± {number(self.half_width)}{unit} "
            f"({percent(self.confidence)} interval of the mean, {self.n} runs); "
            f"single runs 5-95 %: {number(self.low)} to {number(self.high)}{gone}"
        )


def summarise(values: ArrayLike, confidence: float = 0.95, *, unit: str = "") -> Summary:
    """Summarise one response over replications.

    Parameters
    ----------
    values
        One number for each replication, NaN or None where it is missing; any length, 0 included.
    confidence
        Probability in (0, 1) for the interval of the mean.
    unit
        Unit of the response, for display.

    Raises
    ------
    InputError
        When a value is infinite or no number, or ``confidence`` is outside (0, 1).
    """
    check_confidence(confidence)
    everything = numbers(values, "values")
    there = everything[~np.isnan(everything)]
    n = len(there)
    deviation = float(there.std(ddof=1)) if n > 1 else math.nan
    low, high = (float(q) for q in np.quantile(there, [0.05, 0.95])) if n > 1 else (math.nan, math.nan)
    return Summary(
        mean=float(there.mean()) if n else math.nan,
        half_width=half_width(deviation, n, confidence),
        standard_deviation=deviation,
        low=low,
        high=high,
        n=n,
        missing=len(everything) - n,
        confidence=confidence,
        unit=unit,
    )


def numbers(values: ArrayLike, name: str) -> Floats:
    """Read a one-dimensional sample as floats, missing as NaN."""
    if isinstance(values, list | tuple) and all(isinstance(value, float) for value in values):
        # There is nothing to find out about, which takes longer than most statistics do.
        read = np.array(values, dtype=np.float64)
    elif type(values) is np.ndarray and values.ndim == 1 and values.dtype == np.float64:
        read = values
    else:
        read = _read(values, name)
    if bool(np.isinf(read).any()):
        first = int(np.flatnonzero(np.isinf(read))[0])
        raise refuse(name, f"infinite at position {first}", "finite, or NaN when missing", "mark it as missing")
    return read


def _read(values: ArrayLike, name: str) -> Floats:
    """Read what may be anything but a row of numbers."""
    try:
        sample = pd.Series(values)
        kind = pd.api.types.infer_dtype(sample, skipna=True)
    except (TypeError, ValueError) as error:
        raise refuse(name, error, "a plain row of numbers", "give one number for each replication") from None
    if kind not in {"floating", "integer", "mixed-integer-float", "boolean", "decimal", "empty"}:
        raise refuse(name, f"of type {kind}", "a row of numbers", "convert it first, missing ones to NaN")
    return np.asarray(sample.to_numpy(dtype=np.float64, na_value=np.nan), dtype=np.float64)


def refuse(field: str, value: object, rule: str, remedy: str) -> InputError:
    """Make the error of one argument of a statistic."""
    return InputError.single("statistics", field=field, value=value, rule=rule, remedy=remedy)


def number(value: float, *, sign: bool = False) -> str:
    """Write a number with about four significant digits and no exponent where it can be read without one."""
    plus = "+" if sign and value > 0 else ""
    size = abs(value)
    if size == 0 or not 1e-6 <= size < 1e15:
        return f"{plus}{value:.4g}"
    return f"{plus}{value:,.{max(0, 3 - math.floor(math.log10(size)))}f}"


def percent(confidence: float) -> str:
    """Write a probability as a percentage."""
    return f"{100 * confidence:.4g} %"
