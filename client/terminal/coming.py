"""The way in: a name and perhaps a passcode are asked for, and then one is in the room, or learns why not."""

import asyncio
from typing import Final

from client.coming_back import Closed
from client.links import Place, place_of
from client.room import connect
from client.terminal.console import Pipe
from client.terminal.session import Session
from rooms.vocabulary import Refused

TIMES_ASKED: Final = 3


def join(link: str, name: str | None, console: Pipe) -> int:
    """Be in the room that the link leads to, until one leaves; the exit code. 1 if one is not let in."""
    try:
        place = place_of(link)
        name = name or console.ask("Your first name, or any name you like:")
        return _come_in(place, name, console)
    except ValueError as error:
        console.show([f"{error}."])
    except EOFError:
        console.show(["Nobody has come in."])
    except KeyboardInterrupt:
        return 0
    return 1


def _come_in(place: Place, name: str, console: Pipe) -> int:
    passcode: str | None = None
    for _ in range(TIMES_ASKED):
        try:
            return asyncio.run(_stay(place, name, passcode, console))
        except Refused as refusal:
            console.show([refusal.message])
            if refusal.code == "bad_passcode":
                passcode = console.ask_secret("The passcode:")
            elif refusal.code == "bad_name":
                name = console.ask("Your name:")
            else:
                return 1
        except Closed as closed:
            console.show([f"The server does not let this in (HTTP status {closed.code})."])
            return 1
        except OSError:
            console.show(["The server cannot be reached. Is the link right?"])
            return 1
    return 1


async def _stay(place: Place, name: str, passcode: str | None, console: Pipe) -> int:
    async with connect(place, name=name, passcode=passcode, wait=False) as room:
        return await Session(room, console).stay()
