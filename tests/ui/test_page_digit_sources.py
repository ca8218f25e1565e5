"""The page Your digit: an uploaded or drawn digit gives figures; anything else is one sentence."""

import base64
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.datasets import Dataset, binarize
from dlgmm_core.data.digits import find_digits
from dlgmm_core.evaluate.per_image import per_image
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.store.per_image import PerImage, save_per_image
from tests.app_helpers import Make, make_mixture, one_error, start, steps_shown, turn_to
from tests.digit_helpers import metrics_of
from ui import loaders

pytestmark = pytest.mark.usefixtures("repository")


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
        at.file_uploader[0].set_value(("digit.png", content, "image/png")).run()
        return at

    return upload


def test_an_uploaded_picture_is_taken_through_the_model(upload: Callable[[bytes], AppTest]) -> None:
    at = upload(png(seven()))
    assert not at.exception and not at.error
    assert len(metrics_of(at)) == 3
    assert any("dark ink on light paper, inverted" in caption.value for caption in at.caption)


def test_the_address_has_a_digit_while_there_is_one(upload: Callable[[bytes], AppTest]) -> None:
    at = upload(png(seven()))
    assert "digit" in at.query_params
    at = upload(b"not a picture")
    assert one_error(at) and "digit" not in at.query_params
    at.segmented_control(key="digit-source").set_value("Draw").run()
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(png(255 - seven())).decode()
    at.run()
    assert "digit" in at.query_params
    at.session_state["digit-pad-picture"] = None  # as Clear tells
    at.run()
    assert "digit" not in at.query_params


def test_an_uploaded_digits_place_is_by_as_many_draws_as_those_of_the_test_images(
    few_digits: Dataset, upload: Callable[[bytes], AppTest]
) -> None:
    (checkpoint,) = loaders.checkpoints()
    image = binarize(find_digits(seven()).digits[0].grey.reshape(-1), 0)
    own = per_image(load_checkpoint(checkpoint.folder)[0], image[None], 7, 3).log_likelihood
    others = np.repeat(np.array([-1, 1], np.float32), [240, len(few_digits.test) - 240]) + own
    save_per_image(checkpoint, PerImage(others, np.full((len(others), 2), 0.5, np.float32), 7, 3))
    at = upload(png(seven()))
    assert any("S = 7, under one: more probable than 80\xa0% of the" in caption.value for caption in at.caption)


def test_the_same_picture_drawn_and_then_uploaded_is_read_as_each(make: Make) -> None:
    make("one")
    at = turn_to(start(), "digit")
    content = png(seven())
    at.segmented_control(key="digit-source").set_value("Draw").run()
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(content).decode()
    at.run()
    assert one_error(at)  # a drawing has light ink, which covers this one
    at.segmented_control(key="digit-source").set_value("Upload").run()
    at.file_uploader[0].set_value(("digit.png", content, "image/png")).run()
    assert not at.error and any("dark ink on light paper" in caption.value for caption in at.caption)


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
    assert not steps_shown(at)
    at.session_state["digit-pad-picture"] = "data:image/png;base64," + base64.b64encode(png(255 - seven())).decode()
    at.run()
    assert not at.exception and len(metrics_of(at)) == 3
    assert any("light ink on dark paper" in caption.value for caption in at.caption)
    before = steps_shown(at)
    turn_to(at, "components")
    turn_to(at, "digit")
    assert steps_shown(at) == before
    (pad,) = (each for each in at.main.get("bidi_component") if "digit_pad" in each.proto.component_name)
    for bad in (7, "nonsense", "data:image/png;base64,%", ["data:image/png;base64,AAAA"]):
        at.session_state[str(pad.key)] = {"picture": bad}
        at.run()
        assert steps_shown(at) == before
    at.session_state[str(pad.key)] = {"picture": None}
    at.run()
    assert not steps_shown(at)


@pytest.mark.parametrize("picture", ["data:image/png;base64,AAAA", "data:image/png;base64,%%é", "nonsense", 7])
def test_a_drawing_that_is_no_picture_gives_one_error_at_most(picture: object, make: Make) -> None:
    make("one")
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Draw").run()
    at.session_state["digit-pad-picture"] = picture
    at.run()
    assert not at.exception and not metrics_of(at) and len(at.error) <= 1
