"""Short Python scripts, put together from lines: imports follow from the names that occur in them."""

import io
import json
from collections.abc import Sequence
from functools import cache
from importlib import import_module
from itertools import pairwise
from textwrap import indent
from token import NAME
from tokenize import generate_tokens

import numpy as np
from numpy.typing import NDArray

from dlgmm_core.config import Context
from dlgmm_core.store.checkpoints import Checkpoint

__all__ = ["each_model", "join", "load_model", "numbers", "quoted", "script"]

_STANDARD = {"b64decode": "base64"}
_SHORT = {"np": "import numpy as np", "torch": "import torch"}
_SLOW = dict.fromkeys(("anchor", "fit_tsne"), "dlgmm_core.analysis.tsne")  # not imported to be looked through
_CORE = (
    "analysis.clusters",
    "analysis.generation",
    "analysis.image_statistics",
    "analysis.inspection",
    "analysis.interpolation",
    "analysis.kumaraswamy_series",
    "analysis.plane",
    "analysis.plane_pictures",
    "analysis.prior_density",
    "config",
    "data.datasets",
    "evaluate.convergence",
    "evaluate.knn",
    "evaluate.likelihood",
    "evaluate.neighbours",
    "evaluate.per_image",
    "evaluate.plane_grid",
    "experiments.results",
    "model.objectives",
    "runtime.folders",
    "store.checkpoints",
    "store.history",
    "store.measurements",
    "store.tsne_map",
)


def script(*lines: str) -> str:
    """The lines, but for empty ones, below the imports that they need."""
    body = join(*lines)
    used = _names(body)
    others = [line for name, line in _SHORT.items() if name in used]
    groups = (_imports(used, _STANDARD), others, _imports(used, _core()))
    return "\n\n".join([*("\n".join(group) for group in groups if group), body]) + "\n"


def _names(body: str) -> set[str]:
    """The names that a script uses, without attributes; by tokens, because Python's parser is not thread-safe."""
    tokens = list(generate_tokens(io.StringIO(body).readline))
    return {name.string for before, name in pairwise(tokens) if name.type == NAME and before.string != "."}


@cache
def _core() -> dict[str, str]:
    """The module of every public name of the core that a script may use."""
    modules = [f"dlgmm_core.{name}" for name in _CORE]
    return _SLOW | {name: module for module in modules for name in import_module(module).__all__}


def _imports(used: set[str], origin: dict[str, str]) -> list[str]:
    modules: dict[str, list[str]] = {}
    for name in sorted(used & origin.keys(), key=lambda name: (not name.isupper(), name)):
        modules.setdefault(origin[name], []).append(name)
    return [f"from {module} import {', '.join(modules[module])}" for module in sorted(modules)]


def join(*lines: str) -> str:
    """The lines, but for empty ones."""
    return "\n".join(line for line in lines if line)


def load_model(checkpoint: Checkpoint, context: Context | None = None) -> str:
    """Lines that make `model` and `checkpoint`, and stop where the weights have changed since.

    At a context, `model` is the plain one that an amortised model is there.
    """
    at = "" if context is None else f"tuple({numbers(context.prior_means)}), {context.concentration:.15g}"
    return join(
        f"model, checkpoint = load_checkpoint(checkpoints_folder() / {quoted(checkpoint.name)})",
        f'assert checkpoint.digest == "{checkpoint.digest}"  # the weights shown',
        f"model = model.at(Context({at}))" if at else "",
    )


def each_model(checkpoints: Sequence[Checkpoint], *lines: str) -> str:
    """A loop that makes `name`, `model` and `checkpoint` of each, with `lines` as the rest of its body."""
    digests = "".join(f'    {quoted(c.name)}: "{c.digest}",\n' for c in checkpoints)
    body = join(
        "model, checkpoint = load_checkpoint(checkpoints_folder() / name)",
        "assert checkpoint.digest == digest  # the weights shown",
        *lines,
    )
    return f"digests = {{\n{digests}}}\nfor name, digest in digests.items():\n{indent(body, '    ')}"


def quoted(text: str) -> str:
    """A text as a literal, whatever characters it contains."""
    return json.dumps(text, ensure_ascii=False)


def numbers(values: Sequence[float] | NDArray[np.float64]) -> str:
    """A list of numbers, to 15 significant digits."""
    return f"[{', '.join(f'{value:.15g}' for value in values)}]"
