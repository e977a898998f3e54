"""The command line: ``pixelsim run | ...``; every user's mistake is one sentence and exit code 2."""

from pixelsim.cli.app import main

__all__ = ["main"]
