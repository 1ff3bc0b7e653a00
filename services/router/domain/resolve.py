"""Who is competent: the pure decision at the heart of the router (promises 3 and 4)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from services.router.domain.day import Day
from services.router.domain.directory import Directory
from services.router.domain.entries import Attribute, Competence
from services.router.domain.leads import Lead, acting
from services.router.domain.places import Located, locate
from services.router.domain.verdict import Verdict, verdict
from shared.events.competence import Attributes, Candidate, CompetenceDecision, Inquiry, Reason, Why

Unverified = Literal["answer", "park"]
"""What an installation does with competence whose source is unchecked."""


def resolve(
    inquiry: Inquiry, *, directory: Directory, unverified: Unverified = "answer"
) -> CompetenceDecision:
    """Name the one competent authority, or say why a person has to decide and between whom.

    Pure and total: every inquiry gets an answer, and always the same one. ``unverified="park"`` answers
    ``ambiguous-competence`` wherever the answer would rest on a row without a checked source.
    """
    day = directory.on(inquiry.on)
    rules, depends_on = _of_the_case(inquiry.attributes, day.rules(inquiry.service))
    found = _decide_all(inquiry, rules, day)
    if unverified == "park" and found.authority is not None and not found.verified:
        found = _parked(found)
    return CompetenceDecision(
        outcome="parked" if found.authority is None else "routed",
        authority=found.authority,
        reason=found.reason,
        candidates=found.candidates,
        rule=rules[0].id if len(rules) == 1 else None,
        verified=found.verified,
        on_behalf_of=found.on_behalf_of,
        agreements=found.agreements,
        received_by=found.received_by,
        use_instead=found.use_instead,
        areas=found.areas,
        reaches_beyond=found.reaches_beyond,
        depends_on=depends_on,
        inquiry=inquiry,
        directory_version=directory.version,
    )


def _of_the_case(
    attributes: Attributes | None, rules: Sequence[Competence]
) -> tuple[Sequence[Competence], Attribute | None]:
    """The one row that holds in this case, or all that may hold; and the attribute that is left open."""
    attribute = next((rule.when.attribute for rule in rules if rule.when is not None), None)
    if attribute is None:
        return rules, None
    stated = getattr(attributes, attribute, None)
    if stated is None:
        return [rule for rule in rules if rule.when is None] or rules, attribute
    return [rule for rule in rules if rule.when is not None and stated in rule.when.values] or rules, None


def _decide_all(inquiry: Inquiry, rules: Sequence[Competence], day: Day) -> Verdict:
    """The verdict of the one rule; of several, theirs if they agree."""
    if not rules:
        return Verdict(reason=Reason.UNKNOWN_SERVICE)
    if len(rules) == 1:
        return _decide(inquiry, rules[0], day)
    found = [_decide(inquiry, rule, day) for rule in rules]
    if len({(verdict.authority, verdict.reason) for verdict in found}) == 1:
        return replace(found[0], verified=all(verdict.verified for verdict in found))
    named = sorted({verdict.authority for verdict in found if verdict.authority is not None})
    return Verdict(
        reason=Reason.AMBIGUOUS_COMPETENCE,
        candidates=tuple(Candidate(authority=authority, why=Why.OTHER_CASE) for authority in named),
        areas=found[0].areas,
    )


def _decide(inquiry: Inquiry, rule: Competence, day: Day) -> Verdict:
    if rule.by_choice:
        return _chosen(inquiry.choice, rule, day)
    if inquiry.place is None and rule.needs_place:
        return Verdict(reason=Reason.UNKNOWN_PLACE)
    located = locate(inquiry.place, day)
    if not isinstance(located, Located):
        return Verdict(reason=located)
    found = verdict(rule, located, day)
    if (
        inquiry.choice is None
        or found.authority is None
        or inquiry.choice in (found.authority, *found.on_behalf_of)
    ):
        return found
    only = Candidate(authority=found.authority, why=Why.OFFERED)
    return Verdict(reason=Reason.CHOICE_REQUIRED, candidates=(only,), areas=found.areas)


def _chosen(choice: str | None, rule: Competence, day: Day) -> Verdict:
    """The applicant's choice among all of a kind, wherever he lives; kept, since only so many are offered."""
    key = (day.shape(rule), f"choice:{choice}" if choice in day.offered(rule.decides) else "choice")
    if key not in day.verdicts:
        day.verdicts[key] = _choose(choice, rule, day)
    return day.verdicts[key]


def _choose(choice: str | None, rule: Competence, day: Day) -> Verdict:
    offered = day.offered(rule.decides)
    if choice not in offered:
        every = tuple(Candidate(authority=authority, why=Why.OFFERED) for authority in offered)
        return Verdict(reason=Reason.CHOICE_REQUIRED, candidates=every)
    found = acting(Lead(authority=choice, verified=rule.verified), rule, area=None, day=day)
    others = (
        Candidate(authority=other, why=Why.NOT_CHOSEN)
        for other in offered
        if other not in (choice, found.authority)
    )
    return Verdict(
        authority=found.authority,
        verified=found.verified,
        candidates=(*found.considered, *others),
        on_behalf_of=found.on_behalf_of,
        agreements=found.agreements,
    )


def _parked(found: Verdict) -> Verdict:
    only = Candidate(authority=str(found.authority), why=Why.UNVERIFIED)
    return replace(
        found, authority=None, reason=Reason.AMBIGUOUS_COMPETENCE, candidates=(only, *found.candidates)
    )
