"""The subcommand `export-html`: one file that loads nothing, or a sentence, and no file."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.model.models import build_model
from dlgmm_core.store.checkpoints import save_checkpoint
from tests.cli_helpers import error_of, run, tiny_world

MIXTURE = ModelConfig("dlgmm", 2, 3, (-1.0, 0.0, 1.0), (1.0, 1.0, 1.0), hidden=8)


@pytest.fixture(autouse=True)
def tiny(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    yield from tiny_world(monkeypatch)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    configs = {
        "mixture": MIXTURE,
        "plain": ModelConfig("gauss-vae", 3, hidden=8, depth=2),
        "pieces": ModelConfig("sb-vae", 3, hidden=8),
        "convolutions": ModelConfig("gauss-vae", 3, hidden=8, body="conv"),
        "layers": ModelConfig("gauss-vae", 3, hidden=8, layers=2),
    }
    for name, config in configs.items():
        save_checkpoint(tmp_path / name, build_model(config).state_dict(), config, TrainConfig(), 1, -1.0)
    return tmp_path


def export(folder: Path, *names: str, output: str = "demo.html", more: tuple[str, ...] = ()) -> int:
    return run(folder, "export-html", "--checkpoint", *names, "-o", str(folder / output), *more)


def test_a_file_holds_its_models_and_allows_its_own_script_alone(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(folder, "mixture", "plain", "pieces", more=("--link", "https://example.org/?a=1&b=<2>")) == 0
    assert "mixture, plain, pieces" in capsys.readouterr().out
    text = (folder / "demo.html").read_text(encoding="utf-8")
    policy = re.findall(r'Content-Security-Policy" content="([^"]+)"', text)[0]
    assert "default-src 'none'" in policy and "unsafe" not in policy and policy.count("sha256-") == 2
    assert re.findall(r'(?:src|href)="([^"]*)"', text) == ["https://example.org/?a=1&amp;b=&lt;2&gt;"]
    assert not re.search(r"\beval\(|new Function|\bfetch\(|import\(", text)
    assert len(text) < 200_000


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("nobody", "There is no checkpoint"),
        ("../mixture", "not a valid checkpoint name"),
        ("convolutions", "has a conv body"),
        ("layers", "2 stochastic layers"),
    ],
)
def test_a_model_that_no_browser_runs_is_a_sentence(
    name: str, words: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(folder, "mixture", name) == 2
    assert words in error_of(capsys)
    assert not (folder / "demo.html").exists()


@pytest.mark.parametrize(
    "link",
    [
        "",
        " ",
        "javascript:alert(1)",
        "example.org",
        "//example.org",
        "https://:80",
        "ftp://example.org",
        "https://example.org/a b",
        "https://example.org\n",
        "https://example.org/\udcff",
        "https://example.org:port",
        "https://[example.org",
    ],
)
def test_a_link_that_is_no_web_address_is_a_sentence(
    link: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert export(folder, "mixture", more=("--link", link)) == 2
    assert error_of(capsys) == f"The link {link!r} is not a web address: give one such as https://example.org/course."
    assert not (folder / "demo.html").exists()
