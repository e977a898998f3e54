"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["Days", "FromExport", "Organic", "Preset", "Replications", "Seed", "Workers"]

Seed = Annotated[int, typer.Option(min=0, help="Root seed; the same seed gives the same bytes.")]
Replications = Annotated[int, typer.Option(min=1, help="How many times to run with other luck.")]
Days = Annotated[int | None, typer.Option(min=1, help="Days to simulate instead of the scenario's own.")]
Organic = Annotated[float | None, typer.Option(min=0, help="Organic sessions a day; no export has them.")]
Preset = Annotated[str | None, typer.Option(help="Unshare policy: documented, strict, pause or continue.")]
FromExport = Annotated[Path | None, typer.Option("--from", help="Ads Manager export to calibrate the scenario from.")]
Workers = Annotated[int, typer.Option(min=1, help="Processes; the result does not depend on it.")]
