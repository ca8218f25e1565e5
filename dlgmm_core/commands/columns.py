"""Lines of a list, whose columns are as wide as their content."""

from collections.abc import Sequence

__all__ = ["aligned"]


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """One line for each row; the last entry of a row, which nothing follows, may be of any width.

    Example:
        >>> aligned([("a", "here", "its source"), ("longer", "gone", "none")])
        ['a       here  its source', 'longer  gone  none']
    """
    widths: dict[int, int] = {}
    for row in rows:
        for column, entry in enumerate(row[:-1]):
            widths[column] = max(widths.get(column, 0), len(entry))
    return ["  ".join([*(e.ljust(widths[c]) for c, e in enumerate(row[:-1])), row[-1]]) for row in rows]
