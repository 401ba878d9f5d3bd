"""The schedule's database: found, opened, and brought up to date."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import Connection, Dialect, event, func, make_url, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

EXAMPLE: Final = "postgresql://openchair@localhost/openchair"
DRIVERS: Final = {"sqlite": "sqlite+aiosqlite", "postgres": "postgresql+asyncpg", "postgresql": "postgresql+asyncpg"}
CONNECT_SECONDS: Final = 10
COMMAND_SECONDS: Final = 30
MIGRATING: Final = 6_736_424_247  # PostgreSQL's advisory lock of whoever changes the tables ("opench", on a telephone)


class Unusable(Exception):  # noqa: N818
    """The database cannot be used; the message is a sentence for the operator, and does not repeat the URL."""


def engine_for(url: str) -> AsyncEngine:
    """The engine of a database that is not opened yet. Raises `Unusable`."""
    try:
        made = make_url(url)
        is_sqlite = made.get_backend_name() == "sqlite"
        engine = create_async_engine(
            made.set(drivername=DRIVERS.get(made.drivername, made.drivername)),
            hide_parameters=True,  # an error may come into a log
            pool_pre_ping=not is_sqlite,  # it may have been started again, or the line to it cut
            connect_args={} if is_sqlite else {"timeout": CONNECT_SECONDS, "command_timeout": COMMAND_SECONDS},
        )
    except ModuleNotFoundError as error:
        raise Unusable(f"Its driver is not installed here: {error.name}.") from None
    except SQLAlchemyError:
        raise Unusable(f"Its URL is not understood; expected one like {EXAMPLE}.") from None
    event.listen(engine.sync_engine, "do_connect", _connect)
    if engine.dialect.name == "sqlite":
        event.listen(engine.sync_engine, "connect", _delete_for_good)
    return engine


def _connect(dialect: Dialect, _: object, arguments: list[Any], parameters: dict[str, Any]) -> Any:
    """Connect; where that is not possible, say so as for everything else, whatever the driver raises."""
    try:
        return dialect.connect(*arguments, **parameters)
    except SQLAlchemyError:
        raise
    except Exception as error:
        raise OperationalError("connect", None, error) from error


def _delete_for_good(connection: Any, _: object) -> None:
    """Overwrite what is deleted. Some builds of SQLite do so by themselves, others leave it in the file."""
    connection.execute("PRAGMA secure_delete = ON")


def file_of(url: URL) -> Path | None:
    """The file of an SQLite database; None for any other."""
    path = url.database
    if url.get_backend_name() != "sqlite" or not path or path == ":memory:" or path.startswith("file:"):
        return None
    return Path(path).absolute()


async def bring_up_to_date(engine: AsyncEngine) -> None:
    """Make the tables, or change them to what this version needs; a new SQLite file is made. Raises `Unusable`."""
    try:
        if (file := file_of(engine.url)) is not None:
            await asyncio.to_thread(file.parent.mkdir, parents=True, exist_ok=True)
        async with engine.begin() as connection:
            await connection.run_sync(migrate)
    except CommandError:
        raise Unusable("It was made by a newer version of Openchair than this one.") from None
    except OSError as error:
        raise Unusable(f"Its folder cannot be made: {error.strerror}.") from None
    except SQLAlchemyError as error:
        raise Unusable(f"It cannot be opened: {reason(error)}.") from None


async def check_writable(engine: AsyncEngine) -> None:
    """Find out whether the database can be written to, without a change. Raises `Unusable`."""
    if (file := file_of(engine.url)) is not None and not os.access(file.parent, os.W_OK):  # for its journal
        raise Unusable("It cannot be written to: its folder is read-only for this user.")
    try:
        async with engine.connect() as connection:
            await connection.execute(text("DELETE FROM endings WHERE 1 = 0"))
            await connection.rollback()
    except SQLAlchemyError as error:
        raise Unusable(f"It cannot be written to: {reason(error)}.") from None


def reason(error: SQLAlchemyError) -> str:
    """What the database itself said, without the statement and its values."""
    if not isinstance(error, DBAPIError) or error.orig is None:
        return type(error).__name__
    return str(error.orig) or "it does not answer"  # a time-out has no words


def migrate(connection: Connection, move: Callable[[Config, str], None] = command.upgrade, to: str = "head") -> None:
    """Change the tables to what a version needs."""
    if connection.dialect.name == "postgresql":  # several workers start at once; SQLite lets in only one by itself
        connection.execute(select(func.pg_advisory_xact_lock(MIGRATING)))
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    move(config, to)
