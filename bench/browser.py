"""What the room's page costs a tired phone: `python -m bench.browser`.

A real server, a real Chromium slowed four times, a room of 500 of whom 50 do something every second. It counts the
tasks that hold the page up for more than 50 ms (PerformanceObserver, `longtask`), and from a trace those that took more
than 50 ms of processor time: on a busy machine the others have only waited for it. And, on Chromium's "slow 3G", how
long it takes from opening the link to a form that can be filled in, and to the room: at the first visit, and at the
second, for which the browser has kept what it may.
"""

import asyncio
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, Final

from playwright.async_api import Browser, CDPSession, Page, async_playwright

from bench.crowd import Person, crowd
from bench.openchair import openchair
from bench.processes import BUILD, allow_many_files
from tests.e2e.chromium import FLAGS, chromium

PEOPLE = 500
EVENTS_PER_SECOND = 50
SECONDS = 20
SLOWER = 4
LONG = 50  # ms
ROOM = "bench-0"
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1440, "height": 900}
# Chromium's preset keeps each request waiting for 2 s; on a real line of that speed it is the round trip of 400 ms.
LINES = {"Chromium's slow 3G": 2000, "400 kbit/s, 400 ms": 400}
OBSERVE = """
  window.held = [];
  new PerformanceObserver(list => {
    for (const task of list.getEntries()) held.push([Math.round(task.startTime), Math.round(task.duration)]);
  }).observe({ type: 'longtask', buffered: true });
"""


def deeds(people: list[Person]) -> Iterator[Callable[[], None]]:
    """What a lively room does: four in ten of what happens is said, the rest comes and goes."""
    raised: list[Person] = []
    for number, who in enumerate(cycle(people)):
        text = f"This is message {number}, about as long as what people write to each other."
        match number % 10:
            case 0 | 3 | 5 | 8:
                yield lambda who=who, text=text: who.asks("say", text=text)
            case 1 | 6:
                raised.append(who)
                yield lambda who=who: who.asks("raise_hand")
            case 2 | 7:
                first = raised.pop(0) if raised else who
                yield lambda who=first: who.asks("lower_hand")
            case 4:
                yield lambda who=who, n=number: who.asks("rename", name=f"Person {n}")
            case _:
                yield lambda who=who, n=number: who.asks("celebrate", count=n % 400 + 1, unit="days")


async def let_happen(people: list[Person], seconds: float) -> None:
    """`EVENTS_PER_SECOND` for so long, one by one, each at its moment."""
    loop = asyncio.get_running_loop()
    begun = loop.time()
    shuffled = random.sample(people, len(people))
    for number, deed in zip(range(round(seconds * EVENTS_PER_SECOND)), deeds(shuffled), strict=False):
        await asyncio.sleep(max(0.0, begun + number / EVENTS_PER_SECOND - loop.time()))
        deed()


async def opened(browser: Browser, size: dict[str, int]) -> tuple[Page, CDPSession]:
    context = await browser.new_context(viewport=size, locale="en-GB")
    page = await context.new_page()
    return page, await slowed(page)


async def slowed(page: Page) -> CDPSession:
    await page.add_init_script(OBSERVE)
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    return session


async def metrics(session: CDPSession) -> dict[str, float]:
    await session.send("Performance.enable")
    return {it["name"]: it["value"] for it in (await session.send("Performance.getMetrics"))["metrics"]}


class Trace:
    """How long the page's tasks took of a core, in ms: the browser's own trace of one session."""

    CATEGORIES: Final = ["toplevel"]

    def __init__(self, session: CDPSession) -> None:
        self._session = session
        self._events: list[dict[str, Any]] = []
        self._is_whole = asyncio.Event()
        session.on("Tracing.dataCollected", lambda data: self._events.extend(data["value"]))
        session.on("Tracing.tracingComplete", lambda _: self._is_whole.set())

    async def begin(self) -> None:
        self._events.clear()
        self._is_whole.clear()
        await self._session.send("Tracing.start", {"traceConfig": {"includedCategories": self.CATEGORIES}})

    async def end(self) -> list[float]:
        await self._session.send("Tracing.end")
        await self._is_whole.wait()
        pages = {
            (it["pid"], it["tid"])
            for it in self._events
            if it["name"] == "thread_name" and it["args"]["name"] == "CrRendererMain"
        }
        return [
            it.get("tdur", 0) / 1000
            for it in self._events
            if it["ph"] == "X" and it["name"].endswith("RunTask") and (it["pid"], it["tid"]) in pages
        ]


