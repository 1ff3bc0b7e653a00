"""Every place that may hold something about a person is asked: who removes this, and when? The answers stand in the docs."""

import re
from pathlib import Path

import asyncpg
import pytest

from amtsweg.stack.provision.schemas import FOLDERS
from shared.access.schema import SCHEMA as ACCESS
from shared.events.retention import gone_after
from shared.events.topic_names import DEAD_LETTER_TOPICS
from shared.events.topics import CATALOGUE, Topic
from shared.postgres import migrations
from tests.support.pages import ROOT, rehearsed
from tests.support.stack import Database

_OF_THE_RUNTIME = {"offsets", "blocking_records", "outbox", "refused_messages"}
_OF_MIGRATIONS = "alembic_version"


def answers() -> dict[str, tuple[str, str]]:
    """What docs/operations.md says of each name: what it may hold, and who removes it when."""
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    section = page.partition("#### Who removes what, and when")[2].partition("\n### ")[0]
    rows = re.findall(r"^\| `([^`]+)` \| (.+?) \| (.+?) \|$", section, re.MULTILINE)
    assert len({name for name, _, _ in rows}) == len(rows)
    return {name: (holds, who) for name, holds, who in rows}


def backup_files() -> set[str]:
    """What the commands of the docs write."""
    return {
        Path(word).name
        for word in re.findall(r'"\$(?:KEYS_)?BACKUP/([^"]+)"', rehearsed("docs/operations.md", "backup"))
    }


async def tables(database: Database) -> set[str]:
    connection = await asyncpg.connect(database.url)
    for schema, folder in FOLDERS.items():
        await migrations.upgrade(database.url, schema=schema, folder=folder)
    await connection.execute(ACCESS)
    rows = await connection.fetch(
        "select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "where c.relkind in ('r', 'p') and not c.relispartition and n.nspname = any($1::text[])",
        [*FOLDERS, "access"],
    )
    await connection.close()
    return {
        f"*.{row['name']}" if row["name"] in _OF_THE_RUNTIME else f"{row['schema']}.{row['name']}"
        for row in rows
        if row["name"] != _OF_MIGRATIONS
    }


async def test_of_every_topic_table_and_backup_it_is_said_who_removes_it_and_when(database: Database) -> None:
    places = {topic.name for topic in CATALOGUE} | set(DEAD_LETTER_TOPICS)
    places |= await tables(database) | backup_files()
    assert set(answers()) == places


@pytest.mark.parametrize(
    "topic", [topic for topic in CATALOGUE if topic.sealed], ids=lambda topic: topic.name
)
def test_whatever_is_sealed_is_gone_after_a_time(topic: Topic) -> None:
    assert gone_after(topic) is not None


def test_nothing_that_may_hold_content_or_contact_is_kept() -> None:
    kept = {
        name
        for name, (holds, who) in answers().items()
        if re.search("content|contact", holds) and "kept" in who
    }
    assert kept == set()
