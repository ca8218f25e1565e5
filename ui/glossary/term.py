"""One entry of the glossary."""

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["Term"]


@dataclass(frozen=True)
class Term:
    """One entry.

    Attributes:
        symbol: as it stands on pages, and as `meaning` is asked for it.
        name: in words; empty where the symbol is a word.
        definition: one or two sentences, without formatting.
        equation: in LaTeX.
        page: where to see it, by the page's name in the address.
        place: of the link there, in words.
        query: of that link.
    """

    symbol: str
    name: str
    definition: str
    equation: str
    page: str
    place: str
    query: Mapping[str, str] = field(default_factory=dict)
