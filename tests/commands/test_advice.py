"""Commands that the command line prints work as they are printed, from where they are printed."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.commands.table import COMMANDS, build_parser
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.store.checkpoints import METRICS
from tests.cli_helpers import TINY, error_of, omniglot_can_be_fetched, tiny_world

CORE = Path(cli.__file__).parent
ODD = "../results of a 'run'"  # which a shell reads as several words, or not at all, unless it is quoted


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """In a folder of its own, since paths may be relative to it."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    yield from tiny_world(monkeypatch)


def arguments(command: str) -> list[str]:
    """What a shell gives to the program."""
    assert command.startswith(f"{PROGRAM} ")
    return shlex.split(command.removeprefix(PROGRAM))


def test_a_trained_model_is_measured_by_the_command_that_training_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["train", "gauss-vae", *TINY, "--epochs", "1", "--name", "small", "--checkpoints", ODD]) == 0
    (command,) = re.findall(r"Measure it with: (.+)\n", capsys.readouterr().out)
    assert cli.main(arguments(command)) == 0
    assert (Path(ODD) / "small" / METRICS).exists()


def test_an_empty_place_is_filled_by_the_command_that_the_list_prints(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["list", "--checkpoints", ODD]) == 2
    (command,) = re.findall("“(.+)”", error_of(capsys))
    assert build_parser().parse_args(arguments(command)).checkpoints == Path(ODD)


def test_data_are_fetched_by_the_command_that_is_printed_or_it_is_said_that_nothing_may_be(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    omniglot_can_be_fetched(monkeypatch)
    assert cli.main(["data", "show", "omniglot"]) == 0
    (command,) = re.findall(r"fetch it by: (.+)\n", capsys.readouterr().out)
    assert cli.main(arguments(command)) == 0
    monkeypatch.setenv("DLGMM_DOWNLOAD", "0")
    capsys.readouterr()
    assert cli.main(["data", "show", "omniglot"]) == 1
    said = capsys.readouterr()
    assert "fetch it by" not in said.out and f"“{command}” run on it with DLGMM_DOWNLOAD=1." in said.err


def test_no_message_has_a_command_on_checkpoints_that_leaves_the_folder_out() -> None:
    on_checkpoints = "|".join(name for name in COMMANDS if name != "data")
    printed = re.compile(rf"(\{{PROGRAM\}}|\bdlgmm|-m dlgmm_core) ({on_checkpoints})\b(?! NAME)")  # of any program
    for path in [each for folder in ("dlgmm_core", "ui", "pages") for each in (CORE.parent / folder).rglob("*.py")]:
        source = path.read_text(encoding="utf-8").replace(cli.__doc__ or "", "")
        assert not printed.search(source), path
