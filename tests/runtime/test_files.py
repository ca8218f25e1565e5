"""A file is whole or not there, and what keeps it from being written is told in one sentence."""

import errno
import os
from pathlib import Path

import pytest

from dlgmm_core.runtime.files import (
    StorageError,
    of_one_version,
    remove,
    remove_leftovers,
    require_writable,
    unwritable,
    write_atomically,
)


@pytest.mark.parametrize(
    ("number", "cure"),
    [
        (errno.ENOSPC, "make room on that disk"),
        (errno.EDQUOT, "make room on that disk"),
        (errno.EROFS, "allow this program to write there"),
        (errno.EACCES, "allow this program to write there"),
        (errno.EIO, "check that disk or folder"),
    ],
)
def test_the_sentence_says_where_why_and_what_to_do(number: int, cure: str) -> None:
    sentence = str(unwritable(Path("a/b"), OSError(number, os.strerror(number))))
    assert sentence == (
        f"a/b cannot be written ({os.strerror(number)}): {cure} and try again; what was saved before is kept."
    )


def test_a_file_in_the_place_of_a_folder_is_a_sentence(tmp_path: Path) -> None:
    """No right to write, not even root's, helps against this."""
    (tmp_path / "file").touch()
    for act in (
        lambda: write_atomically(tmp_path / "file" / "x", b""),
        lambda: require_writable(tmp_path / "file"),
        lambda: remove(tmp_path / "file" / "x"),
    ):
        with pytest.raises(
            StorageError, match=r"file.* cannot be written \((Not a directory|File exists)\): check that disk"
        ):
            act()


def test_removing_what_is_not_there_is_no_error(tmp_path: Path) -> None:
    remove(tmp_path / "x")


def test_leftovers_of_the_files_named_are_removed_and_no_others(tmp_path: Path) -> None:
    for name in ("a.json", ".a.json.x7_", ".b.json.x7_", "a.json.x"):
        (tmp_path / name).touch()
    remove_leftovers(tmp_path, ["a.json"])
    assert {path.name for path in tmp_path.iterdir()} == {"a.json", ".b.json.x7_", "a.json.x"}
    remove_leftovers(tmp_path / "nowhere", ["a.json"])


def test_a_folder_that_can_be_written_is_left_as_it_was(tmp_path: Path) -> None:
    require_writable(tmp_path)
    assert not list(tmp_path.iterdir())


def test_two_readings_of_a_file_are_of_one_version(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomically(path, b"old")
    replaced = iter([True, False])

    def read() -> tuple[bytes, bytes]:
        first = path.read_bytes()
        if next(replaced):
            write_atomically(path, b"new")
        return first, path.read_bytes()

    assert of_one_version(path, read) == (b"new", b"new")


def test_what_fails_because_the_file_was_replaced_meanwhile_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "x"
    write_atomically(path, b"old")

    def read() -> bytes:
        if path.read_bytes() == b"old":
            write_atomically(path, b"new")
            raise StorageError("half of it is old")
        return path.read_bytes()

    assert of_one_version(path, read) == b"new"


def test_what_fails_though_nobody_replaced_the_file_fails_once(tmp_path: Path) -> None:
    path, readings = tmp_path / "x", []
    write_atomically(path, b"damaged")

    def read() -> None:
        readings.append(path)
        raise StorageError("it is damaged")

    with pytest.raises(StorageError, match="it is damaged"):
        of_one_version(path, read)
    assert len(readings) == 1
