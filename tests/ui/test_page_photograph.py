"""The page Your digit on photographs: whichever digit is looked at, and chosen, is the one that models see."""

import base64
import io
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from streamlit.testing.v1 import AppTest

from benchmarks.made_photographs import Photograph
from dlgmm_core.data.datasets import Dataset, binarize
from dlgmm_core.data.digits import find_digits
from dlgmm_core.store.per_image import PerImage, save_per_image
from tests.app_helpers import Make, make_mixture, one_error, press, start, steps_shown, turn_to
from tests.limit_helpers import draw, figures, picture
from tests.photograph_helpers import two_digits
from ui.links import image_in_link
from ui.visitors.shares import Refused

WHOLE = {"turn": 0, "tilt": 0, "crop": [0, 0, 1, 1], "chosen": 0}


@pytest.fixture
def two() -> Photograph:
    return two_digits()


def png(levels: NDArray[np.uint8]) -> bytes:
    file = io.BytesIO()
    Image.fromarray(levels).save(file, "PNG")
    return file.getvalue()


def send(at: AppTest, levels: NDArray[np.uint8]) -> AppTest:
    at.file_uploader[0].set_value(("digits.png", png(levels), "image/png")).run()
    assert not at.exception
    return at


def choose(at: AppTest, source: str) -> AppTest:
    return at.segmented_control(key="digit-source").set_value(source).run()


@pytest.fixture
def page(make: Make) -> AppTest:
    """The page where it asks for a file, with two models."""
    make("first")
    make_mixture(make, "second", (-1.0, 1.0), (1.0, 1.0))
    return choose(turn_to(start(), "digit"), "Upload")


def editor(at: AppTest) -> tuple[str, dict[str, Any]]:
    """The widget's key in the session, and what it is told."""
    (widget,) = (each for each in at.main.get("bidi_component") if "digit_photograph" in each.proto.component_name)
    return str(widget.key), json.loads(widget.proto.json)


def edit(at: AppTest, **changes: object) -> AppTest:
    key, told = editor(at)
    at.session_state[key] = {"now": told["now"] | changes}
    at.run()
    assert not at.exception
    return at


def seen(at: AppTest, monkeypatch: pytest.MonkeyPatch) -> NDArray[np.uint8]:
    """What models see: the address carries it."""
    with monkeypatch.context() as patch:
        patch.setattr("streamlit.query_params", at.query_params)
        image = image_in_link()
    assert image is not None
    return image


def expected(levels: NDArray[np.uint8], which: int) -> NDArray[np.uint8]:
    return binarize(find_digits(levels).digits[which].grey.reshape(-1), 0)


