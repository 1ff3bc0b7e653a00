"""`amtsweg audit export`: the whole log into a folder, and the check that it is whole."""

import errno
import shutil
import tarfile
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import typer

from amtsweg.addresses import AuditUrlOption
from amtsweg.audit.client import AuditClient, PurposeOption, ReferenceOption, TokenOption
from amtsweg.audit.trust import KeyOption, PolicyOption, policy_of
from amtsweg.code_words import EXPORT_FORMS
from amtsweg.exit_status import ANSWERED_NO
from amtsweg.interruption import if_interrupted
from amtsweg.language import said
from amtsweg.new_file import require_free
from amtsweg.terminal import echo, ended
from services.audit.adapters.exports.forms import read_rows
from services.audit.domain.export import (
    CHECKPOINT,
    MANIFEST,
    SIGNATURE,
    Form,
    Manifest,
    Recount,
    verify_manifest,
)
from services.audit.domain.policy import Policy
from services.audit.domain.proof_refused import ProofRefused
from shared.bounded_files import LARGE, read_bounded
from shared.whole_folder import whole_folder


def export(
    *,
    out: Annotated[Path, typer.Option(help="Ordner, der entstehen soll")],
    purpose: PurposeOption,
    reference: ReferenceOption,
    form: Annotated[Form, typer.Option("--format", help=f"Form: {', '.join(EXPORT_FORMS)}")] = "jsonl",
    log_key: KeyOption = None,
    policy: PolicyOption = None,
    url: AuditUrlOption = None,
    token_file: TokenOption = None,
) -> None:
    """Holt alle Einträge mit ihren Inhalten als Dateien und rechnet nach, dass keiner fehlt."""
    require_free(out)
    desk = AuditClient.of(url, token_file, purpose=purpose, reference=reference)
    trusted = policy_of(log_key, policy)
    with desk.open("/v1/export", format=form) as stream:
        try:
            with (
                if_interrupted(lambda: _nothing_there(out)),
                whole_folder(out) as new,
                tarfile.open(fileobj=stream, mode="r|") as archive,
            ):
                for member in unpack(archive, new):
                    echo(
                        said(
                            de=f"  {member.name}  {member.size:,} Byte",
                            en=f"  {member.name}  {member.size:,} bytes",
                        ),
                        err=True,
                    )
        except (tarfile.TarError, OSError) as broken:
            raise ended(
                said(
                    de=f"FEHLER: Die Übertragung brach ab ({broken}); {out} ist nicht entstanden.",
                    en=f"ERROR: the transfer broke off ({broken}); {out} was not written.",
                ),
                ANSWERED_NO,
            ) from None
    _report(out, trusted)


def _nothing_there(out: Path) -> str:
    return said(de=f"Abgebrochen. {out} ist nicht entstanden.", en=f"Interrupted. {out} was not written.")


def verify_export(
    folder: Annotated[Path, typer.Argument(help="Ordner eines Exports", exists=True, file_okay=False)],
    *,
    log_key: KeyOption = None,
    policy: PolicyOption = None,
) -> None:
    """Prüft einen Export: Unterschrift, Prüfsummen, Vollständigkeit gegen den Stand, jeder Inhalt."""
    _report(folder, policy_of(log_key, policy))


def unpack(archive: tarfile.TarFile, folder: Path) -> Iterator[tarfile.TarInfo]:
    """Write each file of the archive into the folder, and say so; not by ``extract``, whose filter 3.11.2 lacks.

    Raises:
        tarfile.TarError: something in it is no plain file of this folder.
    """
    for member in archive:
        content = archive.extractfile(member)
        if content is None or member.name in {"", ".", ".."} or Path(member.name).name != member.name:
            raise tarfile.TarError(f"{member.name} is no plain file")
        with (folder / member.name).open("xb") as file:
            shutil.copyfileobj(content, file)
        yield member


def check_export(folder: Path, policy: Policy) -> tuple[Manifest, int]:
    """Check everything; return the manifest and how many payloads were opened.

    Raises:
        Refused: a file is missing or altered, an entry is missing, or a signature does not fit.
    """
    manifest = verify_manifest(
        _read(folder, MANIFEST), _read(folder, SIGNATURE), _read(folder, CHECKPOINT), policy
    )
    recount = Recount()
    for file in manifest.files:
        data = _read(folder, file.name, most=file.size)
        if (len(data), sha256(data).hexdigest()) != (file.size, file.sha256):
            raise ProofRefused(f"{file.name}: not the file that the manifest speaks of")
        if file.rows:
            for index, entry, salt, payload in read_rows(file.name, data):
                recount.add(index, entry, salt=salt, payload=payload)
    recount.compare(manifest)
    return manifest, recount.opened


def _report(folder: Path, policy: Policy) -> None:
    manifest, opened = check_export(folder, policy)
    echo(
        said(
            de=f"Protokoll {manifest.origin}: alle {manifest.size} Einträge, die Wurzel stimmt.",
            en=f"Log {manifest.origin}: all {manifest.size} entries, the root is right.",
        )
    )
    echo(
        said(
            de=f"{opened} Inhalte öffnen ihre Einträge; die übrigen sind gelöscht oder betreffen Handelnde.",
            en=f"{opened} contents open their entries; the others are erased or are about who acted.",
        )
    )
    echo(
        said(
            de=f"Dieser Export ist selbst Eintrag {manifest.look} des Protokolls.",
            en=f"This export is itself entry {manifest.look} of the log.",
        )
    )


def _read(folder: Path, name: str, *, most: int = LARGE) -> bytes:
    if Path(name).name != name:
        raise ProofRefused(f"{MANIFEST}: {name} is not the name of a file")
    try:
        return read_bounded(folder / name, most=most)
    except FileNotFoundError:
        raise ProofRefused(f"{name} is missing") from None
    except OSError as failed:
        if failed.errno == errno.EFBIG:
            raise ProofRefused(f"{name}: larger than it can be") from None
        raise
