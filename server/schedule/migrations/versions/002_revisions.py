"""How often a meeting was changed, when its feed lost it, and what has changed since somebody looked."""

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"


def upgrade() -> None:
    op.add_column("meetings", sa.Column("missing_since", sa.BigInteger, nullable=True))
    op.add_column("meetings", sa.Column("sequence", sa.Integer, nullable=False, server_default="0"))
    op.add_column("meetings", sa.Column("revision", sa.BigInteger, nullable=False, server_default="0"))
    op.create_index("meetings_revision", "meetings", ["revision"])
    op.drop_index("meetings_updated_at", "meetings")
    revisions = op.create_table(
        "revisions",
        sa.Column("latest", sa.BigInteger, nullable=False),
        sa.Column("deletions", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(revisions, [{"latest": 0, "deletions": 0}])


def downgrade() -> None:
    op.drop_table("revisions")
    op.create_index("meetings_updated_at", "meetings", ["updated_at"])
    op.drop_index("meetings_revision", "meetings")
    for column in ("revision", "sequence", "missing_since"):
        op.drop_column("meetings", column)
