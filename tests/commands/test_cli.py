"""The command line as a whole: misuse, help, and the list of checkpoints."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core import __version__
from dlgmm_core.commands import listing
from dlgmm_core.commands.table import COMMANDS
from dlgmm_core.experiments.table import EXPERIMENTS
from dlgmm_core.runtime.program import PROGRAM
from dlgmm_core.store.checkpoints import HISTORY, METRICS, PER_IMAGE, POSTERIORS, TSNE, WEIGHTS, read_checkpoint
from tests.cli_helpers import error_of, run, tiny_world, train


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


@pytest.mark.parametrize(
    "arguments",
    [
        ["train", "vae"],
        ["train", "dlgmm", "--bound", "tight"],
        ["data", "cifar"],
        ["data", "get", "cifar"],
        ["train", "dlgmm", "--epochs", "many"],
        ["train", "dlgmm", "--schedule", "linear"],
        ["train", "dlgmm", "--precision", "float16"],
        ["train", "dlgmm", "--encoder-activation", "tanh"],
        ["train", "dlgmm", "--data-bias", "1"],
        ["train"],
        ["fit", "dlgmm"],
        [],
        ["evaluate"],
        ["evaluate", "mnist-dlgmm", "--samples"],
        ["reproduce", "mnist-dlgmm"],
        ["reproduce", "--only"],
        ["reproduce", "--jobs", "two"],
        ["list", "--device", "cpu"],
    ],
)
def test_misuse_is_exit_code_two_and_one_sentence_that_names_the_help(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main(arguments)
    assert ending.value.code == 2
    known = [word for word in arguments[:1] if word in COMMANDS] + [word for word in arguments[1:2] if word == "get"]
    assert error_of(capsys).endswith(f" See “{' '.join([PROGRAM, *known])} --help”.")


def test_what_cannot_be_read_is_told_as_it_was_typed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["map", "one", "--seed", "-1.5"])
    assert error_of(capsys) == f"Argument --seed: invalid int value: '-1.5'. See “{PROGRAM} map --help”."
    with pytest.raises(SystemExit):
        cli.main(["train", "dlgmm", "--epoch", "1", "--sed", "2"])
    assert error_of(capsys) == f"Unrecognized arguments: --sed 2. See “{PROGRAM} train --help”."


@pytest.mark.parametrize("command", COMMANDS)
def test_help_describes_every_option(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main([command, "--help"])
    assert ending.value.code == 0
    described = capsys.readouterr().out
    assert described.startswith(f"usage: {PROGRAM} {command} ")
    assert ("--checkpoints DIR" in described) == (command != "data")
    assert "%(" not in described and "None" not in described


def test_the_help_as_a_whole_names_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["--help"])
    described = capsys.readouterr().out
    assert all(re.search(rf"^ +{command}\s+\w", described, re.MULTILINE) for command in COMMANDS)


def test_the_version_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main(["--version"])
    assert ending.value.code == 0 and capsys.readouterr().out == f"dlgmm {__version__}\n"


def test_a_list_shows_every_checkpoint_and_what_is_wrong_with_a_broken_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train(tmp_path, "dlgmm", "--epochs", "1", "--name", "good") == 0
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / WEIGHTS).write_bytes(b"nothing of the kind")
    (tmp_path / "lost").mkdir()
    (tmp_path / "lost" / METRICS).write_text(json.dumps({}), encoding="utf-8")
    capsys.readouterr()
    assert run(tmp_path, "list") == 0
    bad, good, lost = capsys.readouterr().out.splitlines()
    assert re.fullmatch(rf"bad +BROKEN +\S*/bad/{WEIGHTS} is damaged \(.*\): restore it, or remove the folder\.", bad)
    assert re.fullmatch(rf"lost +BROKEN +\S*/lost/{WEIGHTS} is missing: train again, or remove the folder\.", lost)
    assert {line.index(word) for line, word in ((bad, "BROKEN"), (good, "DLGMM"), (lost, "BROKEN"))} == {6}
    bound = read_checkpoint(tmp_path / "good").valid_bound
    assert good.split() == ["good", "DLGMM", "mnist", "D=2", "K=3", "epoch", "1", "eq1", f"{bound:.2f}", "nats"]


def test_a_list_says_which_file_beside_sound_weights_is_damaged(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("one", "two"):
        assert train(tmp_path, "dlgmm", "--epochs", "1", "--name", name) == 0
    assert run(tmp_path, "evaluate", "one", "two", "--samples", "2") == 0
    capsys.readouterr()
    assert run(tmp_path, "list") == 0
    sound = capsys.readouterr().out.splitlines()
    for damaged in (METRICS, PER_IMAGE, TSNE, HISTORY, POSTERIORS):
        path = tmp_path / "one" / damaged
        before = path.read_bytes() if path.exists() else None
        content = before or b"not what it should be"
        path.write_bytes(content[: len(content) // 2])
        assert run(tmp_path, "list") == 0
        one, two = capsys.readouterr().out.splitlines()
        assert one.startswith(f"{sound[0]}  {path} ") and one.count(str(path)) == 1
        assert re.fullmatch(r"\S+ is [^.]*\(.+\): [^.]+\.", one.removeprefix(sound[0]).strip())
        assert two == sound[1] and "two" in two
        path.unlink() if before is None else path.write_bytes(before)


def test_columns_of_a_list_are_as_wide_as_what_they_hold(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    long = "a-name-of-many-letters-" + "x" * 70
    for name in ("short", long):
        assert train(tmp_path, "gauss-vae", "--epochs", "1", "--name", name) == 0
    capsys.readouterr()
    assert run(tmp_path, "list") == 0
    first, second = capsys.readouterr().out.splitlines()
    for word in ("Gauss-VAE", "mnist", "D=2", "K=1", "epoch", "eq1"):
        assert first.index(f"  {word}") == second.index(f"  {word}"), word
    assert first.startswith(f"{long}  Gauss-VAE  mnist  D=2 ")
    assert cli.main(["reproduce", "--list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    name = max(EXPERIMENTS, key=len)
    assert f"{name}  {EXPERIMENTS[name].recipe} " in "\n".join(lines)
    columns = [[match.start() for match in re.finditer(r"(?<!\S)\S+", line)] for line in lines]
    assert len(lines) == len(EXPERIMENTS) and all(column == columns[0] for column in columns)


def test_a_list_of_an_empty_folder_says_what_to_do_and_of_none_that_was_named_is_an_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "notes.txt").touch()
    assert run(tmp_path, "list") == 0
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == (
        f"There is no checkpoint in {tmp_path}: give the folder of the checkpoints by --checkpoints, or train a"
        f" model first, such as by “{PROGRAM} train dlgmm --checkpoints {tmp_path}”.\n"
    )
    nowhere, file = tmp_path / "nowhere", Path(__file__)
    for folder, sentence in ((nowhere, f"There is no folder {nowhere}: "), (file, f"{file} is not a folder: ")):
        assert run(folder, "list") == 2
        assert error_of(capsys).startswith(sentence)
    monkeypatch.setattr(listing, "CHECKPOINTS", nowhere)  # the usual folder, before anything was trained
    assert run(nowhere, "list") == 0
    assert capsys.readouterr().err.startswith(f"There is no checkpoint in {nowhere}: ")
