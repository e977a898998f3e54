"""The most memory that this process has had."""

from __future__ import annotations

import re
import sys
from pathlib import Path

__all__ = ["peak_bytes"]


def peak_bytes() -> int:
    """Give the most memory that this process has had, in bytes.

    On Linux the usual figure starts at that of the process that started this one; the system's own page does not.
    """
    status = Path("/proc/self/status")
    if status.is_file():
        found = re.search(r"VmHWM:\s+(\d+) kB", status.read_text(encoding="ascii"))
        if found:
            return int(found[1]) * 1024
    if sys.platform == "win32":
        import psutil  # noqa: PLC0415 - the standard library has no such figure there

        return int(psutil.Process().memory_info().peak_wset)
    import resource  # noqa: PLC0415 - not on every system

    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most if sys.platform == "darwin" else most * 1024
