"""Pictures of the room's main states, on a phone and at a desktop, light and dark: `make screenshots`.

They are to be looked at; nothing is compared. `python -m tests.e2e.screenshots [FOLDER]`.
"""

import asyncio
import sys
import tempfile
from pathlib import Path
from typing import Final

from playwright.async_api import async_playwright

from tests.e2e.chromium import FLAGS, chromium
from tests.e2e.kit import House, Person
from tests.server.client import Client
from tests.server.kit import Served, serving

SIZES: Final = {"phone": (360, 740), "desktop": (1440, 900)}
SCHEMES: Final = ("light", "dark")
PHASES: Final = (
    {
        "kind": "reading",
        "title": "Welcome",
        "minutes": 5,
        "text": "Good evening, and welcome. Each of us may share for three minutes; the others listen. Nobody has to.",
        "credit": "Written for this group",
    },
    {"kind": "round", "title": "Sharing", "minutes": 45, "share_seconds": 180},
    {"kind": "silence", "title": "A moment of silence", "minutes": 2},
    {"kind": "reading", "title": "Closing", "minutes": 3, "text": "What was said here stays here."},
)
NAMES: Final = ("Sam", "Alex", "Noor", "Kim", "Jo", "Mika", "Toni", "Sasha", "Lou")


class Camera:
    """Takes pictures at one size into a folder."""

    def __init__(self, folder: Path, size: str) -> None:
        self._folder, self._size = folder, size
        self._number = 0

    async def takes(self, person: Person, state: str) -> None:
        self._number += 1
        await person.page.locator(".is-settling").first.wait_for(state="detached")
        for scheme in SCHEMES:
            await person.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            path = self._folder / f"{self._number:02}-{state}-{self._size}-{scheme}.png"
            await person.page.screenshot(path=path)


class Evening:
    """One meeting, seen at one size by a member (Robin) and by the facilitator; the others have no page."""

    def __init__(self, served: Served, house: House, camera: Camera, size: tuple[int, int]) -> None:
        self._served, self._house, self._size = served, house, size
        self._takes = camera.takes
        self._fay: Person
        self._robin: Person
        self._time: Client
        self._others: list[Client]

    async def goes_by(self) -> None:
        await self._before_the_doors()
        meeting = await self._served.a_meeting(*PHASES, direct_messages="everyone", waiting_room=True)
        self._fay = await self._house.person(meeting.keys.host, self._size)
        self._robin = await self._house.person(size=self._size)
        self._time = await self._served.comes("Mo", key=meeting.keys.timekeeper)
        await self._at_the_door()
        await self._listening()
        await self._sharing()
        await self._quiet_and_the_end()

    async def _before_the_doors(self) -> None:
        await self._served.a_meeting(slug="later", starts_in=3_600_000)
        early = await self._house.person(size=self._size, room="later")
        await early.comes("Robin")
        await early.page.get_by_role("timer").wait_for()
        await self._takes(early, "waiting-for-the-doors")

    async def _at_the_door(self) -> None:
        fay, robin = self._fay, self._robin
        await robin.page.goto(robin.link)
        await robin.page.get_by_label("Your first name").wait_for()
        await self._takes(robin, "join")
        await robin.comes("Robin")
        await robin.sees("Somebody will let you in", exact=False)
        await self._takes(robin, "waiting")
        self._others = [await self._served.connected() for _ in NAMES]
        for name, other in zip(NAMES, self._others, strict=True):
            await other.hello(name=name)
        await fay.comes("Fay")
        await fay.looks_at("Service")
        await self._takes(fay, "door")
        await fay.press("Let all in")
        for other in self._others:
            await other.until("welcome")

    async def _listening(self) -> None:
        fay, robin, (sam, alex, noor, *_) = self._fay, self._robin, self._others
        await robin.looks_at("Meeting")
        await self._takes(robin, "doors-open")
        await fay.press("Start the meeting")
        await robin.sees("Good evening, and welcome.", exact=False)
        await self._takes(robin, "reading")
        await fay.press("Next: Sharing")
        await sam.until("phase_began", phase=1)
        for other in (sam, alex, noor):
            await other.does("raise_hand", **({"topic": "sleep"} if other is alex else {}))
        await robin.press("Raise hand")
        await sam.does("say", text="Good evening, everybody. It is good to be back.")
        await alex.does("say", text="Hello! My first time here.")
        await noor.does("say", text="Welcome, Alex. You have come to the right place, and you need not say anything.")
        await self._time.does("call")
        await sam.does("begin")
        await sam.does(
            "share", text="This week I planted beans with my daughter. The first thing I finished in a while."
        )
        await sam.does(
            "share", text="I still wake at four. But I got up and wrote it down, as somebody here once said."
        )
        await robin.sees("I still wake at four", exact=False)
        await robin.page.evaluate("scrollTo(0, 0)")
        await self._takes(robin, "listening")
        await robin.looks_at("Chat")
        await self._takes(robin, "chat")
        await robin.looks_at("People")
        await self._takes(robin, "people")
        await self._takes(fay, "console")
        await fay.looks_at("Meeting")
        await fay.page.get_by_role("region", name="Raised hands").scroll_into_view_if_needed()
        await self._takes(fay, "queue")

    async def _sharing(self) -> None:
        robin = self._robin
        await robin.looks_at("Meeting")
        joined = await self._time.sees("joined", name="Robin")
        await self._time.does("call", who=joined["who"])
        await robin.sees("It is your turn")
        await self._takes(robin, "called")
        await robin.press("Begin")
        await robin.sees("You are sharing")
        await self._takes(robin, "sharing")
        self._served.pass_time(185_000)
        await robin.sees("Your time is up", exact=False)
        await self._takes(robin, "time-up")
        await self._time.does("stop_share")

    async def _quiet_and_the_end(self) -> None:
        fay, robin = self._fay, self._robin
        await fay.press("Quiet the room")
        await robin.sees("The room is quiet", exact=False)
        await self._takes(robin, "quiet")
        await self._takes(fay, "quiet-for-the-team")
        await robin.looks_at("You")
        await self._takes(robin, "you")
        await robin.press("Leave the meeting")
        await robin.press("Leave now")
        await robin.sees("You have left")
        await self._takes(robin, "goodbye")
        late = await self._house.person(size=self._size)
        await late.comes("Lee")
        await late.page.get_by_role("heading", level=1).wait_for()
        await self._takes(late, "refused")


async def take_all(folder: Path) -> None:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium(), args=FLAGS)
        for size in SIZES:
            with tempfile.TemporaryDirectory() as data:
                async with serving(Path(data)) as served, House(served, browser).all_is_well() as house:
                    await Evening(served, house, Camera(folder, size), SIZES[size]).goes_by()
        await browser.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.png"):
        old.unlink()
    asyncio.run(take_all(folder))
    print(f"{len(list(folder.glob('*.png')))} pictures in {folder}")  # noqa: T201


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "build/screenshots"))
