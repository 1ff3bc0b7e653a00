"""A decision in sentences, German or English, as a clerk would write them; made from the decision on request."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from services.router.domain.decision.explain_words import WORDS
from services.router.domain.directory.model import Competence, Directory
from shared.events.competence import CompetenceDecision, Place, Reason, Why
from shared.local_time import ReadIn, letter_day

_FEW = 12

_LOST = {
    Why.OTHER_TOWN: "other-town",
    Why.MUNICIPALITY_DECIDES: "municipality-decides",
    Why.DISTRICT_DECIDES: "district-decides",
    Why.NOT_CHOSEN: "not-chosen",
}


def explain(decision: CompetenceDecision, *, directory: Directory, language: ReadIn = "de") -> str:
    """Return the answer, its reasons and its legal basis as one text.

    ``directory`` gives the names; the text says which version decided.
    """
    told = _Explanation(decision, directory, language)
    return " ".join((*told.answer(), *told.followed(), *told.losers(), *told.basis()))


@dataclass(frozen=True, slots=True)
class _Explanation:
    decision: CompetenceDecision
    directory: Directory
    language: ReadIn

    def say(self, words: str, **blanks: object) -> str:
        return WORDS[words][0 if self.language == "de" else 1].format(**blanks)

    def day(self, day: date) -> str:
        return letter_day(day, self.language)

    def answer(self) -> Iterable[str]:
        decision = self.decision
        key = decision.inquiry.service
        service = self.directory.services.get(key)
        named = self.say("service", name=service, key=key) if service else self.say("service-key", key=key)
        asked, day = f"{named}{self._where()}", self.day(decision.inquiry.on)
        if decision.authority is None:
            yield self.say("to-the-desk", asked=asked, day=day, why=self._why_parked())
            return
        yield self.say("competent", asked=asked, day=day, name=self._name(decision.authority))
        if decision.on_behalf_of:
            agreed = "by-agreement" if len(decision.agreements) == 1 else "by-agreements"
            yield self.say(agreed, names=self._names(decision.on_behalf_of))
        if decision.depends_on:
            yield self.say("depends", attribute=self.say(decision.depends_on))
        if decision.received_by:
            yield self.say("received-by", names=self._names(decision.received_by))

    def _where(self) -> str:
        decision, place, known = self.decision, self.decision.inquiry.place, self.directory.areas
        if place is None:
            return ""
        areas = [] if decision.reason is Reason.UNKNOWN_PLACE else [known[ags].name for ags in decision.areas]
        few = len(areas) <= _FEW
        understood = ", ".join(areas) if few else self.say("municipalities", count=len(areas))
        if place.plz is None:
            key = self.say("ars", key=place.ars) if place.ars else self.say("ags", key=place.ags)
            if not areas:
                return self.say("with-key", key=key)
            unincorporated = len(areas) == 1 and known[decision.areas[0]].kind == "unincorporated"
            within = "within-unincorporated" if unincorporated else "within"
            return self.say(within, place=f"{understood} ({key})")
        asked = " ".join(filter(None, (place.plz, place.town)))
        plain = not areas or areas == [place.town]
        return self.say("within", place=asked if plain else f"{asked} ({understood})")

    def _why_parked(self) -> str:
        instead = self.decision.use_instead
        candidates = [candidate.authority for candidate in self.decision.candidates]
        among = "among-one" if len(candidates) == 1 else "among-many"
        named = self.directory.services.get(instead or "", "")
        return self.say(
            _situation(self.decision, self.directory),
            among=self.say(among, names=self._names(candidates)) if candidates else "",
            offered=self._names(candidates),
            attribute=self.say(self.decision.depends_on) if self.decision.depends_on else "",
            land=self.directory.name,
            instead=self.say("service", name=named, key=instead) if instead else "",
        )

    def followed(self) -> Iterable[str]:
        """Say so if the key is not in force on that day, and which areas it stands for."""
        decision, place, known = self.decision, self.decision.inquiry.place, self.directory.areas
        key = place.ags or place.ars if place else None
        asked = next((area for area in known.values() if key in {area.ags, area.ars}), None)
        if asked is not None and decision.areas and asked.ags not in decision.areas:
            places = ", ".join(f"{known[ags].name} ({ags})" for ags in decision.areas)
            yield self.say("meant-one" if len(decision.areas) == 1 else "meant-many", key=key, places=places)

    def losers(self) -> Iterable[str]:
        if self.decision.authority is None:
            return
        for why, words in _LOST.items():
            lost = [candidate.authority for candidate in self.decision.candidates if candidate.why is why]
            if lost:
                yield self.say(words, names=self._names(lost), condition=self._condition())

    def _condition(self) -> str:
        rule, decision, directory = self._rule(), self.decision, self.directory
        if rule is None or rule.municipality_if is None:
            return ""
        if rule.municipality_if.kind == "listed":
            name = rule.municipality_if.argument
            return next(rows[0].value for (listed, _), rows in directory.listed.items() if listed == name)
        figures = [row for ags in decision.areas for row in directory.populations.get(ags, ())]
        counted = next((row for row in figures if decision.inquiry.on in row.days), None)
        threshold = self.say("more-people", number=self._number(int(rule.municipality_if.argument)))
        if counted is None or len(decision.areas) > 1:
            return threshold
        return self.say(
            "counted",
            threshold=threshold,
            number=self._number(counted.people),
            day=self.day(counted.counted_on),
        )

    def basis(self) -> Iterable[str]:
        rule, decision = self._rule(), self.decision
        if rule is not None and (decision.authority is not None or decision.reason is Reason.NOT_OFFERED):
            anchor = self.say("anchor", anchor=rule.anchor) if rule.anchor and rule.needs_place else ""
            words = "basis-checked" if decision.verified else "basis-unchecked"
            yield self.say(words, basis=rule.legal_basis, anchor=anchor, rule=rule.id)
        yield self.say("directory", version=decision.directory_version[:12])

    def _rule(self) -> Competence | None:
        rules = self.directory.competences.get(self.decision.inquiry.service, ())
        return next((rule for rule in rules if rule.id == self.decision.rule), None)

    def _number(self, number: int) -> str:
        return f"{number:,}".replace(",", "." if self.language == "de" else ",")

    def _names(self, authorities: Iterable[str]) -> str:
        ids = list(authorities)
        shown = "; ".join(map(self._name, ids[:_FEW]))
        return shown if len(ids) <= _FEW else self.say("and-more", names=shown, count=len(ids) - _FEW)

    def _name(self, authority: str) -> str:
        known = self.directory.authorities
        return known[authority].name if authority in known else authority


def _situation(decision: CompetenceDecision, directory: Directory) -> str:
    """The key of the sentence about the reason, with the first refinement that applies."""
    place = decision.inquiry.place
    refinements = {
        (Reason.UNKNOWN_SERVICE, "named"): decision.inquiry.service in directory.services,
        (Reason.UNKNOWN_PLACE, "missing"): place is None,
        (Reason.UNKNOWN_PLACE, "town"): place is not None
        and place.town is not None
        and _listed(place, directory),
        (Reason.AMBIGUOUS_PLACE, "beyond"): decision.reaches_beyond,
        (Reason.AMBIGUOUS_PLACE, "town"): place is not None and place.town is not None,
        (Reason.NOT_OFFERED, "instead"): decision.use_instead is not None,
        (Reason.CHOICE_REQUIRED, "fixed"): decision.areas,
        (Reason.CHOICE_REQUIRED, "wrong"): decision.inquiry.choice is not None,
        (Reason.AMBIGUOUS_COMPETENCE, "unverified"): decision.candidates[:1]
        and decision.candidates[0].why is Why.UNVERIFIED,
        (Reason.AMBIGUOUS_COMPETENCE, "unincorporated"): decision.areas
        and all(directory.areas[ags].kind == "unincorporated" for ags in decision.areas),
        (Reason.AMBIGUOUS_COMPETENCE, "case"): decision.depends_on is not None,
    }
    refined = (name for (reason, name), holds in refinements.items() if reason is decision.reason and holds)
    return "/".join((str(decision.reason), *list(refined)[:1]))


def _listed(place: Place, directory: Directory) -> bool:
    return place.plz in directory.postcodes
