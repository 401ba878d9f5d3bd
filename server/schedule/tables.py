"""The schedule's tables. Secrets are stored as hashes only."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, MetaData, String, Table, Text, UniqueConstraint

metadata = MetaData()

meetings = Table(
    "meetings",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("listed", Boolean, nullable=False),
    Column("meeting", Text, nullable=False),  # the meeting itself, as JSON
    Column("salt", String(32), nullable=False),
    Column("host_key", String(64), nullable=False),
    Column("timekeeper_key", String(64), nullable=False),
    Column("greeter_key", String(64), nullable=False),
    Column("manage_key", String(64), nullable=False),
    Column("passcode", String(64), nullable=True),
    Column("source", String(255), nullable=True),  # where it was imported from, and its slug there
    Column("source_slug", String(255), nullable=True),
    Column("missing_since", BigInteger, nullable=True),  # ms; when its feed had it no longer
    Column("updated_at", BigInteger, nullable=False),  # ms
    Column("sequence", Integer, nullable=False, server_default="0"),  # how often it was changed
    UniqueConstraint("source", "source_slug"),
    Column("revision", BigInteger, nullable=False, server_default="0"),  # the schedule's, at its last change
    Index("meetings_revision", "revision"),
)

revisions = Table(
    "revisions",  # one row: has anything changed? asked by every page
    metadata,
    Column("latest", BigInteger, nullable=False),
    Column("deletions", BigInteger, nullable=False),
)

endings = Table(
    "endings",
    metadata,
    Column("room", String(96), primary_key=True),  # an occurrence that is over, so that it does not open again
    Column("ended_at", BigInteger, nullable=False),  # ms
)
