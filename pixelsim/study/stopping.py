"""How precise a mean is, and how many replications it takes to make it so.

Everything here is in absolute units. A half-width divided by the mean, the usual relative precision, has no meaning
for the differences that a comparison is about: they lie near zero.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Never

import numpy as np
from numpy.typing import NDArray
from scipy import special

from pixelsim.base.errors import InputError

__all__ = ["HalfWidthWatch", "Stopping", "half_width", "replications_needed", "until_half_width"]


def half_width(standard_deviation: float, n: int, confidence: float = 0.95) -> float:
    """Give the half-width of the Student t interval for a mean, ``t(n - 1) * s / sqrt(n)``.

    Parameters
    ----------
    standard_deviation
        Sample standard deviation (divisor ``n - 1``) in the unit of the values, at least 0.
    n
        Number of values.
    confidence
        Probability in (0, 1) that the interval covers the true mean of normal values.

    Returns
    -------
    float
        The half-width in the unit of the values; NaN for fewer than two values, whose spread nobody has seen.

    Raises
    ------
    InputError
        When ``confidence`` is not in (0, 1).
    """
    check_confidence(confidence)
    if n < 2 or math.isnan(standard_deviation):
        return math.nan
    return float(special.stdtrit(n - 1, (1 + confidence) / 2)) * standard_deviation / math.sqrt(n)


def replications_needed(standard_deviation: float, target: float, confidence: float = 0.95) -> int:
    """Give the smallest number of replications whose half-width is at most ``target`` when the spread stays.

    Parameters
    ----------
    standard_deviation
        Standard deviation of single replications, in the unit of the response, finite and at least 0.
    target
        Half-width wanted, in the same unit, above 0.
    confidence
        Probability in (0, 1).

    Returns
    -------
    int
        At least 2.

    Raises
    ------
    InputError
        When an argument is outside its range.
    """
    _check_positive("target", target)
    if not (math.isfinite(standard_deviation) and standard_deviation >= 0):
        raise InputError.single(
            "replications_needed",
            field="standard_deviation",
            value=standard_deviation,
            rule="a finite number of at least 0",
            remedy="take it from at least two replications",
        )
    low, high = 1, 2
    while half_width(standard_deviation, high, confidence) > target:
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        if half_width(standard_deviation, middle, confidence) > target:
            low = middle
        else:
            high = middle
    return high


@dataclass(frozen=True, slots=True)
class Stopping:
    """What a sequential run of replications came to.

    Parameters
    ----------
    values
        Float array of every response drawn, by replication number, look-ahead included; missing ones are NaN.
    half_widths
        Float array, as long as ``values``: the half-width after each replication; NaN until two values are there.
    enough_at
        Number of replications after which the half-width reached the target and stayed there; None if it never did.
    target
        Half-width asked for, in the unit of the response.
    confidence
        Probability in (0, 1) that the interval is meant to cover the true mean.
    """

    values: NDArray[np.float64]
    half_widths: NDArray[np.float64]
    enough_at: int | None
    target: float
    confidence: float

    @property
    def reached(self) -> bool:
        """Tell whether the target was reached and held through the look-ahead."""
        return self.enough_at is not None

    @property
    def missing(self) -> int:
        """Count the replications that gave no value."""
        return int(np.isnan(self.values).sum())

    def __str__(self) -> str:
        drawn, last = len(self.values), float(self.half_widths[-1])
        if self.enough_at is not None:
            text = (
                f"the half-width stayed at or below {self.target:g} from replication {self.enough_at} on "
                f"(now {last:.4g}, {drawn} drawn)"
            )
        elif math.isnan(last):
            text = f"no half-width after {drawn} replications: fewer than two gave a value"
        else:
            text = f"the target {self.target:g} was not held within {drawn} replications (half-width now {last:.4g})"
        if self.missing:
            text += f"; {self.missing} missing"
        if last == 0:
            text += "; every value was equal, so a spread was not seen rather than shown to be absent"
        return text


class HalfWidthWatch:
    """Follows the half-width of a mean while values come in, and tells when it has held a target.

    Parameters
    ----------
    target
        Half-width wanted, in the unit of the response, above 0.
    confidence
        Probability in (0, 1).
    look_ahead
        Further replications through which the target has to hold, at least 0; see `until_half_width`.
    minimum
        Replications before the target is looked at, at least 2.

    Raises
    ------
    InputError
        When an argument is outside its range.
    """

    def __init__(self, target: float, confidence: float = 0.95, *, look_ahead: int = 5, minimum: int = 10) -> None:
        _check_positive("target", target)
        check_confidence(confidence)
        _check_watch(look_ahead, minimum)
        self.target, self.confidence, self.look_ahead, self.minimum = target, confidence, look_ahead, minimum
        self._values: list[float] = []
        self._widths: list[float] = []
        self._n, self._mean, self._squares = 0, 0.0, 0.0
        self._enough_at: int | None = None
        self._held = False

    def add(self, value: float) -> bool:
        """Take the response of the next replication, NaN when it is missing, and tell whether the target has held.

        Raises
        ------
        InputError
            The response is infinite.
        """
        if math.isinf(value):
            raise InputError.single(
                "until_half_width",
                place=f"replication {len(self._values)}",
                field="value",
                value=value,
                rule="finite, or NaN when missing",
                remedy="let draw give NaN where the response does not exist",
            )
        self._values.append(value)
        if not math.isnan(value):
            # Welford's update: exact enough for long runs of large values, and constant time for each of them.
            self._n += 1
            step = value - self._mean
            self._mean += step / self._n
            self._squares += step * (value - self._mean)
        spread = math.sqrt(max(self._squares, 0.0) / (self._n - 1)) if self._n > 1 else math.nan
        self._widths.append(half_width(spread, self._n, self.confidence))
        drawn = len(self._values)
        if self._n >= self.minimum and self._widths[-1] <= self.target:
            self._enough_at = self._enough_at or drawn
            self._held = drawn >= self._enough_at + _further(self.look_ahead, self._enough_at)
        else:
            self._enough_at, self._held = None, False
        return self._held

    def stopping(self) -> Stopping:
        """Give what it came to so far."""
        enough_at = self._enough_at if self._held else None
        return Stopping(np.array(self._values), np.array(self._widths), enough_at, self.target, self.confidence)


def until_half_width(
    draw: Callable[[int], float],
    target: float,
    confidence: float = 0.95,
    *,
    look_ahead: int = 5,
    minimum: int = 10,
    maximum: int = 1_000,
) -> Stopping:
    """Draw replications one by one until the half-width of their mean is, and stays, at most ``target``.

    Stopping at the first dip below the target is optimistic: a lucky run of similar values ends the study. So the
    half-width has to hold for ``look_ahead`` further replications, or that many for each hundred once more than a
    hundred were needed, before the run ends; a rise above the target on the way starts the search again. This is the
    replications algorithm of Hoad, Robinson and Davies (Journal of the Operational Research Society 61, 2010), with
    an absolute half-width in the place of their percentage of the mean.

    A response that is rarely different from zero can look constant for many replications: raise ``minimum`` for it.

    Parameters
    ----------
    draw
        Takes a replication number (0, 1, 2, ...) and gives the response, or NaN when it is missing. For a
        comparison, let it give the difference of two scenarios on common random numbers.
    target
        Half-width wanted, in the unit of the response, above 0.
    confidence
        Probability in (0, 1).
    look_ahead
        Further replications through which the target has to hold, at least 0.
    minimum
        Replications before the target is looked at, at least 2. The default of 10 is an assumption.
    maximum
        Replications drawn at most, missing ones included, at least ``minimum``. The default is an assumption.

    Raises
    ------
    InputError
        When an argument is outside its range, or a response is infinite.
    """
    _check_counts(maximum, minimum)
    watch = HalfWidthWatch(target, confidence, look_ahead=look_ahead, minimum=minimum)
    for replication in range(maximum):
        if watch.add(float(draw(replication))):
            break
    return watch.stopping()


def _further(look_ahead: int, replications: int) -> int:
    return look_ahead if replications <= 100 else look_ahead * replications // 100


def check_confidence(confidence: float) -> None:
    """Refuse a confidence outside (0, 1), a percentage such as 95 among them."""
    if not 0 < confidence < 1:
        raise InputError.single(
            "statistics",
            field="confidence",
            value=confidence,
            rule="a probability between 0 and 1, both excluded",
            remedy="write 0.95 for 95 %",
        )


def _check_positive(field: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InputError.single(
            "statistics",
            field=field,
            value=value,
            rule="a finite number above 0",
            remedy="give it in the unit of the response",
        )


def _check_watch(look_ahead: int, minimum: int) -> None:
    if look_ahead < 0:
        _refuse_count("look_ahead", look_ahead, "at least 0")
    if minimum < 2:
        _refuse_count("minimum", minimum, "at least 2, since one value shows no spread")


def _check_counts(maximum: int, minimum: int) -> None:
    if maximum < minimum:
        _refuse_count("maximum", maximum, f"at least the minimum of {minimum}")


def _refuse_count(field: str, value: int, rule: str) -> Never:
    raise InputError.single("until_half_width", field=field, value=value, rule=rule, remedy="change it")
