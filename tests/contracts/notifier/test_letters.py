"""Letters as they lie in the folder or the bucket: whole, tagged, the same file however often they are written."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from unicodedata import combining

import pytest
import typst

from services.notifier.adapters.letters import LAYOUT, LetterBucket, LetterFolder, pdf_of
from services.notifier.domain.letter import LetterSender, PrintedLetter
from services.notifier.domain.reach import Addressee, addressee_of
from services.notifier.handler.carriers import Desk, LetterCarrier
from services.notifier.ports import Accepted, MailRefused, ServerAway
from shared.events.notification import MessageKind
from shared.object_store import ObjectStore
from shared.printed_text import can_be_printed
from tests.component.notifier.test_delivery import CONTACT, Directory, OpenedContacts, World
from tests.support.mails import KINDS, LANGUAGES, NAMES, WRITER, message
from tests.support.object_server import KEY, new_store, object_server

SENDER = LetterSender(name="Amtsweg", line="Amtsweg · Beispielplatz 1 · 65185 Wiesbaden")
_ADDRESS = {"street": "Südanlage 5", "postalCode": "35390", "town": "Gießen"}


def letter(
    kind: MessageKind = "decision", *, name: str = "Erika Mustermann", language: str = "de"
) -> PrintedLetter:
    written = message(kind, language=language)  # type: ignore[arg-type] # one of the literals
    return PrintedLetter(
        message_id=written.id,
        sender=SENDER,
        addressee=addressee_of(json.dumps({"name": name, "address": _ADDRESS}).encode()),
        on=date(2026, 1, 13),
        words=WRITER.write(written, NAMES),
    )


def lying_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_message_is_a_tagged_letter_in_its_language(kind: MessageKind, language: str) -> None:
    pdf = pdf_of(letter(kind, language=language))
    assert pdf.startswith(b"%PDF-")
    assert b"pdfuaid:part>1<" in pdf
    assert b"/MarkInfo" in pdf
    assert re.search(rb"/Lang\s*\(" + (b"en" if language == "en" else b"de") + rb"\)", pdf)


@pytest.mark.parametrize(
    "name", ['#pagebreak() #read("/etc/passwd")', "$x$ *b* \\", "= Titel <label> @ref", "Ä" * 200]
)
def test_what_a_name_holds_is_text_and_stays_on_one_page(name: str) -> None:
    assert pages(pdf_of(letter(name=name))) == pages(pdf_of(letter())) == 1


@pytest.mark.parametrize(
    ("lines", "most"),
    [
        (("Erika Mustermann", "Südanlage 5", "35390 Gießen"), 0.5),
        (("Ä" * 200, "ß" * 60, "m" * 60, "12345678-012 " + "Ö" * 60, "VEREINIGTE STAATEN VON AMERIKA"), 1),
        (("W" * 200, "W" * 60, "W" * 60, "W" * 12 + " " + "W" * 60, "VEREINIGTE STAATEN VON AMERIKA"), 1),
        (
            (
                "Freifrau " * 22,
                "c/o Haus " * 6,
                "Am Weg " * 8,
                "W1A 1AA " + "Stadt " * 10,
                "VEREINIGTES KÖNIGREICH",
            ),
            1,
        ),
    ],
    ids=["usual", "long", "widest", "many words"],
)
def test_no_line_of_an_address_is_cut_off_by_its_window(lines: tuple[str, ...], most: float) -> None:
    """As long as `POST /v1/submissions` takes them; without town or country a letter goes nowhere."""
    written = replace(letter(), addressee=Addressee(lines))
    inputs = {"letter": json.dumps(written.data())}
    (filled,) = json.loads(
        typst.query(str(LAYOUT), "<filled>", field="value", sys_inputs=inputs, ignore_system_fonts=True)
    )
    assert 0 < filled <= most
    assert pages(pdf_of(written)) == 1


def test_an_address_that_fits_its_window_in_no_size_is_not_printed() -> None:
    with pytest.raises(typst.TypstError, match="does not fit"):
        pdf_of(replace(letter(), addressee=Addressee(("Zeile",) * 40)))


def test_the_font_has_every_letter_that_a_letter_may_show() -> None:
    shown = [char for char in map(chr, range(0x10000)) if can_be_printed(char)]
    assert len(shown) > 1_000
    for start in range(0, len(shown), 400):
        lines = tuple("a" + each if combining(each) else each for each in shown[start : start + 400])
        assert pdf_of(replace(letter(), addressee=Addressee((" ".join(lines),))))


def test_what_an_authority_wrote_is_printed_as_far_as_a_letter_can_show_it() -> None:
    words = letter().words
    outline = replace(words.outline, facts=(("Es fehlt", "Mietvertrag 🏠 李\n2. Blatt"),), lead="\x9f")
    written = replace(letter(), words=replace(words, outline=outline))
    assert written.data()["facts"] == [["Es fehlt", "Mietvertrag ? ?\n2. Blatt"]]
    assert pdf_of(written).startswith(b"%PDF-")


def test_an_address_abroad_with_all_its_lines_fits_the_window_on_one_page() -> None:
    abroad = {"street": "5 rue Cler", "postalCode": "75007", "town": "Paris", "country": "GB", "extra": "c/o"}
    address = json.dumps({"name": "Erika Mustermann", "address": abroad}).encode()
    written = replace(letter(), addressee=addressee_of(address))
    assert written.addressee.lines[-1] == "VEREINIGTES KÖNIGREICH"
    assert pages(pdf_of(written)) == 1


async def test_a_second_writing_is_the_same_file_and_leaves_nothing_else(tmp_path: Path) -> None:
    folder = LetterFolder(tmp_path)
    assert await folder.put(letter()) == Accepted()
    (file,) = lying_in(tmp_path)
    before = (file.read_bytes(), file.stat().st_ino)
    assert await folder.put(letter()) == Accepted()
    assert [file] == lying_in(tmp_path)
    assert before == (file.read_bytes(), file.stat().st_ino)
    assert file.name == f"{letter().message_id}.pdf"
    assert pdf_of(letter()) == before[0]


async def test_a_part_left_by_a_crash_is_no_letter_and_does_not_stop_the_next_one(tmp_path: Path) -> None:
    part = tmp_path / f".{letter().message_id}.1.part"
    part.write_bytes(b"%PDF-1.7 half")
    assert await LetterFolder(tmp_path).put(letter()) == Accepted()
    assert {file.name for file in lying_in(tmp_path)} == {part.name, f"{letter().message_id}.pdf"}


async def test_a_folder_that_cannot_be_written_to_settles_nothing(tmp_path: Path) -> None:
    with pytest.raises(ServerAway):
        await LetterFolder(tmp_path / "gone").put(letter())


async def test_an_installation_without_a_folder_sends_no_letters() -> None:
    assert await LetterFolder(None).put(letter()) == MailRefused(503)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with object_server() as url:
        yield url


async def test_a_bucket_holds_each_letter_once_and_what_lies_there_stays(server: str) -> None:
    store = new_store(server, "letters/hessen")
    for _ in range(2):
        assert await LetterBucket(store()).put(letter()) == Accepted()
        assert await store().read(f"{letter().message_id}.pdf") == pdf_of(letter())
    await store().replace(f"{letter().message_id}.pdf", b"as the print shop has it")
    assert await LetterBucket(store()).put(letter()) == Accepted()
    assert await store().read(f"{letter().message_id}.pdf") == b"as the print shop has it"


async def test_a_bucket_that_is_away_settles_nothing() -> None:
    with pytest.raises(ServerAway, match="the store for letters"):
        await LetterBucket(ObjectStore("http://127.0.0.1:9/letters", **KEY)).put(letter())


async def test_a_bucket_that_does_not_exist_settles_nothing(server: str) -> None:
    with pytest.raises(ServerAway, match="the store for letters"):
        await LetterBucket(ObjectStore(f"{server}/nobody-made-it/letters", **KEY)).put(letter())


@pytest.mark.parametrize("kind", ["folder", "bucket"])
async def test_a_sender_that_dies_between_the_letter_and_its_note_leaves_one_letter_and_one_note(
    kind: str, server: str, tmp_path: Path
) -> None:
    store = new_store(server, "letters")
    box = LetterFolder(tmp_path) if kind == "folder" else LetterBucket(store())
    world = World()
    planned = replace(message("decision"), channel="letter", channels=("letter",))
    world.queue.plan(planned, CONTACT)
    contact = json.dumps({"name": "Erika", "address": _ADDRESS}).encode()
    desk = Desk(contacts=OpenedContacts(contact), directory=Directory(), writer=WRITER)
    carrier = LetterCarrier(desk=desk, letters=box, sender=SENDER)
    (claim,) = await world.queue.claim(1)
    assert await carrier.carry(claim, before_content=lambda: world.queue.begin(claim)) == Accepted()
    name = f"{planned.id}.pdf"
    before = await lying(kind, tmp_path, store, name)
    world.queue.now += timedelta(minutes=2)  # the sender is dead, and its lease has ended
    courier = world.courier(carrier=carrier)
    (taken_over,) = await world.queue.stranded()
    assert await courier.take_over(taken_over) == "deferred"
    world.queue.now += timedelta(hours=1)
    (again,) = await world.queue.claim(1)
    assert await courier.deliver(again) == "sent"
    assert [(event.outcome, event.channel) for event in world.queue.emitted] == [("sent", "letter")]
    assert await lying(kind, tmp_path, store, name) == before
    assert list(before) == [name]
    assert before[name].startswith(b"%PDF-")


async def lying(kind: str, folder: Path, store: Callable[[], ObjectStore], name: str) -> dict[str, bytes]:
    if kind == "folder":
        return {file.name: file.read_bytes() for file in lying_in(folder)}
    return {name: await store().read(name) or b""}
