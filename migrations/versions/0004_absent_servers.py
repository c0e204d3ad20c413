"""Note since when Lookout has been no member of a server whose rules it keeps.

Of a removal while it is not running nobody tells it.

Revision: 0004, after 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("policy", sa.Column("absent_since", sa.DateTime(timezone=True)))


def downgrade() -> None:
    with op.batch_alter_table("policy") as batch:
        batch.drop_column("absent_since")
