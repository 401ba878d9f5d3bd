"""The words that people type, and what a whole line of theirs asks for; pure."""

import difflib
from collections.abc import Callable, Collection
from typing import Final

from msgspec import Struct

from client.terminal import asking, looks
from client.terminal.seen import Misunderstood, Seen
from rooms import agenda, chat, floor, presence, safety
from rooms.vocabulary import FACILITATORS, GREETERS, SERVICE, TIMEKEEPERS, Command, Role

Roles = Collection[Role] | None
Asked = Command | list[str]
"""What is to be asked of the room; or the lines that answer it here."""


class Word(Struct, frozen=True):
    """One command that can be typed: `/name usage`. `roles`: whom the help tells of it; None is everybody."""

    names: tuple[str, ...]
    usage: str
    effect: str
    read: Callable[[Seen, str], Asked]
    roles: Roles = None

    @property
    def line(self) -> str:
        return f"/{self.names[0]}{' ' * bool(self.usage)}{self.usage}: {self.effect}"


def understand(line: str, seen: Seen) -> Asked:
    """What a line that somebody has typed asks for. Raises `Misunderstood`."""
    line = line.strip()
    if not line:
        return []
    if line.startswith("/") and not line.startswith("//"):
        return _command(line[1:], seen)
    if line == "!" or line.startswith("! "):
        return _WORDS["hand"].read(seen, line[1:].strip())
    if line.casefold() == "done" and seen.has_the_floor:
        return _WORDS["done"].read(seen, "")
    return _plain(line[1:] if line.startswith("//") else line, seen)


def leaves(line: str) -> bool:
    """Whether somebody wants to go, whatever else there is to do."""
    head = line.strip().casefold()
    return head.startswith("/") and _WORDS.get(head[1:]) is _WORDS["leave"]


def _command(typed: str, seen: Seen) -> Asked:
    head, rest = [*typed.split(maxsplit=1), "", ""][:2]
    word = _WORDS.get(head.casefold())
    if word is not None:
        return word.read(seen, rest.strip())
    near = difflib.get_close_matches(head.casefold(), _WORDS, n=1)
    hint = f"Did you mean /{near[0]}?" if near else "/help lists what there is."
    raise Misunderstood(f"There is no command /{head}. {hint} Nothing was sent.")


def _plain(text: str, seen: Seen) -> Asked:
    """What somebody types is their share while they have the floor, and else said in the chat.

    Nothing that was meant for the one shall land in the other.
    """
    share = seen.room.floor
    if share is not None and share.who == seen.you:
        if share.state == "called":
            raise Misunderstood(
                "It is your turn: /begin when you are ready, or /pass. This was not sent; /say says it in the chat."
            )
        seen.my_share = share.id
        return floor.WriteShare(text)
    if seen.my_share is not None:
        seen.my_share = None
        raise Misunderstood("Your share is over, so this was not sent. /say says it in the chat.")
    return chat.Say(text)


def _help(seen: Seen, rest: str) -> list[str]:
    word = _WORDS.get(rest.removeprefix("/").casefold()) if rest else None
    if word is not None:
        return [word.line]
    lines = [
        "What you type is said in the chat. While you have the floor it is your share, line by line.",
        "! raises your hand, and done ends your share. // begins a line with a slash.",
        "People are meant by their name or its beginning, or by @ and their number in /who.",
        "Messages and shares are meant by the number before them.",
    ]
    for title, words in WORDS.items():
        mine = [f"  {word.line}" for word in words if word.roles is None or seen.role in word.roles]
        lines += [f"{title}:", *mine] if mine else []
    return lines


def _w(names: str, usage: str, effect: str, read: Callable[[Seen, str], Asked], roles: Roles = None) -> Word:
    return Word(tuple(names.split()), usage, effect, read, roles)


