"""The button that takes a model away: a file of the model in sight, where a browser can run it."""

import pytest

from dlgmm_core.data.datasets import load_dataset
from dlgmm_core.store.checkpoints import load_checkpoint
from dlgmm_core.takeaway.contents import contents_of
from dlgmm_core.takeaway.page import page_bytes
from tests.app_helpers import ALICE, Make, make_mixture, open_page
from tests.limit_helpers import USED_UP, use_up
from ui.exporting.take_away import _page

pytestmark = pytest.mark.usefixtures("repository")


def offered(page: str, **query: str) -> list[str]:
    at = open_page(page, **query)
    return [button.proto.label for button in at.get("download_button")]  # type: ignore[attr-defined]


def test_pages_offer_the_file_of_the_model_that_they_show(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = make_mixture(make, "mixture", (-1.0, 1.0), (1.0, 1.0))
    assert offered("components") == ["Take away"] == offered("digit")
    make("mixture", "dlgmm", num_components=2, prior_means=(-1.0, 1.0), prior_scales=(1.0, 1.0), body="conv")
    assert offered("components") == [] == offered("digit")  # no browser runs it
    monkeypatch.setattr("ui.visitors.limits.asking", lambda: ALICE)
    make_mixture(make, "mixture", (-1.0, 1.0), (1.0, 1.0))
    use_up()
    (button,) = open_page("components").get("download_button")
    assert button.proto.disabled and button.proto.help.startswith(USED_UP)  # type: ignore[attr-defined]
    model, again = load_checkpoint(checkpoint.folder)
    assert _page(again) == page_bytes([contents_of(model, again, load_dataset("mnist"))])
