"""``pixelsim app``: what is served, to whom, and how it refuses."""

from __future__ import annotations

import ast
import importlib.util
import json
import os
import socket
import types
from pathlib import Path
from typing import Any

import pytest

import pixelsim as ps
from pixelsim.base.errors import InputError, MissingExtraError
from pixelsim.cli import main, serving
from pixelsim.cli.run import RunJob
from pixelsim.cli.serving import app_arguments, open_app, page_notebook
from pixelsim.scenario import load_scenario


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Take what Voila would be started with, and what lies beside the page while it runs."""
    taken: dict[str, Any] = {}

    def launch_instance(arguments: list[str], **options: Any) -> None:
        folder = Path(arguments[0]).parent
        files = {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}
        taken.update(arguments=arguments, options=options, files=files, token=os.environ["JUPYTER_TOKEN"])

    voila = types.SimpleNamespace(Voila=types.SimpleNamespace(launch_instance=launch_instance))
    real = serving.importlib.import_module
    monkeypatch.setattr(serving.importlib, "import_module", lambda name: voila if name == "voila.app" else real(name))
    monkeypatch.setenv("JUPYTER_TOKEN", "")
    return taken


def ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return end.value.code


def test_the_page_is_one_cell_that_shows_the_explorers() -> None:
    notebook = json.loads(page_notebook(None, replications=3, seed=9))
    assert notebook["metadata"]["kernelspec"]["name"] == "python3"
    (cell,) = notebook["cells"]
    shown = ast.parse(cell["source"]).body[-1]
    assert ast.unparse(shown) == "ps.explore.page(replications=3, seed=9)"
    own = json.loads(page_notebook("scenario.toml", replications=3, seed=9))["cells"][0]["source"]
    assert "ps.explore.page(ps.load_scenario('scenario.toml'), replications=3, seed=9)" in own


def test_it_is_served_to_this_machine_behind_a_token_and_without_its_code(served: dict[str, Any], capsys: Any) -> None:
    open_app(None, replications=2, seed=1, port=0, browser=False)
    arguments = served["arguments"]
    assert "--Voila.ip=127.0.0.1" in arguments
    assert "--strip_sources=True" in arguments
    assert "--Voila.auto_token=True" in arguments
    assert "--no-browser" in arguments
    told = capsys.readouterr().out
    port = next(part for part in arguments if part.startswith("--port=")).removeprefix("--port=")
    assert len(served["token"]) >= 32
    assert f"http://127.0.0.1:{port}/?token={served['token']}" in told
    # Nobody sees the token in the list of processes, and nothing lies beside the page that could be asked for.
    assert not any(served["token"] in part for part in arguments)
    assert list(served["files"]) == ["pixelsim.ipynb"]
    assert not Path(arguments[0]).exists()


def test_every_start_has_another_token(served: dict[str, Any]) -> None:
    tokens = set()
    for _ in range(3):
        open_app(None, replications=2, seed=1, port=0, browser=False)
        tokens.add(served["token"])
    assert len(tokens) == 3


def test_pages_load_nothing_from_elsewhere(served: dict[str, Any]) -> None:
    open_app(None, replications=2, seed=1, port=0, browser=False)
    policy = served["options"]["tornado_settings"]["headers"]["Content-Security-Policy"]
    sources = {source for rule in policy.split(";") for source in rule.split()[1:]}
    assert not any("://" in source or source == "*" for source in sources)


def test_a_scenario_of_ones_own_goes_along(served: dict[str, Any], tmp_path: Path) -> None:
    assert ended("app", "ending", "--organic-sessions", "77", "--port", "0", "--no-browser", "--seed", "4") == 0
    (tmp_path / "scenario.toml").write_text(served["files"]["scenario.toml"], encoding="utf-8")
    found = load_scenario(tmp_path / "scenario.toml")
    assert found == RunJob(scenario="ending", organic_sessions=77).prepared()
    assert found.traffic.sites[0].organic_sessions == 77
    assert "seed=4" in served["files"]["pixelsim.ipynb"]


def test_without_a_scenario_the_built_in_ones_are_offered(served: dict[str, Any]) -> None:
    assert ended("app", "--port", "0", "--no-browser") == 0
    assert list(served["files"]) == ["pixelsim.ipynb"]


def test_a_browser_is_opened_once_the_server_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(serving.webbrowser, "open", opened.append)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        serving._open_when_ready("http://here", listening.getsockname()[1])
    assert opened == ["http://here"]


def test_a_taken_port_and_an_unknown_scenario_are_refused(capsys: Any) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(InputError, match=f"port is '{port}', but must be a port that is free"):
            open_app(None, replications=2, seed=1, port=port, browser=False)
    assert ended("app", "agncy", "--no-browser") == 2
    assert "did you mean 'agency'" in capsys.readouterr().err


def test_without_voila_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = importlib.util.find_spec
    monkeypatch.setattr(serving.importlib.util, "find_spec", lambda name: None if name == "voila" else found(name))
    with pytest.raises(MissingExtraError, match=r"'voila'; install it with: pip install 'pixelsim\[app\]'"):
        open_app(None, replications=2, seed=1, port=0, browser=False)


def test_arguments_name_the_notebook_first(tmp_path: Path) -> None:
    assert app_arguments(tmp_path / "a.ipynb", 80)[0] == str(tmp_path / "a.ipynb")
    assert ps.explore.__all__.count("page") == 1
