"""Files are written whole or not at all."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pixelsim.base.files import replacing, write_bytes, write_text


class BrokenError(Exception):
    """What goes wrong half-way."""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_block_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path):
    target = tmp_path / "table.csv"
    target.write_text("old", encoding="utf-8")

    def half() -> None:
        with replacing(target) as temporary:
            temporary.write_text("new, but only ha", encoding="utf-8")
            raise BrokenError

    with pytest.raises(BrokenError):
        half()
    assert names(tmp_path) == ["table.csv"]
    assert target.read_text(encoding="utf-8") == "old"


def test_a_block_that_fails_makes_no_new_file(tmp_path: Path):
    def half() -> None:
        with replacing(tmp_path / "new.csv") as temporary:
            temporary.write_bytes(b"half")
            raise BrokenError

    with pytest.raises(BrokenError):
        half()
    assert names(tmp_path) == []


def test_the_target_is_untouched_until_the_block_has_ended(tmp_path: Path):
    target = tmp_path / "table.csv"
    write_text(target, "old")
    with replacing(target) as temporary:
        assert temporary.parent == tmp_path
        temporary.write_text("new", encoding="utf-8")
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "new"
    assert names(tmp_path) == ["table.csv"]


def test_text_is_utf8_with_plain_line_feeds(tmp_path: Path):
    write_text(tmp_path / "a" / "b" / "text.txt", "eins\nzwei äöü\n")
    assert (tmp_path / "a" / "b" / "text.txt").read_bytes() == "eins\nzwei äöü\n".encode()


def test_bytes_are_kept_as_they_are(tmp_path: Path):
    data = bytes(range(256)) + b"\r\n\n"
    write_bytes(tmp_path / "data.bin", data)
    assert (tmp_path / "data.bin").read_bytes() == data


def test_a_new_file_has_the_usual_rights_and_an_old_one_keeps_its_own(tmp_path: Path):
    old_mask = os.umask(0o027)
    try:
        write_text(tmp_path / "new.txt", "x")
    finally:
        os.umask(old_mask)
    assert stat.S_IMODE((tmp_path / "new.txt").stat().st_mode) == 0o640
    kept = tmp_path / "kept.txt"
    kept.write_text("x", encoding="utf-8")
    kept.chmod(0o600)
    write_text(kept, "y")
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600


def test_a_folder_in_the_way_is_an_error_that_leaves_nothing(tmp_path: Path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OSError, match=r"table\.csv"):
        write_text(tmp_path / "table.csv", "x")
    assert names(tmp_path) == ["table.csv"]
