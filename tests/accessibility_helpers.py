"""What axe-core finds on a page, and where the Tab key leads."""

from dataclasses import dataclass
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

from tests.browser_helpers import settle, until

BARRIERS = ("serious", "critical")
RULES = ("heading-order",)  # of lesser impact, and held to all the same
SCHEMES = {"light": 255, "dark": 0}
RECOLOURED = """() => [...document.querySelectorAll(".katex-html *")].filter((each) =>
  getComputedStyle(each).color !== getComputedStyle(each.closest(".katex").parentElement).color
).map((each) => each.outerHTML.slice(0, 120))"""
# What axe-core finds, without the pieces of equations, of which there are thousands, all in the colour of their text.
# Of texts that look alike, and lie on what looks alike, the contrast of the first is measured: it is most of the work.
VIOLATIONS = """async (options) => {
  const LOOKS = ["color", "fontSize", "fontWeight", "opacity", "textShadow", "backgroundColor", "backgroundImage"];
  const seen = new Set(), looks = new Map();
  const look = (each) => {
    if (!looks.has(each)) {
      const style = getComputedStyle(each);
      looks.set(each, [each.localName, each.getAttribute("class"), ...LOOKS.map((name) => style[name])].join());
    }
    return looks.get(each);
  };
  const mark = (root) => {
    for (const each of root.querySelectorAll("*:not(.katex *)")) {
      if (each.shadowRoot) mark(each.shadowRoot);
      const words = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
      if (!words && !each.matches("input, select, textarea")) continue;
      const box = each.getBoundingClientRect(), isDisabled = each.closest(":disabled, [aria-disabled=true]") !== null;
      const below = root.elementsFromPoint(box.x + box.width / 2, box.y + box.height / 2);
      const alike = [isDisabled, ...[each, ...below].map(look)].join(" on ");
      each.toggleAttribute("data-unlike", !seen.has(alike));
      seen.add(alike);
    }
  };
  const pieces = [...document.querySelectorAll(".katex-html")].map((each) => [each, [...each.childNodes]]);
  for (const [each] of pieces) each.replaceChildren();
  mark(document);
  axe.configure({ rules: [{ id: "color-contrast", selector: "[data-unlike]" }] });
  const { violations } = await axe.run({ exclude: [[".katex-html"]] }, options);
  for (const [each, children] of pieces) each.replaceChildren(...children);
  return violations;
}"""
BACKGROUND = "getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
# Of the app, and as our widgets know it.
BACKGROUNDS = """() => {
  const shown = [getComputedStyle(document.querySelector("[data-testid=stApp]")).backgroundColor];
  const probe = document.body.appendChild(document.createElement("i"));
  for (const host of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
    probe.style.color = getComputedStyle(host).getPropertyValue("--st-background-color");
    shown.push(getComputedStyle(probe).color);
  }
  probe.remove();
  return shown;
}"""
# Colours of our widgets follow the theme by transitions, which end on a later frame; one that is not drawn never ends.
RECOLOURING = """() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  const moving = [document, ...hosts.map((host) => host.shadowRoot)].flatMap((root) => root.getAnimations());
  const ended = moving.filter((each) => each instanceof CSSTransition).map((each) => each.finished);
  return Promise.race([Promise.allSettled(ended), new Promise((late) => setTimeout(late, 1000))]);
}"""
MOST_STOPS = 400

# Nothing has the focus or has had it, and Tab leads to the first that can have it.
AT_THE_TOP = """() => {
  const hosts = [...document.querySelectorAll("[data-testid=stBidiComponentIsolated]")];
  for (const root of [document, ...hosts.map((host) => host.shadowRoot)]) {
    root.querySelectorAll("[data-stopped]").forEach((each) => { delete each.dataset.stopped; });
  }
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
}"""

