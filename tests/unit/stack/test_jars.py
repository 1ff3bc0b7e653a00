"""Only jars with the pinned checksum are used, whoever fetched them."""

from hashlib import sha256
from pathlib import Path

import pytest

from amtsweg.stack import jars
from amtsweg.stack.errors import MissingPartError
from amtsweg.stack.jars import Jar

CONTENT = b"what a jar holds"
JAR = Jar("org.example", "thing", "1.0", sha256(CONTENT).hexdigest())


def deliver(content: bytes) -> jars.JarFetcher:
    def fetch(wanted: list[Jar], folder: Path) -> None:
        for jar in wanted:
            (folder / jar.file).write_bytes(content)

    return fetch


def refuse(wanted: list[Jar], folder: Path) -> None:
    raise OSError("no route to host")


def test_missing_jars_are_fetched(tmp_path: Path) -> None:
    found = jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[deliver(CONTENT)])
    assert [path.read_bytes() for path in found] == [CONTENT]


def test_present_jars_are_not_fetched_again(tmp_path: Path) -> None:
    jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[deliver(CONTENT)])
    assert jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[refuse])


def test_a_damaged_jar_is_fetched_again(tmp_path: Path) -> None:
    (path,) = jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[deliver(CONTENT)])
    path.write_bytes(b"damaged")
    jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[deliver(CONTENT)])
    assert path.read_bytes() == CONTENT


def test_a_second_way_is_tried_when_the_first_fails(tmp_path: Path) -> None:
    assert jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[refuse, deliver(CONTENT)])


def test_a_jar_with_another_checksum_is_never_used(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError, match="checksum"):
        jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[deliver(b"something else")])
    assert not list((tmp_path / "kafka").glob("*.jar"))


def test_what_cannot_be_got_is_named_with_the_way_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(MissingPartError) as error:
        jars.classpath(tmp_path / "kafka", wanted=[JAR], fetchers=[refuse])
    for part in ("org.example:thing:1.0", "no route to host", "HTTPS_PROXY", str(tmp_path / "kafka")):
        assert part in str(error.value)


def test_the_lock_file_pins_every_jar_once() -> None:
    pinned = jars.pinned()
    assert len({jar.file for jar in pinned}) == len(pinned)
    assert all(len(bytes.fromhex(jar.sha256)) == sha256().digest_size for jar in pinned)
    assert any(jar.artifact == "kafka_2.13" for jar in pinned)


def test_the_lock_file_names_no_place_to_download_from() -> None:
    assert "//" not in jars.LOCK.read_text()
