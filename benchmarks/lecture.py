"""A lecture: fifty visitors of one server, then a hundred, of whom some draw, most drag sliders, and some switch pages.

Simulated visitors without browsers send what a browser sends (`ui/widgets/rest.js`): the first stroke of a digit, the
digit and the sliders once they rest, and pages. Elapsed time is measured, so these figures need two idle cores.
"""

import asyncio
import base64
import io
import itertools
import statistics
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

from PIL import Image, ImageDraw
from websockets.exceptions import ConnectionClosed

from benchmarks.clients import Visitor, visitor
from benchmarks.measuring import Limit
from benchmarks.servers import APP, Server, serve
from benchmarks.visits import PAGES, see_everything

__all__ = ["measure"]

CROWDS = (50, 100)
PAUSE, PATIENCE = 1.0, 60.0  # seconds between two actions; longest wait
RUNS = 30  # of each page, for what a run costs
UNLIKE = "less probable than"  # a warning that is true of some drawings
DRAGS = 10  # of sliders, one every second, before they rest, and the server is told
STROKES = 3  # of the pen, one every second: of so many the server is told of one, and of none that a digit rests

Habit = Callable[[Visitor, int], AsyncIterator[Awaitable[float] | None]]


def measure(seconds: float = 300) -> list[Limit]:
    """What visitors wait for, each with an action a second, and what a run of each page costs the server."""
    with serve(APP) as server:
        asyncio.run(see_everything(server))
        costs = {page or "overview": asyncio.run(_cost(server, page)) for page in PAGES}
        found = [limit for size in CROWDS for limit in _measured(server, size, seconds)]
    return [
        *found,
        *(Limit(f"processor time of a run of the page {page}", "ms", cost, 20) for page, cost in costs.items()),
    ]


def _measured(server: Server, size: int, seconds: float) -> list[Limit]:
    """The limits, measured with a crowd of that size."""
    crowd = {what: round(share * size) for what, (share, _) in HABITS.items()}
    waits: list[float] = []
    problems: list[str] = []
    before = server.megabytes()
    asyncio.run(_lecture(server, crowd, seconds, waits, problems))
    grown = server.megabytes() - before
    for problem in sorted(set(problems)):
        print(f"shown to a visitor: {problem}")
    of = ", ".join(f"{count} {what}" for what, count in crowd.items())
    what = f"{size} visitors ({of}), an action a second each, {seconds:g} s"
    return [
        Limit(f"{what}: median wait", "ms", 1000 * statistics.median(waits), 60),
        Limit(f"{what}: 95th percentile of waits", "ms", 1000 * statistics.quantiles(waits, n=20)[-1], 300),
        Limit(f"{what}: errors and warnings of {len(waits):,} runs", "", len(problems), 0),
        Limit(f"{what}: growth of the server's memory", "MB", grown, 50),
    ]


async def _lecture(
    server: Server, crowd: Mapping[str, int], seconds: float, waits: list[float], problems: list[str]
) -> None:
    """All waits in seconds and all problems are added to the two lists."""
    habits = [HABITS[what][1] for what, count in crowd.items() for _ in range(count)]
    await asyncio.gather(
        *(_attend(server, number, habit, seconds, waits, problems) for number, habit in enumerate(habits))
    )


async def _cost(server: Server, page: str) -> float:
    """Milliseconds of processor time that one run takes of the server, for a visitor who has seen the page."""
    async with visitor(server.port) as someone:
        await someone.open(page)
        before = server.processor_seconds()
        for _ in range(RUNS):
            await someone.open(page)
        return 1000 * (server.processor_seconds() - before) / RUNS


async def _attend(
    server: Server, number: int, habit: Habit, seconds: float, waits: list[float], problems: list[str]
) -> None:
    """One visitor's lecture; a habit's first action is to begin, and its wait does not count."""
    clock = asyncio.get_running_loop().time
    begins = clock()
    page = "?"
    try:
        async with visitor(server.port) as someone:
            actions = habit(someone, number)
            tick, is_first = begins + number * PAUSE / 10, True  # a lecture room fills in ten seconds
            while tick < begins + seconds:
                await asyncio.sleep(tick - clock())
                action = await anext(actions)
                if action is not None:
                    wait = await asyncio.wait_for(action, PATIENCE)
                    page = someone.page
                    waits += [] if is_first else [wait]
                    problems += [f"{page}: {each}" for each in someone.problems if UNLIKE not in each]
                is_first = False
                tick = max(tick + PAUSE, clock())
    except (TimeoutError, ConnectionClosed) as error:  # this visitor leaves
        waits.append(PATIENCE)
        problems.append(f"{page}: {type(error).__name__} {error}")


async def _draws(someone: Visitor, which: int) -> AsyncIterator[Awaitable[float] | None]:
    yield someone.open("digit")
    yield someone.move("digit-source", ["Draw"])
    for number in itertools.count():
        told = number % STROKES == 0
        yield someone.tell("digit-pad", picture=_drawing(number + 100 * which)) if told else None


async def _drags(someone: Visitor, _: int) -> AsyncIterator[Awaitable[float] | None]:
    yield someone.open("components", "components-checkpoint=mnist-dlgmm-fig2")
    (key,) = (key for key in someone.widgets if key.startswith("live-"))
    for number in itertools.count(1):
        means = [number % 7 * 0.5, -1.0, 0.0, 1.0, 2.0]
        now = {"means": means, "scales": [1.0] * 5, "view": {"same": True, "ink": False, "scales": False}}
        yield someone.tell(key, now=now) if number % DRAGS == 0 else None


async def _switches(someone: Visitor, _: int) -> AsyncIterator[Awaitable[float] | None]:
    for page in itertools.cycle(PAGES):
        yield someone.open(page)


# Shares of a crowd.
HABITS: dict[str, tuple[float, Habit]] = {
    "draw": (0.2, _draws),
    "drag": (0.6, _drags),
    "switch pages": (0.2, _switches),
}


def _drawing(number: int) -> str:
    """A seven, slightly different for every number, as the pad sends it: a PNG in a data URL."""
    picture = Image.new("RGB", (224, 224))
    across, down = number % 40, number // 40 % 40
    ImageDraw.Draw(picture).line([(50, 40 + down), (140 + across, 44 + down), (70 + across, 190)], "white", 18)
    file = io.BytesIO()
    picture.save(file, "PNG")
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