# The element that has the focus, in any shadow root, and whether it shows that it has.
FOCUSED = """() => {
  let focused = document.activeElement;
  while (focused?.shadowRoot?.activeElement) focused = focused.shadowRoot.activeElement;
  if (!focused || focused === document.body) return null;
  const again = focused.dataset.stopped === "yes";
  focused.dataset.stopped = "yes";
  const drawn = focused.matches("input[type=radio]") ? focused.nextElementSibling : focused;
  const style = getComputedStyle(drawn), box = drawn.getBoundingClientRect();
  return {
    own: focused.getRootNode() !== document,
    again,
    name: `${focused.localName} ${focused.getAttribute("aria-label") ?? focused.textContent.trim().slice(0, 40)}`,
    outlined: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0 && box.width > 0,
  };
}"""

# What of our own widgets can be operated and has not had the focus: of radio buttons the chosen one stands for all.
MISSED = """() => {
  const missed = [];
  for (const host of document.querySelectorAll("[data-testid=stBidiComponentIsolated]")) {
    for (const each of host.shadowRoot.querySelectorAll("button, input, select, summary, [tabindex], [role=slider]")) {
      const seen = each.checkVisibility({ visibilityProperty: true });
      const stands = each.type !== "radio" || each.checked;
      if (seen && stands && !each.disabled && each.dataset.stopped !== "yes") missed.push(each.outerHTML.slice(0, 120));
    }
  }
  return missed;
}"""


@dataclass(frozen=True)
class Stop:
    """An element that the Tab key reached: whether it is of a widget of ours, its name, whether it shows its focus."""

    own: bool
    name: str
    outlined: bool


def show_whole(page: Page) -> None:
    """Makes the window as high as the page: contrast is measured of what is in sight."""
    height = page.locator("[data-testid=stMain]").evaluate("main => main.scrollHeight")
    page.set_viewport_size({"width": 1400, "height": min(height + 20, 6000)})
    settle(page)


def use_scheme(page: Page, scheme: str) -> None:
    """The page in the theme that a visitor's system asks for, once it is applied."""
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]

    def level(colour: str) -> float:
        channels = colour.removeprefix("rgb(").removesuffix(")").split(", ")
        return sum(map(float, channels[:3])) / 3

    # of the page, and of our widgets, which follow it
    until(page, lambda: all(abs(level(each) - SCHEMES[scheme]) < 40 for each in page.evaluate(BACKGROUNDS)))
    page.evaluate(RECOLOURING)
    settle(page)


def barriers(page: Page, contrast_alone: bool = False) -> list[str]:
    """Each serious or critical violation that axe-core finds, or of a rule held to, with the elements it concerns."""
    options: dict[str, Any] = {"resultTypes": ["violations"]}  # all that is well takes longer
    if contrast_alone:
        options["runOnly"] = ["color-contrast"]
    if not page.evaluate("window.axe !== undefined"):
        page.evaluate(AXE_SCRIPT)
    found: list[dict[str, Any]] = page.evaluate(VIOLATIONS, options)
    pale = [f"equation of another colour: {each}" for each in page.evaluate(RECOLOURED)]
    return pale + [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary'][:200]})"
        for violation in found
        if violation["impact"] in BARRIERS or violation["id"] in RULES
        for node in violation["nodes"]
    ]


def tab_through(page: Page) -> list[Stop]:
    """Where Tab leads from the top of the page until it leaves it or begins anew; endless where it is trapped."""
    page.evaluate(AT_THE_TOP)
    stops: list[Stop] = []
    for _ in range(MOST_STOPS):
        page.keyboard.press("Tab")
        focused = page.evaluate(FOCUSED)
        if focused is None or focused.pop("again"):
            return stops
        stops.append(Stop(**focused))
    raise AssertionError(f"The Tab key has not left the page after {MOST_STOPS} stops; the last: {stops[-3:]}")


def missed(page: Page) -> list[str]:
    """What of our own widgets the Tab key has not reached."""
    found: list[str] = page.evaluate(MISSED)
    return found
