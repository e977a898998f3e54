"""What if: run, replicate, and the statistics of responses."""

from pixelsim.study.replicate import Replications, replicate
from pixelsim.study.run import Run, run

__all__ = ["Replications", "Run", "replicate", "run"]
