"""Lines of Python for maps that a visitor has computed: they lie in no checkpoint's folder, and are computed again."""

from collections.abc import Mapping, Sequence

from dlgmm_core.store.checkpoints import Checkpoint
from dlgmm_core.store.tsne_map import ProjectionConfig
from ui import findings
from ui.exporting.scripts import quoted

__all__ = ["define_own", "own_settings", "stored_map"]


def own_settings(checkpoints: Sequence[Checkpoint]) -> dict[str, ProjectionConfig]:
    """Settings of those maps that the visitor has computed, by name of the checkpoint.

    Raises:
        CheckpointError: if a file is damaged.
    """
    own = [c for c in checkpoints if findings.map_path(c).parent != c.folder]
    return {c.name: stored[1] for c in own if (stored := findings.tsne_map(c)) is not None}


def define_own(settings: Mapping[str, ProjectionConfig]) -> str:
    """Lines that make `own`, these settings by name; none where there are none."""
    rows = "".join(f"    {quoted(name)}: {each!r},\n" for name, each in settings.items())
    return f"own = {{  # maps that were computed on the page\n{rows}}}" if rows else ""


def stored_map(target: str, own: Mapping[str, ProjectionConfig]) -> str:
    """Lines of a loop that make `target`, the map (N, 2) of a model, and its `settings`."""
    if not own:
        return f"{target}, settings = load_map(checkpoint, len(test))"
    again = "fit_tsne(encode(model, test.binary), own[name]), own[name]"
    return f"{target}, settings = (\n    ({again}) if name in own else load_map(checkpoint, len(test))\n)"
