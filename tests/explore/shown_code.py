"""Run the code that an explorer shows."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pytest


def executed(code: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **known: object) -> dict[str, Any]:
    """Run the code that an explorer shows, in a folder, and give what it defined and printed."""
    monkeypatch.chdir(folder)
    names: dict[str, Any] = dict(known)
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        exec(compile(code, "shown", "exec"), names)  # noqa: S102 - the code that the explorer shows is the subject
    return {**names, "printed": out.getvalue()}
