"""What follows the words that people type, read into commands of the protocol. Each raises `Misunderstood`."""

import unicodedata
from collections.abc import Callable, Iterable
from typing import get_args

from client.terminal.seen import Misunderstood, Seen
from client.terminal.text import seconds_in
from rooms import agenda, chat, floor, presence, safety
from rooms.vocabulary import ChatMode, Command, MessageId, ParticipantId, Role, ShareId

Reader = Callable[[Seen, str], Command]


# What follows the words


def _needed(rest: str, what: str) -> str:
    if not rest:
        raise Misunderstood(f"Say {what}.")
    return rest


def _nothing_after(rest: str) -> None:
    if rest:
        raise Misunderstood("Nothing follows this command, so nothing was sent.")


def _here(seen: Seen) -> Iterable[ParticipantId]:
    return seen.room.participants


def _ever_here(seen: Seen) -> Iterable[ParticipantId]:
    return (*seen.room.participants, *seen.room.gone)


def _seconds(rest: str) -> float:
    seconds = seconds_in(rest)
    if seconds is None:
        raise Misunderstood("Say how long: 2 is two minutes; 1:30, 90s and -1 will do, too.")
    return seconds


def _phase(seen: Seen, rest: str) -> int:
    if rest.isdecimal() and len(rest) < 5 and 0 < int(rest) <= len(seen.room.format.phase):
        return int(rest) - 1
    raise Misunderstood("Say which phase, by its number. /agenda lists them.")


def person(make: Callable[[ParticipantId], Command]) -> Reader:
    return lambda seen, rest: make(seen.find(rest, _here(seen)))


def alone(make: Callable[[], Command]) -> Reader:
    def read(_: Seen, rest: str) -> Command:
        _nothing_after(rest)
        return make()

    return read


def text(make: Callable[[str], Command]) -> Reader:
    return lambda _, rest: make(_needed(rest, "something, after the command"))


def length(make: Callable[[float], Command]) -> Reader:
    return lambda _, rest: make(_seconds(rest))


def message(make: Callable[[str], Command]) -> Reader:
    return lambda seen, rest: make(seen.message(rest))


# Talk


def team(_: Seen, rest: str) -> Command:
    return chat.Say(_needed(rest, "what to say to the service team"), to="service")


def help_(_: Seen, rest: str) -> Command:
    return safety.AskForHelp(rest or None)


def say(seen: Seen, rest: str) -> Command:
    seen.my_share = None
    return chat.Say(_needed(rest, "what to say"))


def direct(seen: Seen, rest: str) -> Command:
    who, text = seen.find_first(rest, _here(seen))
    return chat.Say(_needed(text, f"what to say to {seen.name(who)} alone"), to=who)


def reply(seen: Seen, rest: str) -> Command:
    """To whom the message was said; in private, to the other of the two."""
    number, _, text = rest.partition(" ")
    message = seen.room.messages.get(MessageId(seen.message(number)))
    if message is None:
        raise Misunderstood("That message cannot be replied to.")
    to = (message.by or "everyone") if message.to == seen.you else message.to
    return chat.Say(_needed(text.strip(), "what to reply"), to=to, reply_to=message.id)


def unsay(seen: Seen, rest: str) -> Command:
    if rest:
        return chat.Unsay(seen.message(rest))
    mine = [message.id for message in seen.room.messages.values() if message.by == seen.you]
    if not mine:
        raise Misunderstood("You have said nothing in the chat that could be taken back.")
    return chat.Unsay(mine[-1])


def react(on: bool) -> Reader:
    def read(seen: Seen, rest: str) -> Command:
        number, _, emoji = rest.partition(" ")
        return chat.React(seen.message(number), _emoji(seen, emoji.strip()), on)

    return read


def _emoji(seen: Seen, typed: str) -> str:
    """One that the room offers: by itself, its number, or a word of its name; without, the first."""
    offered = seen.room.format.emoji
    for number, emoji in enumerate(offered, start=1):
        named = " ".join(unicodedata.name(c, "") for c in emoji).casefold().split()
        if not typed or typed in {emoji, str(number)} or typed.rstrip("\ufe0f") == emoji.rstrip("\ufe0f"):
            return emoji
        if any(word.startswith(typed.casefold()) for word in named):
            return emoji
    listed = ", ".join(f"{number} {emoji}" for number, emoji in enumerate(offered, start=1))
    raise Misunderstood(f"Say which, by its number: {listed}.")


def milestone(seen: Seen, rest: str) -> Command:
    count, _, unit = rest.partition(" ")
    for known in get_args(chat.Unit):
        if count.isdecimal() and len(count) < 7 and known.startswith(unit.strip().casefold().removesuffix("s") or "?"):
            return chat.Celebrate(int(count), known)
    raise Misunderstood("Say how long, such as: /milestone 90 days (or months, or years).")


