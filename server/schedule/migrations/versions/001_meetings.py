"""Meetings, and the occurrences that are over."""

import sqlalchemy as sa
from alembic import op

revision = "001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("slug", sa.String(64), nullable=False, unique=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("listed", sa.Boolean, nullable=False),
        sa.Column("meeting", sa.Text, nullable=False),
        sa.Column("salt", sa.String(32), nullable=False),
        sa.Column("host_key", sa.String(64), nullable=False),
        sa.Column("timekeeper_key", sa.String(64), nullable=False),
        sa.Column("greeter_key", sa.String(64), nullable=False),
        sa.Column("manage_key", sa.String(64), nullable=False),
        sa.Column("passcode", sa.String(64), nullable=True),
        sa.Column("source", sa.String(255), nullable=True),
        sa.Column("source_slug", sa.String(255), nullable=True),
        sa.Column("updated_at", sa.BigInteger, nullable=False),
        sa.UniqueConstraint("source", "source_slug"),
    )
    op.create_index("meetings_updated_at", "meetings", ["updated_at"])
    op.create_table(
        "endings",
        sa.Column("room", sa.String(96), primary_key=True),
        sa.Column("ended_at", sa.BigInteger, nullable=False),
    )


def downgrade() -> None:
    op.drop_table("endings")
    op.drop_table("meetings")
