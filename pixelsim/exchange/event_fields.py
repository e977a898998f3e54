"""Fields of an event at the door: ids as text, personal identifiers hashed before anything is kept."""

from __future__ import annotations

import hashlib
import re
from typing import Any, Literal
from urllib.parse import urlsplit

from pixelsim.exchange.documents import NumberText

__all__ = ["event_id_text", "harmless_text", "hashed", "is_hash", "page_of", "shown", "text_cell"]

_HASH = re.compile(r"[0-9a-fA-F]{64}")
_NOT_DIAL = re.compile(r"[^0-9+]")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_PHONE = re.compile(r"\+?[0-9][0-9 ()./-]{7,}")

NOTHING = frozenset({"null", "none", "nan", "undefined", "nil", "n/a", "-", "--"})
"""Words that programs write where there is no value; as ids they would make all events one."""


def is_hash(text: str) -> bool:
    """Whether a text is a SHA-256 in hexadecimal digits."""
    return _HASH.fullmatch(text) is not None


def hashed(text: str, kind: Literal["email", "phone", "external_id"]) -> tuple[str | None, bool]:
    """Give the SHA-256 of an identifier, normalised as the platform asks for.

    E-mail addresses lose blanks around them and capitals; telephone numbers everything but digits and the plus sign
    (``00`` at the beginning becomes it); other ids the blanks around them. What is a hash already is kept, in small
    letters.

    Returns
    -------
    hash : str or None
        64 hexadecimal digits; None where there is no identifier.
    raw : bool
        The identifier came unhashed.
    """
    bare = text.strip()
    if not bare or bare.lower() in NOTHING:
        return None, False
    if is_hash(bare):
        return bare.lower(), False
    if kind == "email":
        bare = bare.lower()
    elif kind == "phone":
        digits = _NOT_DIAL.sub("", bare)
        bare = "+" + digits[2:] if digits.startswith("00") else digits
        if not bare.strip("+"):
            return None, True
    return hashlib.sha256(bare.encode("utf-8", "replace")).hexdigest(), True


def text_cell(value: Any) -> str:
    """Give a scalar as text without blanks around it; empty for anything else and for words that mean nothing."""
    if not isinstance(value, str):
        return ""
    text = value.strip()
    return "" if text.lower() in NOTHING else str(text)


def harmless_text(value: Any) -> str:
    """Give a scalar as text; one with an e-mail address in it is hashed, whatever its field is meant for."""
    text = text_cell(value)
    return hashlib.sha256(text.lower().encode("utf-8", "replace")).hexdigest() if _EMAIL.search(text) else text


def event_id_text(value: Any) -> tuple[str | None, str | None]:
    """Give an event id as text, digit by digit (field case P137).

    Returns
    -------
    id : str or None
        None for a missing or empty id, which equals no other.
    note : str or None
        ``number`` if it came as a number, ``word`` if it was a word for nothing, ``personal`` if it was an e-mail
        address or is hashed for another reason.
    """
    if not isinstance(value, str):
        return None, None
    text = str(value.strip())
    if not text:
        return None, None
    if text.lower() in NOTHING:
        return None, "word"
    if _EMAIL.search(text):
        return hashlib.sha256(text.lower().encode("utf-8", "replace")).hexdigest(), "personal"
    return text, "number" if isinstance(value, NumberText) else None


def page_of(url: str) -> str | None:
    """Give host and path of a page; queries and fragments are left out, since they may carry personal data."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return None
    if not parts.netloc:
        return None
    host = parts.netloc.rpartition("@")[2].lower()
    path = "" if _EMAIL.search(parts.path) else parts.path.rstrip("/")
    return f"{host}{path}" or None


def shown(text: str) -> str:
    """Give a cell for a message, with what looks like a personal identifier hidden."""
    if _EMAIL.search(text):
        return "(hidden: looks like an e-mail address)"
    if text.strip().startswith("+") and _PHONE.fullmatch(text.strip()):
        return "(hidden: looks like a telephone number)"
    return text[:60]
