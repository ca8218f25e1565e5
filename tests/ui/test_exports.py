"""What a figure is taken away as: it says what it is of, is complete, and costs nothing until it is asked for."""

import ast
import io
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from dlgmm_core.store.checkpoints import Checkpoint
from tests.app_helpers import ALICE, Make, open_page, start, turn_to
from tests.export_helpers import take
from tests.limit_helpers import USED_UP, one_refusal, use_up
from ui.exporting.exports import About, csv_bytes, pixel_table
from ui.exporting.scripts import each_model, load_model, script

pytestmark = pytest.mark.usefixtures("repository")


@pytest.fixture
def two(make: Make) -> list[Checkpoint]:
    return [make("first"), make("second", "sb-vae")]


# --- words ----------------------------------------------------------------------------------------


def test_a_figure_says_model_checkpoint_digest_and_seeds(two: list[Checkpoint]) -> None:
    about = About("errors", two[:1], "mnist", 3, {"k": 5, "group": None})
    assert about.words() == {
        "figure": "errors",
        "model": "Gauss-VAE",
        "checkpoint": "first",
        "digest": two[0].digest,
        "training seed": "0",
        "dataset": "mnist",
        "seed": "3",
        "k": "5",
    }


def test_words_of_several_checkpoints_keep_one_order(two: list[Checkpoint]) -> None:
    words = About("errors", two[::-1]).words()
    assert (words["model"], words["checkpoint"]) == ("SB-VAE, Gauss-VAE", "second, first")
    assert words["digest"] == f"{two[1].digest}, {two[0].digest}"


def test_words_are_single_lines_whatever_a_folder_is_called(two: list[Checkpoint]) -> None:
    odd = replace(two[0], folder=Path('a\n# digest: b"\\'))
    words = About("errors", [odd], settings={"k": "5\n6"}).words()
    assert words["checkpoint"] == 'a # digest: b"\\' and words["k"] == "5 6"
    found = {}
    for code in (script(load_model(odd)), script(each_model([odd]))):
        strings = [node.value for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Constant)]
        found[code] = [text for text in strings if odd.name in str(text)]
    assert list(found.values()) == [[odd.name], [odd.name]]


def test_a_figure_without_a_model_has_only_its_settings() -> None:
    assert About("a density", settings={"a": 2.0}).words() == {"figure": "a density", "a": "2.0"}


def test_files_of_different_weights_and_seeds_have_different_names(two: list[Checkpoint], make: Make) -> None:
    before = About("samples", two[:1], seed=0).file_name("rows")
    assert before == f"rows-first-{two[0].digest}-seed0"
    names = {before, About("samples", two[:1], seed=1).file_name("rows")}
    names.add(About("samples", [make("first", code_dim=2)], seed=0).file_name("rows"))
    assert len(names) == 3
    assert About("samples", two).file_name("rows") == "rows-2-checkpoints"
    assert About("a density", settings={"a": 2.0}).file_name("bench") == "bench"


# --- tables ---------------------------------------------------------------------------------------


def test_a_csv_says_what_it_is_of_and_reads_back_whole(two: list[Checkpoint]) -> None:
    table = pd.DataFrame({"class": ["a, b", 'c "d"'], "π": [0.1, 1 / 3], "n": [1, 2]})
    content = csv_bytes(About("shares π", two, seed=7), table)
    head = content.decode().splitlines()[:6]
    assert head == [f"# {name}: {value}" for name, value in About("shares π", two, seed=7).words().items()]
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(content), comment="#"), table)


def test_a_table_of_pixels_has_a_row_an_image() -> None:
    images = np.array([[0.0, 0.25], [0.5, 1.0], [0.75, 0.125]], np.float32)
    table = pixel_table(images, name=["a", "b", "c"], rank=np.arange(3))
    assert list(table) == ["name", "rank", "pixel 0", "pixel 1"]
    assert table["name"].tolist() == ["a", "b", "c"]
    np.testing.assert_array_equal(table[["pixel 0", "pixel 1"]], images)


# --- the popover ----------------------------------------------------------------------------------


def test_a_popover_is_empty_until_it_is_opened(two: list[Checkpoint], monkeypatch: pytest.MonkeyPatch) -> None:
    at = turn_to(start(), "kumaraswamy")
    assert len(at.get("popover")) == 2
    assert not at.code and not at.get("download_button") and len(at.main.get("bidi_component")) == 1  # the bench itself
    exported = take(at, "bench-series", monkeypatch)
    _, button = at.main.get("bidi_component")
    said: dict[str, Any] = json.loads(button.proto.json)
    assert dict(said["words"]) == exported.words
    assert said["figure"] == "figure-bench-series" and said["file"] == "bench-series.png"
    assert len(at.code) == 1


