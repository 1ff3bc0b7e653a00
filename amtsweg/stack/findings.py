"""What is wrong in the running stack, where, and what to do: causes first, then what follows from them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from amtsweg.language import language, said
from amtsweg.stack.readiness import Readiness
from amtsweg.stack.supervisor import SERVERS, PartStatus
from shared.telemetry.part_words import BEGUN_ANEW, is_meant_on_one_machine, words_for

NEEDED: Final = frozenset({"kafka", "postgres"})
"""Servers without which services wait; their complaints follow from that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong; `words` quotes what the service said of it itself, `why` says it in the call's language."""

    where: str
    what: str
    means: str
    do: str
    why: str = ""
    words: str = ""


def findings(
    parts: Sequence[PartStatus], *, answered: Mapping[str, bool], told: Mapping[str, Readiness]
) -> list[Finding]:
    """Everything that needs a person, causes first; empty where all works."""
    heard = {**answered, **{name: each.answered for name, each in told.items()}}
    silent = list(_silent(parts, heard))
    gone = {finding.where for finding in silent}
    complaining = {name: each for name, each in told.items() if each.complaints and name not in gone}
    missing = sorted(gone & NEEDED)
    if missing:
        return [
            *silent,
            *_consequence(missing, [name for name, each in complaining.items() if not each.ready]),
        ]
    complaints = _by_complaint(complaining, own_broker=any(part.name == "kafka" for part in parts))
    return [
        *silent,
        *(
            _complained(complaint, services, ready=all(complaining[name].ready for name in services))
            for complaint, services in complaints.items()
        ),
    ]


def _silent(parts: Iterable[PartStatus], answered: Mapping[str, bool]) -> Iterator[Finding]:
    """Parts that have ended, or that run and say nothing; servers first, for the others need them."""
    for part in sorted(parts, key=lambda part: part.name not in SERVERS):
        if part.pid and answered.get(part.name, True):
            continue
        yield Finding(
            where=part.name,
            what=said(de="antwortet nicht", en="does not answer")
            if part.pid
            else said(de="ist beendet", en="has ended"),
            means=_lost_without(part.name),
            do=_revive(part),
        )


def _lost_without(name: str) -> str:
    """What waits while this part is away."""
    kind = name.split("-", maxsplit=1)[0]
    return words_for(kind, kind, language=language()).means


def _revive(part: PartStatus) -> str:
    name = part.name
    if name in SERVERS and not part.pid:
        return said(
            de=f"`amtsweg logs {name}` sagt, warum; der Stapel endet jetzt von selbst, danach `amtsweg up`",
            en=f"`amtsweg logs {name}` says why; the stack is ending by itself, after that `amtsweg up`",
        )
    if name in SERVERS:
        return said(
            de=f"`amtsweg logs {name}`; dann `amtsweg down` und `amtsweg up`",
            en=f"`amtsweg logs {name}`; then `amtsweg down` and `amtsweg up`",
        )
    if not part.pid:
        return said(
            de=f"es wird von selbst neu gestartet; bleibt es beendet, sagt `amtsweg logs {name}`, warum",
            en=f"it is started again by itself; if it stays away, `amtsweg logs {name}` says why",
        )
    return said(
        de=f"`amtsweg logs {name}`; dann `amtsweg restart {name}`",
        en=f"`amtsweg logs {name}`; then `amtsweg restart {name}`",
    )


def _consequence(missing: Sequence[str], waiting: Sequence[str]) -> Iterator[Finding]:
    """One finding for all services that wait for a server: once it is back, so are they."""
    servers = ", ".join(missing)
    if waiting:
        yield Finding(
            where=", ".join(waiting),
            what=said(de="nicht bereit", en="not ready"),
            means=said(de=f"Sie warten, weil {servers} fehlt", en=f"They wait because {servers} is missing"),
            do=said(
                de=f"zuerst {servers}; dann kommen sie von selbst wieder, und `amtsweg status` zeigt, was bleibt",
                en=f"first {servers}; then they come back by themselves, and `amtsweg status` shows what is left",
            ),
        )


def _by_complaint(told: Mapping[str, Readiness], *, own_broker: bool) -> dict[tuple[str, str], list[str]]:
    """Each complaint, by part and reason, with the services that have it; a part just begun anew is told once."""
    services: dict[tuple[str, str], list[str]] = {}
    for service, each in told.items():
        for part, reason in each.complaints.items():
            plain = part.removesuffix(BEGUN_ANEW)
            if (part != plain and plain in each.complaints) or (
                own_broker and is_meant_on_one_machine(part, reason)
            ):
                continue
            key = (part if part != service else "", reason)
            services.setdefault(key, []).append(service)
    return services


def _complained(complaint: tuple[str, str], services: Sequence[str], *, ready: bool) -> Finding:
    part, reason = complaint
    each = [words_for(name, part or name, reason, language=language()) for name in services]
    words = each[0]
    state = said(de="eingeschränkt", en="degraded") if ready else said(de="nicht bereit", en="not ready")
    return Finding(
        where=", ".join(services),
        what=f"{words.name}: {state}",
        means="; ".join(dict.fromkeys(one.means for one in each)),
        do=words.do,
        why=words.why,
        words=reason,
    )


def told_as_text(found: Sequence[Finding]) -> Iterator[str]:
    """The findings as lines for a terminal."""
    for number, finding in enumerate(found, start=1):
        yield f"{number}. {finding.where}: {finding.what}"
        yield f"   {said(de='Folge', en='means')}: {finding.means}."
        if finding.why:
            yield f"   {said(de='Grund', en='reason')}: {finding.why}"
        yield f"   {said(de='zu tun', en='to do')}: {finding.do}"
