#!/usr/bin/env python3
"""Set pixelsim up where it stands, then run it. Needs nothing but Python 3.11 or newer.

    python3 run.py                  the main job: a report goes in, a calibrated scenario and its outcome come out
    python3 run.py lab              the notebooks, in JupyterLab
    python3 run.py test             every check, stage by stage, with seconds
    python3 run.py test -k dedup    pytest with these arguments
    python3 run.py run agency --seed 7
                                    anything else goes to the command `pixelsim`

The packages go into .venv beside this file, and only those that the verb needs. A stamp in there remembers for which
pyproject.toml they were installed; it is written last, so a set-up that was broken off starts again.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from dataclasses import dataclass
from pathlib import Path

try:
    import tomllib  # Came with Python 3.11: its absence is how an older one shows itself.
except ModuleNotFoundError:
    sys.exit(f"pixelsim needs Python 3.11 or newer, and this is {sys.version.split()[0]}; run it with a newer python3.")

ROOT = Path(__file__).resolve().parent
SAMPLE = ROOT / "data" / "samples" / "ads_manager_and_api" / "en_custom_report_ad_day_bom.csv"
MAIN_JOB = ["run", "agency", "--report", str(SAMPLE)]
TEST_EXTRAS = ("dev", "notebook", "excel", "fast", "scale", "sensitivity", "app", "browser")
EXTRAS = {"test": TEST_EXTRAS, "lab": ("notebook",), "app": ("app",)}
NO_NETWORK = re.compile(
    r"(?i)name resolution|getaddrinfo|dns error|failed to establish a new connection|network is unreachable"
    r"|connection refused|error sending request|timed out|max retries exceeded|proxyerror"
)


class SetUpError(Exception):
    """The set-up cannot be finished; the text is one sentence for the user."""


# ---- set-up ----------------------------------------------------------------------------------------------------------


def python_in(env: Path, system: str = os.name) -> Path:
    """Give the interpreter of a virtual environment."""
    return env / "Scripts" / "python.exe" if system == "nt" else env / "bin" / "python"


def script_in(env: Path, name: str, system: str = os.name) -> Path:
    """Give an installed command of a virtual environment."""
    return python_in(env, system).with_name(f"{name}.exe" if system == "nt" else name)


def wanted_extras(arguments: list[str], pyproject: bytes) -> set[str]:
    """Choose the extras that a command line needs, of those that pyproject.toml offers."""
    offered = tomllib.loads(pyproject.decode("utf-8"))["project"].get("optional-dependencies", {})
    wanted = set(EXTRAS.get(arguments[0] if arguments else "", ()))
    if any(argument.lower().endswith((".xlsx", ".xls")) for argument in arguments):
        wanted.add("excel")
    return wanted & set(offered)


def fingerprint(pyproject: bytes, root: Path) -> str:
    """Name what an installation was made from: the requirements, and the folder that it points to."""
    return hashlib.sha256(pyproject + b"\0" + str(root).encode("utf-8")).hexdigest()


def read_stamp(stamp: Path) -> tuple[str, set[str]]:
    """Read the fingerprint and the extras of the last finished set-up; empty when there was none."""
    words = stamp.read_text(encoding="utf-8").split() if stamp.is_file() else []
    return (words[0], set(words[1:])) if words else ("", set())


def write_stamp(stamp: Path, mark: str, extras: set[str]) -> None:
    """Write the stamp in one step, so that it is whole or not there."""
    unfinished = stamp.with_suffix(".part")
    unfinished.write_text(" ".join([mark, *sorted(extras)]) + "\n", encoding="utf-8")
    unfinished.replace(stamp)


def ways_to_install(python: Path, root: Path, extras: set[str], *, compiled: bool) -> list[list[list[str]]]:
    """Give the ways to install, each some commands in turn: first uv inside the environment, then pip alone."""
    target = f"{root}[{','.join(sorted(extras))}]" if extras else str(root)
    pip = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--retries", "1"]
    uv = [str(python), "-m", "uv", "pip", "install", "--quiet", "--python", str(python)]
    return [
        [[*pip, "uv"], [*uv, "--editable", target]],
        [[*pip, *([] if compiled else ["--no-compile"]), "--editable", target]],
    ]


def make_environment(env: Path) -> None:
    """Create the virtual environment, or create it anew when it has no working pip."""
    python = python_in(env)
    if python.exists() and quietly([str(python), "-m", "pip", "--version"])[0]:
        return
    try:
        venv.create(env, with_pip=True, clear=env.exists(), symlinks=os.name != "nt")
    except (subprocess.CalledProcessError, ImportError):
        shutil.rmtree(env, ignore_errors=True)
        raise SetUpError(
            "This python3 cannot make virtual environments; install that part first (Debian, Ubuntu: "
            "apt install python3-venv) and run the same command again."
        ) from None
    except OSError as error:
        raise SetUpError(
            f"The folder {env} cannot be written ({error.strerror}); make it writable and run again."
        ) from None


def failure_sentence(output: str) -> str:
    """Say in one sentence why nothing could be installed, after what pip printed."""
    if NO_NETWORK.search(output):
        return (
            "The packages could not be downloaded: there is no way to the package index from here; check the network."
        )
    last = [line.strip() for line in output.splitlines() if line.strip()][-15:]
    return "The packages could not be installed; the last words of pip were:\n  " + "\n  ".join(last or ["nothing"])


def set_up(env: Path, root: Path, arguments: list[str]) -> None:
    """Bring the environment to what the command line needs; do nothing when it is there already."""
    pyproject = (root / "pyproject.toml").read_bytes()
    stamp, mark = env / ".pixelsim-stamp", fingerprint(pyproject, root)
    wanted, (last, installed) = wanted_extras(arguments, pyproject), read_stamp(stamp)
    if last == mark and wanted <= installed and python_in(env).exists():
        return
    # What was there stays: an environment that had the notebooks keeps them when pyproject.toml changes.
    wanted |= installed & wanted_extras(["test"], pyproject)
    why = "first run" if not last else "pyproject.toml has changed" if last != mark else "more packages needed"
    print(f"Setting up {env} with {', '.join(['pixelsim', *sorted(wanted)])} ({why}).", flush=True)
    stamp.unlink(missing_ok=True)
    make_environment(env)
    # Where Python may not cache what it compiles, packages that come uncompiled are compiled anew at every start.
    compiled = bool(os.environ.get("PYTHONDONTWRITEBYTECODE"))
    variables = {**os.environ, **({"UV_COMPILE_BYTECODE": "1"} if compiled else {})}
    said = ""
    for way in ways_to_install(python_in(env), root, wanted, compiled=compiled):
        for command in way:
            done, said = quietly(command, variables)
            if not done:
                break
        else:
            write_stamp(stamp, mark, wanted)
            return
    raise SetUpError(failure_sentence(said))


def quietly(command: list[str], variables: dict[str, str] | None = None) -> tuple[bool, str]:
    """Run a command without showing its output; give success and what it printed."""
    done = subprocess.run(command, check=False, env=variables, capture_output=True, text=True, errors="replace")
    return done.returncode == 0, done.stdout + done.stderr


# ---- the stages of `test` --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Stage:
    """One stage of the checks: its commands, and what to say in the place of running them."""

    name: str
    commands: list[list[str]]
    pytest: bool = True
    hash_seed: str = "random"
    left_out: str = ""
    fails_when_left_out: bool = False


@dataclass(frozen=True)
class Result:
    """What a stage came to."""

    name: str
    word: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""


def stages(env: Path, root: Path, *, chromium: str | None, continuous: bool) -> list[Stage]:
    """List the stages in their order.

    ``chromium`` is the browser found, if any; ``continuous`` tells that nobody is looking (the variable ``CI``), so
    that a missing browser is a failure and not a notice.
    """
    tool = [str(python_in(env)), "-m"]
    pytest = [*tool, "pytest", "-q"]
    two = ["-n", "2", "--dist", "loadfile"]
    lint = [[*tool, "ruff", "check", "."], [*tool, "ruff", "format", "--check", "."], [*tool, "mypy"]]
    lint.append([str(script_in(env, "lint-imports"))])
    ordinary = "not slow and not browser and not explorer and not fuzz"
    has_notebooks = any((root / "notebooks").rglob("*.ipynb"))
    has_benchmarks = (root / "benchmarks" / "__main__.py").is_file()
    return [
        Stage("lint", lint, pytest=False),
        Stage("unit, property, case", [[*pytest, "tests", "-m", ordinary, *two]]),
        Stage("explorer", [[*pytest, "tests", "-m", "explorer and not slow"]]),
        Stage(
            "notebooks",
            [[*pytest, "notebooks", *two]],
            # The order of a set in a saved output is compared with the order in this run.
            hash_seed="0",
            left_out="" if has_notebooks else "no notebook",
        ),
        Stage(
            "browser",
            [[*pytest, "tests", "-m", "browser and not slow"]],
            left_out="" if chromium else "Chromium is not installed (Debian: apt install chromium)",
            fails_when_left_out=continuous,
        ),
        Stage("fuzzer", [[*pytest, "tests", "-m", "fuzz and not slow"]]),
        Stage(
            "benchmarks",
            [
                [*tool, "benchmarks", "--reduced"],
                [*tool, "benchmarks.reading", "--rows", "100000", "--repeats", "1"],
                [*tool, "benchmarks.counts", "--repeats", "1"],
            ],
            pytest=False,
            left_out="" if has_benchmarks else "no benchmark",
        ),
    ]


def closing_counts(output: str) -> dict[str, int]:
    """Read the counts of pytest's own last line, such as ``2 failed, 40 passed, 1 skipped in 3.21s``."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    closing = re.findall(r"^=* ?(\d+ [a-z][a-z, \d]*) in \d[\d.]*s\b", plain, flags=re.MULTILINE)
    parts = [part.partition(" ") for part in closing[-1].split(", ")] if closing else []
    return {word: int(count) for count, _, word in parts}


