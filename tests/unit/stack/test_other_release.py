"""What another release has left behind is named as the cause, before anything is changed."""

from pathlib import Path

import pytest

from amtsweg.stack.provision.schemas import FOLDERS
from amtsweg.stack.supervisor import last_line
from shared.postgres.migrations import ForeignSchema, is_newest

_NEWER = {"a_release_after_this_one"}


@pytest.mark.parametrize("schema", sorted(FOLDERS))
def test_a_schema_with_a_revision_that_we_do_not_have_is_of_another_release(schema: str) -> None:
    assert not is_newest(set(), schema=schema, folder=FOLDERS[schema])
    with pytest.raises(ForeignSchema, match=f"schema {schema} was made by another release: .* a_release"):
        is_newest(_NEWER, schema=schema, folder=FOLDERS[schema])


def test_of_a_log_that_ends_with_a_traceback_the_error_is_told(tmp_path: Path) -> None:
    log = tmp_path / "supervisor.log"
    log.write_text(
        'Traceback (most recent call last):\n  File "x.py", line 1\nKeyError: 7\n\n', encoding="utf-8"
    )
    assert last_line(log) == "KeyError: 7"