WORDS: Final = {
    "To share": (
        _w("hand", "[TOPIC]", "raise your hand", asking.hand),
        _w("lower", "", "lower your hand; of the service team: /lower NAME", asking.lower),
        _w("begin", "", "begin your share, when you are called", asking.alone(floor.Begin)),
        _w("pass", "", "give your turn up", asking.alone(floor.Pass)),
        _w("share", "TEXT", "a paragraph of your share", asking.text(floor.WriteShare)),
        _w("done", "", "end your share", asking.alone(floor.Done)),
        _w("pick", "NAME", "end your share and hand on, where each picks the next", asking.person(floor.Pick)),
    ),
    "To talk": (
        _w("say", "TEXT", "say it in the chat, to everyone", asking.say),
        _w("reply", "NUMBER TEXT", "reply to a message", asking.reply),
        _w("react", "NUMBER [EMOJI]", "react to a message or a share", asking.react(on=True)),
        _w("unreact", "NUMBER [EMOJI]", "take a reaction back", asking.react(on=False)),
        _w("unsay", "[NUMBER]", "take back what you have said; without a number the latest", asking.unsay),
        _w("team", "TEXT", "say it to the service team alone", asking.team),
        _w("direct", "NAME TEXT", "say it to one person alone", asking.direct),
        _w("milestone", "COUNT days|months|years", "tell of a milestone", asking.milestone),
    ),
    "To look around": (
        _w("who", "", "who is here", looks.who),
        _w("queue", "", "who has the floor, and who waits", looks.queue),
        _w("agenda", "", "the phases", looks.agenda),
        _w("read", "[PHASE]", "the text of this phase, or of another", looks.reading),
        _w("time", "", "the time left", looks.time),
        _w("calls", "", "calls for help and reports that nobody has seen to", looks.calls, SERVICE),
        _w("help", "", "this list", _help),
    ),
    "For yourself": (
        _w("name", "NAME", "change your name", asking.text(presence.Rename)),
        _w("helpme", "[TEXT]", "call the service team, in private", asking.help_),
        _w("report", "NAME|NUMBER [TEXT]", "tell the service team of a person or message, in private", asking.report),
        _w("leave quit exit", "", "leave for good; Ctrl-D and Ctrl-C do, too", asking.alone(presence.Leave)),
    ),
    "The floor, for the service team": (
        _w("next", "", "call who is next", asking.next_, TIMEKEEPERS),
        _w("call", "NAME", "call somebody", asking.call, TIMEKEEPERS),
        _w(
            "putback",
            "[NAME]",
            "to the front of the queue; without a name: who is called",
            asking.put_back,
            TIMEKEEPERS,
        ),
        _w("move", "NAME PLACE", "move a hand; place 1 is next", asking.move, TIMEKEEPERS),
        _w("hand-for", "NAME [TOPIC]", "raise a hand for somebody without a device", asking.hand_for, SERVICE),
        _w("add", "LENGTH", "more time for the share: 1, 30s; or less: -1", asking.length(floor.AddTime), TIMEKEEPERS),
        _w("pause", "", "stop the share's clock", asking.alone(floor.StopClock), TIMEKEEPERS),
        _w("resume", "", "start it again", asking.alone(floor.StartClock), TIMEKEEPERS),
        _w("stop", "", "end the share", asking.alone(floor.StopShare), TIMEKEEPERS),
        _w("sharetime", "LENGTH", "for each coming share", asking.length(floor.SetShareTime), TIMEKEEPERS),
        _w("openqueue", "", "open the queue", asking.alone(floor.OpenQueue), TIMEKEEPERS),
        _w("closequeue", "", "close the queue", asking.alone(floor.CloseQueue), TIMEKEEPERS),
    ),
    "The agenda, for the facilitators": (
        _w("start", "", "start the meeting", asking.alone(agenda.Start), FACILITATORS),
        _w("phase", "next|back|NUMBER", "go to the next phase, or to another", asking.go_to, FACILITATORS),
        _w("extend", "LENGTH", "more time for this phase: 5; or less: -5", asking.extend, FACILITATORS),
        _w("assign", "PHASE NAME", "name the reader or speaker of a phase", asking.assign, FACILITATORS),
        _w("end", "", "end the meeting; in the time after it, close the room", asking.alone(agenda.End), FACILITATORS),
    ),
    "To keep people safe, for the service team": (
        _w("quiet", "", "quiet the room at once", asking.alone(safety.QuietRoom), SERVICE),
        _w("unquiet", "", "everything as it was before", asking.alone(safety.Unquiet), SERVICE),
        _w("lock", "", "nobody new comes in", asking.alone(safety.Lock), SERVICE),
        _w("unlock", "", "open the doors again", asking.alone(safety.Unlock), SERVICE),
        _w("mute", "NAME", "somebody may not talk", asking.person(safety.Mute), GREETERS),
        _w("unmute", "NAME", "somebody may talk again", asking.person(safety.Unmute), GREETERS),
        _w("remove", "NAME", "out of the room, and not back to this meeting", asking.remove(block=True), GREETERS),
        _w("remove-only", "NAME", "out of the room; they may come back", asking.remove(block=False), GREETERS),
        _w("unblock", "NAME", "somebody who was removed may come back", asking.unblock, FACILITATORS),
        _w("seen", "NAME", "you have seen to what somebody has asked or reported", asking.see_to, SERVICE),
        _w("chat", "open|slow [SECONDS]|service|closed", "who may talk in the chat", asking.chat_mode, GREETERS),
        _w("pin", "NUMBER", "keep a message in sight", asking.message(chat.Pin), GREETERS),
        _w("unpin", "NUMBER", "no longer", asking.message(chat.Unpin), GREETERS),
    ),
    "The door and the roles, for the service team": (
        _w("admit", "NAME|all", "let somebody in from the waiting room", asking.at_the_door(presence.Admit), GREETERS),
        _w("deny", "NAME|all", "turn somebody away", asking.at_the_door(presence.Deny), GREETERS),
        _w(
            "add-person",
            "NAME",
            "somebody without a device, for whom you act",
            asking.text(presence.AddPerson),
            SERVICE,
        ),
        _w("role", "NAME ROLE", "cofacilitator, timekeeper, greeter or member", asking.role, FACILITATORS),
        _w("handover", "NAME", "make somebody else the facilitator", asking.person(presence.HandOver), {"facilitator"}),
    ),
}

_WORDS: Final = {name: word for words in WORDS.values() for word in words for name in word.names}
