"""The command line of whoever hosts a server: serve, import, links, check."""

import asyncio
import os
import shutil
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from sqlalchemy.exc import SQLAlchemyError

from config.settings import Settings, SettingsError, load
from server.app import App
from server.clock import steady_clock
from server.logs import set_up
from server.schedule.feeds import Feed, NotAFeed
from server.schedule.fetching import CannotFetch, fetch
from server.schedule.importing import Report, feed_in, import_feed
from server.schedule.keys import new_keys
from server.schedule.meetings import Schedule
from server.schedule.zones import zone_name
from server.seats import signing_secret
from server.serving import listen

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
    if settings.redis or settings.workers > 1:
        give_up("This version runs one worker, with its log in memory: --workers and --redis are not there yet.")
    set_up(settings.log_format)
    try:
        server = App(settings).server()
    except OSError as error:
        give_up(f"The data folder cannot be used: {error.strerror}.")
    try:
        listening = listen(settings.host, settings.port)
    except OSError as error:
        why = os.strerror(error.errno) if error.errno and error.errno > 0 else error.strerror
        give_up(f"Nobody can listen on {settings.host}, port {settings.port}: {why}.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises the signal again once it has stopped
    server.run([listening])
    if not server.started:
        give_up("The server did not start. `openchair check` looks for what is wrong.")


@app.command("import")
def import_(
    source: Annotated[str, typer.Argument(metavar="FILE|URL", help="Meeting Guide JSON.")],
    data: Data = None,
    database: Database = None,
    program: Annotated[str, typer.Option(help="The fellowship whose type codes the feed uses.")] = "",
    timezone: Annotated[str | None, typer.Option(help="The time zone of rows that name none.")] = None,
    online_only: Annotated[bool, typer.Option("--online-only/--all", help="Only rows with a link or a phone.")] = True,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Answer with one JSON object.")] = False,
) -> None:
    """Import a feed of meetings. It may be done again and again: what is there already is changed, not doubled."""
    zone = None if timezone is None else zone_name(timezone)
    if timezone is not None and zone is None:
        give_up("There is no such time zone; expected one like Europe/Berlin.")
    settings = settings_of(data=data, database=database)
    is_url = source.lower().startswith(("http://", "https://"))
    name = source if is_url else Path(source).name

    async def do() -> Report:
        schedule = Schedule(settings.database_url, steady_clock())
        await schedule.open()
        try:
            return await import_feed(schedule, document, Feed(name, zone, program, online_only), dry_run=dry_run)
        finally:
            await schedule.close()

    try:
        document = feed_in(fetch(source) if is_url else Path(source).read_bytes())
    except OSError as error:
        give_up(f"The file cannot be read: {error.strerror}.")
    except (CannotFetch, NotAFeed) as error:
        give_up(str(error))
    try:
        report = asyncio.run(do())
    except NotAFeed as error:
        give_up(str(error))
    except (OSError, SQLAlchemyError) as error:
        give_up(f"The schedule's database cannot be used ({type(error).__name__}).")
    if as_json:
        typer.echo(msgspec.json.encode(report).decode())
        return
    for note in report.skipped:
        typer.echo(f"row {note.row}: skipped, {note.reason} ({note.slug})")
    for note in report.warnings:
        typer.echo(f"row {note.row}: {note.reason} ({note.slug})" if note.row else f"{note.slug}: {note.reason}")
    done = "would be " if dry_run else ""
    typer.echo(
        f"{report.rows} rows: {report.imported} {done}imported, {report.changed} changed, "
        f"{report.unchanged} unchanged, {len(report.skipped)} skipped."
    )


@app.command()
def links(
    slug: Annotated[str, typer.Argument(help="The meeting's slug.")],
    base: Annotated[str, typer.Option(help="The site's address.")] = "http://127.0.0.1:8000",
    data: Data = None,
    database: Database = None,
) -> None:
    """Make a meeting's links anew, and show them this once. The old ones stop working."""
    settings = settings_of(data=data, database=database)

    async def do() -> bool:
        schedule = Schedule(settings.database_url, steady_clock())
        await schedule.open()
        try:
            stored = await schedule.get(slug)
            if stored is not None:
                kept = keys.kept(None)
                secrets = msgspec.structs.replace(kept, salt=stored.secrets.salt, passcode=stored.secrets.passcode)
                await schedule.change(slug, stored.meeting, secrets)
            return stored is not None
        finally:
            await schedule.close()

    keys = new_keys()
    if not asyncio.run(do()):
        give_up("There is no such meeting here.")
    for what, url in (
        ("join", f"{base}/r/{slug}"),
        ("host", f"{base}/r/{slug}#key={keys.host}"),
        ("timekeeper", f"{base}/r/{slug}#key={keys.timekeeper}"),
        ("greeter", f"{base}/r/{slug}#key={keys.greeter}"),
        ("manage", f"{base}/m/{slug}/manage#key={keys.manage}"),
    ):
        typer.echo(f"{what:10} {url}")


@app.command()
def check(data: Data = None, database: Database = None) -> None:
    """Is this installation sound? Looks at the settings, the data folder, the database, the disk and the clock."""
    settings = settings_of(data=data, database=database)
    is_sound = True

    def say(what: str, fault: str | None) -> None:
        nonlocal is_sound
        is_sound = is_sound and fault is None
        typer.echo(f"{what:12} {'sound' if fault is None else fault}")

    say("settings", None)
    folder = Path(settings.data)
    try:
        signing_secret(folder)
        say("data folder", None if os.access(folder, os.W_OK) else "cannot be written to")
        free = shutil.disk_usage(folder).free
        say("disk", None if free > 100 * 2**20 else f"only {free // 2**20} MB free")
    except OSError as error:
        say("data folder", f"cannot be used: {error.strerror}")

    async def look() -> int:
        schedule = Schedule(settings.database_url, steady_clock())
        await schedule.open()
        try:
            return len(await schedule.slugs())
        finally:
            await schedule.close()

    try:
        count = asyncio.run(look())
        say("database", None)
        typer.echo(f"{'':12} {count} meetings")
    except (OSError, SQLAlchemyError) as error:
        say("database", f"cannot be used ({type(error).__name__})")
    say("clock", None if time.time() > 1_767_225_600 else "is wrong: it shows a time before this version was made")
    say("redis", None if not settings.redis else "is not supported by this version")
    sys.exit(0 if is_sound else 1)
