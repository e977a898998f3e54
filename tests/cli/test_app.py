"""The command line as a whole: version, help, lists, and the way it ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pixelsim import __version__
from pixelsim.base.errors import InputError
from pixelsim.cli import main
from pixelsim.scenario import scenario, scenario_names


def ended(*arguments: str) -> object:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return end.value.code


def test_version(capsys):
    assert ended("--version") == 0
    assert capsys.readouterr().out == f"pixelsim {__version__}\n"


def test_python_m_pixelsim_is_the_same_command():
    done = subprocess.run([sys.executable, "-m", "pixelsim", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"pixelsim {__version__}\n"


def test_help_names_every_option_of_run(capsys):
    assert ended("run", "--help") == 0
    told = capsys.readouterr().out
    for option in (
        *("--report", "--organic-sessions", "--days", "--preset", "--unshare-first", "--seed", "--replications"),
        *("--workers", "--out", "--encoding", "--accept-mismatch"),
    ):
        assert option in told


def test_every_scenario_is_listed_with_its_title(capsys):
    assert ended("scenarios") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == scenario_names()
    assert all(scenario(line.split()[0]).title in line for line in lines)


def test_an_unknown_command_is_refused(capsys):
    assert ended("runn") == 2
    told = capsys.readouterr()
    assert told.out == ""
    assert "runn" in told.err


def test_a_users_mistake_is_a_sentence_and_code_2_and_an_interrupt_130(capsys, monkeypatch):
    def wrong(*_args, **_kwargs):
        raise InputError.single("x", field="f", value=1, rule="2", remedy="change it")

    def interrupted(*_args, **_kwargs):
        raise KeyboardInterrupt

    monkeypatch.setattr("pixelsim.cli.run.RunJob.do", wrong)
    assert ended("run", "agency") == 2
    assert capsys.readouterr().err == "pixelsim: x: f is '1', but must be 2; change it.\n"
    monkeypatch.setattr("pixelsim.cli.run.RunJob.do", interrupted)
    assert ended("run", "agency") == 130
    assert "Traceback" not in capsys.readouterr().err


def test_a_fault_of_our_own_is_not_hidden(monkeypatch):
    def broken(*_args, **_kwargs):
        raise ZeroDivisionError

    monkeypatch.setattr("pixelsim.cli.run.RunJob.do", broken)
    with pytest.raises(ZeroDivisionError):
        main(["run", "agency"])
