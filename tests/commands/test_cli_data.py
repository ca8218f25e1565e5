"""The command `data`: it fetches what is missing, unless nothing may be, and says what it has found."""

from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.runtime.program import PROGRAM
from tests.cli_helpers import error_of, handlers_kept, omniglot_can_be_fetched


def test_it_fetches_what_is_missing_unless_downloads_are_turned_off(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    omniglot_can_be_fetched(monkeypatch)
    with handlers_kept():
        assert cli.main(["data", "get", "omniglot"]) == 0
    assert capsys.readouterr().out == "omniglot: 60 training, 20 validation and 10 test images.\n"
    monkeypatch.setenv("DLGMM_DOWNLOAD", "0")
    with handlers_kept():
        assert cli.main(["data", "get", "omniglot"]) == 1
    assert error_of(capsys) == (
        "Omniglot is not on this computer, which downloads nothing by itself (DLGMM_DOWNLOAD): choose another data set,"
        f" or have “{PROGRAM} data get omniglot” run on it with DLGMM_DOWNLOAD=1."
    )


def test_what_cannot_be_fetched_is_one_sentence(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with handlers_kept():
        assert cli.main(["data", "get", "omniglot"]) == 1
    assert "images_background.zip is not in" in error_of(capsys)
