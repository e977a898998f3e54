"""Files for the importers' tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

Write = Callable[..., Path]


@pytest.fixture
def samples() -> Path:
    """The folder of sample files that ship with the package."""
    return Path(__file__).parents[2] / "data" / "samples"


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write a text to a file in any encoding and give its path."""

    def make(text: str, encoding: str = "utf-8", name: str = "report.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(text.encode(encoding))
        return path

    return make
