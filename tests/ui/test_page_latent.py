"""The page of latent space: which maps it draws, and what it shows of one image and of two."""

import base64
from pathlib import Path

import numpy as np
import pytest

from dlgmm_core.analysis.inspection import reconstruct
from dlgmm_core.analysis.interpolation import code_path
from dlgmm_core.data.datasets import Dataset, load_dataset
from dlgmm_core.store.checkpoints import TSNE, Checkpoint, load_checkpoint
from dlgmm_core.store.tsne_map import has_map, load_map
from tests.app_helpers import Make, one_error, open_page, pictures, turn_to
from tests.latent_helpers import map_of, open_maps
from ui import loaders
from ui.images import tiled_picture
from ui.latent import live_path
from ui.latent.live_maps import glyphs

pytestmark = pytest.mark.usefixtures("repository", "few_digits")


# --- which maps -----------------------------------------------------------------------------------


def test_at_first_there_are_maps_of_a_mixture_and_of_another_model(mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    assert maps.names == ["b", "a"] and not maps.link


def test_maps_of_every_model_are_drawn_with_their_settings(mapped: list[Checkpoint]) -> None:
    maps = open_maps(maps="b,c,a,d")
    assert maps.names == ["b", "c", "a", "d"]
    for each in maps.data["maps"]:
        assert each["settings"] == "seed 56, perplexity 12, 34 iterations"
    assert [each["weights"] is None for each in maps.data["maps"]] == [True, False, False, False]
    assert [each["pieces"] for each in maps.data["maps"]] == [0, 3, 3, 3]
    assert maps.data["count"] == 300 and len(maps.data["classes"]["names"]) == 10
    assert not maps.at.info and not maps.at.error


def test_other_maps_can_be_chosen_and_stay_while_other_pages_are_open(mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    maps.at.multiselect(key="latent-maps-chosen").set_value(["a", "b"]).run()
    assert maps.names == ["a", "b"] and maps.link == {"maps": "a,b"}
    turn_to(maps.at, "overview")
    maps.at.query_params.clear()  # as the browser does
    turn_to(maps.at, "latent")
    assert maps.names == ["a", "b"] and maps.link == {"maps": "a,b"}
    maps.at.multiselect(key="latent-maps-chosen").set_value([]).run()
    assert maps.names == ["a", "b"]
    assert any(caption.value.startswith("One model at least is shown") for caption in maps.at.caption)


def test_a_link_chooses_maps_and_no_more_than_four(mapped: list[Checkpoint], make: Make) -> None:
    assert open_maps(maps="d,a").names == ["d", "a"]
    map_of(make("e", "dlgmm"))
    assert open_maps(maps="e,d,d,nobody,c,b,a").names == ["e", "d", "c", "b"]


def test_a_missing_map_is_a_sentence_that_says_what_to_do(mapped: list[Checkpoint], make: Make) -> None:
    make("late")
    maps = open_maps()
    assert [box.value for box in maps.at.info] == ["No map yet of late: compute one under **More**."]
    assert "late" not in maps.at.multiselect(key="latent-maps-chosen").options


def test_without_any_map_there_is_the_sentence_and_the_form(make: Make) -> None:
    make("one")
    at = open_page("latent")
    assert not at.exception and not at.main.get("bidi_component")
    assert [box.value[:15] for box in at.info] == ["No map yet of o"]
    assert any(button.label == "Compute the map" for button in at.button)


def test_a_damaged_map_is_a_sentence_that_names_the_file_and_the_others_are_drawn(mapped: list[Checkpoint]) -> None:
    (mapped[0].folder / TSNE).write_bytes(b"no map")
    maps = open_maps(maps="a,b,c,d")
    assert TSNE in one_error(maps.at)
    assert maps.names == ["b", "c", "d"]


def test_maps_of_another_test_set_are_not_mixed_in(mapped: list[Checkpoint]) -> None:
    at = open_page("latent")
    at.selectbox(key="dataset").set_value("binarized-mnist").run()
    assert not at.exception and not at.main.get("bidi_component") and not at.error
    assert [box.value for box in at.info] == [
        "A map shows the test set of its model's own data set: choose another data set for b, c, a, d."
    ]


def test_every_map_of_the_repository_is_one_of_its_test_set(repository: Path) -> None:
    found = [c for c in loaders.checkpoints() if has_map(c)]
    sizes = {name: len(load_dataset(name).test) for name in {c.train_config.dataset for c in found}}
    assert found
    for checkpoint in found:
        assert load_map(checkpoint, sizes[checkpoint.train_config.dataset]) is not None


def test_every_class_has_a_sign_of_its_own() -> None:
    assert glyphs("0123456789") == list("0123456789")
    signs = glyphs([f"alphabet {i}" for i in range(50)])
    assert len(set(signs)) == 50 and all(len(sign) == 1 for sign in signs)


# --- images ---------------------------------------------------------------------------------------


def test_a_selected_image_is_shown_with_its_reconstruction_under_each_model(
    mapped: list[Checkpoint], few_digits: Dataset
) -> None:
    maps = open_maps(maps="a,b")
    assert not pictures(maps.at) and not maps.link.get("image")
    maps.says(images=[42])
    assert maps.link["image"] == "42" and len(set(pictures(maps.at))) == 3
    assert maps.at.header[-1].value == f"Image 42, class {few_digits.test.labels[42]}"
    captions = [caption for image in maps.at.get("image") for caption in image.captions]  # type: ignore[union-attr]
    assert captions == ["the image", "a", "b"]
    before = pictures(maps.at)
    maps.says(images=[43])
    assert all(a != b for a, b in zip(pictures(maps.at), before, strict=True))
    maps.says()
    assert not pictures(maps.at) and "image" not in maps.link


def test_reconstructions_are_those_of_the_core(
    mapped: list[Checkpoint], few_digits: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[np.ndarray] = []
    monkeypatch.setattr(
        "ui.latent.choices.tiled_picture", lambda images, **how: shown.append(images[0]) or tiled_picture(images, **how)
    )
    open_maps(maps="a,c", image="7")
    assert len(shown) == 3
    np.testing.assert_array_equal(shown[0], few_digits.test.binary[7])
    for found, checkpoint in zip(shown[1:], (mapped[0], mapped[2]), strict=True):
        expected = reconstruct(load_checkpoint(checkpoint.folder)[0], few_digits.test.binary[7:8])[0]
        np.testing.assert_allclose(found, expected, atol=1e-6)


def test_two_images_are_joined_by_the_codes_of_the_core(mapped: list[Checkpoint], few_digits: Dataset) -> None:
    maps = open_maps(image="7,99", maps="b,c,a,d")
    data, points = maps.path, live_path.POINTS
    assert data["images"] == [7, 99] and data["at"] == points // 2 and not pictures(maps.at)
    assert data["classes"] == [str(few_digits.test.labels[7]), str(few_digits.test.labels[99])]
    assert [model["title"] for model in data["models"]] == maps.names
    by_name = {checkpoint.name: checkpoint for checkpoint in mapped}
    for found in data["models"]:
        model, _ = load_checkpoint(by_name[found["title"]].folder)
        path = code_path(model, few_digits.test.binary[7], few_digits.test.binary[99], points)
        codes = np.frombuffer(base64.b64decode(found["codes"]), "<f4").reshape(path.codes.shape)
        np.testing.assert_allclose(codes, path.codes, atol=1e-6)
        assert (found["shares"] is None) == (path.shares is None) == (found["title"] == "b")
    words = {model["title"]: model["words"] for model in data["models"]}
    assert "p(k|z)" in words["a"] and "no components" in words["b"] and "stick" in words["c"]


def test_equal_components_are_said_to_be_so_on_the_way(make: Make) -> None:
    map_of(make("same", "dlgmm", num_components=2, prior_means=(0.0, 0.0), prior_scales=(1.0, 1.0)))
    (model,) = open_maps(image="1,2").path["models"]
    assert model["shares"] is None and "all the same" in model["words"]


def test_the_place_on_the_way_is_kept_in_the_link_and_the_session(mapped: list[Checkpoint]) -> None:
    maps = open_maps(image="7,99", at="3")
    assert maps.path["at"] == 3
    maps.hears({"at": 38}, "path")
    assert maps.path["at"] == 38 and maps.link["at"] == "38"
    maps.says(images=[7, 98])
    assert maps.path["at"] == 38
    turn_to(maps.at, "overview")
    turn_to(maps.at, "latent")
    assert maps.path["at"] == 38
    maps.hears({"at": 20}, "path")
    assert "at" not in maps.link


def test_images_can_be_selected_by_number(mapped: list[Checkpoint]) -> None:
    maps = open_maps()
    maps.says(images=[5])
    assert maps.at.number_input(key="latent-first").value == 5
    assert maps.at.number_input(key="latent-second").value is None
    maps.at.number_input(key="latent-second").set_value(299).run()
    assert maps.data["now"]["images"] == [5, 299] and maps.link["image"] == "5,299"
    assert maps.data["now"]["turn"] == maps.turn  # so that the widget takes it up
    maps.at.number_input(key="latent-first").set_value(None).run()
    assert maps.data["now"]["images"] == [299]
    assert maps.at.number_input(key="latent-first").value == 299
