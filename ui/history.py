"""What the browser's Back returns to, one entry a page and one a step of the lesson: see `widgets/history.js`."""

from pathlib import Path

__all__ = ["HISTORY"]

HISTORY = (Path(__file__).parent / "widgets" / "history.js").read_text(encoding="utf-8")
