"""The page that is taken away, in a browser: how it is opened, and how another model or view is chosen."""

from pathlib import Path

from playwright.sync_api import Locator, Page, ViewportSize

from tests.browser_helpers import until

PLAIN, TOLD, FLAT = "mnist-dlgmm-fig2", "mnist-dlgmm-amortised", "mnist-dlgmm-plane"
PHONE: ViewportSize = {"width": 375, "height": 740}


def opened(page: Page, file: Path, query: str = "") -> None:
    page.goto(f"{file.as_uri()}{query}")
    page.locator("main[data-ready]").wait_for()


def turn_to(page: Page, view: str, name: str) -> None:
    """Chooses a model and one of its views."""
    model = page.get_by_role("combobox", name="Model")
    if model.locator("option:checked").inner_text() != name:
        model.select_option(label=name)
    page.locator("nav").get_by_role("button", name=view.title()).click()
    place = model.evaluate("select => select.value")
    page.locator(f"main[data-ready='{place} {view}']").wait_for()


def values(page: Page, name: str) -> list[str]:
    """What all sliders with such a name say."""
    sliders = page.get_by_role("slider", name=name)
    sliders.first.wait_for()
    found: list[str] = sliders.evaluate_all("all => all.map(each => each.getAttribute('aria-valuetext'))")
    return found


def read_image(page: Page) -> list[int]:
    """The image that the model reads, once its weights are shown."""
    digit = page.locator(".digit")
    until(page, lambda: digit.evaluate("e => Boolean(e.image) && e.dataset.estimated === e.dataset.frames"))
    found: list[int] = digit.evaluate("e => [...e.image]")
    return found


def stroke(page: Page, *places: tuple[float, float]) -> None:
    """Draws through places on the pad, in pixels from its corner."""
    pad = page.locator("canvas.pad").bounding_box()
    assert pad is not None
    for at, (x, y) in enumerate(places):
        page.mouse.move(pad["x"] + x, pad["y"] + y, steps=6 if at else 1)
        if not at:
            page.mouse.down()
    page.mouse.up()


def drag(page: Page, slider: Locator, start: float, end: float, steps: int = 5) -> None:
    """Drags a slider by a mouse between two shares of its track."""
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * start, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * end, y, steps=steps)
    page.mouse.up()
