"""How often a meeting was changed, and since when its feed no longer has it."""

import sqlalchemy as sa
from alembic import op

revision = "002"
down_revision = "001"


def upgrade() -> None:
    op.add_column("meetings", sa.Column("missing_since", sa.BigInteger, nullable=True))
    op.add_column("meetings", sa.Column("sequence", sa.Integer, nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("meetings", "sequence")
    op.drop_column("meetings", "missing_since")
