"""The engine's partition state, seen as the custody of cases."""

from uuid import UUID

from services.router.domain.cases.refusals import REFUSALS
from shared.engine import State
from shared.events.answer_refusal import AnswerRefusalsTold
from shared.events.custody import CaseHeld
from shared.events.submission import SubmissionHeld


class StoredCases:
    """`services.router.ports.Cases` over the engine's state and lookup."""

    def __init__(self, state: State) -> None:
        self._state = state

    def custody(self, case: UUID) -> CaseHeld | None:
        stored = self._state.get(str(case))
        return None if stored is None else CaseHeld.from_json(stored)

    def keep(self, case: UUID, custody: CaseHeld) -> None:
        self._state.put(str(case), custody.to_json())

    def forget(self, case: UUID) -> None:
        self._state.delete(str(case))

    def held(self, submission: UUID) -> SubmissionHeld | None:
        record = self._state.held(str(submission))
        return None if record is None or record.value is None else SubmissionHeld.from_json(record.value)

    def refusals(self, authority: str) -> AnswerRefusalsTold | None:
        stored = self._state.get(REFUSALS + authority)
        return None if stored is None else AnswerRefusalsTold.from_json(stored)

    def keep_refusals(self, authority: str, told: AnswerRefusalsTold | None) -> None:
        if told is None:
            self._state.delete(REFUSALS + authority)
        else:
            self._state.put(REFUSALS + authority, told.to_json())
