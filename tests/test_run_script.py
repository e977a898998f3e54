"""The set-up script: what it decides, with every installation replaced by a recording. No network is used."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parents[1]
PYPROJECT = b"""
[project]
name = "pixelsim"
[project.optional-dependencies]
notebook = ["jupyterlab"]
excel = ["openpyxl"]
dev = ["pytest"]
"""


@pytest.fixture(scope="module")
def run() -> ModuleType:
    """The script as a module."""
    spec = importlib.util.spec_from_file_location("run_script", ROOT / "run.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["run_script"] = module
    spec.loader.exec_module(module)
    return module


class Installer:
    """Stands in for every process that a set-up starts; commands that contain a word of ``broken`` fail."""

    def __init__(self) -> None:
        self.commands: list[list[str]] = []
        self.broken: dict[str, str] = {}

    def __call__(self, command: list[str], _variables: dict[str, str] | None = None) -> tuple[bool, str]:
        self.commands.append(command)
        for word, output in self.broken.items():
            if word in command:
                return False, output
        return True, ""

    @property
    def targets(self) -> list[str]:
        """What was installed in place, with its extras."""
        return [command[-1] for command in self.commands if "--editable" in command]


@pytest.fixture
def project(tmp_path: Path, run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project folder with a pyproject.toml, and a venv module that makes no more than the interpreter's file."""
    (tmp_path / "pyproject.toml").write_bytes(PYPROJECT)

    def create(env: Path, **_options: object) -> None:
        python = run.python_in(env)
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(run.venv, "create", create)
    return tmp_path


@pytest.fixture
def installer(run: ModuleType, monkeypatch: pytest.MonkeyPatch) -> Installer:
    recording = Installer()
    monkeypatch.setattr(run, "quietly", recording)
    return recording


@pytest.fixture
def bare_pytest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A pytest of its own for a folder, without this project's plugins and settings."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    return [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir", str(tmp_path)]


class TestExtras:
    def test_the_main_job_needs_the_core_only(self, run):
        assert run.wanted_extras([], PYPROJECT) == set()
        assert run.wanted_extras(["run", "agency", "--seed", "7"], PYPROJECT) == set()

    def test_the_notebooks_need_theirs(self, run):
        assert run.wanted_extras(["lab"], PYPROJECT) == {"notebook"}

    def test_tests_need_what_pyproject_offers_of_theirs(self, run):
        assert run.wanted_extras(["test", "-k", "dedup"], PYPROJECT) == {"dev", "notebook", "excel"}

    def test_a_workbook_needs_its_reader(self, run):
        assert run.wanted_extras(["import", "Report.XLSX"], PYPROJECT) == {"excel"}

    def test_an_extra_that_is_not_offered_is_not_asked_for(self, run):
        assert run.wanted_extras(["lab"], b'[project]\nname = "pixelsim"') == set()

    def test_every_extra_it_names_exists_in_this_project(self, run):
        offered = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        for extras in run.EXTRAS.values():
            assert set(extras) <= set(offered["optional-dependencies"])


class TestStamp:
    def test_comes_back_as_written(self, run, tmp_path):
        stamp = tmp_path / ".stamp"
        run.write_stamp(stamp, "abc", {"notebook", "dev"})
        assert run.read_stamp(stamp) == ("abc", {"notebook", "dev"})
        assert [path.name for path in tmp_path.iterdir()] == [".stamp"]

    @pytest.mark.parametrize("text", [None, "", "\n"])
    def test_none_is_no_fingerprint(self, run, tmp_path, text):
        stamp = tmp_path / ".stamp"
        if text is not None:
            stamp.write_text(text, encoding="utf-8")
        assert run.read_stamp(stamp) == ("", set())

    def test_fingerprint_changes_with_the_requirements_and_with_the_folder(self, run):
        marks = {
            run.fingerprint(PYPROJECT, Path("/a")),
            run.fingerprint(PYPROJECT + b"#", Path("/a")),
            run.fingerprint(PYPROJECT, Path("/b")),
        }
        assert len(marks) == 3
        assert run.fingerprint(PYPROJECT, Path("/a")) in marks


