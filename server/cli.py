"""The command line of whoever hosts a server: serve, import, links, check."""

import asyncio
import os
import signal
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import msgspec
import structlog
import typer
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings, SettingsError, load
from server.app import App
from server.clock import SteadyClock
from server.installation import OWN_FILES, Taken, TooFewFiles, findings, open_files, take
from server.logs import set_up
from server.redis import unfit
from server.schedule.addresses import Site
from server.schedule.database import Unusable, engine_for, file_of, reason
from server.schedule.documents import MOST_BYTES, NotAFeed, feed_in
from server.schedule.feeds import Feed
from server.schedule.fetching import CannotFetch, fetch
from server.schedule.importing import Report, import_feed
from server.schedule.keys import new_keys
from server.schedule.meetings import Schedule, Stored
from server.schedule.zones import zone_name
from server.serving import listen
from server.supervisor import supervise

T = TypeVar("T")
log = structlog.get_logger("openchair")
MOST_SOURCE = 255  # characters, as its column has

app = typer.Typer(help="Openchair: a meeting room for peer-support groups.", no_args_is_help=True, add_completion=False)

Data = Annotated[str | None, typer.Option(help="The folder of all that a small box keeps.")]
Database = Annotated[
    str | None, typer.Option(help="The schedule's database URL; without it SQLite in the data folder.")
]


def give_up(sentence: str) -> NoReturn:
    """Say plainly what is wrong, and exit with 1."""
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def settings_of(**given: Any) -> Settings:
    try:
        return load(**given)
    except SettingsError as error:
        give_up(f"A setting is wrong. {error}")


def with_schedule(settings: Settings, do: Callable[[Schedule], Awaitable[T]], *, is_new_welcome: bool = True) -> T:
    """What `do` gives for the schedule, opened for it; gives up with a sentence where the database cannot be used."""

    async def doing() -> T:
        schedule = Schedule(settings.database_url, SteadyClock())
        await schedule.open()
        try:
            return await do(schedule)
        finally:
            await schedule.close()

    try:
        file = file_of(engine_for(settings.database_url).url)
        if file is not None and not is_new_welcome and not file.exists():
            give_up(f"There is no schedule in {file} yet.")
        return asyncio.run(doing())
    except Unusable as error:
        give_up(f"The schedule's database cannot be used. {error}")
    except SQLAlchemyError as error:
        give_up(f"The schedule's database cannot be used. It failed: {reason(error)}.")


def cannot_listen(settings: Settings, error: OSError) -> str:
    why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
    return f"Nobody can listen on {settings.host}, port {settings.port}: {why}."


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="The address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="The port to listen on.")] = None,
    data: Data = None,
    workers: Annotated[int | None, typer.Option(help="How many worker processes.")] = None,
    redis: Annotated[str | None, typer.Option(help="The Redis URL of several workers.")] = None,
    database: Database = None,
    origin: Annotated[
        list[str] | None, typer.Option(help="A web origin of this site; the first is used in links.")
    ] = None,
) -> None:
    """Serve meetings until SIGTERM."""
    settings = settings_of(
        host=host,
        port=port,
        data=data,
        workers=workers,
        redis=redis,
        database=database,
        origin=tuple(origin or ()) or None,
    )
    set_up(settings.log_format)
    try:
        room = open_files() - OWN_FILES
    except TooFewFiles as few:
        give_up(f"The server cannot start. {few}")
    if room < settings.connections:
        log.warning("few_files", connections=room)
        settings = msgspec.structs.replace(settings, connections=room)
    if settings.workers > 1 and not settings.redis:
        give_up("Several workers need a Redis to share their rooms by: give its URL with --redis.")
    if settings.redis and (why := asyncio.run(unfit(settings.redis))):
        give_up(f"The Redis cannot be used: {why}")
    folder = Path(settings.data)
    try:
        take(folder)
        server = App(settings).server()
    except Taken:
        give_up(f"Another server is running on the data folder {folder.absolute()}.")
    except OSError as error:
        give_up(f"The data folder cannot be used: {error.strerror}.")
    except Unusable as error:
        give_up(f"The schedule's database cannot be used. {error}")
    with_schedule(settings, Schedule.check_writable)
    if settings.workers > 1:
        try:
            asyncio.run(supervise(settings))
        except OSError as error:
            give_up(cannot_listen(settings, error))
        return
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        give_up(cannot_listen(settings, error))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again once it has stopped
    server.run([listening])
    if not server.started:
        give_up("The server did not start. `openchair check` looks for what is wrong.")


