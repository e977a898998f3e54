"""What is stored of the notebooks; that they run is nbval's part."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MARK = "# NBVAL_CHECK_OUTPUT"


def test_there_are_notebooks() -> None:
    assert [path.stem[:2] for path in NOTEBOOKS] == [f"{number:02d}" for number in range(12)]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request: pytest.FixtureRequest) -> Any:
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_metadata_names_the_kernel_and_nothing_else(notebook: Any) -> None:
    nbformat.validate(notebook)
    assert notebook.metadata == {"kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"}}
    for cell in notebook.cells:
        assert set(cell.metadata) <= {"tags"}


def test_every_marked_cell_has_an_output_that_can_be_compared(notebook: Any) -> None:
    marked = [cell for cell in code_cells(notebook) if MARK in cell.source]
    assert marked
    for cell in marked:
        # nbval compares nothing where the count is missing, and passes.
        assert cell.execution_count
        assert cell.outputs
        # Pictures are not compared either, so a marked cell has to print something.
        kinds = {kind for output in cell.outputs for kind in output.get("data", {"text/plain": ""})}
        assert kinds & {"text/plain", "text/html"}
        assert not any(kind.startswith("image/") for kind in kinds)


def test_cells_were_run_from_top_to_bottom_without_an_error(notebook: Any) -> None:
    cells = code_cells(notebook)
    assert [cell.execution_count for cell in cells] == list(range(1, len(cells) + 1))
    for cell in cells:
        for output in cell.outputs:
            assert output.output_type != "error"
            assert output.get("name") != "stderr"


def test_nothing_stored_differs_from_run_to_run(notebook: Any) -> None:
    for cell in code_cells(notebook):
        for output in cell.outputs:
            assert "application/vnd.jupyter.widget-view+json" not in output.get("data", {})
            text = str(output.get("text", "")) + str(output.get("data", {}).get("text/plain", ""))
            assert not re.search(r"0x[0-9a-f]{6,}|/(home|tmp|root)/", text)


def test_explorers_are_stored_as_picture_and_table(notebook: Any) -> None:
    shown = [
        cell for cell in code_cells(notebook) if re.search(r"^(explorer|viewer|asked)$", cell.source, re.MULTILINE)
    ]
    assert shown
    for cell in shown:
        html = cell.outputs[-1].data["text/html"]
        assert "data:image/png;base64," in html
        assert "<table" in html


def test_the_last_cell_moves_a_widget_and_asserts(notebook: Any) -> None:
    last = code_cells(notebook)[-1].source
    assert re.search(r"\.controls\[.+\]\.value = ", last)
    assert "assert " in last
    assert ".failures == " in last


def test_results_never_go_through_captured_output(notebook: Any) -> None:
    for cell in code_cells(notebook):
        assert not re.search(r"\bOutput\(|\binteract\b|interactive_output|pyplot", cell.source)
        assert not cell.source.rstrip().endswith(";")


def test_prose_asks_a_question_first_and_tells_what_to_do(notebook: Any) -> None:
    prose = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    assert prose[0].startswith("# ")
    assert any("what to do" in text.lower() for text in prose)
