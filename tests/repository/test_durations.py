"""How long something takes is told by a clock that nobody sets; the wall clock tells only when something was."""

import ast

from tests.repository.tree import CODE, modules

_WALL = {"time.time()", "datetime.now(UTC)", "datetime.now(tz=UTC)", "datetime.utcnow()"}
_WRITTEN_BY_OTHERS = {
    "services/audit/adapters/stamp_folder.py",  # against the time of a file
    "services/audit/adapters/tile_folder.py",  # as above
    "services/router/adapters/http/inbox.py",  # against an instant that an authority names
    "amtsweg/directory/proposals.py",  # a number of days before today
    "shared/kafka/since.py",  # as above
}


def test_no_duration_is_measured_by_the_wall_clock() -> None:
    found = {
        name
        for name, tree in modules(*CODE)
        for node in ast.walk(tree)
        if isinstance(node, ast.BinOp)
        and isinstance(node.op, ast.Sub)
        and {ast.unparse(node.left), ast.unparse(node.right)} & _WALL
    }
    assert found == _WRITTEN_BY_OTHERS
