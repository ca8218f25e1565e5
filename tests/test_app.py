"""Pages as scripts: each opens, follows its widgets, shows the core's figures, and says in a sentence what is amiss."""

import base64
import io
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dlgmm_core import __main__ as cli
from dlgmm_core.checkpoints import (
    HISTORY,
    METRICS,
    TSNE,
    WEIGHTS,
    Checkpoint,
    load_checkpoint,
    read_checkpoint,
    read_metrics,
    save_checkpoint,
    save_metrics,
)
from dlgmm_core.config import ModelConfig, TrainConfig
from dlgmm_core.data import Dataset, load_dataset
from dlgmm_core.evaluation import encode, error_rate, neighbours, vote
from dlgmm_core.inspection import inspect_image
from dlgmm_core.models import MODELS, build_model
from dlgmm_core.projection import ProjectionConfig, load_map, save_map
from dlgmm_core.sources import DataError
from ui import jobs, loaders, training
from ui.jobs import Job

ROOT = Path(__file__).resolve().parent.parent
MAIN = ROOT / "ui" / "main.py"
PAGES = {
    "overview": "Deep latent Gaussian mixtures",
    "components": "Components",
    "digit": "Your digit",
    "latent": "Latent space",
    "knn": "kNN",
    "likelihood": "Likelihood",
    "train": "Train",
}
NEED_A_MODEL = ("components", "digit", "latent", "knn", "likelihood")

Make = Callable[..., Checkpoint]


# --- the app, on checkpoints of the test's own ---------------------------------------------------


