"""A timer for an extension that has moved nothing; what is known of extensions is written as a list."""

from alembic import op

revision = "0012"
down_revision = "0011"

_KINDS = "'forwarding', 'fetching', 'confirmation', 'ending', 'ended', 'extension'"


def upgrade() -> None:
    """Let timers be of the new kind."""
    op.execute("ALTER TABLE timers DROP CONSTRAINT timers_kind_check")
    op.execute(f"ALTER TABLE timers ADD CONSTRAINT timers_kind_check CHECK (kind IN ({_KINDS}))")
