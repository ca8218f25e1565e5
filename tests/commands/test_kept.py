"""Folders that a command leaves empty are removed, whatever ended it; an interrupt says what is kept."""

from pathlib import Path

import pytest

from dlgmm_core.commands.kept import KEPT, true_of


@pytest.mark.parametrize("kind", [OSError, KeyboardInterrupt])
def test_an_empty_folder_is_removed_and_a_kept_file_stays(kind: type[BaseException], tmp_path: Path) -> None:
    empty, full = tmp_path / "empty", tmp_path / "full"
    empty.mkdir()
    full.mkdir()
    (full / "a").touch()
    with pytest.raises(kind) as stop, true_of([empty, full], ["a"], "Nothing is kept."):
        raise kind
    assert not empty.exists() and (full / "a").exists()
    assert str(stop.value) == (KEPT if kind is KeyboardInterrupt else "")
