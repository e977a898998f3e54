"""The parameters of a scenario as a table: value, unit, and where each value comes from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from pydantic import BaseModel

from pixelsim.scenario.base import Source, SourceKind
from pixelsim.scenario.paths import item_name

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Figured", "parameter_table", "parameters"]


class Figured(Protocol):
    """What has figures and says where they come from, as a scenario does."""

    @property
    def name(self) -> str:
        """What it is called."""
        ...

    @property
    def traffic(self) -> BaseModel:
        """Its figures."""
        ...

    @property
    def sources(self) -> Mapping[str, Source]:
        """Where they come from, by path."""
        ...


def _walk(value: BaseModel, path: str) -> Iterator[tuple[str, Any, dict[str, str], bool]]:
    for name, info in type(value).model_fields.items():
        inner, here = getattr(value, name), f"{path}.{name}" if path else name
        if isinstance(inner, BaseModel):
            yield from _walk(inner, here)
        elif isinstance(inner, tuple) and inner and isinstance(inner[0], BaseModel):
            for number, item in enumerate(inner):
                yield from _walk(item, f"{here}[{item_name(item) or number}]")
        elif inner is not None and isinstance(info.json_schema_extra, dict) and "source" in info.json_schema_extra:
            extra = {k: str(v) for k, v in info.json_schema_extra.items()}
            yield here, inner, extra, inner == info.default


def parameters(scenario: Figured) -> Iterator[tuple[str, Any, str, Source]]:
    """Give every figure of the traffic that is in force as (path, value, unit, source); one left out is not."""
    for path, value, extra, is_default in _walk(scenario.traffic, "traffic"):
        if path in scenario.sources:
            source = scenario.sources[path]
        elif is_default:
            source = Source(kind=SourceKind(extra["kind"]), text=extra["source"])
        else:
            source = Source(kind=SourceKind.GIVEN, text=f"given in scenario {scenario.name}")
        yield path, value, extra["unit"], source


def parameter_table(scenario: Figured) -> pd.DataFrame:
    """Give the parameters as a table.

    Returns
    -------
    DataFrame
        Columns ``parameter``, ``value`` (text), ``unit``, ``kind`` (file, default, assumption, given), ``source`` and
        ``rows`` (number of rows behind a value from a file; missing otherwise).
    """
    import pandas as pd  # noqa: PLC0415 - slow to import, and scenarios are read without it

    rows = [
        {
            "parameter": path,
            "value": _shown(value),
            "unit": unit,
            "kind": source.kind.value,
            "source": source.text,
            "rows": source.rows,
        }
        for path, value, unit, source in parameters(scenario)
    ]
    frame = pd.DataFrame(rows, columns=["parameter", "value", "unit", "kind", "source", "rows"])
    return frame.astype({"rows": "Int64"})


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if isinstance(value, tuple):
        return " ".join(f"{v:.4g}" if isinstance(v, float) else str(v) for v in value)
    return str(value)
