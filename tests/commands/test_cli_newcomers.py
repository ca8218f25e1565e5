"""What somebody types who does not know the program yet: wrong names, paths, options, and an early Ctrl-C."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dlgmm_core import __main__ as cli
from dlgmm_core.commands import train as training
from dlgmm_core.config import ModelConfig
from dlgmm_core.store.checkpoints import HISTORY, PREVIEW, TRAINING, TSNE, WEIGHTS
from tests.checkpoint_helpers import save
from tests.cli_helpers import TINY, error_of, run, tiny_world, train


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


@pytest.mark.parametrize(
    "command",
    [
        ("train", "dlgmm", "--dataset", "minst"),
        ("train", "dlgmm", "--dataset", "MNIST"),
        ("evaluate", "one", "--dataset", "minst"),
        ("data", "show", "minst"),
    ],
    ids=" ".join,
)
def test_an_unknown_data_set_is_a_misuse_that_is_answered_with_the_nearest(
    command: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = () if command[0] == "data" else ("--checkpoints", str(tmp_path))
    save(tmp_path / "one")
    assert cli.main([*command, *folder]) == 2
    assert error_of(capsys).startswith(f"There is no data set {command[-1]!r}: did you mean mnist? Else choose one of ")


def test_an_unknown_experiment_is_answered_with_the_nearest(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path, "reproduce", "--only", "mnist-dlgmn") == 2
    assert "'mnist-dlgmn': did you mean mnist-dlgmm? Else give a recipe" in error_of(capsys)


def test_a_path_in_place_of_a_name_is_answered_with_how_to_say_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "one")
    assert run(tmp_path, "evaluate", f"{tmp_path}/one/") == 2
    assert error_of(capsys).endswith(f"give one --checkpoints {tmp_path}.")
    assert run(tmp_path, "evaluate", f"{tmp_path}/two") == 2
    assert error_of(capsys).startswith(f"There is no folder {tmp_path}/two, and a path is not a valid checkpoint name")
    assert run(tmp_path / "nowhere", "evaluate", "one") == 2
    assert error_of(capsys).startswith(f"There is no folder {tmp_path}/nowhere: give the folder of the checkpoints by")


@pytest.mark.parametrize("layer", ["2", "0", "-1"])
def test_a_layer_that_a_model_of_one_does_not_have(
    layer: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "one")
    assert run(tmp_path, "map", "one", "--layer", layer, "--output", str(tmp_path / "map")) == 2
    assert error_of(capsys) == f"one has 1 layer, and no layer {layer}: leave out --layer."


ON_FOLDERS = {
    "train": ("train", "dlgmm"),
    "evaluate": ("evaluate", "one"),
    "map": ("map", "one"),
    "reproduce": ("reproduce", "--only", "digits", "--list"),
    "export-html": ("export-html", "--output", "demo.html"),
    "list": ("list",),
}


@pytest.mark.parametrize("command", ON_FOLDERS)
def test_a_file_in_place_of_the_folder_of_checkpoints_is_a_misuse(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "notes.txt"
    file.touch()
    for place in (file, file / "below"):
        assert run(place, *ON_FOLDERS[command]) == 2
        assert error_of(capsys) == f"{file} is not a folder: give that of the checkpoints by --checkpoints."


@pytest.mark.parametrize(
    ("command", "option"),
    [
        *((command, "--checkpoints") for command in ON_FOLDERS),
        *((command, "--output") for command in ("map", "export-html")),
        ("train", "--data"),
    ],
)
def test_an_empty_path_is_not_the_working_folder(command: str, option: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ending:
        cli.main([*ON_FOLDERS[command], option, ""])
    assert ending.value.code == 2
    assert error_of(capsys).partition(". See")[0].endswith(f"{option}: the path is empty")


@pytest.mark.parametrize(
    ("asked", "ending"),
    [
        (("map", "one", "--iterations", "20", "--perplexity", "5"), ".safetensors"),
        (("export-html", "--checkpoint", "one"), ".html"),
    ],
)
def test_a_file_is_written_only_where_its_user_means_it_and_said_to_be_there(
    asked: tuple[str, ...], ending: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "one", ModelConfig("gauss-vae", 2, hidden=8))
    mine, pipe, broken = (tmp_path / f"{name}{ending}" for name in ("mine", "pipe", "broken"))
    mine.write_text("mine", encoding="utf-8")
    os.mkfifo(pipe)
    broken.symlink_to("nowhere")
    before = {path.name for path in tmp_path.iterdir()}
    for path, sentence in (
        (tmp_path / "new" / f"x{ending}", f"There is no folder {tmp_path}/new: make it first, or choose another"),
        (mine / f"x{ending}", f"There is no folder {mine}: make it first, or choose another"),
        (tmp_path / "one", f"{tmp_path}/one is a folder: name a file in it by"),
        (tmp_path / "x", f"{tmp_path}/x does not end in {ending}, the only format: choose another"),
        (tmp_path / "x.csv", f"{tmp_path}/x.csv does not end in {ending}, the only format: choose another"),
        (pipe, f"{pipe} is not a regular file: choose another"),
        (broken, f"{broken} is not a regular file: choose another"),
        (mine, f"{mine} exists: add --replace, or choose another"),
    ):
        assert run(tmp_path, *asked, "--output", str(path)) == 2, path
        assert error_of(capsys) == f"{sentence} --output."
    assert {path.name for path in tmp_path.iterdir()} == before
    assert mine.read_text(encoding="utf-8") == "mine"
    assert run(tmp_path, *asked, "--output", str(mine), "--replace") == 0
    assert mine.read_bytes() != b"mine" and str(mine) in capsys.readouterr().out


@pytest.mark.parametrize(
    "wrong",
    [
        ("--dataset", "minst"),
        ("--preview", "-1"),
        ("--preview", "nan"),
        ("--data", "nothing.npz"),
        ("--data", __file__, "--split", "0.5", "0.5", "0.5"),
        ("--data", __file__, "--image-size", "1", "8"),
        ("--prior-components", "diagonal", "--start-from", "nobody"),
    ],
    ids=" ".join,
)
def test_a_wrong_option_is_told_before_what_lies_under_the_name(
    wrong: tuple[str, ...], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "taken")
    assert train(tmp_path, "dlgmm", "--name", "taken", *wrong) == 2
    assert "taken exists already" not in error_of(capsys)
    assert [path.name for path in tmp_path.iterdir() if path.name != "data"] == ["taken"]


def test_a_wrong_name_or_link_is_told_before_a_file_that_is_in_the_way(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "one")
    (tmp_path / "page.html").touch()
    export = ("export-html", "-o", str(tmp_path / "page.html"), "--checkpoint")
    for wrong, words in (
        (("ones",), "There is no checkpoint"),
        (("one", "--link", "http://[x"), "not a web address"),
        (("one",), "page.html exists"),
    ):
        assert run(tmp_path, *export, *wrong) == 2
        assert words in error_of(capsys)


@pytest.mark.parametrize(
    "address", ["nonsense", "tcp://", "tcp://here", "smoke://here:1", "here:0", "a b:1", "tcp://h:99999"]
)
def test_what_is_no_address_of_a_scheduler_is_told_at_once(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(tmp_path, "reproduce", "--backend", "dask", "--scheduler", address) == 2
    assert error_of(capsys).startswith("--scheduler must be the address that `dask scheduler` prints, such as tcp://")


@pytest.mark.parametrize("preview", [(), ("--preview", "0.001")], ids=["plain", "watched"])
def test_a_run_that_is_stopped_in_its_first_epoch_keeps_nothing_and_says_so(
    preview: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fit = training.fit

    def stopped(run: Any, dataset: Any, on_step: Any) -> Iterator[Any]:
        def step(*numbers: Any) -> None:
            on_step(*numbers)
            if numbers[0] == 3:
                raise KeyboardInterrupt

        return fit(run, dataset, step)

    monkeypatch.setattr(training, "fit", stopped)
    assert run(tmp_path, "train", "gauss-vae", *TINY, *preview) == 130
    assert capsys.readouterr().err == "Stopped before the end of the first epoch: nothing of the run is kept.\n"
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("work", "command", "said"),
    [
        ("evaluate.per_image", "evaluate", "Stopped before anything was measured: nothing is kept."),
        ("evaluate.fit_tsne", "evaluate", "Stopped. Finished work is kept."),
        ("mapping.fit_tsne", "map", "Stopped."),
    ],
)
def test_a_command_that_is_stopped_says_that_work_is_kept_only_where_it_is(
    work: str,
    command: str,
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(tmp_path / "one", ModelConfig("gauss-vae", 2, hidden=8))
    monkeypatch.setattr(f"dlgmm_core.commands.{work}", interrupted)
    assert run(tmp_path, command, "one", "--device", "cpu") == 130
    assert capsys.readouterr().err.splitlines()[-1] == said


def test_the_list_names_folders_of_a_part_of_a_checkpoint_and_none_that_never_was_one(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save(tmp_path / "m-whole")
    parts = {
        "begun": ([TRAINING, HISTORY], f"has {TRAINING} and no {WEIGHTS}: resume its run"),
        "empty": ([], "is empty: train under this name"),
        "first": ([PREVIEW], "belongs to a run in its first epoch: if none is in progress, train again"),
        "killed": ([f".{TRAINING}.x1"], "belongs to a run in its first epoch: if none is in progress, train again"),
        "only-map": ([TSNE], f"{WEIGHTS} is missing: train again"),
    }
    others = {".hidden": ([], ""), "no name": ([], ""), "z-notes": (["notes.txt"], "")}
    for name, (files, _) in {**parts, **others}.items():
        (tmp_path / name).mkdir()
        for file in files:
            (tmp_path / name / file).touch()
    assert run(tmp_path, "list") == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert list(lines) == ["begun", "empty", "first", "killed", "m-whole", "only-map"]
    for name, (_, words) in parts.items():
        assert lines[name].startswith("BROKEN ") and lines[name].endswith(f"{words}, or remove the folder."), name


def test_a_run_whose_weights_were_not_written_is_gone_on_with_as_the_list_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("dlgmm_core.train.training.save_checkpoint", interrupted)
        assert train(tmp_path, "gauss-vae", "--epochs", "2", "--name", "one") == 130
    assert capsys.readouterr().err.endswith("Stopped. Finished work is kept.\n")
    assert run(tmp_path, "list") == 0
    assert "resume its run" in capsys.readouterr().out
    assert train(tmp_path, "gauss-vae", "--name", "one", "--resume") == 0


def interrupted(*arguments: object, **named: object) -> None:
    raise KeyboardInterrupt
