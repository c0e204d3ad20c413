"""Keep conversations: turns, pictures, windows, and who waits for an answer.

A follow-up must work after a restart and when the picture's link has ended. What people wrote can be
sealed from now on: the words and pictures of buttons become bytes, and kept answers, which can be made again, are
let go of.

Revision: 0002, after 0001
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

PLAIN = b"\x00"
"""The first byte of what was not sealed."""

BATCH = 500


def big_id():
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def time():
    return sa.DateTime(timezone=True)


def upgrade() -> None:
    make_answer(sa.Column("body", sa.LargeBinary(), nullable=False), picture=True)
    for column in ("parameters", "sources"):
        convert_posted(column, sa.LargeBinary(), unsealable, sa.JSON())
    make_conversations()
    make_turns()
    make_pictures()
    make_the_rest()


def downgrade() -> None:
    for table in (
        "token_cost",
        "person_choice",
        "conversation_thread",
        "pending_reply",
        "picture_blob",
        "picture_frame",
        "turn_picture",
        "turn",
        "conversation_window",
        "participant",
        "conversation",
    ):
        op.drop_table(table)
    convert_posted("parameters", sa.JSON(), lambda value: unsealed(value, {}), sa.LargeBinary())
    convert_posted("sources", sa.JSON(), lambda value: unsealed(value, []), sa.LargeBinary())
    make_answer(sa.Column("body", sa.JSON(), nullable=False), picture=False)


def unsealable(value):
    """Return a value as it lies where it can be sealed."""
    return PLAIN + json.dumps(value).encode()


def unsealed(value, default):
    """Return what was never sealed; what was cannot be read here, and becomes the default."""
    return json.loads(value[1:]) if value[:1] == PLAIN else default


def make_answer(body, *, picture) -> None:
    """Make the table of answers anew, empty."""
    op.drop_table("answer")
    op.create_table(
        "answer",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        *([sa.Column("picture", sa.String(64), nullable=False)] if picture else []),
        body,
        sa.Column("kept_at", time(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_answer"),
    )
    op.create_index("ix_answer_kept_at", "answer", ["kept_at"])
    if picture:
        op.create_index("ix_answer_picture", "answer", ["picture"])


def convert_posted(column, kind, converted, before) -> None:
    """Give a column of ``posted_answer`` another type, and every row its value in it."""
    with op.batch_alter_table("posted_answer") as batch:
        batch.alter_column(column, new_column_name="before")
    with op.batch_alter_table("posted_answer") as batch:
        batch.add_column(sa.Column(column, kind, nullable=True))
    posted = sa.table(
        "posted_answer",
        sa.column("id", sa.BigInteger()),
        sa.column("before", before),
        sa.column(column, kind),
    )
    connection = op.get_bind()
    last = None
    while True:
        query = sa.select(posted.c.id, posted.c.before).order_by(posted.c.id).limit(BATCH)
        if last is not None:
            query = query.where(posted.c.id > last)
        rows = connection.execute(query).all()
        if not rows:
            break
        for row_id, value in rows:
            connection.execute(
                posted.update().where(posted.c.id == row_id).values({column: converted(value)})
            )
        last = rows[-1].id
    with op.batch_alter_table("posted_answer") as batch:
        batch.drop_column("before")
        batch.alter_column(column, existing_type=kind, nullable=False)


def make_conversations() -> None:
    op.create_table(
        "conversation",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("created_at", time(), nullable=False),
        sa.Column("last_at", time(), nullable=False),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversation"),
        sqlite_autoincrement=True,
    )
    index("conversation", "owner_id", "guild_id")

    op.create_table(
        "participant",
        sa.Column("conversation_id", big_id(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_at", time(), nullable=False),
        sa.Column("text_until", time(), nullable=False),
        sa.Column("pictures_until", time(), nullable=True),
        sa.PrimaryKeyConstraint("conversation_id", "person_id", name="pk_participant"),
        belongs_to("participant", "conversation_id", "conversation"),
    )
    index("participant", "person_id", "last_at", "text_until", "pictures_until")

    op.create_table(
        "conversation_window",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("conversation_id", big_id(), nullable=False),
        sa.Column("first_depth", sa.Integer(), nullable=False),
        sa.Column("recap", sa.LargeBinary(), nullable=False),
        sa.Column("carried", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_conversation_window"),
        belongs_to("conversation_window", "conversation_id", "conversation"),
        sqlite_autoincrement=True,
    )
    index("conversation_window", "conversation_id")


def make_turns() -> None:
    op.create_table(
        "turn",
        sa.Column("id", big_id(), nullable=False),
        sa.Column("conversation_id", big_id(), nullable=False),
        sa.Column("parent_id", big_id(), nullable=True),
        sa.Column("depth", sa.Integer(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=True),
        sa.Column("speaker", sa.Integer(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=True),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("private", sa.Boolean(), nullable=False),
        sa.Column("parameters", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", time(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("again", sa.JSON(), nullable=False),
        sa.Column("closer", sa.JSON(), nullable=True),
        sa.Column("seed", sa.BigInteger(), nullable=True),
        sa.Column("window_id", big_id(), nullable=True),
        sa.Column("engine", sa.String(32), nullable=False),
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("answer_tokens", sa.Integer(), nullable=True),
        sa.Column("question_message_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_message_id", sa.BigInteger(), nullable=True),
        sa.Column("first_try_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_turn"),
        belongs_to("turn", "conversation_id", "conversation"),
        sa.ForeignKeyConstraint(["parent_id"], ["turn.id"], name="fk_turn_parent_id_turn"),
        sa.ForeignKeyConstraint(
            ["window_id"],
            ["conversation_window.id"],
            name="fk_turn_window_id_conversation_window",
            ondelete="SET NULL",
        ),
        sa.UniqueConstraint("question_message_id", name="uq_turn_question_message_id"),
        sqlite_autoincrement=True,
    )
    index(
        "turn",
        "conversation_id",
        "parent_id",
        "person_id",
        "guild_id",
        "window_id",
        "answer_message_id",
    )
    op.create_index("ix_turn_channel_id", "turn", ["channel_id", "id"])


def make_pictures() -> None:
    op.create_table(
        "turn_picture",
        sa.Column("turn_id", big_id(), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("part_of", sa.Integer(), nullable=True),
        sa.Column("place", sa.String(16), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("notes", sa.JSON(), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("description", sa.LargeBinary(), nullable=False),
        sa.Column("answered_as", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", "number", name="pk_turn_picture"),
        belongs_to("turn_picture", "turn_id", "turn"),
    )
    index("turn_picture", "answered_as")
    op.create_table(
        "picture_frame",
        sa.Column("turn_id", big_id(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("media_type", sa.String(32), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("at_seconds", sa.Double(), nullable=True),
        sa.PrimaryKeyConstraint("turn_id", "number", "position", name="pk_picture_frame"),
        sa.ForeignKeyConstraint(
            ["turn_id", "number"],
            ["turn_picture.turn_id", "turn_picture.number"],
            name="fk_picture_frame_turn_id_turn_picture",
            ondelete="CASCADE",
        ),
    )
    index("picture_frame", "sha256")
    op.create_table(
        "picture_blob",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("size_bytes", sa.Integer(), nullable=False),
        sa.Column("last_used_at", time(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name="pk_picture_blob"),
    )
    op.create_index("ix_picture_blob_last_used_at", "picture_blob", ["last_used_at", "size_bytes"])


def make_the_rest() -> None:
    op.create_table(
        "pending_reply",
        sa.Column("turn_id", big_id(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("question_message_id", sa.BigInteger(), nullable=True),
        sa.Column("answer_message_id", sa.BigInteger(), nullable=True),
        sa.Column("application_id", sa.BigInteger(), nullable=True),
        sa.Column("token", sa.LargeBinary(), nullable=True),
        sa.Column("locale", sa.String(16), nullable=False),
        sa.Column("since", time(), nullable=False),
        sa.PrimaryKeyConstraint("turn_id", name="pk_pending_reply"),
        belongs_to("pending_reply", "turn_id", "turn"),
    )
    index("pending_reply", "since")
    op.create_table(
        "conversation_thread",
        sa.Column("thread_id", big_id(), autoincrement=False, nullable=False),
        sa.Column("turn_id", big_id(), nullable=False),
        sa.PrimaryKeyConstraint("thread_id", name="pk_conversation_thread"),
        belongs_to("conversation_thread", "turn_id", "turn"),
    )
    index("conversation_thread", "turn_id")
    op.create_table(
        "person_choice",
        sa.Column("person_id", big_id(), autoincrement=False, nullable=False),
        sa.Column("text_seconds", sa.BigInteger(), nullable=False),
        sa.Column("pictures_seconds", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", name="pk_person_choice"),
    )
    op.create_table(
        "token_cost",
        sa.Column("model", sa.String(200), nullable=False),
        sa.Column("width", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("height", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("tokens", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("model", "width", "height", name="pk_token_cost"),
    )


def belongs_to(table, column, other):
    """Make rows go with the row of another table."""
    return sa.ForeignKeyConstraint(
        [column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}", ondelete="CASCADE"
    )


def index(table, *columns) -> None:
    for column in columns:
        op.create_index(f"ix_{table}_{column}", table, [column])