def test_a_table_is_made_only_when_it_is_asked_for() -> None:
    def page() -> None:
        from ui.exporting.exports import About, export

        def fail() -> object:
            raise RuntimeError("made")

        export("one", About("figure"), lambda: "x = 1", fail)

    at = AppTest.from_function(page)
    at.session_state["export-one"] = True
    at.run()
    assert not at.exception and at.code[0].value == "x = 1"
    assert [button.label for button in at.get("download_button")] == ["CSV"]


def test_a_used_up_allowance_is_reported_in_place_of_the_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("ui.visitors.limits.asking", lambda: ALICE)

    def page() -> None:
        import pandas as pd

        from ui.exporting.exports import About, export

        export("one", About("figure"), lambda: "x = 1", pd.DataFrame)

    at = AppTest.from_function(page)
    at.session_state["export-one"] = True
    use_up()
    at.run()
    assert one_refusal(at).startswith(USED_UP)
    assert at.code[0].value == "x = 1" and not at.get("download_button")


def test_lines_are_put_together_only_when_they_are_asked_for() -> None:
    def page() -> None:
        from ui.exporting.exports import About, export

        def fail() -> str:
            raise RuntimeError("made")

        export("one", About("figure"), fail, lambda: None)

    at = AppTest.from_function(page).run()
    assert not at.exception and not at.code
    at.session_state["export-one"] = True
    assert at.run().exception


def test_scripts_are_put_together_by_many_visitors_at_once() -> None:
    line = 'model, checkpoint = load_checkpoint(checkpoints_folder() / "neighbours")  # vote'
    alone = script(*[line] * 50)
    assert alone.startswith(
        "from dlgmm_core.runtime.folders import checkpoints_folder\n"
        "from dlgmm_core.store.checkpoints import load_checkpoint\n\nmodel"
    )
    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(lambda _: script(*[line] * 50), range(200))) == {alone}


# --- every figure ---------------------------------------------------------------------------------

FIGURES = {"plotly_chart", "image", "imgs", "bidi_component"}


def blocks(node: Any, within: tuple[str, ...] = ()) -> Iterator[tuple[Any, tuple[str, ...]]]:
    """Every element below a node, with the identities of what it stands in."""
    for child in getattr(node, "children", {}).values():
        yield child, within
        yield from blocks(child, (*within, str(getattr(child.proto, "id", ""))))


def figures(at: AppTest) -> list[set[str]]:
    """For each chart, picture and widget with a face, the keys of the figures that it is part of."""
    found = []
    for element, within in blocks(at.main):
        if element.type in FIGURES and not getattr(element.proto, "component_name", "").endswith("still"):
            keys = {identity.partition("-figure-")[2] for identity in within if "-figure-" in identity}
            found.append(keys)
    return found


def exports(at: AppTest) -> set[str]:
    return {block.proto.id.partition("-export-")[2] for block in at.get("popover")}


@pytest.mark.usefixtures("few_digits", "pair")
@pytest.mark.parametrize(
    ("page", "query", "keys"),
    [
        ("overview", {}, {"card-dlgmm", "card-sb-vae"}),
        ("components", {}, {"components"}),
        ("clusters", {}, {"clusters", "clusters-classes", "clusters-scores"}),
        ("latent", {"image": "3"}, {"maps", "image"}),
        ("latent", {"image": "3,4"}, {"maps", "path"}),
        ("knn", {}, {"knn-table", "knn-curves"}),
        ("kumaraswamy", {}, {"bench-densities", "bench-series"}),
    ],
)
def test_every_figure_of_a_page_can_be_exported_once(page: str, query: dict[str, str], keys: set[str]) -> None:
    at = open_page(page, **query) if page != "overview" else start()
    assert len(figures(at)) >= len(keys) - {"knn": 1, "clusters": 2}.get(page, 0)  # tables are no charts
    assert all(len(found) == 1 for found in figures(at))
    assert set.union(*figures(at)) <= keys == exports(at)


@pytest.mark.usefixtures("few_digits", "pair")
@pytest.mark.parametrize(
    ("view", "keys"),
    [
        ("Weights", {"weights", "reconstructions"}),
        ("Stick", {"stick"}),
        ("ELBO terms", {"elbo-terms"}),
        ("Neighbours", {"neighbours"}),
    ],
)
def test_every_figure_of_a_digit_can_be_exported_once(view: str, keys: set[str]) -> None:
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-view").set_value(view).run()
    given, *shown = figures(at)  # the digit itself is what is asked about
    assert not given and all(len(found) == 1 for found in shown)
    assert set().union(*shown) <= keys == exports(at)
