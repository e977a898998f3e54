"""Run the notebooks and store their outputs, without anything that differs from run to run.

    python notebooks/renew.py               all of them
    python notebooks/renew.py 00_tour       one of them

Needs the extras ``notebook`` and ``dev``. Cells marked ``# NBVAL_CHECK_OUTPUT`` are compared with what is stored here,
so look at the difference before it is kept.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).resolve().parent
METADATA = {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
VIEW = "application/vnd.jupyter.widget-view+json"


def cleaned(notebook: Any) -> Any:
    """Take out what differs from run to run: times, ids of widgets, versions, and metadata of editors."""
    notebook.metadata = nbformat.from_dict(METADATA)
    notebook.nbformat, notebook.nbformat_minor = 4, 5
    for cell in notebook.cells:
        tags = cell.metadata.get("tags", [])
        cell.metadata = nbformat.from_dict({"tags": tags} if tags else {})
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for number, cell in enumerate(code, start=1):
        # The kernel tells the count in a message of its own, which can be late on a busy machine.
        cell.execution_count = number
        for output in cell.outputs:
            output.get("data", {}).pop(VIEW, None)
            if output.output_type == "execute_result":
                output.execution_count = number
    return notebook


def renew(path: Path) -> float:
    """Run one notebook in its folder, store it, and give the seconds it took."""
    begin = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook,
        timeout=120,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        store_widget_state=False,
    ).execute()
    nbformat.write(cleaned(notebook), path)
    return time.monotonic() - begin


def main(names: list[str]) -> None:
    """Renew the notebooks whose names are given, or all."""
    os.environ["PYTHONHASHSEED"] = "0"
    for path in sorted(FOLDER.glob("*.ipynb")):
        if not names or path.stem in names:
            print(f"{path.name}: {renew(path):.1f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
