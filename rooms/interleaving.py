"""Talk that two workers carried out at the same time: the log has put the other's first.

Talk never stands in the way of talk: the state after both is the same in either order, but for what is kept in order.
"""

from collections.abc import Sequence

from rooms.chat import Reacted, Said
from rooms.floor import Shared
from rooms.room import AnyEvent, Room, evolve
from rooms.vocabulary import Event

_SIMPLE = Said | Reacted | Shared


def commute(room: Room, ours: Sequence[Event], missed: Sequence[Event]) -> bool:
    """Whether `put_before` can put `missed` before `ours`."""
    if not all(isinstance(event, _SIMPLE) and event.by is not None for event in (*ours, *missed)):
        return False
    if not {event.by for event in ours}.isdisjoint(event.by for event in missed):
        return False
    return len(ours) + len(missed) <= room.limits.messages - len(room.pinned)


def put_before(room: Room, missed: Sequence[AnyEvent], ours: Sequence[AnyEvent]) -> None:
    """`ours` has been evolved, and now has the numbers that the log gave it, after those of `missed`.

    Leaves the room as it is after `missed` and then `ours`. Only for what `commute`s.
    """
    first = missed[0].seq  # as it was of ours
    for event in missed:
        evolve(room, event)
    for event in ours:
        if isinstance(event, Said) and (message := room.messages.pop(event.message, None)) is not None:
            message.seq = event.seq
            room.messages[event.message] = message
    for share in {event.share for event in ours if isinstance(event, Shared)}:
        if (told := room.told.get(share)) is not None:
            told.written_at = [seq if seq < first else seq + len(missed) for seq in told.written_at]
    last = (*missed, *ours)[-1]  # of ours there may be none: a command that changed nothing was carried out, too
    room.seq, room.tag, room.at = last.seq, last.tag, last.at
