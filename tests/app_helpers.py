"""What tests of the app's pages share: how a page is opened, and what is read off it."""

from collections.abc import Callable
from pathlib import Path

from streamlit.testing.v1 import AppTest

from dlgmm_core.checkpoints import WEIGHTS, Checkpoint, read_checkpoint
from dlgmm_core.models import MODELS

MAIN = Path(__file__).resolve().parent.parent / "ui" / "main.py"
PAGES = {
    "overview": "Deep latent Gaussian mixtures",
    "components": "Components",
    "digit": "Your digit",
    "latent": "Latent space",
    "knn": "kNN",
    "likelihood": "Likelihood",
    "train": "Train",
}

Make = Callable[..., Checkpoint]


def make_mixture(make: Make, name: str, means: tuple[float, ...], scales: tuple[float, ...]) -> Checkpoint:
    return make(name, "dlgmm", num_components=len(means), prior_means=means, prior_scales=scales)


def start() -> AppTest:
    return AppTest.from_file(MAIN, default_timeout=60).run()


def turn_to(at: AppTest, page: str) -> AppTest:
    at.switch_page(f"../pages/{page}.py").run()
    assert not at.exception, at.exception
    return at


def open_page(page: str, **query: str) -> AppTest:
    at = start()
    at.query_params.update({name.replace("_", "-"): value for name, value in query.items()})
    return turn_to(at, page)


def pictures(at: AppTest) -> list[str]:
    """One address a picture, made of its content."""
    return [url for image in at.get("image") for url in image.value]  # type: ignore[union-attr]


def one_error(at: AppTest) -> str:
    assert not at.exception
    assert len(at.error) == 1
    text: str = at.error[0].value
    assert "\n" not in text and text.endswith((".", "”"))
    return text


def first_mixture(folder: Path) -> Checkpoint:
    """The mixture of most different components."""
    found = [read_checkpoint(path.parent) for path in sorted(folder.glob(f"*/{WEIGHTS}"))]
    mixtures = [c for c in found if MODELS[c.model_config.model].is_mixture]
    return max(mixtures, key=lambda c: len(set(c.model_config.prior_means)))
