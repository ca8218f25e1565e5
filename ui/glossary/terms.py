"""Every symbol and score of the app, defined once: for the page of the glossary and for tooltips elsewhere.

Equations are those of `docs/mathematics.md`.
"""

from collections.abc import Iterable

from ui.glossary.measure_terms import MEASURE_TERMS
from ui.glossary.model_terms import MODEL_TERMS

__all__ = ["GROUPS", "in_glossary", "meaning"]

GROUPS = MODEL_TERMS | MEASURE_TERMS
"""The terms by group, in the order of the page."""

_BY_SYMBOL = {term.symbol: term for terms in GROUPS.values() for term in terms}


def in_glossary(symbols: Iterable[str]) -> list[str]:
    """Those of some symbols that have an entry, which a bound of one's own has not."""
    return [symbol for symbol in symbols if symbol in _BY_SYMBOL]


def meaning(*symbols: str) -> str:
    """What some symbols mean, a paragraph each, for a tooltip.

    Raises:
        KeyError: for a symbol that is not in the glossary.
    """
    terms = [_BY_SYMBOL[symbol] for symbol in symbols]
    return "\n\n".join(f"**{term.symbol}**{f', {term.name}' if term.name else ''}: {term.definition}" for term in terms)