def test_of_two_digits_the_chosen_one_goes_through_the_model(
    page: AppTest, two: Photograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = send(page, two.picture)
    key, told = editor(at)
    height, width = two.picture.shape[:2]
    for box, known in zip(told["boxes"], two.boxes, strict=True):
        np.testing.assert_allclose(np.multiply(box, (width, height, width, height)), known, atol=3)
    assert told["now"] == WHOLE and len(steps_shown(at)) == 5
    before = figures(at)
    np.testing.assert_array_equal(seen(at, monkeypatch), expected(two.picture, 0))
    edit(at, chosen=1)
    np.testing.assert_array_equal(seen(at, monkeypatch), expected(two.picture, 1))
    assert figures(at) != before and not at.error
    other = figures(at)
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    stayed = figures(at)
    assert stayed != other, "it is of more draws"
    turn_to(at, "components")
    at.session_state[key] = {"now": None}  # as for a widget that comes anew
    turn_to(at, "digit")
    assert figures(at) == stayed and editor(at)[1]["now"] == WHOLE | {"chosen": 1}
    send(at, two.picture[:, ::-1])
    assert editor(at)[1]["now"] == WHOLE and editor(at)[0] != key


def test_a_picture_that_lies_on_its_side_is_turned(
    page: AppTest, two: Photograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = edit(send(page, np.rot90(two.picture)), turn=1)
    np.testing.assert_array_equal(seen(at, monkeypatch), expected(two.picture, 0))
    before = figures(at)
    assert figures(edit(at, tilt=-30)) != before


def test_of_a_crop_only_the_digits_within_are_found(
    page: AppTest, two: Photograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = send(page, two.picture)
    sides = two.picture.shape[1::-1] * 2
    crop = np.clip(np.divide(np.add(two.boxes[1], (-15, -15, 15, 15)), sides), 0, 1)
    edit(at, crop=crop.tolist())
    (box,) = editor(at)[1]["boxes"]
    np.testing.assert_allclose(np.multiply(box, sides), two.boxes[1], atol=4)
    assert np.mean(seen(at, monkeypatch) != expected(two.picture, 1)) < 0.1
    edit(at, crop=[0, 0, 0.02, 0.02])
    assert "no ink" in one_error(at) or "specks" in one_error(at)
    assert editor(at)[1]["boxes"] == [] and not figures(at)
    edit(at, **WHOLE)
    assert len(editor(at)[1]["boxes"]) == 2 and not at.error


def test_a_message_that_is_no_edit_and_a_digit_that_is_not_there_change_nothing(page: AppTest, two: Photograph) -> None:
    at = send(page, two.picture)
    before = figures(at)
    for bad in ({"turn": 9}, {"tilt": "steep"}, {"crop": [1, 1, 0, 0]}, {"chosen": 30}):
        assert figures(edit(at, **bad)) == before
    at.session_state[editor(at)[0]] = {"now": "nonsense"}
    assert figures(at.run()) == before


def test_a_photograph_is_kept_while_others_pages_and_sources_are_open_and_goes_when_it_is_taken_away(
    page: AppTest, two: Photograph
) -> None:
    at = send(page, two.picture)
    before = figures(at)
    choose(at, "Test digit")
    assert figures(choose(at, "Upload")) == before
    turn_to(at, "components")
    assert figures(turn_to(at, "digit")) == before
    send(at, two.picture[:, ::-1])
    at.file_uploader[0].set_value(None).run()
    assert not figures(at) and any("A photograph or a scan" in each.value for each in at.caption)


def unreadable(at: AppTest) -> AppTest:
    at.file_uploader[0].set_value(("x.png", b"no picture", "image/png")).run()
    assert "not a picture" in one_error(at)
    return at


def test_what_was_wrong_with_a_file_is_told_no_longer_than_the_file_is_there(page: AppTest, two: Photograph) -> None:
    at = choose(choose(unreadable(page), "Draw"), "Upload")
    assert not at.error and any("A photograph or a scan" in each.value for each in at.caption)
    turn_to(unreadable(at), "components")
    assert not turn_to(at, "digit").error
    place = unreadable(at).file_uploader[0].key
    at.file_uploader[0].set_value(None).run()
    assert not at.error
    assert at.file_uploader[0].key == place  # in another one the browser's next file would be lost
    assert not send(unreadable(at), two.picture).error and figures(at)


def test_a_file_that_the_server_refuses_for_now_is_not_told_of_with_the_words_for_the_one_before(
    page: AppTest, two: Photograph, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise Refused("Try again later.")

    at = unreadable(page)
    monkeypatch.setattr("ui.digit.photograph.count_upload", refuse)
    assert [box.value for box in send(at, two.picture).warning] == ["Try again later."] and not at.error


def test_a_run_without_a_file_keeps_the_model_and_the_view(page: AppTest, two: Photograph) -> None:
    at = send(page, two.picture)
    (other,) = {"first", "second"} - {at.selectbox(key="digit-checkpoint").value}
    at.selectbox(key="digit-checkpoint").set_value(other).run()
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    before = figures(at)
    at.file_uploader[0].set_value(None).run()
    assert not at.selectbox[1:] and not figures(at)
    send(at, two.picture)
    assert at.selectbox(key="digit-checkpoint").value == other and figures(at) == before
    assert at.segmented_control(key="digit-view").value == "ELBO terms"
    assert at.query_params["digit-checkpoint"] == other


def test_the_camera_is_asked_for_once_it_is_chosen_and_its_picture_is_read_as_an_upload(
    page: AppTest, two: Photograph
) -> None:
    at = send(page, two.picture)
    before = figures(at)
    assert not at.camera_input
    choose(at, "Camera")
    assert len(at.camera_input) == 1 and not figures(at)
    shot = io.BytesIO()
    Image.fromarray(two.picture).save(shot, "JPEG", quality=100, subsampling=0)
    at.camera_input(key="digit-camera").set_value(("shot.jpg", shot.getvalue(), "image/jpeg")).run()
    assert not at.exception and len(figures(at)) == 3 and len(editor(at)[1]["boxes"]) == 2
    assert not at.camera_input  # it is off
    assert figures(choose(at, "Upload")) == before
    assert len(figures(choose(at, "Camera"))) == 3
    assert len(press(at, "Take another photograph").camera_input) == 1 and not figures(at)


# --- what is unlike a digit -----------------------------------------------------------------------


@pytest.mark.parametrize("source", ["Upload", "Camera", "Draw"])
def test_what_is_unlike_a_digit_is_told_so_in_every_view(source: str, make: Make, few_digits: Dataset) -> None:
    save_per_image(make("one"), PerImage(np.zeros(len(few_digits.test), np.float32), None, 7, 3))
    at = choose(turn_to(start(), "digit"), source)
    content = picture(8)
    if source == "Draw":
        draw(at, 8)
    elif source == "Camera":
        at.camera_input(key="digit-camera").set_value(("shot.jpg", content, "image/jpeg")).run()
    else:
        at.file_uploader[0].set_value(("x.png", content, "image/png")).run()
    for view in (
        "ELBO terms",
        "Weights",
        "log p(x)",
        "Neighbours",
        "Map",
    ):  # the first makes the draws of one that stays
        at.segmented_control(key="digit-view").set_value(view).run()
        (sentence,) = (box.value for box in at.warning)
        assert (
            "unlike the images that one was trained on" in sentence and "less probable than all test images" in sentence
        )


def strokes(at: AppTest, *boxes: tuple[int, int, int, int]) -> AppTest:
    """Draws rectangles, (left, top, right, bottom) on the pad of 224 pixels."""
    levels = np.zeros((224, 224), np.uint8)
    for left, top, right, bottom in boxes:
        levels[top:bottom, left:right] = 255
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(png(levels)).decode()
    return at.run()


@pytest.mark.parametrize("edge", [0, 2, 20])
def test_a_pad_painted_over_is_not_inverted_and_says_so(edge: int, make: Make) -> None:
    make("one")
    at = choose(turn_to(start(), "digit"), "Draw")
    strokes(at, (edge, edge, 224 - edge, 224 - edge))
    (sentence,) = (box.value for box in [*at.error, *at.warning])
    assert sentence.startswith("Most of the pad is inked: undo or clear it")
    assert not any("inverted" in caption.value for caption in at.caption)


def test_several_digits_on_the_pad_are_told(make: Make) -> None:
    make("one")
    at = choose(turn_to(start(), "digit"), "Draw")
    strokes(at, (30, 30, 46, 190), (140, 60, 156, 190))
    assert [box.value for box in at.warning] == ["There are several digits on the pad: the largest is taken."]
    assert len(figures(at)) == 3 and len(steps_shown(at)) == 4
