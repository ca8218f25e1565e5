"""Text that comes from files, taken within limits: nobody vouches for a file, not even for one of our own."""

import json
from typing import Any

__all__ = ["LONGEST_JSON", "brief", "parse_json"]

LONGEST_JSON = 2**24  # characters; a thousand epochs of a large mixture take a hundredth


def parse_json(text: str) -> Any:
    """The value of a JSON text.

    Raises:
        ValueError: if it is none, too long, or nested too deeply.
    """
    if len(text) > LONGEST_JSON:
        raise ValueError(f"it has more than {LONGEST_JSON:,} characters")
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error


def brief(words: object) -> str:
    """Words that may come from a file, as the part of a sentence: in one line, printable, at most 200 characters."""
    text = " ".join(str(words).split())
    return "".join(c if c.isprintable() else "?" for c in text[:200])
