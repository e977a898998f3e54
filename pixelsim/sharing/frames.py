"""The one place where the rules meet pandas: rows to a table of text columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["table"]


def table(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> pd.DataFrame:
    """Make a table from rows; no rows give a table with its columns all the same."""
    import pandas as pd  # noqa: PLC0415 - loading it takes longer than a hundred thousand decisions

    return pd.DataFrame(list(rows), columns=list(columns))