class TestSetUp:
    def test_first_run_says_so_in_one_line_and_the_second_says_nothing(self, run, project, installer, capsys):
        env = project / ".venv"
        run.set_up(env, project, ["lab"])
        first = capsys.readouterr().out
        assert first == f"Setting up {env} with pixelsim, notebook (first run).\n"
        assert installer.targets == [f"{project}[notebook]"]
        installer.commands.clear()
        run.set_up(env, project, ["lab"])
        run.set_up(env, project, [])
        assert capsys.readouterr().out == ""
        assert installer.commands == []

    def test_another_verb_adds_to_what_is_there(self, run, project, installer, capsys):
        env = project / ".venv"
        run.set_up(env, project, [])
        run.set_up(env, project, ["lab"])
        run.set_up(env, project, ["x.xlsx"])
        assert installer.targets == [str(project), f"{project}[notebook]", f"{project}[excel,notebook]"]
        assert "(more packages needed)" in capsys.readouterr().out

    def test_a_changed_pyproject_is_noticed_and_keeps_the_extras(self, run, project, installer, capsys):
        env = project / ".venv"
        run.set_up(env, project, ["lab"])
        (project / "pyproject.toml").write_bytes(PYPROJECT + b'fast = ["numba"]\n')
        installer.commands.clear()
        run.set_up(env, project, [])
        assert installer.targets == [f"{project}[notebook]"]
        assert "(pyproject.toml has changed)" in capsys.readouterr().out

    def test_a_removed_environment_is_set_up_again(self, run, project, installer):
        env = project / ".venv"
        run.set_up(env, project, [])
        run.python_in(env).unlink()
        installer.commands.clear()
        run.set_up(env, project, [])
        assert installer.targets == [str(project)]

    def test_uv_first(self, run, project, installer):
        run.set_up(project / ".venv", project, [])
        assert installer.commands[0][-1] == "uv"
        assert installer.commands[1][1:5] == ["-m", "uv", "pip", "install"]
        assert len(installer.commands) == 2

    def test_pip_when_uv_cannot_be_had(self, run, project, installer):
        installer.broken = {"uv": "no such package"}
        run.set_up(project / ".venv", project, [])
        assert installer.commands[-1][1:3] == ["-m", "pip"]
        assert "uv" not in installer.commands[-1]
        assert installer.targets == [str(project)]

    def test_a_set_up_that_fails_leaves_no_stamp_and_the_next_starts_again(self, run, project, installer):
        env = project / ".venv"
        run.set_up(env, project, [])
        installer.broken = {"--editable": "ERROR: disk full"}
        with pytest.raises(run.SetUpError, match="disk full"):
            run.set_up(env, project, ["lab"])
        assert run.read_stamp(env / ".pixelsim-stamp") == ("", set())
        installer.broken = {}
        installer.commands.clear()
        run.set_up(env, project, [])
        assert installer.targets == [str(project)]

    @pytest.mark.usefixtures("installer")
    def test_a_set_up_that_is_interrupted_leaves_no_stamp(self, run, project, monkeypatch):
        env = project / ".venv"
        run.set_up(env, project, [])

        def interrupted(_command: list[str], _variables: dict[str, str] | None = None) -> tuple[bool, str]:
            raise KeyboardInterrupt

        monkeypatch.setattr(run, "quietly", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run.set_up(env, project, ["lab"])
        assert not (env / ".pixelsim-stamp").exists()

    def test_an_environment_without_pip_is_made_anew(self, run, project, installer, monkeypatch):
        env, made = project / ".venv", []
        run.set_up(env, project, [])
        monkeypatch.setattr(run.venv, "create", lambda env, **options: made.append((env, options["clear"])))
        installer.broken = {"--version": "No module named pip"}
        run.set_up(env, project, ["lab"])
        assert made == [(env, True)]

    @pytest.mark.usefixtures("installer")
    def test_no_venv_part_is_one_sentence_with_the_remedy(self, run, project, monkeypatch):
        def create(env: Path, **_options: object) -> None:
            env.mkdir()
            raise subprocess.CalledProcessError(1, ["ensurepip"])

        monkeypatch.setattr(run.venv, "create", create)
        with pytest.raises(run.SetUpError, match="apt install python3-venv") as caught:
            run.set_up(project / ".venv", project, [])
        assert "\n" not in str(caught.value)
        assert not (project / ".venv").exists()

    @pytest.mark.parametrize(
        "output",
        [
            "NewConnectionError: Failed to establish a new connection: [Errno 111] Connection refused",
            "Temporary failure in name resolution",
            "Max retries exceeded with url: /simple/hatchling/",
        ],
    )
    def test_no_network_is_one_sentence(self, run, output):
        sentence = run.failure_sentence(f"WARNING: Retrying\n{output}\nERROR: No matching distribution\n")
        assert "check the network" in sentence
        assert "\n" not in sentence

    def test_any_other_failure_shows_what_pip_said_last(self, run):
        assert run.failure_sentence("Collecting\n\nERROR: bad metadata\n").endswith(
            "  Collecting\n  ERROR: bad metadata"
        )


class TestCommandLines:
    def test_nothing_runs_the_main_job_on_the_sample_wherever_it_is_called_from(self, run, tmp_path):
        command = run.command_line(tmp_path, [])
        assert command[1:4] == ["run", "agency", "--report"]
        assert Path(command[4]) == ROOT / "data" / "samples" / "ads_manager_and_api" / "en_custom_report_ad_day_bom.csv"

    def test_other_arguments_go_to_pixelsim(self, run, tmp_path):
        command = run.command_line(tmp_path, ["run", "agency", "--seed", "7"])
        assert command == [str(run.script_in(tmp_path, "pixelsim")), "run", "agency", "--seed", "7"]
        assert run.command_line(tmp_path, ["lab"])[1:] == ["lab"]

    def test_test_with_arguments_is_pytest_with_them(self, run, tmp_path):
        command = run.command_line(tmp_path, ["test", "-k", "dedup"])
        assert command == [str(run.python_in(tmp_path)), "-m", "pytest", "-k", "dedup"]

    def test_each_system_has_its_own_places(self, run):
        assert run.python_in(Path("e"), "nt") == Path("e/Scripts/python.exe")
        assert run.python_in(Path("e"), "posix") == Path("e/bin/python")
        assert run.script_in(Path("e"), "lint-imports", "nt") == Path("e/Scripts/lint-imports.exe")
        assert run.script_in(Path("e"), "lint-imports", "posix") == Path("e/bin/lint-imports")

    @pytest.mark.parametrize(("arguments", "from_root"), [(["test", "-k", "x"], True), (["run", "agency"], False)])
    def test_tests_run_in_the_project_and_pixelsim_where_the_user_is(
        self, run, monkeypatch, tmp_path, arguments, from_root
    ):
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(run, "set_up", lambda *_: None)
        folders = []
        monkeypatch.setattr(run, "hand_over", lambda _command, folder: folders.append(folder) or 0)
        assert run.main(arguments) == 0
        assert folders == [ROOT if from_root else tmp_path]

    def test_a_failed_set_up_is_an_exit_code_and_for_the_checks_a_count(self, run, monkeypatch, capsys):
        def fails(*_: object) -> None:
            raise run.SetUpError("No venv.")

        monkeypatch.setattr(run, "set_up", fails)
        assert run.main(["lab"]) == 1
        assert capsys.readouterr() == ("", "No venv.\n")
        assert run.main(["test"]) == 1
        assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed"


class TestStages:
    def test_order(self, run, tmp_path):
        names = [stage.name for stage in run.stages(tmp_path, tmp_path, chromium="/usr/bin/chromium", continuous=False)]
        assert names == ["lint", "unit, property, case", "explorer", "notebooks", "browser", "fuzzer", "benchmarks"]

    def test_every_marker_of_the_ordinary_run_has_its_stage_but_slow(self, run, tmp_path):
        todo = {s.name: s for s in run.stages(tmp_path, tmp_path, chromium="/usr/bin/chromium", continuous=False)}
        ordinary = todo["unit, property, case"].commands[0]
        left_out = ordinary[ordinary.index("-m", 3) + 1].replace("not ", "").split(" and ")
        own = [s.commands[0][s.commands[0].index("-m", 3) + 1] for s in todo.values() if s.commands[0].count("-m") == 2]
        own = [marks for marks in own if marks != ordinary[ordinary.index("-m", 3) + 1]]
        assert all(marks.endswith(" and not slow") for marks in own)
        assert sorted(left_out) == sorted(["slow", *(marks.removesuffix(" and not slow") for marks in own)])

    @pytest.mark.parametrize(("continuous", "word", "failed"), [(False, "left out", 0), (True, "failed", 1)])
    def test_no_chromium_is_a_notice_for_a_person_and_a_failure_in_ci(self, run, tmp_path, *, continuous, word, failed):
        todo = run.stages(tmp_path, tmp_path, chromium=None, continuous=continuous)
        result = run.run_stage(next(s for s in todo if s.name == "browser"), tmp_path)
        assert (result.word, result.failed) == (word, failed)
        assert "Chromium is not installed" in result.note

    def test_benchmarks_and_notebooks_only_when_they_exist(self, run, tmp_path):
        def left_out() -> set[str]:
            todo = run.stages(tmp_path, tmp_path, chromium="/usr/bin/chromium", continuous=True)
            return {s.name for s in todo if s.left_out}

        assert left_out() == {"notebooks", "benchmarks"}
        for file in ("benchmarks/__main__.py", "notebooks/tour.ipynb"):
            (tmp_path / file).parent.mkdir()
            (tmp_path / file).touch()
        assert left_out() == set()

    @pytest.mark.parametrize(
        ("line", "counts"),
        [
            ("128 passed in 8.38s", {"passed": 128}),
            (
                "===== 2 failed, 40 passed, 1 skipped in 63.21s (0:01:03) =====",
                {"failed": 2, "passed": 40, "skipped": 1},
            ),
            ("\x1b[31m\x1b[1m1 failed\x1b[0m, \x1b[32m3 passed\x1b[0m in 1.00s", {"failed": 1, "passed": 3}),
            ("3 passed, 2 subtests passed, 1 error in 0.50s", {"passed": 3, "subtests passed": 2, "error": 1}),
            ("5 deselected in 0.10s", {"deselected": 5}),
            ("no tests ran in 0.01s", {}),
            ("", {}),
        ],
    )
    def test_reads_pytests_closing_line(self, run, line, counts):
        assert run.closing_counts(f"....F  [100%]\n9 passed in 1.00s\n{line}\n" if counts else line) == counts

    @pytest.mark.parametrize(
        ("body", "expected"),
        [
            ("def test_a(): pass\ndef test_b(): pass", ("passed", 2, 0)),
            ("def test_a(): pass\ndef test_b(): assert 0", ("failed", 1, 1)),
            ("import no_such_module", ("failed", 0, 1)),
            ("", ("empty", 0, 0)),
        ],
    )
    def test_sums_up_a_real_pytest(self, run, tmp_path, bare_pytest, body, expected):
        (tmp_path / "test_it.py").write_text(body, encoding="utf-8")
        result = run.run_stage(run.Stage("tests", [[*bare_pytest, "test_it.py"]]), tmp_path)
        assert (result.word, result.passed, result.failed) == expected

    def test_a_usage_error_fails_although_no_test_did(self, run, tmp_path, bare_pytest):
        result = run.run_stage(run.Stage("tests", [[*bare_pytest, "no_such_file.py"]]), tmp_path)
        assert (result.word, result.failed) == ("failed", 1)

    def test_other_tools_count_by_their_exit_code(self, run, tmp_path):
        commands = [[sys.executable, "-c", f"raise SystemExit({code})"] for code in (0, 0, 3)]
        result = run.run_stage(run.Stage("lint", commands, pytest=False), tmp_path)
        assert (result.word, result.passed, result.failed) == ("failed", 2, 1)

    def test_only_notebooks_fix_the_order_of_sets(self, run, tmp_path):
        todo = run.stages(tmp_path, tmp_path, chromium="/usr/bin/chromium", continuous=False)
        assert [s.name for s in todo if s.hash_seed == "0"] == ["notebooks"]

    def test_table_ends_with_the_counts_alone(self, run):
        results = [run.Result("lint", "passed", 12.34, 4), run.Result("fuzzer", "failed", 1.0, 10, 2, 1)]
        lines = run.table(results).splitlines()
        assert lines[-1] == "14 passed, 2 failed"
        assert lines[1].split() == ["lint", "passed", "12.3", "4", "0", "0"]
        assert lines[-3].split() == ["all", "13.3"]

    @pytest.mark.parametrize(("word", "code"), [("0", 0), ("1", 1)])
    def test_exit_code_is_that_of_the_worst_stage(self, run, tmp_path, monkeypatch, *, word, code):
        stage = run.Stage("lint", [[sys.executable, "-c", f"raise SystemExit({word})"]], pytest=False)
        monkeypatch.setattr(run, "stages", lambda *_args, **_options: [stage, run.Stage("rest", [], left_out="none")])
        assert run.check_everything(tmp_path, tmp_path, 0.0) == code

    @pytest.mark.parametrize(("value", "continuous"), [(None, False), ("", False), ("false", False), ("true", True)])
    def test_ci_is_what_the_variable_says(self, run, tmp_path, monkeypatch, *, value, continuous):
        asked = []
        monkeypatch.setattr(run, "stages", lambda *_args, **options: asked.append(options["continuous"]) or [])
        monkeypatch.delenv("CI", raising=False)
        if value is not None:
            monkeypatch.setenv("CI", value)
        run.check_everything(tmp_path, tmp_path, 0.0)
        assert asked == [continuous]
