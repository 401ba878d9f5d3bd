"""The schedule's database: made, brought up to date, and what is said of one that cannot be used."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy.exc import SQLAlchemyError

from server.schedule.database import Unusable, engine_for, migrate
from server.schedule.making import make
from server.schedule.meetings import Schedule
from server.schedule.posted import Posted
from server.schedule.tables import metadata
from tests.postgres import Postgres
from tests.server.schedule.conftest import ON_SQLITE
from tests.server.site import Site


def in_file(path: Path, query: str = "") -> Schedule:
    prefix, query = ("file:", f"?{query}&uri=true") if query else ("", "")
    return Schedule(f"sqlite+aiosqlite:///{prefix}{path}{query}", lambda: 0)


async def test_the_migrations_make_the_tables_that_the_code_uses(site: Site) -> None:
    engine = engine_for(site.database)
    async with engine.connect() as connection:
        differences = await connection.run_sync(lambda it: compare_metadata(MigrationContext.configure(it), metadata))
    await engine.dispose()
    assert differences == []


async def test_it_is_made_with_its_folder_and_opened_again(tmp_path: Path) -> None:
    path = tmp_path / "new" / "folder" / "openchair.sqlite"
    for _ in range(2):
        schedule = in_file(path)
        await schedule.open()
        await schedule.check_writable()
        assert await schedule.slugs() == set()
        await schedule.close()


async def test_a_database_from_before_the_first_migration_is_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "openchair.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)")
    schedule = in_file(path)
    await schedule.open()
    assert await schedule.listed() == []
    await schedule.close()


async def test_two_that_start_at_once_do_not_harm_each_other(site: Site) -> None:
    await site.creates()
    other = Schedule(site.database, lambda: site.now)
    await other.open()
    assert await other.slugs() == {"tuesday-circle"}
    stored = await other.get("tuesday-circle")
    assert stored is not None
    site.now += 1000
    await other.change(stored.slug, stored.meeting, stored.secrets)
    assert [it.slug for it in await site.schedule.listed()] == ["tuesday-circle"], (
        "what another process changed is seen"
    )
    await other.delete("tuesday-circle")
    assert await site.schedule.listed() == []
    await other.close()


async def test_what_is_made_of_one_seed_on_several_workers_at_once_is_one_meeting(site: Site) -> None:
    others = [Schedule(site.database, lambda: site.now) for _ in range(3)]
    body = Posted(name="Tuesday circle", timezone="Europe/Berlin", day=2, time="19:00", minutes=60)
    for other in others:
        await other.open()
    made = await asyncio.gather(*(make(it, body, site.now, b"a seed") for it in [site.schedule, *others]))
    assert {stored.slug for stored, _ in made} == await site.schedule.slugs() == {"tuesday-circle"}
    assert len({keys.host for _, keys in made}) == 1
    for other in others:
        await other.close()


async def test_a_database_with_somebody_elses_tables_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meetings (a)")
    schedule = in_file(path)
    with pytest.raises(Unusable, match=r"^It cannot be opened: table meetings already exists\.$"):
        await schedule.open()
    await schedule.close()
    with sqlite3.connect(path) as connection:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert "endings" not in tables


async def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    schedule = in_file(tmp_path / "file" / "folder" / "openchair.sqlite")
    with pytest.raises(Unusable, match=r"^Its folder cannot be made: Not a directory\.$"):
        await schedule.open()
    await schedule.close()


@ON_SQLITE
async def test_one_that_only_lets_itself_be_read(site: Site) -> None:
    await site.creates()
    schedule = in_file(site.folder / "openchair.sqlite", "mode=ro")
    await schedule.open()
    assert await schedule.slugs() == {"tuesday-circle"}
    with pytest.raises(Unusable, match="readonly"):
        await schedule.check_writable()
    await schedule.close()


async def test_workers_that_start_at_once_on_a_new_postgresql_make_its_tables_once(postgres: Postgres) -> None:
    workers = [Schedule(postgres.make("workers") if not n else postgres.url("workers"), lambda: 0) for n in range(4)]
    await asyncio.gather(*(it.open() for it in workers))
    for it in workers:
        await it.check_writable()
        assert await it.listed() == []
        await it.close()


async def test_a_postgresql_that_is_not_there(tmp_path: Path) -> None:
    schedule = Schedule(f"postgresql://openchair:verysecret@/openchair?host={tmp_path}", lambda: 0)
    with pytest.raises(Unusable, match=r"^It cannot be opened: .*No such file or directory") as raised:
        await schedule.open()
    assert "verysecret" not in str(raised.value)
    with pytest.raises(SQLAlchemyError):  # which the pages tell as "not just now"
        await schedule.listed()
    await schedule.close()


@ON_SQLITE
async def test_the_tables_of_the_first_version_are_changed_and_their_meetings_kept(site: Site, database: str) -> None:
    made = await site.creates()
    await site.schedule.close()
    for direction in (command.downgrade, command.upgrade):
        engine = engine_for(database)
        async with engine.begin() as connection:
            await connection.run_sync(migrate, direction, "001" if direction is command.downgrade else "head")
        await engine.dispose()
    again = Schedule(database, lambda: site.now)
    await again.open()
    assert [it.slug for it in await again.listed()] == [made["slug"]]
    await again.close()
