"""A digit that the server does not take now: one sentence, and everything that the visitor had is still there."""

import io
from pathlib import Path

import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dlgmm_core.data.datasets import Dataset
from dlgmm_core.store.checkpoints import Checkpoint
from tests.app_helpers import Make, make_mixture, open_page, selected, start, steps_shown, turn_to
from tests.limit_helpers import USED_UP, draw, figures, forget, forgive, names_drawn, one_refusal, send, use_up
from ui.digit import convergence, inspected, photograph
from ui.visitors.limits import shared

pytestmark = pytest.mark.usefixtures("repository", "alice")


@pytest.fixture(autouse=True)
def nothing_computed() -> None:
    forget(inspected._first_look, convergence._convergence)


def test_a_digit_that_may_not_be_computed_stays_chosen_and_those_before_it_are_kept(make: Make) -> None:
    make_mixture(make, "one", (-1.0, 1.0), (1.0, 1.0))
    at = open_page("digit")
    before = figures(at)
    use_up()
    at.number_input(key="digit-index").set_value(1).run()
    assert one_refusal(at).startswith(USED_UP) and not figures(at)
    assert at.number_input(key="digit-index").value == 1
    at.number_input(key="digit-index").set_value(0).run()
    assert not at.warning and figures(at) == before
    forgive()
    at.number_input(key="digit-index").set_value(1).run()
    assert not at.warning and figures(at) != before


def test_another_tab_of_the_visitors_is_the_same_visitor_and_others_are_not(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("one")
    use_up()
    assert one_refusal(open_page("digit")).startswith(USED_UP)
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {})
    assert len(figures(open_page("digit"))) == 3


def test_the_ledger_of_a_digit_that_was_computed_costs_nothing(make: Make) -> None:
    make("one")
    at = open_page("digit")
    before = figures(at)
    use_up()
    at.segmented_control(key="digit-view").set_value("ELBO terms").run()
    assert not at.warning and figures(at) == before


def test_draws_are_promised_until_the_digit_rests_and_no_more_once_they_are_refused(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("one")
    at = open_page("digit")
    before, promise = figures(at), "1,000 draws follow once the digit rests."
    assert promise in at.metric[0].proto.help
    use_up()
    monkeypatch.setattr("ui.digit.answer.is_looked_at", lambda _: True)
    at.run()
    assert figures(at) == before and not at.warning and promise not in at.metric[0].proto.help


def test_the_convergence_plot_shows_the_models_that_it_has_and_says_why_not_the_others(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    make("g")
    make("s", "sb-vae")
    at = turn_to(selected(start()).set_value(["g"]).run(), "digit")
    at.segmented_control(key="digit-view").set_value("log p(x)").run()
    assert names_drawn(at) == ["g"] and not at.warning
    use_up()
    selected(at).set_value(["g", "s"]).run()
    assert one_refusal(at).startswith(USED_UP) and names_drawn(at) == ["g"]
    at.number_input(key="digit-index").set_value(1).run()
    assert one_refusal(at).startswith(USED_UP) and names_drawn(at) == []
    forgive()
    at.run()
    assert not at.warning and names_drawn(at) == ["g", "s"]


def test_neighbours_and_places_are_refused_in_a_sentence(few_digits: Dataset, mapped: list[Checkpoint]) -> None:
    at = open_page("digit")
    use_up()
    for view in ("Neighbours", "Map"):
        at.segmented_control(key="digit-view").set_value(view).run()
        assert one_refusal(at).startswith(USED_UP)
        assert at.segmented_control(key="digit-view").value == view
    forgive()
    at.run()
    assert not at.exception and not at.warning and len(at.get("imgs") or at.get("image")) >= len(mapped)


@pytest.fixture
def uploader(make: Make, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    make("one")
    monkeypatch.setenv("DLGMM_UPLOADS_PER_VISITOR", "1")
    forgive()
    at = turn_to(start(), "digit")
    return at.segmented_control(key="digit-source").set_value("Upload").run()


def test_an_upload_too_many_is_a_sentence_and_the_one_before_stays(uploader: AppTest) -> None:
    send(uploader, 1)
    before, link = figures(uploader), uploader.query_params["digit"]
    assert len(before) == 3 and not uploader.warning
    send(uploader, 20)
    sentence = "You have sent more files within a minute than one visitor may (1): try again in 60 seconds."
    assert one_refusal(uploader) == sentence
    assert figures(uploader) == before and uploader.query_params["digit"] == link
    forgive()
    uploader.run()
    assert not uploader.warning and len(figures(uploader)) == 3 and uploader.query_params["digit"] != link


def test_a_picture_is_read_and_counted_once_however_often_the_page_runs(
    uploader: AppTest, monkeypatch: pytest.MonkeyPatch
) -> None:
    send(uploader, 1)
    monkeypatch.setattr(photograph, "read_picture", None)
    uploader.run()
    uploader.segmented_control(key="digit-view").set_value("ELBO terms").run()
    assert not uploader.exception and not uploader.warning and len(figures(uploader)) == 3


def test_an_upload_that_is_not_a_picture_is_reported_again_and_counted_once(uploader: AppTest) -> None:
    uploader.file_uploader[0].set_value(("x.png", b"nothing", "image/png")).run()
    for _ in range(2):
        assert [box.value for box in uploader.error] == [
            "This file is not a picture that can be read: choose a PNG or a JPEG."
        ]
        assert not uploader.warning
        uploader.run()


def test_a_large_picture_waits_for_a_slot_and_a_small_one_does_not(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make("one")
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Upload").run()
    file = io.BytesIO()
    Image.new("L", (1100, 40), 255).save(file, "PNG")
    monkeypatch.setattr(shared().slots, "_patience", 0.0)
    with shared().slots.hold("bob"), shared().slots.hold("carol"):
        send(at, 1)
        before = figures(at)
        assert len(before) == 3 and not at.warning
        at.file_uploader[0].set_value(("large.png", file.getvalue(), "image/png")).run()
        assert one_refusal(at) == (
            "This server is busy with the computations of 2 other visitors: try again in a few seconds."
        )
        assert figures(at) == before


def test_drawing_is_no_upload(uploader: AppTest) -> None:
    uploader.segmented_control(key="digit-source").set_value("Draw").run()
    for level in range(20):  # broader ones are blots
        draw(uploader, level)
        assert not uploader.warning and len(figures(uploader)) == 3


# --- who sees what -------------------------------------------------------------------------------


def test_nobody_sees_what_another_visitor_has_drawn(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    make("one")
    alice = turn_to(start(), "digit")
    alice.segmented_control(key="digit-source").set_value("Draw").run()
    draw(alice, 3)
    drawn = steps_shown(alice)
    assert drawn and len(figures(alice)) == 3
    monkeypatch.setattr("streamlit.runtime.context.ContextProxy.cookies", {})
    bob = turn_to(start(), "digit")
    assert "digit" not in bob.query_params
    bob.segmented_control(key="digit-source").set_value("Draw").run()
    assert not figures(bob) and not steps_shown(bob)


def test_the_folder_of_checkpoints_learns_nothing_of_a_drawing(make: Make, own_checkpoints: Path) -> None:
    make("one")
    before = sorted((path, path.stat().st_mtime_ns) for path in own_checkpoints.rglob("*"))
    at = turn_to(start(), "digit")
    at.segmented_control(key="digit-source").set_value("Upload").run()
    send(at, 2)
    assert len(figures(at)) == 3
    assert sorted((path, path.stat().st_mtime_ns) for path in own_checkpoints.rglob("*")) == before
