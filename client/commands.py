"""Every command of the rules as a method, under its name on the wire, with the command's own fields."""

from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Protocol

from rooms import agenda, chat, floor, presence, safety
from rooms.vocabulary import Command

Fields = ParamSpec("Fields")
Answer = Coroutine[Any, Any, int]


class Asks(Protocol):
    def ask(self, command: Command) -> Answer: ...


def _asks_for(word: Callable[Fields, Command]) -> Callable[Concatenate[Asks, Fields], Answer]:
    def method(self: Asks, /, *args: Fields.args, **fields: Fields.kwargs) -> Answer:
        return self.ask(word(*args, **fields))

    return method


class Commands:
    """What a participant may ask for (docs/protocol.md, "Commands"). Each is awaited as `ask` is."""

    rename = _asks_for(presence.Rename)
    leave = _asks_for(presence.Leave)
    admit = _asks_for(presence.Admit)
    deny = _asks_for(presence.Deny)
    add_person = _asks_for(presence.AddPerson)
    role = _asks_for(presence.GiveRole)
    hand_over = _asks_for(presence.HandOver)

    start = _asks_for(agenda.Start)
    next_phase = _asks_for(agenda.NextPhase)
    go_to = _asks_for(agenda.GoTo)
    add_minutes = _asks_for(agenda.AddMinutes)
    end = _asks_for(agenda.End)
    assign = _asks_for(agenda.Assign)

    raise_hand = _asks_for(floor.RaiseHand)
    lower_hand = _asks_for(floor.LowerHand)
    move_hand = _asks_for(floor.MoveHand)
    call = _asks_for(floor.Call)
    put_back = _asks_for(floor.PutBack)
    pick = _asks_for(floor.Pick)
    begin = _asks_for(floor.Begin)
    pass_ = _asks_for(floor.Pass)
    done = _asks_for(floor.Done)
    stop_share = _asks_for(floor.StopShare)
    add_time = _asks_for(floor.AddTime)
    stop_clock = _asks_for(floor.StopClock)
    start_clock = _asks_for(floor.StartClock)
    close_queue = _asks_for(floor.CloseQueue)
    open_queue = _asks_for(floor.OpenQueue)
    set_share_time = _asks_for(floor.SetShareTime)
    share = _asks_for(floor.WriteShare)

    say = _asks_for(chat.Say)
    unsay = _asks_for(chat.Unsay)
    react = _asks_for(chat.React)
    pin = _asks_for(chat.Pin)
    unpin = _asks_for(chat.Unpin)
    celebrate = _asks_for(chat.Celebrate)
    chat = _asks_for(chat.Chat)  # hides the module from here on, so it is the last of them

    mute = _asks_for(safety.Mute)
    unmute = _asks_for(safety.Unmute)
    remove = _asks_for(safety.Remove)
    unblock = _asks_for(safety.Unblock)
    lock = _asks_for(safety.Lock)
    unlock = _asks_for(safety.Unlock)
    quiet = _asks_for(safety.QuietRoom)
    unquiet = _asks_for(safety.Unquiet)
    ask_for_help = _asks_for(safety.AskForHelp)
    report = _asks_for(safety.Report)
    see_to = _asks_for(safety.SeeTo)
