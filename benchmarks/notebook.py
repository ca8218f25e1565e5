"""Executes the notebook of the documentation and saves what its cells show: `python -m benchmarks.notebook`.

As in Jupyter, which is not needed, cells share their names, and the value of an expression at a cell's end is shown: as
HTML or as a picture where it has such a form.
"""

import ast
import base64
import contextlib
import io
import json
from pathlib import Path
from typing import Any

__all__ = ["NOTEBOOK", "executed"]

NOTEBOOK = Path(__file__).resolve().parents[1] / "docs" / "paper.ipynb"


def main() -> None:
    """Writes the outputs into the notebook."""
    notebook = executed(json.loads(NOTEBOOK.read_text(encoding="utf-8")))
    NOTEBOOK.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def executed(notebook: dict[str, Any]) -> dict[str, Any]:
    """A notebook, in nbformat 4, with new outputs; its code runs in the notebook's own folder."""
    names: dict[str, Any] = {"__name__": "__main__"}
    cells, count = [], 0
    with contextlib.chdir(NOTEBOOK.parent):
        for cell in notebook["cells"]:
            if cell["cell_type"] == "code":
                count += 1
                outputs = _outputs("".join(cell["source"]), count, names)
                cells.append({**cell, "execution_count": count, "outputs": outputs})
            else:
                cells.append(cell)
    return {**notebook, "cells": cells}


def _outputs(source: str, count: int, names: dict[str, Any]) -> list[dict[str, Any]]:
    """Runs a cell; what it prints, and the value of its last expression."""
    body = ast.parse(source).body
    last = body.pop() if isinstance(body[-1], ast.Expr) else None
    printed, place, value = io.StringIO(), f"cell {count}", None
    with contextlib.redirect_stdout(printed):
        exec(compile(ast.Module(body, []), place, "exec"), names)
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), place, "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": printed.getvalue()})
    if value is not None:
        shown = {"data": _forms(value), "execution_count": count, "metadata": {}, "output_type": "execute_result"}
        outputs.append(shown)
    return outputs


def _forms(value: object) -> dict[str, str]:
    """How a value shows itself, by media type; its text is short where it has another form."""
    if (as_html := getattr(value, "_repr_html_", None)) is not None:
        return {"text/html": as_html(), "text/plain": f"<{type(value).__name__}>"}
    if (as_png := getattr(value, "_repr_png_", None)) is not None:
        return {"image/png": base64.b64encode(as_png()).decode(), "text/plain": f"<{type(value).__name__}>"}
    return {"text/plain": repr(value)}


if __name__ == "__main__":
    main()
