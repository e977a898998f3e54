"""The alias table: which canonical column a header of an export means, in any language."""

from __future__ import annotations

import difflib
import functools
import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any, Literal

from pixelsim.base.errors import Fault, InputError, UnknownNameError

__all__ = ["AliasTable", "Column", "Kind", "Mapped", "alias_table", "normalise"]

Kind = Literal[
    "name", "id", "date", "hour", "breakdown", "text", "currency", "count", "money", "people", "budget", "rate"
]

OBJECTS = ("campaign", "ad_group", "ad")
"""The levels of a report from the widest to the narrowest."""

NUMERIC: frozenset[Kind] = frozenset({"count", "money", "people", "budget", "rate"})
ADDITIVE: frozenset[Kind] = frozenset({"count", "money"})
AMOUNTS: frozenset[Kind] = frozenset({"money", "budget"})

WHOLE = frozenset({"impressions", "clicks", "clicks_all", "reach"})
"""Quantities that are whole numbers in every edition; conversions are fractional in some."""

LANGUAGES = ("en", "api", "ko", "ja", "zh", "pt", "es", "de", "fr")
"""Codes of the languages of the alias table; ``api`` stands for the field names of the report API."""

_IGNORED = re.compile(r"[\s_\-.:'’`\"“”「」/,、%]+")
_INVISIBLE = re.compile("[\ufeff\u200b-\u200f\u2060]")
_CURRENCY_SUFFIX = re.compile(r"\s*[(（\[]([A-Za-z]{3})[)）\]]\s*$")
_UNIT_SUFFIX = re.compile(r"[_\s](micros?|cents?|minor)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Column:
    """One canonical column: its name, what kind of thing it holds, and how a rate is made.

    Parameters
    ----------
    name
        Canonical name, such as ``spend``.
    kind
        What the column holds; only ``count`` and ``money`` may be added up over rows.
    header
        The English name that pixelsim writes in its own exports.
    numerator, denominators, factor
        For a rate: canonical columns it is made of; several denominators where editions differ.
    money
        For a rate: printed as a plain number, never as a percentage.
    """

    name: str
    kind: Kind
    header: str
    numerator: str = ""
    denominators: tuple[str, ...] = ()
    factor: float = 1.0
    money: bool = False

    @property
    def additive(self) -> bool:
        """Whether the column may be added up over rows."""
        return self.kind in ADDITIVE


@dataclass(frozen=True, slots=True)
class Mapped:
    """The headers of one file, matched.

    Parameters
    ----------
    positions
        For each canonical column the positions (from 0) of the headers that mean it; several are possible.
    currency
        Three-letter code found in a header such as ``Cost (USD)``, or None.
    units
        For each canonical column whose header names a unit (``cost_micros``): that header.
    unknown
        Headers that no alias fits, in file order.
    languages
        Languages of the recognised headers, the most frequent first.
    repeated
        Notes about names that occur twice and were told apart by position.
    """

    positions: Mapping[str, tuple[int, ...]]
    currency: str | None
    units: Mapping[str, str]
    unknown: tuple[str, ...]
    languages: tuple[str, ...]
    repeated: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AliasTable:
    """All canonical columns and the aliases by which their headers are known.

    Parameters
    ----------
    columns
        Canonical columns by name, in the order in which reports show them.
    aliases
        Normalised header to canonical name.
    spelled
        Normalised header to an alias as it is written; for hints.
    language_of
        Normalised header to the languages in which it is used, in the order of ``LANGUAGES``.
    repeated
        Pairs (first, second) of canonical columns that some editions print under one name.
    footer_labels
        Patterns of the label of a row of totals.
    """

    columns: Mapping[str, Column]
    aliases: Mapping[str, str]
    spelled: Mapping[str, str]
    language_of: Mapping[str, tuple[str, ...]]
    repeated: tuple[tuple[str, str], ...]
    footer_labels: tuple[re.Pattern[str], ...]

    def lookup(self, header: str) -> tuple[str | None, str | None, bool]:
        """Find what one header means.

        Returns
        -------
        name : str or None
            Canonical column.
        currency : str or None
            Code in brackets behind the name of an amount, such as ``Cost (USD)``.
        unit : bool
            The name ends in a unit (``_micros``, ``_cents``), so that the caller must say what it means.
        """
        name = self.aliases.get(normalise(header))
        if name is not None:
            return name, None, False
        if match := _CURRENCY_SUFFIX.search(header):
            name = self.aliases.get(normalise(header[: match.start()]))
            if name is not None and self._is_amount(name):
                return name, match.group(1).upper(), False
        if match := _UNIT_SUFFIX.search(header.strip()):
            name = self.aliases.get(normalise(header.strip()[: match.start()]))
            if name is not None and self._is_amount(name):
                return name, None, True
        return None, None, False

    def _is_amount(self, name: str) -> bool:
        column = self.columns[name]
        return column.kind in AMOUNTS or (column.kind == "rate" and column.money)

    def score(self, headers: Sequence[str]) -> int:
        """Count the recognised headers, or 0 if they are no header of an export.

        A header of an export names at least one campaign, ad group or ad, and at least one quantity.
        """
        names = {found for found in (self.lookup(h)[0] for h in headers if h) if found}
        kinds = {self.columns[n].kind for n in names}
        objects = {f"{level}_{part}" for level in OBJECTS for part in ("name", "id")}
        return len(names) if names & objects and kinds & ADDITIVE else 0

    def match(self, headers: Sequence[str]) -> Mapped:
        """Match all headers of a file; nothing is decided by position except names that occur twice."""
        positions: dict[str, tuple[int, ...]] = {}
        units: dict[str, str] = {}
        unknown: list[str] = []
        currencies: list[str] = []
        seen: Counter[str] = Counter()
        for at, header in enumerate(headers):
            name, currency, unit = self.lookup(header)
            if name is None:
                if header.strip():
                    unknown.append(header.strip())
                continue
            if currency:
                currencies.append(currency)
            if unit:
                units[name] = header.strip()
            seen.update(self.language_of.get(normalise(header), ()))
            positions[name] = (*positions.get(name, ()), at)
        notes = []
        for first, second in self.repeated:
            places = positions.get(first, ())
            if len(places) == 2 and second not in positions:
                positions[first], positions[second] = places[:1], places[1:]
                notes.append(
                    f"{headers[places[0]]!r} occurs twice: column {places[0] + 1} is read as {first}, "
                    f"column {places[1] + 1} as {second}"
                )
        ranked = [language for language, _ in seen.most_common()]
        code = currencies[0] if len(set(currencies)) == 1 else None
        return Mapped(positions, code, units, tuple(unknown), tuple(ranked), tuple(notes))

    def nearest(self, header: str, count: int = 2) -> list[str]:
        """Give up to ``count`` known headers that look like ``header``, the closest first."""
        close = difflib.get_close_matches(normalise(header), list(self.spelled), n=count, cutoff=0.7)
        return [self.spelled[key] for key in close]

    def refuse(self, source: str, headers: Iterable[str]) -> InputError:
        """Make the error for a file without a header of an export, listing unknown headers and the nearest ones."""
        shown = [h.strip() for h in headers if h.strip()][:8]
        hints = [f"{h!r} (nearest known: {', '.join(map(repr, near))})" for h in shown if (near := self.nearest(h))]
        known = "known headers include 'Campaign name', 'Ad ID', 'By Day', 'Cost', 'Impressions'"
        return InputError(
            source,
            [
                Fault(
                    place="header",
                    field="columns",
                    value="; ".join(shown),
                    rule="the header of an Ads Manager export: a campaign, ad group or ad, and a quantity such as cost",
                    remedy="export the report again in one of the known languages; "
                    + (("unknown: " + ", ".join(hints)) if hints else known),
                )
            ],
        )


@functools.lru_cache(maxsize=1 << 13)
def normalise(header: str) -> str:
    """Fold a header for comparison: no case, spaces, punctuation, full-width forms or invisible marks."""
    text = _INVISIBLE.sub("", unicodedata.normalize("NFKC", header)).casefold()
    return unicodedata.normalize("NFC", _IGNORED.sub("", text))


@functools.cache
def _document() -> dict[str, Any]:
    text = resources.files("pixelsim.exchange").joinpath("columns.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@functools.cache
def _table(languages: frozenset[str] | None) -> AliasTable:
    document = _document()
    columns: dict[str, Column] = {}
    aliases: dict[str, str] = {}
    spelled: dict[str, str] = {}
    language_of: dict[str, list[str]] = {}
    for name, entry in document["columns"].items():
        columns[name] = Column(
            name=name,
            kind=entry["kind"],
            header=entry["header"],
            numerator=entry.get("numerator", ""),
            denominators=tuple(entry.get("denominators", ())),
            factor=float(entry.get("factor", 1)),
            money=bool(entry.get("money", False)),
        )
        spellings = {language: list(entry[language]) for language in LANGUAGES if language in entry}
        spellings["api"] = [name, *spellings.get("api", [])]
        for language, names in spellings.items():
            if languages is not None and language not in languages:
                continue
            for alias in names:
                key = normalise(alias)
                if aliases.setdefault(key, name) != name:
                    raise ValueError(f"alias {alias!r} of {name} already means {aliases[key]}")
                spelled.setdefault(key, alias)
                if language not in language_of.setdefault(key, []):
                    language_of[key].append(language)
    return AliasTable(
        columns=columns,
        aliases=aliases,
        spelled=spelled,
        language_of={key: tuple(sorted(value, key=LANGUAGES.index)) for key, value in language_of.items()},
        repeated=tuple((pair["first"], pair["second"]) for pair in document["repeated"]),
        footer_labels=tuple(re.compile(p, re.IGNORECASE) for p in document["footer"]["labels"]),
    )


def alias_table(languages: Collection[str] | None = None) -> AliasTable:
    """Give the alias table of all languages, or of some.

    Parameters
    ----------
    languages
        Codes among ``en api ko ja zh pt es de fr``; None for all.

    Raises
    ------
    UnknownNameError
        A code is not among them.
    """
    if languages is None:
        return _table(None)
    for code in languages:
        if code not in LANGUAGES:
            raise UnknownNameError("language", code, LANGUAGES)
    return _table(frozenset(languages))