def run_stage(stage: Stage, root: Path) -> Result:
    """Run one stage, its output passed on as it comes, and sum it up."""
    print(f"\n== {stage.name} ==", flush=True)
    if stage.left_out:
        print(stage.left_out, flush=True)
        if stage.fails_when_left_out:
            return Result(stage.name, "failed", 0.0, failed=1, note=stage.left_out)
        return Result(stage.name, "left out", 0.0, note=stage.left_out)
    begin, passed, failed, skipped, empty = time.monotonic(), 0, 0, 0, False
    for command in stage.commands:
        code, output = pass_on(command, root, stage.hash_seed)
        counts = closing_counts(output) if stage.pytest else {}
        empty = stage.pytest and code == 5
        passed += counts.get("passed", 0) if stage.pytest else int(code == 0)
        skipped += counts.get("skipped", 0)
        # A command that fails without a failed test (an interrupted run, a usage error) is itself the failure.
        bad = counts.get("failed", 0) + counts.get("error", 0) + counts.get("errors", 0)
        failed += bad or int(code != 0 and not empty)
    word = "failed" if failed else "empty" if empty else "passed"
    note = "no test collected" if empty else ""
    return Result(stage.name, word, time.monotonic() - begin, passed, failed, skipped, note)


def pass_on(command: list[str], root: Path, hash_seed: str) -> tuple[int, str]:
    """Run a command with its output shown at once, and give its exit code and the end of that output."""
    variables = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONUNBUFFERED": "1"}
    tail = b""
    with subprocess.Popen(
        command, cwd=root, env=variables, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        if process.stdout is None:
            raise RuntimeError("the output of a stage was asked for and not given")
        while chunk := os.read(process.stdout.fileno(), 65_536):
            sys.stdout.buffer.write(chunk)
            sys.stdout.buffer.flush()
            tail = (tail + chunk)[-65_536:]
    return process.returncode, tail.decode("utf-8", errors="replace")


def table(results: list[Result]) -> str:
    """Write the stages with their seconds, and under them the counts of all alone on a line."""
    lines = [f"{'stage':<22} {'result':<8} {'seconds':>8} {'passed':>7} {'failed':>7} {'skipped':>8}"]
    for r in results:
        line = f"{r.name:<22} {r.word:<8} {r.seconds:>8.1f} {r.passed:>7} {r.failed:>7} {r.skipped:>8}"
        lines.append(f"{line}  {r.note}".rstrip())
    lines.append(f"{'all':<22} {'':<8} {sum(r.seconds for r in results):>8.1f}")
    return "\n".join([*lines, "", summary_line(results)])


def summary_line(results: list[Result]) -> str:
    """Count what passed and what failed over all stages."""
    return f"{sum(r.passed for r in results)} passed, {sum(r.failed for r in results)} failed"


def find_chromium() -> str | None:
    """Find a Chromium on this machine."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def check_everything(env: Path, root: Path, set_up_seconds: float) -> int:
    """Run every stage, whatever fails on the way, and give the exit code."""
    continuous = os.environ.get("CI", "").lower() not in {"", "0", "false"}
    todo = stages(env, root, chromium=find_chromium(), continuous=continuous)
    results = [Result("set-up", "passed", set_up_seconds), *(run_stage(stage, root) for stage in todo)]
    print("\n" + table(results), flush=True)
    return int(any(r.failed for r in results))


# ---- the command line ------------------------------------------------------------------------------------------------


def command_line(env: Path, arguments: list[str]) -> list[str]:
    """Turn the arguments after run.py into the command to run."""
    if arguments[:1] == ["test"]:
        return [str(python_in(env)), "-m", "pytest", *arguments[1:]]
    return [str(script_in(env, "pixelsim")), *(arguments or MAIN_JOB)]


def main(arguments: list[str]) -> int:
    """Set up, run, and give the exit code."""
    env, begin = ROOT / ".venv", time.monotonic()
    try:
        set_up(env, ROOT, arguments)
        if arguments == ["test"]:
            return check_everything(env, ROOT, time.monotonic() - begin)
        # Tests belong to the project's folder; paths given to pixelsim belong to the user's.
        folder = ROOT if arguments[:1] == ["test"] else Path.cwd()
        return hand_over(command_line(env, arguments), folder)
    except SetUpError as error:
        print(error, file=sys.stderr)
        if arguments == ["test"]:
            print("\n0 passed, 1 failed")
        return 1
    except KeyboardInterrupt:
        return 130


def hand_over(command: list[str], folder: Path) -> int:
    """Run a command in a folder as if it had been typed, so that Ctrl-C reaches it and nothing else."""
    sys.stdout.flush()
    os.chdir(folder)
    if os.name == "posix":
        os.execv(command[0], command)
    return subprocess.call(command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