def report(seen: Seen, rest: str) -> Command:
    head, _, text = rest.partition(" ")
    if head.strip("[]#").isdecimal():
        message = seen.message(head)
        if ShareId(message) in seen.room.told:
            who = seen.room.told[ShareId(message)].who
            return safety.Report(who=who, text=text.strip() or None)
        return safety.Report(message=message, text=text.strip() or None)
    who, text = seen.find_first(_needed(rest, "whom or which message you mean"), _ever_here(seen))
    return safety.Report(who=who, text=text or None)


def see_to(seen: Seen, rest: str) -> Command:
    """All that this person has asked for or reported, and all that others have reported of them."""
    requests = seen.room.requests.values()
    people = dict.fromkeys(who for it in requests for who in (it.by, it.who) if who is not None)
    who = seen.find(_needed(rest, "whose call you have seen to; /calls lists them"), people)
    return safety.SeeTo(requests=[it.id for it in requests if who in {it.by, it.who}])


def chat_mode(seen: Seen, rest: str) -> Command:
    mode, _, every = rest.partition(" ")
    for known in get_args(ChatMode):
        if mode.casefold() == known:
            return chat.Chat(known, _seconds(f"{every.strip().removesuffix('s')}s") if every.strip() else None)
    raise Misunderstood("Say how: /chat open, /chat slow (with seconds, if you like), /chat service or /chat closed.")


# The floor


def hand(_: Seen, rest: str) -> Command:
    return floor.RaiseHand(rest or None)


def hand_for(seen: Seen, rest: str) -> Command:
    who, topic = seen.find_first(rest, _here(seen))
    return floor.RaiseHand(topic or None, who)


def lower(seen: Seen, rest: str) -> Command:
    return floor.LowerHand(seen.find(rest, _here(seen)) if rest else None)


def move(seen: Seen, rest: str) -> Command:
    name, _, place = rest.rpartition(" ")
    if not place.isdecimal() or not 0 < len(place) < 5 or int(place) == 0:
        raise Misunderstood("Say whose hand, and its new place: /move Robin 1 is next.")
    return floor.MoveHand(seen.find(name, _here(seen)), int(place) - 1)


def next_(seen: Seen, rest: str) -> Command:
    """What is typed rests on who had the floor then; two people who call at once skip nobody."""
    _nothing_after(rest)
    return floor.Call(after=seen.room.floor.id if seen.room.floor is not None else None)


def call(seen: Seen, rest: str) -> Command:
    if not rest:
        return next_(seen, rest)
    after = seen.room.floor.id if seen.room.floor is not None else None
    return floor.Call(who=seen.find(rest, _here(seen)), after=after)


def put_back(seen: Seen, rest: str) -> Command:
    if not rest and seen.room.floor is not None:
        return floor.PutBack(seen.room.floor.who)
    return floor.PutBack(seen.find(rest, _here(seen)))


# The agenda


def extend(_: Seen, rest: str) -> Command:
    return agenda.AddMinutes(_seconds(rest) / 60)


def go_to(seen: Seen, rest: str) -> Command:
    on = seen.room.phase
    if rest.casefold() == "next":
        return agenda.NextPhase(on)
    if rest.casefold() == "back":
        if not on:
            raise Misunderstood("There is no phase before this one.")
        return agenda.GoTo(on - 1, on)
    return agenda.GoTo(_phase(seen, rest), on)


def assign(seen: Seen, rest: str) -> Command:
    phase, _, name = rest.partition(" ")
    return agenda.Assign(_phase(seen, phase), seen.find(name, _here(seen)))


# The door and the team


def at_the_door(make: Callable[[str], Command]) -> Reader:
    def read(seen: Seen, rest: str) -> Command:
        if rest.casefold() == "all":
            return make("all")
        return make(seen.find(rest, seen.room.lobby))

    return read


def role(seen: Seen, rest: str) -> Command:
    name, _, wanted = rest.rpartition(" ")
    for role in get_args(Role):
        if wanted.casefold() == role:
            return presence.GiveRole(seen.find(name, _here(seen)), role)
    raise Misunderstood("Say who and what: /role Robin timekeeper (or cofacilitator, greeter, member).")


# Safety


def remove(block: bool) -> Reader:
    return lambda seen, rest: safety.Remove(seen.find(rest, _ever_here(seen)), block)


def unblock(seen: Seen, rest: str) -> Command:
    return safety.Unblock(seen.find(rest, seen.room.blocked))
