"""A checkpoint's name is a word, never a path, and fit to be shown: whatever else is refused in one sentence."""

import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dlgmm_core.__main__ import main
from dlgmm_core.store.files import CheckpointError
from dlgmm_core.store.listing import BrokenCheckpoint, list_checkpoints
from dlgmm_core.store.names import checkpoint_folder
from tests.checkpoint_helpers import save
from tests.fuzz_helpers import assert_one_sentence, fuzz

HOSTILE_NAMES = [
    *("", ".", "..", "../x", "a/b", "/etc", "a\\b", ".hidden", "-option", "a b", "a\n", "a\x00b", "\x1b[31m"),
    *("<script>alert(1)</script>", "![x](y)", "a" * 101, "ä", "\u202eabc", "a%2fb", "a?b", "a#b"),
    *("CON", "nul", "con.txt", "LPT1", "Com9.tar.gz", "a.", "a..", "a "),  # not what they seem on Windows
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_what_is_no_name_of_a_checkpoint_is_refused_in_one_sentence(name: str, tmp_path: Path) -> None:
    with pytest.raises(CheckpointError) as refused:
        checkpoint_folder(tmp_path, name)
    assert_one_sentence(refused.value)


@pytest.mark.parametrize("name", ["a..b", "con1", "console", "com", "nulls", "a-", "a_", "7"])
def test_a_name_that_only_resembles_a_reserved_one_is_accepted(name: str, tmp_path: Path) -> None:
    assert checkpoint_folder(tmp_path, name) == tmp_path / name


def test_a_name_that_is_there_in_another_case_is_refused_for_it_is_one_name_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "Mine").mkdir()
    assert checkpoint_folder(tmp_path, "Mine") == tmp_path / "Mine"
    for name in ("mine", "MINE"):
        with pytest.raises(CheckpointError, match=f"has a folder 'Mine', and no '{name}': use the first name"):
            checkpoint_folder(tmp_path, name)


@fuzz(80)
@given(name=st.text(max_size=120) | st.from_regex(r"[A-Za-z0-9._-]{0,110}", fullmatch=True))
def test_a_name_that_is_taken_is_a_folder_right_beneath_the_root(name: str, tmp_path: Path) -> None:
    with suppress(CheckpointError):
        folder = checkpoint_folder(tmp_path, name)
        assert folder.name == name and folder.resolve().parent == tmp_path.resolve()


@pytest.mark.parametrize("name", [n for n in HOSTILE_NAMES if n not in ("", ".", "..") and not set(n) & {"/", "\x00"}])
def test_a_folder_of_another_name_is_listed_as_broken_and_harmless(name: str, tmp_path: Path) -> None:
    for each in ("fine", name):
        save(tmp_path / each)
    (broken,) = (entry for entry in list_checkpoints(tmp_path) if isinstance(entry, BrokenCheckpoint))
    assert not set(broken.name) & set("<>()[]\\\n\x1b\u202e *`")
    assert broken.reason.isprintable() and "is not a valid checkpoint name" in broken.reason


@pytest.mark.parametrize("arguments", [["evaluate", "../x"], ["map", "../x"], ["train", "dlgmm", "--name", "../x"]])
def test_the_command_line_leaves_its_folder_for_no_name(
    arguments: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("signal.signal", lambda *_: None)
    root = tmp_path / "root"
    save(tmp_path / "x")
    before = sorted(tmp_path.rglob("*"))
    assert main([*arguments, "--checkpoints", str(root)]) == 2
    assert re.search("error: .*../x.* is not a valid checkpoint name", capsys.readouterr().err)
    assert sorted(tmp_path.rglob("*")) == before
