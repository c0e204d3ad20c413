"""Keep what moderation works with: uploads, the work to be done, policies, cases.

An upload that was heard of is on the disk, with the work it means, before anything else happens to it.

Revision: 0003, after 0002
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def big_id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def time():
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    make_work()
    make_policies()
    make_cases()
    make_uploads()


def downgrade() -> None:
    for table in (
        "report",
        "upload_frame",
        "upload",
        "channel_cursor",
        "moderation_day",
        "bank_entry",
        "appeal",
        "case_event",
        "case_action",
        "case_sighting",
        "moderation_case",
        "moderation_guild",
        "policy_change",
        "policy",
        "job",
    ):
        op.drop_table(table)


def make_work() -> None:
    op.create_table(
        "job",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("run_at", time(), nullable=False),
        sa.Column("enqueued_at", time(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job"),
        sa.UniqueConstraint("kind", "subject_id", name="uq_job_kind"),
        sqlite_autoincrement=True,
    )
    index("job", "holder")
    op.create_index("ix_job_newest", "job", ["kind", "priority", "enqueued_at"])
    op.create_index("ix_job_oldest", "job", ["kind", "enqueued_at"])


def make_policies() -> None:
    op.create_table(
        "policy",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("changed_at", time(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_policy"),
    )
    index("policy", "enabled")
    op.create_table(
        "policy_change",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=False),
        sa.Column("at", time(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_change"),
    )
    index("policy_change", "at", "guild_id")


def make_cases() -> None:
    op.create_table(
        "moderation_guild",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_case", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", name="pk_moderation_guild"),
    )
    op.create_table(
        "moderation_case",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("rule", sa.String(32), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("severity", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=True),
        sa.Column("automatic", sa.Integer(), nullable=True),
        sa.Column("dry_run", sa.Boolean(), nullable=False),
        sa.Column("opened_at", time(), nullable=False),
        sa.Column("updated_at", time(), nullable=False),
        sa.Column("last_sighting_at", time(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("sighting_count", sa.Integer(), nullable=False),
        sa.Column("seen_before", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(16), nullable=True),
        sa.Column("decided_by", sa.BigInteger(), nullable=True),
        sa.Column("decided_at", time(), nullable=True),
        sa.Column("findings", sa.LargeBinary(), nullable=False),
        sa.Column("thumbnail", sa.LargeBinary(), nullable=True),
        sa.Column("card_channel_id", sa.BigInteger(), nullable=True),
        sa.Column("card_message_id", sa.BigInteger(), nullable=True),
        sa.Column("card_version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_moderation_case"),
        sa.UniqueConstraint("guild_id", "number", name="uq_moderation_case_guild_id"),
        sqlite_autoincrement=True,
    )
    index("moderation_case", "opened_at", "updated_at")
    sighted = ["guild_id", "state", "last_sighting_at"]
    op.create_index("ix_moderation_case_sighted", "moderation_case", sighted)
    op.create_table(
        "case_sighting",
        sa.Column("case_id", big_id(), autoincrement=False, nullable=False),
        sa.Column("upload_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("posted_at", time(), nullable=False),
        belongs_to("case_sighting", "case_id", "moderation_case"),
        sa.PrimaryKeyConstraint("case_id", "upload_id", name="pk_case_sighting"),
    )
    index("case_sighting", "author_id", "message_id")
    op.create_table(
        "case_action",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("case_id", big_id(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("begun", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("until", time(), nullable=True),
        sa.Column("requested_by", sa.BigInteger(), nullable=True),
        sa.Column("rule", sa.String(32), nullable=True),
        sa.Column("created_at", time(), nullable=False),
        sa.Column("ended_at", time(), nullable=True),
        belongs_to("case_action", "case_id", "moderation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_case_action"),
        sa.UniqueConstraint("key", name="uq_case_action_key"),
        sqlite_autoincrement=True,
    )
    index("case_action", "case_id", "person_id")
    op.create_table(
        "case_event",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("case_id", big_id(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", time(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("decision", sa.String(16), nullable=True),
        belongs_to("case_event", "case_id", "moderation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_case_event"),
    )
    index("case_event", "case_id")
    op.create_table(
        "appeal",
        sa.Column("case_id", big_id(), autoincrement=False, nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", time(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        belongs_to("appeal", "case_id", "moderation_case"),
        sa.PrimaryKeyConstraint("case_id", "person_id", name="pk_appeal"),
    )
    index("appeal", "person_id")
    op.create_table(
        "bank_entry",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("removed", sa.Boolean(), nullable=False),
        sa.Column("rules", sa.String(400), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.Column("whole_count", sa.Integer(), nullable=False),
        sa.Column("pdq", sa.String(64), nullable=True),
        sa.Column("label", sa.String(100), nullable=False),
        sa.Column("case_id", big_id(), nullable=True),
        sa.Column("added_by", sa.BigInteger(), nullable=True),
        sa.Column("added_at", time(), nullable=False),
        may_name("bank_entry", "case_id", "moderation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_bank_entry"),
        sqlite_autoincrement=True,
    )
    index("bank_entry", "case_id", "sha256")
    op.create_index("ix_bank_entry_removed", "bank_entry", ["removed", "added_at"])
    op.create_index("ix_bank_entry_revision", "bank_entry", ["guild_id", "revision"])
    op.create_table(
        "moderation_day",
        sa.Column("guild_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("count", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "day", "what", "name", name="pk_moderation_day"),
    )


def make_uploads() -> None:
    op.create_table(
        "channel_cursor",
        sa.Column("channel_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("channel_id", name="pk_channel_cursor"),
    )
    index("channel_cursor", "guild_id")
    op.create_table(
        "upload",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("key", sa.String(120), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=False),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("subject", sa.String(16), nullable=False),
        sa.Column("age_restricted", sa.Boolean(), nullable=False),
        sa.Column("previewed", sa.Boolean(), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("reports", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=True),
        sa.Column("case_id", big_id(), nullable=True),
        sa.Column("posted_at", time(), nullable=False),
        sa.Column("recorded_at", time(), nullable=False),
        sa.Column("done_at", time(), nullable=True),
        sa.Column("source", sa.LargeBinary(), nullable=True),
        sa.Column("text", sa.LargeBinary(), nullable=True),
        sa.Column("screened", sa.LargeBinary(), nullable=True),
        sa.Column("spooled_bytes", sa.BigInteger(), nullable=False),
        may_name("upload", "case_id", "moderation_case"),
        sa.PrimaryKeyConstraint("id", name="pk_upload"),
        sa.UniqueConstraint("key", name="uq_upload_key"),
        sqlite_autoincrement=True,
    )
    index("upload", "author_id", "case_id", "done_at")
    op.create_index("ix_upload_ended", "upload", ["guild_id", "state", "done_at"])
    op.create_index("ix_upload_spooled", "upload", ["state", "spooled_bytes"])
    op.create_table(
        "upload_frame",
        sa.Column("upload_id", big_id(), autoincrement=False, nullable=False),
        sa.Column("dark", sa.Boolean(), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("media_type", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("at_seconds", sa.Float(), nullable=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        belongs_to("upload_frame", "upload_id", "upload"),
        sa.PrimaryKeyConstraint("upload_id", "dark", "position", name="pk_upload_frame"),
    )
    op.create_table(
        "report",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("upload_id", big_id(), nullable=False),
        sa.Column("reporter_id", sa.BigInteger(), nullable=False),
        sa.Column("at", time(), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=False),
        belongs_to("report", "upload_id", "upload"),
        sa.PrimaryKeyConstraint("id", name="pk_report"),
        sa.UniqueConstraint("upload_id", "reporter_id", name="uq_report_upload_id"),
    )
    index("report", "reporter_id")


def belongs_to(table, column, other):
    """Make rows go with the row of another table."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="CASCADE"
    )


def may_name(table, column, other):
    """Make rows name the row of another table as long as it is there."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="SET NULL"
    )


def index(table, *columns) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])