def _content(file: Path) -> bytes:
    """As much of a file as can be a feed, and a little more, by which it is seen to be too large."""
    with file.open("rb") as opened:
        return opened.read(MOST_BYTES + 1)


@app.command("import")
def import_(
    where: Annotated[str, typer.Argument(metavar="FILE|URL", help="Meeting Guide JSON, its CSV, or BMLT JSON.")],
    data: Data = None,
    database: Database = None,
    program: Annotated[str, typer.Option(help="The fellowship whose type codes the feed uses.")] = "",
    timezone: Annotated[str | None, typer.Option(help="The time zone of rows that name none.")] = None,
    online_only: Annotated[bool, typer.Option("--online-only/--all", help="Only rows with a link or a phone.")] = True,
    people: Annotated[
        bool, typer.Option("--people", help="Keep addresses and numbers of people that stand in notes.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="What the feed is called here; without it the file's name, or the URL.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> None:
    """Import a feed of meetings. It may be done again and again: what is there already is changed, not doubled.

    A meeting is known again by the name of its source and its slug there.
    """
    zone = None if timezone is None else zone_name(timezone)
    if timezone is not None and zone is None:
        give_up("There is no such time zone; expected one like Europe/Berlin.")
    settings = settings_of(data=data, database=database)
    is_url = where.lower().startswith(("http://", "https://"))
    name = source or (where if is_url else Path(where).name)
    if len(name) > MOST_SOURCE:
        give_up(f"The source's name is too long: give one of at most {MOST_SOURCE} characters with --source.")

    async def do(schedule: Schedule) -> Report:
        feed = Feed(name, zone, program, online_only, people)
        return await import_feed(schedule, document, feed, dry_run=dry_run)

    try:
        document = feed_in(fetch(where) if is_url else _content(Path(where)))
    except OSError as error:
        give_up(f"The file cannot be read: {error.strerror}.")
    except (CannotFetch, NotAFeed) as error:
        give_up(str(error))
    try:
        report = with_schedule(settings, do)
    except NotAFeed as error:
        give_up(str(error))
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
        return
    for note in report.skipped:
        typer.echo(f"row {note.row}: skipped, {note.reason} ({note.slug})")
    for note in report.warnings:
        typer.echo(f"row {note.row}: {note.reason} ({note.slug})" if note.row else f"{note.slug}: {note.reason}")
    for why, count in Counter(note.reason for note in report.skipped).most_common():
        typer.echo(f"{count} skipped: {why}.")
    typer.echo(
        f"{report.rows} rows: {report.imported} imported, {report.changed} changed, "
        f"{report.unchanged} unchanged, {len(report.skipped)} skipped."
        f"{' Nothing was done yet: this was a dry run.' if dry_run else ''}"
    )


@app.command()
def links(
    slug: Annotated[str, typer.Argument(help="The meeting's slug.")],
    base: Annotated[
        str | None, typer.Option(help="The site's address; without it the first origin, else this machine.")
    ] = None,
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a meeting's links anew, and show them this once. The old ones stop working."""
    settings = settings_of(data=data, database=database)
    site = Site((base or next(iter(settings.origin), f"http://127.0.0.1:{settings.port or 8000}")).rstrip("/"))

    async def do(schedule: Schedule) -> Stored | None:
        while (stored := await schedule.get(slug)) is not None:
            kept = keys.kept(None)
            secrets = msgspec.structs.replace(kept, salt=stored.secrets.salt, passcode=stored.secrets.passcode)
            # Whoever changes the meeting in this moment loses nothing.
            if await schedule.change(slug, stored.meeting, secrets, stored.sequence) is not None:
                break
        return stored

    keys = new_keys()
    stored = with_schedule(settings, do, is_new_welcome=False)
    if stored is None:
        give_up("There is no such meeting here.")
    for what, url in site.links(slug, keys).items():
        typer.echo(f"{what:10} {url}")
    typer.echo("These replace all links from before, the one for everybody excepted.", err=True)
    if stored.secrets.needs_passcode:
        typer.echo("Whoever comes by the join link is asked for the passcode, which stays as it was.", err=True)


@app.command()
def check(data: Data = None, database: Database = None) -> None:
    """Is this installation sound? Looks at settings, data folder, database, disk, clock and Redis."""
    settings = settings_of(data=data, database=database)

    async def look() -> bool:
        is_sound = True
        async for finding in findings(settings):
            typer.echo(str(finding))
            is_sound = is_sound and finding.is_sound
        return is_sound

    sys.exit(0 if asyncio.run(look()) else 1)
