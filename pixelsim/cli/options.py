"""Options that several commands have."""

from __future__ import annotations

from typing import Annotated

import typer

__all__ = ["Replications", "Seed"]

Seed = Annotated[int, typer.Option(min=0, help="Root seed; the same seed gives the same bytes.")]
Replications = Annotated[int, typer.Option(min=1, help="How many times to run with other luck.")]