@pytest.fixture(scope="session")
def copied(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's checkpoints, copied, so that no test can write into them."""
    folder = tmp_path_factory.mktemp("app") / "checkpoints"
    shutil.copytree(ROOT / "checkpoints", folder, ignore=shutil.ignore_patterns("training.safetensors", "*.log", ".*"))
    return folder


def use(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for module in (loaders, jobs, training):
        monkeypatch.setattr(module, "CHECKPOINTS", folder)
    return folder


@pytest.fixture(autouse=True)
def repository(copied: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """What the app finds unless a test says otherwise."""
    return use(copied, monkeypatch)


@pytest.fixture
def shelf(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of checkpoints."""
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    return use(folder, monkeypatch)


@pytest.fixture
def make(shelf: Path) -> Make:
    """Puts a tiny untrained checkpoint on the shelf."""

    def make(name: str, model: str = "gauss-vae", **changes: object) -> Checkpoint:
        config = replace(ModelConfig(model, 3, hidden=4), **changes)  # type: ignore[arg-type]
        save_checkpoint(shelf / name, build_model(config).state_dict(), config, TrainConfig(), 3, -123.4)
        return read_checkpoint(shelf / name)

    return make


def make_mixture(make: Make, name: str, means: tuple[float, ...], scales: tuple[float, ...]) -> Checkpoint:
    return make(name, "dlgmm", num_components=len(means), prior_means=means, prior_scales=scales)


@pytest.fixture
def few_digits(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dataset]:
    """MNIST with 3,000 images to search and 300 to classify."""
    whole = loaders.dataset("mnist")
    few = replace(whole, train=whole.train[:3000], test=whole.test[:300])
    monkeypatch.setattr(loaders, "dataset", lambda name: few)
    kept = (loaders.codes, loaders.neighbour_indices)
    for function in kept:
        function.clear()
    yield few
    for function in kept:
        function.clear()


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
    return [url for image in at.get("image") for url in image.value]


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


# --- every page ----------------------------------------------------------------------------------


@pytest.mark.parametrize("page", PAGES)
def test_a_page_opens_on_the_checkpoints_of_the_repository(page: str, few_digits: Dataset) -> None:
    at = turn_to(start(), page) if page != "overview" else start()
    assert not at.exception
    assert [title.value for title in at.title] == [PAGES[page]]
    assert not at.error and not at.sidebar.warning


@pytest.mark.parametrize("page", PAGES)
def test_a_page_without_any_checkpoint_says_so_in_a_sentence(page: str, shelf: Path) -> None:
    at = turn_to(start(), page) if page != "overview" else start()
    assert not at.exception and not at.error
    if page in NEED_A_MODEL:
        assert [box.value for box in at.info] == [
            "No checkpoint trained on MNIST is chosen: choose one in the sidebar, or train one on the page **Train**."
        ]
        assert not at.get("image") and not at.dataframe


@pytest.mark.parametrize("page", NEED_A_MODEL)
def test_a_page_says_that_nothing_is_chosen_in_the_sidebar(page: str) -> None:
    at = start()
    at.multiselect(key="checkpoints-mnist").set_value([])
    turn_to(at, page)
    assert len(at.info) == 1 and "choose one in the sidebar" in at.info[0].value


@pytest.mark.parametrize("page", NEED_A_MODEL)
def test_a_data_set_without_a_checkpoint_is_named(page: str, make: Make) -> None:
    make("one")
    at = start()
    at.selectbox(key="dataset").set_value("omniglot")
    turn_to(at, page)
    assert len(at.info) == 1 and "No checkpoint trained on Omniglot is chosen" in at.info[0].value


@pytest.mark.parametrize("page", PAGES)
def test_a_broken_checkpoint_is_named_in_the_sidebar_and_the_rest_goes_on(
    page: str, make: Make, shelf: Path, few_digits: Dataset
) -> None:
    make_mixture(make, "whole", (-1.0, 1.0), (1.0, 1.0))
    make("cut")
    content = (shelf / "cut" / WEIGHTS).read_bytes()
    (shelf / "cut" / WEIGHTS).write_bytes(content[:200])
    at = turn_to(start(), page) if page != "overview" else start()
    assert not at.exception and not at.error
    assert len(at.sidebar.warning) == 1
    assert at.sidebar.warning[0].value.startswith(f"**cut** is left out. {shelf / 'cut' / WEIGHTS} is damaged")
    assert at.multiselect(key="checkpoints-mnist").value == ["whole"]
    assert [title.value for title in at.title] == [PAGES[page]]


@pytest.mark.parametrize("page", ["digit", "knn"])
def test_data_that_cannot_be_had_is_a_sentence(page: str, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make("one")

    def fail(name: str) -> Dataset:
        raise DataError("The digits are not here: fetch them.")

    monkeypatch.setattr(loaders, "dataset", fail)
    assert one_error(turn_to(start(), page)) == "The digits are not here: fetch them."


@pytest.mark.parametrize("page", ["overview", "likelihood"])
def test_damaged_figures_are_a_sentence_that_names_the_file(page: str, make: Make, shelf: Path) -> None:
    make("one")
    (shelf / "one" / METRICS).write_text("{")
    at = turn_to(start(), page) if page != "overview" else start()
    assert METRICS in one_error(at)


def test_a_new_checkpoint_appears_and_begins_as_chosen(make: Make) -> None:
    make("one")
    make("two")
    at = start()
    at.multiselect(key="checkpoints-mnist").set_value(["two"]).run()
    make("three")
    at.run()
    assert at.multiselect(key="checkpoints-mnist").value == ["two", "three"]
    assert at.multiselect(key="checkpoints-mnist").options == ["one", "three", "two"]


def test_a_checkpoint_that_leaves_the_choice_leaves_the_page(make: Make) -> None:
    make("one")
    make("two")
    at = turn_to(start(), "digit")
    at.selectbox(key="digit-checkpoint").set_value("one").run()
    at.multiselect(key="checkpoints-mnist").set_value(["two"]).run()
    assert not at.exception
    assert at.selectbox(key="digit-checkpoint").value == "two"


@pytest.mark.parametrize(
    ("page", "query"),
    [
        ("digit", {"digit_checkpoint": "nobody"}),
        ("digit", {"digit_index": "99999999"}),
        ("digit", {"digit_index": "x"}),
        ("components", {"components_seed": "-5"}),
        ("knn", {"knn_points": "7", "knn_code": "median", "knn_metric": "taxi"}),
        ("likelihood", {"dataset": "cifar"}),
    ],
)
def test_an_address_that_makes_no_sense_opens_the_page_all_the_same(
    page: str, query: dict[str, str], make: Make, few_digits: Dataset
) -> None:
    make_mixture(make, "one", (0.0, 1.0), (1.0, 1.0))
    at = open_page(page, **query)
    assert [title.value for title in at.title] == [PAGES[page]] and not at.error


# --- overview ------------------------------------------------------------------------------------


def test_the_overview_shows_a_card_for_each_model_and_a_line_for_each_checkpoint(repository: Path) -> None:
    at = start()
    assert [s.value for s in at.subheader] == ["Gauss-VAE", "DLGMM", "SB-VAE", "DLDPMM"]
    held = {read_checkpoint(path.parent).model_config.model for path in repository.glob(f"*/{WEIGHTS}")}
    assert len(pictures(at)) == len(held)
    assert sum("No trained checkpoint" in box.value for box in at.info) == 4 - len(held)
    names = sorted(path.parent.name for path in repository.glob(f"*/{WEIGHTS}"))
    assert at.dataframe[0].value["Checkpoint"].tolist() == names


def test_the_overview_prints_measured_figures_and_dashes(make: Make) -> None:
    nll = {"50": {"value": 101.234, "ci95": 0.5, "ess": 3.0}, "500": {"value": 99.876, "ci95": 0.4, "ess": 9.0}}
    knn = {"mean": {"5": {"error": 12.345, "ci95": 0.1}}}
    save_metrics(make("measured", code_dim=25), {"test": {"mnist": {"nll": nll, "knn": knn}}})
    make("raw")
    table = start().dataframe[0].value.set_index("Checkpoint")
    assert table.loc["measured", "NLL (nats)"] == "99.88 ± 0.40 (S=500)"
    assert table.loc["measured", "kNN error, k=5 (%)"] == "12.35"
    assert table.loc["raw", "NLL (nats)"] == table.loc["raw", "kNN error, k=5 (%)"] == "–"


# --- components ----------------------------------------------------------------------------------


@pytest.fixture
def components(repository: Path) -> tuple[AppTest, Checkpoint]:
    """The page, on the repository's mixture of most different components."""
    checkpoint = first_mixture(repository)
    at = turn_to(start(), "components")
    at.selectbox(key="components-checkpoint").set_value(checkpoint.name).run()
    assert not at.exception
    return at, checkpoint


def reset_button(at: AppTest) -> object:
    (button,) = (b for b in at.button if b.label == "Reset to trained")
    return button


def test_components_show_a_row_each_at_their_trained_values(components: tuple[AppTest, Checkpoint]) -> None:
    at, checkpoint = components
    config = checkpoint.model_config
    sliders = {slider.key: slider.value for slider in at.slider}
    assert sliders == {
        **{f"mean-{checkpoint.name}-{k}": m for k, m in enumerate(config.prior_means)},
        **{f"scale-{checkpoint.name}-{k}": s for k, s in enumerate(config.prior_scales)},
    }
    assert len(pictures(at)) == config.num_components
    different = len(set(zip(config.prior_means, config.prior_scales, strict=True)))
    assert len(set(pictures(at))) == different
    assert reset_button(at).disabled  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", ["mean", "scale"])
@pytest.mark.parametrize("which", [0, -1])
def test_a_slider_changes_its_own_row_alone_and_reset_brings_it_back(
    components: tuple[AppTest, Checkpoint], kind: str, which: int
) -> None:
    at, checkpoint = components
    k = range(checkpoint.model_config.num_components)[which]
    before = pictures(at)
    slider = at.slider(key=f"{kind}-{checkpoint.name}-{k}")
    slider.set_value(slider.value + 0.45).run()
    assert not at.exception
    after = pictures(at)
    assert [a != b for a, b in zip(after, before, strict=True)] == [j == k for j in range(len(before))]
    assert any("Not retrained" in caption.value for caption in at.caption)
    reset_button(at).click().run()  # type: ignore[attr-defined]
    assert pictures(at) == before
    assert not any("Not retrained" in caption.value for caption in at.caption)
    assert reset_button(at).disabled  # type: ignore[attr-defined]


def test_equal_means_give_equal_rows(components: tuple[AppTest, Checkpoint]) -> None:
    at, checkpoint = components
    for k in range(checkpoint.model_config.num_components):
        at.slider(key=f"mean-{checkpoint.name}-{k}").set_value(0.5)
        at.slider(key=f"scale-{checkpoint.name}-{k}").set_value(1.0)
    at.run()
    assert len(set(pictures(at))) == 1


def test_another_seed_and_binarizing_change_every_row(components: tuple[AppTest, Checkpoint]) -> None:
    at, _ = components
    before = pictures(at)
    at.number_input(key="components-seed").set_value(7).run()
    other = pictures(at)
    assert all(a != b for a, b in zip(other, before, strict=True))
    at.number_input(key="components-seed").set_value(0).run()
    assert pictures(at) == before
    at.toggle(key="components-binary").set_value(True).run()
    assert not at.exception and not set(pictures(at)) & set(before)


def test_every_mixture_of_the_repository_can_be_chosen(components: tuple[AppTest, Checkpoint]) -> None:
    at, _ = components
    box = at.selectbox(key="components-checkpoint")
    for name in [c.name for c in loaders.checkpoints() if MODELS[c.model_config.model].is_mixture]:
        box = at.selectbox(key="components-checkpoint").set_value(name)
        box.run()
        assert not at.exception
        assert len(pictures(at)) == read_checkpoint(loaders.CHECKPOINTS / name).model_config.num_components


def test_without_a_mixture_the_components_are_a_sentence(make: Make) -> None:
    make("plain")
    at = turn_to(start(), "components")
    assert [box.value for box in at.info] == [
        "None of the chosen checkpoints is a mixture: choose a DLGMM or a DLDPMM in the sidebar."
    ]


def test_a_prior_far_outside_the_usual_means_can_still_be_shown(make: Make) -> None:
    make_mixture(make, "far", (-9.0, 0.123, 9.0), (0.01, 1.0, 5.0))
    at = turn_to(start(), "components")
    assert not at.exception
    assert [at.slider(key=f"mean-far-{k}").value for k in range(3)] == [-9.0, 0.123, 9.0]
    assert [at.slider(key=f"scale-far-{k}").value for k in range(3)] == [0.01, 1.0, 5.0]


# --- your digit ----------------------------------------------------------------------------------


def metrics_of(at: AppTest) -> list[str]:
    return [metric.value for metric in at.metric]


@pytest.mark.parametrize("index", [0, 9999])
def test_a_test_digit_shows_the_figures_of_the_core(index: int, repository: Path) -> None:
    checkpoint = first_mixture(repository)
    at = turn_to(start(), "digit")
    at.selectbox(key="digit-checkpoint").set_value(checkpoint.name)
    at.number_input(key="digit-index").set_value(index).run()
    assert not at.exception and not at.error
    image = loaders.dataset("mnist").test.binary[index]
    report = inspect_image(load_checkpoint(checkpoint.folder)[0], image, checkpoint.train_config.bound)
    assert metrics_of(at) == [f"{report.log_p:.1f}", f"{report.elbo:.1f}", f"{report.log_p - report.elbo:.1f}"]
    weights, densities = (json.loads(chart.proto.spec) for chart in at.get("plotly_chart"))
    names = [trace["name"] for trace in weights["data"]]
    assert names == ["weight E[π<sub>k</sub>|x]", "responsibility p(k|x)"]
    assert len(weights["data"][0]["x"]) == checkpoint.model_config.num_components
    assert len(densities["data"]) == checkpoint.model_config.num_components - 1
    label = loaders.dataset("mnist").test.labels[index]
    assert any(f"test image {index} of mnist, class {label}" in caption.value for caption in at.caption)


def test_another_test_digit_is_another_picture() -> None:
    at = turn_to(start(), "digit")
    before = pictures(at)
    at.number_input(key="digit-index").set_value(1).run()
    assert not set(pictures(at)) & set(before)


@pytest.mark.parametrize(
    ("model", "charts", "words"),
    [("gauss-vae", 0, "one bell and no stick"), ("sb-vae", 2, "mean code"), ("dldpmm", 2, "component 1 first")],
)
def test_every_kind_of_model_takes_a_digit(model: str, charts: int, words: str, make: Make) -> None:
    components = 2 if model == "dldpmm" else 1
    make("one", model, num_components=components, prior_means=(0.0,) * components, prior_scales=(1.0,) * components)
    at = turn_to(start(), "digit")
    assert len(at.get("plotly_chart")) == charts and len(metrics_of(at)) == 3
    shown = " ".join([c.value for c in at.caption] + [c for image in at.get("image") for c in image.captions])
    assert words in shown
    for chart in at.get("plotly_chart"):
        layout = json.loads(chart.proto.spec)["layout"]
        assert layout["xaxis"]["title"]["text"] and layout["yaxis"]["title"]["text"]


def png(levels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return file.getvalue()


def seven() -> np.ndarray:
    """Dark ink on light paper."""
    paper = np.full((120, 90), 230, np.uint8)
    paper[20:32, 20:70] = paper[20:100, 58:70] = 30
    return paper


@pytest.fixture
def upload(make: Make) -> Callable[[bytes], AppTest]:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Upload").run()
    assert not at.exception and not metrics_of(at)

    def upload(content: bytes) -> AppTest:
        at.file_uploader(key="digit-upload").set_value(("digit.png", content, "image/png")).run()
        return at

    return upload


def test_an_uploaded_picture_is_taken_through_the_model(upload: Callable[[bytes], AppTest]) -> None:
    at = upload(png(seven()))
    assert not at.exception and not at.error
    assert len(metrics_of(at)) == 3
    assert any("dark ink on light paper, inverted" in caption.value for caption in at.caption)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"this is no picture", "This file is not a picture that can be read: choose a PNG or a JPEG."),
        (png(seven())[:90], "This file is not a picture that can be read: choose a PNG or a JPEG."),
        (b"", "This file is empty: choose a picture of one digit."),
        (
            png(np.full((50, 50), 255, np.uint8)),
            "There is no ink in this picture: draw or photograph one digit on plain paper.",
        ),
        (png(np.zeros((1, 1), np.uint8)), "This picture is only 1 x 1 pixels: choose a larger one."),
    ],
    ids=["text", "truncated", "empty", "blank", "one pixel"],
)
def test_a_useless_upload_is_one_clear_sentence(
    content: bytes, sentence: str, upload: Callable[[bytes], AppTest]
) -> None:
    at = upload(content)
    assert one_error(at) == sentence
    assert not metrics_of(at)


def test_a_drawing_is_taken_through_the_model_and_kept_while_other_pages_are_open(make: Make) -> None:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Draw").run()
    assert not at.exception and not metrics_of(at)
    assert any("Draw one digit" in caption.value for caption in at.caption)
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(png(255 - seven())).decode()
    at.run()
    assert not at.exception and len(metrics_of(at)) == 3
    assert any("light ink on dark paper" in caption.value for caption in at.caption)
    before = pictures(at)
    turn_to(at, "components")
    turn_to(at, "digit")
    assert pictures(at) == before


@pytest.mark.parametrize("picture", ["data:image/png;base64,AAAA", "data:image/png;base64,%%%", "nonsense", 7])
def test_a_drawing_that_is_no_picture_does_no_harm(picture: object, make: Make) -> None:
    make("one")
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Draw").run()
    at.session_state["digit-pad-picture"] = picture
    at.run()
    assert not at.exception and not metrics_of(at) and len(at.error) <= 1


# --- latent space --------------------------------------------------------------------------------


@pytest.fixture
def mapped(make: Make) -> list[Checkpoint]:
    """Two checkpoints with maps, made up, and one without."""
    found = [make("a"), make("b"), make("c")]
    rng = np.random.default_rng(0)
    size = len(loaders.dataset("mnist").test)
    for checkpoint in found[:2]:
        coordinates = rng.normal(size=(size, 2)).astype(np.float32)
        save_map(checkpoint, coordinates, ProjectionConfig(perplexity=12, iterations=34, seed=56))
    return found


def test_maps_show_their_settings_and_a_missing_one_a_sentence(mapped: list[Checkpoint]) -> None:
    at = turn_to(start(), "latent")
    at.selectbox(key="latent-left").set_value("b")
    at.selectbox(key="latent-right").set_value("c").run()
    assert not at.exception
    (chart,) = at.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    assert len(figure["data"]) == 10 and figure["layout"]["xaxis"]["title"]["text"]
    assert any("perplexity 12, 34 iterations, seed 56" in caption.value for caption in at.caption)
    assert [box.value for box in at.info] == [
        "This checkpoint has no map yet: measuring it makes one, in a few minutes."
    ]


def test_a_selected_point_shows_its_image_and_reconstruction_on_both_sides(mapped: list[Checkpoint]) -> None:
    at = turn_to(start(), "latent")
    at.selectbox(key="latent-left").set_value("a")
    at.selectbox(key="latent-right").set_value("b").run()
    assert not at.get("image")
    at.session_state["latent-image"] = 42
    at.run()
    assert not at.exception and len(set(pictures(at))) == 2
    label = loaders.dataset("mnist").test.labels[42]
    assert all(f"Test image 42, class {label}" in c for image in at.get("image") for c in image.captions)
    for chart in at.get("plotly_chart"):
        assert len(json.loads(chart.proto.spec)["data"]) == 11  # the ring


@pytest.mark.parametrize(("name", "charts"), [("a", 2), ("c", 0)])
def test_one_model_on_both_sides_is_no_clash(name: str, charts: int, mapped: list[Checkpoint]) -> None:
    at = turn_to(start(), "latent")
    at.selectbox(key="latent-left").set_value(name)
    at.selectbox(key="latent-right").set_value(name).run()
    assert not at.exception and len(at.get("plotly_chart")) == charts


def test_every_map_of_the_repository_is_one_of_its_test_set(repository: Path) -> None:
    for checkpoint in loaders.checkpoints():
        stored = load_map(checkpoint)
        if stored is not None:
            assert stored[0].shape == (len(load_dataset(checkpoint.train_config.dataset).test), 2)
            assert np.isfinite(stored[0]).all()


def test_a_damaged_map_is_a_sentence_that_names_the_file(make: Make, shelf: Path) -> None:
    make("one")
    (shelf / "one" / TSNE).write_bytes(b"no map")
    assert TSNE in one_error(turn_to(start(), "latent"))


# --- kNN -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("representation", "metric", "points"),
    [("sample", "euclidean", 3000), ("mean", "euclidean", 1000), ("mean", "cosine", 2000)],
)
def test_the_table_of_errors_is_computed_from_the_codes_and_points_that_are_asked_for(
    representation: str, metric: str, points: int, few_digits: Dataset, repository: Path
) -> None:
    at = turn_to(start(), "knn")
    at.segmented_control(key="knn-code").set_value(representation)
    at.segmented_control(key="knn-metric").set_value(metric)
    at.slider(key="knn-points").set_value(points).run()
    assert not at.exception
    table = at.dataframe[0].value.set_index("Checkpoint")
    assert table.index.tolist() == [c.name for c in loaders.checkpoints()]
    for checkpoint in loaders.checkpoints():
        model = load_checkpoint(checkpoint.folder)[0]
        train, test = (encode(model, split.binary, representation) for split in (few_digits.train, few_digits.test))
        labels = few_digits.train.labels[neighbours(train[:points], test, 10, metric)]
        for k in (3, 5, 10):
            error = error_rate(vote(labels, k), few_digits.test.labels)
            assert table.loc[checkpoint.name, f"k = {k}"] == f"{error.value:.2f} ± {error.ci95:.2f}"
    assert any("300 test images" in c.value and f"{points:,} training codes" in c.value for c in at.caption)


def test_errors_of_the_paper_stand_beside_those_of_the_same_architecture(make: Make, few_digits: Dataset) -> None:
    make("g", code_dim=25)
    make("smaller")
    make("d", "dldpmm", code_dim=25, num_components=17, prior_means=(0.0,) * 17, prior_scales=(1.0,) * 17)
    table = turn_to(start(), "knn").dataframe[0].value.set_index("Checkpoint")
    assert [table.loc["g", f"paper, k = {k}"] for k in (3, 5, 10)] == ["28.40", "20.96", "15.33"]
    for name in ("smaller", "d"):
        assert [table.loc[name, f"paper, k = {k}"] for k in (3, 5, 10)] == ["–"] * 3


# --- likelihood ----------------------------------------------------------------------------------


def test_likelihoods_are_those_of_metrics_json(repository: Path) -> None:
    at = turn_to(start(), "likelihood")
    measured = {c.name: read_metrics(c).get("test", {}).get("mnist") for c in loaders.checkpoints()}
    missing = [name for name, figures in measured.items() if figures is None]
    assert [box.value for box in at.info] == [f"**{name}** has not been measured on MNIST." for name in missing]
    rows = {
        (name, int(size)): f"{nll['value']:.2f} ± {nll['ci95']:.2f}"
        for name, figures in measured.items()
        if figures is not None
        for size, nll in figures["nll"].items()
    }
    shown = {}
    for table in at.dataframe:
        for _, row in table.value.iterrows():
            shown[row["Checkpoint"], row["S"]] = row["−log p(x), nats"]
    assert shown == rows


def test_likelihoods_of_another_test_set_and_of_no_measurement(make: Make) -> None:
    figures = {
        "elbo": {"bound": "eq1", "value": -110.5, "ci95": 0.7},
        "nll": {"50": {"value": 104.321, "ci95": 0.654, "ess": 3.21}, "500": {"value": 101.0, "ci95": 0.6, "ess": 9}},
        "knn": {"mean": {"5": {"error": 5.0, "ci95": 0.4}}},
    }
    save_metrics(make("measured", code_dim=25), {"test": {"mnist": figures}})
    make("raw", "dldpmm")
    at = turn_to(start(), "likelihood")
    table = at.dataframe[0].value
    assert table["Checkpoint"].tolist() == ["measured", "measured"] and table["S"].tolist() == [50, 500]
    assert table["−log p(x), nats"].tolist() == ["104.32 ± 0.65", "101.00 ± 0.60"]
    assert table["−ELBO, nats"].tolist() == ["110.50 (eq1)"] * 2
    assert table["Paper, S = 50"].tolist() == ["96.80"] * 2
    assert [box.value for box in at.info] == ["**raw** has not been measured on MNIST."]
    assert [b.key for b in at.button] == ["measure-raw"]
    at.selectbox(key="dataset").set_value("binarized-mnist").run()
    assert not at.exception and not at.dataframe and len(at.info) == 2
    assert all("has not been measured on Binarized MNIST" in box.value for box in at.info)
    assert "python -m dlgmm_core evaluate raw --dataset binarized-mnist" in [block.value for block in at.code]


# --- train ---------------------------------------------------------------------------------------


class Manager:
    """Stands in for the manager of jobs: remembers what it was asked, and starts nothing."""

    def __init__(self) -> None:
        self.started: list[tuple[str, str, list[str]]] = []
        self.jobs: dict[str, Job] = {}

    def start(self, name: str, verb: str, arguments: list[str]) -> Job:
        self.started.append((name, verb, arguments))
        return self.run(name, verb, "pass")

    def run(self, name: str, verb: str, program: str) -> Job:
        process = subprocess.Popen([sys.executable, "-c", program])
        self.jobs[name] = Job(name, verb, process)
        return self.jobs[name]

    def get(self, name: str) -> Job | None:
        return self.jobs.get(name)

    def all(self) -> list[Job]:
        return list(self.jobs.values())


@pytest.fixture
def manager(monkeypatch: pytest.MonkeyPatch) -> Iterator[Manager]:
    manager = Manager()
    for module in (jobs, training):
        monkeypatch.setattr(module, "job_manager", lambda: manager)
    yield manager
    for job in manager.all():
        job.process.kill()
        job.process.wait()


def fill(at: AppTest, **values: object) -> AppTest:
    """Fills in the form, by the beginnings of labels, and submits it."""
    for label, value in values.items():
        start = label.replace("_", " ")
        kinds = (*at.text_input, *at.number_input, *at.selectbox)
        (widget,) = (w for w in kinds if w.label.startswith(start))
        widget.set_value(value)
    (submit,) = (b for b in at.button if b.label == "Start training")
    submit.click().run()
    return at


@pytest.mark.parametrize(
    "name", ["", " ", "Big", "-x", "a b", "../up", "a/b", "ünï", "a" * 41, "..", "con.txt", "a\nb"]
)
def test_a_bad_name_is_refused_in_one_sentence(name: str, manager: Manager, shelf: Path) -> None:
    at = fill(turn_to(start(), "train"), Name=name)
    assert one_error(at).startswith("The name must be 1 to 40 small letters, digits and hyphens")
    assert not manager.started and not list(shelf.iterdir())


def test_a_name_that_is_taken_is_refused_in_one_sentence(manager: Manager, make: Make) -> None:
    make("mine")
    at = fill(turn_to(start(), "train"), Name="mine")
    assert "There is a checkpoint “mine” already" in one_error(at)
    assert not manager.started


@pytest.mark.parametrize("means", ["a b", "", "   ", "1;2", "0 0 nan", "inf 0", "-inf 0", "1e400"])
def test_bad_prior_means_are_refused_in_one_sentence(means: str, manager: Manager, shelf: Path) -> None:
    at = fill(turn_to(start(), "train"), Prior_means=means)
    one_error(at)
    assert not manager.started and not list(shelf.iterdir())


@pytest.mark.parametrize(
    ("means", "expected"),
    [
        ("-1.5 0 1.5", (-1.5, 0.0, 1.5)),
        ("-2,2", (-2.0, 2.0)),
        ("-0.00001 3", (-1e-5, 3.0)),
        ("1.2345678", (1.2345678,)),
    ],
)
def test_the_form_starts_the_run_that_it_describes(
    means: str, expected: tuple[float, ...], manager: Manager, shelf: Path
) -> None:
    at = turn_to(start(), "train")
    fill(at, Name="my-run", Bound="marginal", Epochs=7, Prior_means=means, Numbers_in_a_code=11, Seed=3)
    assert not at.exception and not at.error
    ((name, verb, arguments),) = manager.started
    assert (name, verb) == ("my-run", "train")
    options = cli._parser().parse_args([verb, *arguments])
    model, recipe = cli._model_config(options), cli._train_config(options)
    assert (options.name, model.model, model.code_dim) == ("my-run", "dlgmm", 11)
    assert model.prior_means == expected and model.num_components == len(expected)
    assert (recipe.bound, recipe.max_epochs, recipe.seed, recipe.dataset) == ("marginal", 7, 3, "mnist")


@pytest.mark.parametrize("model", list(MODELS))
def test_every_model_starts_with_the_defaults_of_the_form(model: str, manager: Manager, shelf: Path) -> None:
    at = turn_to(start(), "train")
    at.selectbox(key="train-model").set_value(model).run()
    fill(at)
    ((_, verb, arguments),) = manager.started
    config = cli._model_config(cli._parser().parse_args([verb, *arguments]))
    family = MODELS[model]
    assert (config.model, config.num_components) == (model, family.default_components)
    assert config.concentration == family.default_concentration
    build_model(replace(config, hidden=4))


def ended(manager: Manager, name: str, program: str) -> None:
    manager.run(name, "train", program).process.wait()


def test_a_run_that_failed_says_why(manager: Manager, shelf: Path) -> None:
    (shelf / "mine").mkdir()
    (shelf / "mine" / jobs.LOG).write_text("epoch 1\rsomething\nerror: seed must be a whole number.\n")
    ended(manager, "mine", "raise SystemExit(1)")
    assert one_error(turn_to(start(), "train")) == "mine failed: error: seed must be a whole number."


def test_a_run_that_ended_says_so_and_shows_its_history(manager: Manager, make: Make, shelf: Path) -> None:
    make("mine")
    header = "epoch,train_bound,valid_bound,best_epoch,best_valid_bound,seconds\n"
    (shelf / "mine" / HISTORY).write_text(f"{header}1,-200.0,-190.0,1,-190.0,3.0\n2,-150.0,-155.0,2,-155.0,3.0\n")
    ended(manager, "mine", "pass")
    at = turn_to(start(), "train")
    assert [box.value for box in at.success] == [
        "mine has ended; its best weights are among the checkpoints in the sidebar."
    ]
    (chart,) = at.get("plotly_chart")
    figure = json.loads(chart.proto.spec)
    assert [trace["name"] for trace in figure["data"]] == ["training", "validation", "best, kept"]
    assert figure["layout"]["xaxis"]["title"]["text"] == "epoch"


def test_a_run_that_was_stopped_before_its_first_epoch_claims_no_weights(manager: Manager, shelf: Path) -> None:
    ended(manager, "mine", "raise SystemExit(130)")
    at = turn_to(start(), "train")
    assert not at.success and not at.error
    assert any("mine was stopped before its first epoch" in box.value for box in at.info)


def test_a_running_run_can_be_cancelled(manager: Manager, shelf: Path) -> None:
    job = manager.run("mine", "train", "import time; time.sleep(60)")
    at = turn_to(start(), "train")
    assert any("mine is training" in caption.value for caption in at.caption)
    at.button(key="cancel-mine").click().run()
    assert not at.exception and not job.running


def test_a_damaged_history_is_a_sentence(manager: Manager, shelf: Path) -> None:
    (shelf / "mine").mkdir()
    (shelf / "mine" / HISTORY).write_text("epoch,colour\n1,red\n")
    ended(manager, "mine", "pass")
    assert HISTORY in one_error(turn_to(start(), "train"))


def test_measuring_starts_an_evaluation_of_that_checkpoint(manager: Manager, make: Make) -> None:
    make("raw")
    at = turn_to(start(), "likelihood")
    at.button(key="measure-raw").click().run()
    assert not at.exception
    assert manager.started == [("raw", "evaluate", ["raw"])]
