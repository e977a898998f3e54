"""Which encoding a text file is in: byte-order mark, strict UTF-8, then the candidates whose header reads well."""

from __future__ import annotations

import codecs
import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pixelsim.base.errors import InputError
from pixelsim.exchange.columns import AliasTable
from pixelsim.exchange.header import best_score, find_header

__all__ = ["CANDIDATES", "Decoding", "find_encoding", "first_bytes", "iterate_text"]

CANDIDATES = ("cp932", "cp949", "gb18030", "cp1252")
"""Encodings tried after UTF-8: Japanese, Korean, Chinese and western European spreadsheets."""

HEAD = 1 << 20
_CHUNK = 1 << 22

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", "UTF-8"),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)


@dataclass(frozen=True, slots=True)
class Decoding:
    """The encoding a file is read with.

    Parameters
    ----------
    encoding
        Python's name of it.
    notes
        How it was found, for the report.
    """

    encoding: str
    notes: tuple[str, ...]


def first_bytes(path: Path, size: int = HEAD) -> bytes:
    """Read the beginning of a file; the one place that turns a missing, unreadable or empty file into a refusal."""
    source = path.name or str(path)
    try:
        with path.open("rb") as stream:
            head = stream.read(size)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise InputError.single(
            source, field="path", value=path, rule=f"a file that can be read ({reason})", remedy="check the path"
        ) from None
    if not head:
        raise InputError.single(
            source, field="file", value="0 bytes", rule="an export with a header and rows", remedy="export it again"
        )
    return head


def iterate_text(path: Path, encoding: str) -> Iterator[str]:
    """Decode a file strictly, in blocks.

    Raises
    ------
    UnicodeError
        A byte cannot be decoded.
    """
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    with path.open("rb") as stream:
        while block := stream.read(_CHUNK):
            yield decoder.decode(block)
    yield decoder.decode(b"", final=True)


def _decodes(path: Path, encoding: str) -> bool:
    """Say whether a whole file can be decoded; blocks of ASCII between whole characters need no decoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    compatible = encoding in {"utf-8", "utf-8-sig"}
    started = False
    try:
        with path.open("rb") as stream:
            while block := stream.read(_CHUNK):
                if not (compatible and started and block.isascii() and not decoder.getstate()[0]):
                    decoder.decode(block)
                started = True
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def head_text(head: bytes, encoding: str) -> str:
    """Decode the beginning of a file; a character cut in two at the end is left out."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    return decoder.decode(head, final=False)


def _digest(path: Path, encoding: str) -> str | None:
    """Fingerprint the decoded text, or None if it cannot be decoded."""
    seen = hashlib.blake2b(digest_size=16)
    try:
        for block in iterate_text(path, encoding):
            seen.update(block.encode("utf-8", "surrogatepass"))
    except UnicodeError:
        return None
    return seen.hexdigest()


def find_encoding(path: Path, head: bytes, table: AliasTable, encoding: str | None = None) -> Decoding:
    """Find the encoding of a file of text.

    Order: the caller's choice, a byte-order mark, strict UTF-8, then every candidate (charset-normalizer's and
    ``CANDIDATES``) that decodes the whole file and whose header the alias table recognises. Of these the one with
    most recognised headers is taken.

    Raises
    ------
    InputError
        The chosen encoding does not fit, no candidate does, or two do and give different text.
    """
    source = path.name
    if encoding is not None:
        return _chosen(path, source, encoding)
    for mark, name, shown in _MARKS:
        if head.startswith(mark):
            if not _decodes(path, name):
                raise _undecodable(source, f"marked as {shown}", f"{shown} from beginning to end, as its mark says")
            return Decoding(name, (f"byte-order mark of {shown} removed",))
    wide = _without_mark(path, head, table)
    if wide is not None:
        return wide
    if _decodes(path, "utf-8"):
        return Decoding("utf-8", ())
    return _by_header(path, source, head, table)


def _chosen(path: Path, source: str, encoding: str) -> Decoding:
    try:
        name = codecs.lookup(encoding).name
        codecs.getincrementaldecoder(name)
    except LookupError:
        raise InputError.single(
            source,
            field="encoding",
            value=encoding,
            rule="the name of an encoding of text",
            remedy="choose one such as utf-8, utf-16, cp932, cp949, gb18030 or cp1252",
        ) from None
    name = {"utf-8": "utf-8-sig", "utf-16-le": "utf-16-le"}.get(name, name)
    if not _decodes(path, name):
        raise InputError.single(
            source,
            field="encoding",
            value=encoding,
            rule="an encoding that decodes the whole file",
            remedy="choose another one, or leave it out to have it found",
        )
    return Decoding(name, (f"encoding {encoding} as asked",))


def _without_mark(path: Path, head: bytes, table: AliasTable) -> Decoding | None:
    """Recognise UTF-16 without a mark: every other byte of a Latin header is zero."""
    start = head[:64]
    if start.count(0) * 4 < len(start):
        return None
    for name in ("utf-16-le", "utf-16-be"):
        try:
            text = head_text(head, name)
        except UnicodeError:
            continue
        if best_score(text, table) and _decodes(path, name):
            return Decoding(name, ("read as UTF-16 without a byte-order mark",))
    return None


def _guess(head: bytes) -> str | None:
    """Ask charset-normalizer for one more candidate."""
    from charset_normalizer import from_bytes  # noqa: PLC0415 - rarely needed, slow to load

    best = from_bytes(head[: 1 << 16]).best()
    return None if best is None else codecs.lookup(best.encoding).name


def _by_header(path: Path, source: str, head: bytes, table: AliasTable) -> Decoding:
    names = list(CANDIDATES)
    guessed = _guess(head)
    if guessed is not None and guessed not in {codecs.lookup(n).name for n in names}:
        names.append(guessed)
    scores: dict[str, int] = {}
    for name in names:
        try:
            score = best_score(head_text(head, name), table)
        except UnicodeError:
            continue
        if score:
            scores[name] = score
    texts: dict[str, str] = {}
    for name in sorted(scores, key=lambda n: -scores[n]):
        if texts and scores[name] < max(scores[n] for n in texts):
            break
        digest = _digest(path, name)
        if digest is not None:
            texts[name] = digest
    if not texts:
        raise _undecodable(source, "unknown", f"UTF-8, or one of {', '.join(names)} with a header that is known")
    if len(set(texts.values())) > 1:
        raise InputError.single(
            source,
            field="encoding",
            value=" or ".join(texts),
            rule="a single one; the header reads the same in each of these, and the rows do not",
            remedy=f"choose one with encoding=, such as encoding={_likeliest(head, texts, table)!r}",
        )
    name = next(iter(texts))
    return Decoding(name, (f"no UTF-8: read as {name}, in which the header is known",))


def _likeliest(head: bytes, names: Iterable[str], table: AliasTable) -> str:
    """Give the candidate that the headers' language is usually written in, as a hint and never as a decision."""
    names = list(names)
    header = find_header(head_text(head, names[0]), table)
    languages = table.match(header.names).languages if header is not None else ()
    usual = {
        "ja": "cp932",
        "ko": "cp949",
        "zh": "gb18030",
        "de": "cp1252",
        "fr": "cp1252",
        "es": "cp1252",
        "pt": "cp1252",
    }
    wanted = next((usual[code] for code in languages if code in usual), None)
    return wanted if wanted in names else names[0]


def _undecodable(source: str, value: str, rule: str) -> InputError:
    return InputError.single(
        source,
        field="encoding",
        value=value,
        rule=rule,
        remedy="export it again as CSV, or say which encoding it is in with encoding=",
    )