async def in_a_crowd(browser: Browser, port: int, people: list[Person], size: dict[str, int], panel: str) -> str:
    page, session = await opened(browser, size)
    await page.goto(f"http://127.0.0.1:{port}/r/{ROOM}")
    await page.get_by_label("Your first name").fill("Robin")
    come_in = page.get_by_role("button", name="Come in")
    await come_in.wait_for()
    opening = told(await page.evaluate("held.splice(0)"))
    trace = Trace(await browser.new_browser_cdp_session())
    await trace.begin()
    await come_in.click()
    await page.get_by_role("navigation", name="Parts of the room").wait_for()
    await page.wait_for_timeout(2000)
    coming = f"{told(await page.evaluate('held.splice(0)'))}, {worked(await trace.end())}"
    parts = page.get_by_role("navigation", name="Parts of the room").get_by_role("button").filter(has_text=panel)
    await trace.begin()
    if await parts.count():
        await parts.click()
    await page.wait_for_timeout(2000)
    looking = f"{told(await page.evaluate('held.splice(0)'))}, {worked(await trace.end())}"
    await trace.begin()
    before = await metrics(session)
    await let_happen(people, SECONDS)
    after = await metrics(session)
    taken = await trace.end()
    held = await page.evaluate("held.splice(0)")
    busy = (after["TaskDuration"] - before["TaskDuration"]) / (after["Timestamp"] - before["Timestamp"])
    script = (after["ScriptDuration"] - before["ScriptDuration"]) / (after["Timestamp"] - before["Timestamp"])
    await page.context.close()
    return (
        f"{size['width']}x{size['height']} {panel:8} | the page {opening}\n  coming in {coming} | the panel {looking}\n"
        f"  {SECONDS} s: {told(held)}, {worked(taken)} "
        f"| busy {busy:4.0%}, of it scripts {script:4.0%}"
    )


def worked(taken: list[float]) -> str:
    return f"{sum(it > LONG for it in taken)} by processor time, longest {max(taken):.0f}"


def told(held: list[list[int]]) -> str:
    lengths = sorted((length for _, length in held), reverse=True)
    return f"{len(lengths)} over 50 ms" + (f", longest {lengths[0]}" if lengths else "")


async def on_a_bad_line(browser: Browser, port: int, line: str) -> str:
    """The first visit of a phone, and the second, a week later: what may be kept of the page is."""
    page, session = await opened(browser, PHONE)
    first = await visit(page, session, port, line)
    await page.evaluate("navigator.serviceWorker.ready.then(() => {})")
    await page.close()
    page = await page.context.new_page()
    session = await slowed(page)
    await slow_the_worker(browser, line)  # its requests are its own, and no part of the page's line
    second = await visit(page, session, port, line)
    await page.context.close()
    return f"{line:18}, first visit:  {first}\n{line:18}, second visit: {second}"


def conditions(line: str) -> dict[str, Any]:
    return {"offline": False, "latency": LINES[line], "downloadThroughput": 50_000, "uploadThroughput": 50_000}


async def slow_the_worker(browser: Browser, line: str) -> None:
    """Lay the line of the service worker, too."""
    session = await browser.new_browser_cdp_session()
    targets = (await session.send("Target.getTargets"))["targetInfos"]
    [worker] = [it["targetId"] for it in targets if it["type"] == "service_worker"]
    attached = await session.send("Target.attachToTarget", {"targetId": worker, "flatten": False})
    for number, (method, params) in enumerate(
        [("Network.enable", {}), ("Network.emulateNetworkConditions", conditions(line))]
    ):
        message = json.dumps({"id": number, "method": method, "params": params})
        await session.send("Target.sendMessageToTarget", {"sessionId": attached["sessionId"], "message": message})


async def visit(page: Page, session: CDPSession, port: int, line: str) -> str:
    await session.send("Network.enable")
    await session.send("Network.emulateNetworkConditions", conditions(line))
    requests: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    begun = time.monotonic()
    await page.goto(f"http://127.0.0.1:{port}/r/{ROOM}", wait_until="commit")
    await page.get_by_label("Your first name").fill("Robin")
    form = time.monotonic() - begun
    await page.get_by_role("button", name="Come in").click()
    pressed = time.monotonic() - begun
    await page.get_by_role("navigation", name="Parts of the room").wait_for()
    room = time.monotonic() - begun
    return (
        f"a name can be typed after {form:.2f} s, “Come in” pressed after {pressed:.2f} s, "
        f"the room is there after {room:.2f} s; {len(requests)} requests"
    )


async def main(*words: str) -> None:
    BUILD.mkdir(exist_ok=True)
    allow_many_files()
    os.environ["OPENCHAIR_PING_SECONDS"] = "600"  # the crowd answers none
    with openchair(1) as (port, _):
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
            if not words or "line" in words:
                for line in LINES:
                    print(await on_a_bad_line(browser, port, line), flush=True)
            if not words or "crowd" in words:
                people = await crowd(port, ROOM, PEOPLE)
                for size, panel in ((PHONE, "Meeting"), (PHONE, "Chat"), (PHONE, "People"), (DESKTOP, "People")):
                    print(await in_a_crowd(browser, port, people, size, panel), flush=True)
            await browser.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
