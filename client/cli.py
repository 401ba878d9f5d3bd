"""The `openchair` command: the server's commands, and those of somebody who comes in or rehearses."""

import os
from typing import Annotated

import typer

from config.formats import DEFAULT, shipped
from server.cli import app, give_up
from server.logs import set_up
from server.serving import listen

__all__ = ["app", "main"]


@app.command()
def practice(
    members: Annotated[int, typer.Option(min=1, max=500, help="How many simulated members come.")] = 12,
    trolls: Annotated[int, typer.Option(min=0, max=50, help="How many come to spoil it.")] = 0,
    format_: Annotated[str, typer.Option("--format", help="One of the shipped formats.")] = DEFAULT,
    minutes: Annotated[float | None, typer.Option(min=1, max=600, help="How long the meeting is.")] = None,
    pace: Annotated[float, typer.Option(min=0.1, max=100, help="How many times as fast as life.")] = 1.0,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="The port to listen on; 0 takes a free one.")] = 8000,
) -> None:
    """Rehearse: a meeting with simulated people, until Ctrl-C. Nothing of it is kept."""
    from client.practice import meeting  # noqa: PLC0415 - the other commands start without it

    if format_ not in shipped():
        give_up(f"There is no such format; expected one of {', '.join(sorted(shipped()))}.")
    set_up("console")
    try:
        listening = listen(host, port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        give_up(f"Nobody can listen on {host}, port {port}: {why}. Choose another with --port.")
    meeting.run(meeting.Practice(format_, members, trolls, minutes, pace), listening, typer.echo)


@app.command()
def join(
    url: Annotated[str, typer.Argument(help="A room's link, as people pass it on.")],
    name: Annotated[str | None, typer.Option(help="How the others see you; asked for if it is not given.")] = None,
) -> None:
    """Be in a room, in this terminal. Ctrl-D or /leave leaves it."""
    from client.terminal import coming  # noqa: PLC0415 - the other commands start without it
    from client.terminal.console import console  # noqa: PLC0415

    with console() as it:
        raise typer.Exit(coming.join(url, name, it))


def main() -> None:
    app()
