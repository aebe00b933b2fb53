"""The responses of the endpoint as documented by the vendor, without sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from incorta_simulator.answer import Answer
from incorta_simulator.company.tree import cut
from incorta_simulator.question import Question

if TYPE_CHECKING:
    from incorta_simulator.company.company import Company


@dataclass(frozen=True)
class Endpoint:
    """`GET …/{tenant}/load-plan/status/{execution-id}` of one company."""

    company: Company
    tenant: str
    token: str

    def answer(self, question: Question, authorization: str) -> Answer:
        """Returns the response to a request; the first error found determines it."""
        if authorization != f"Bearer {self.token}":
            # The real endpoint also sends the token back, so clients must handle that.
            given = authorization.removeprefix("Bearer ")
            text = f"INC_09030108: Invalid authentication header. Invalid Token [{given}]"
            return Answer.error(401, text)
        if question.execution_id is None:
            return Answer.error(404, "There is no such resource.")
        if question.tenant != self.tenant:
            return Answer.error(404, f"Invalid [{question.tenant}] tenant in resource path")
        return self._of_execution(question.execution_id, question)

    def _of_execution(self, text: str, question: Question) -> Answer:
        if not question.is_integer:
            return Answer.error(400, f"The execution ID [{text}] is no integer.")
        if question.level is None:
            return Answer.error(400, "The level must be 1, 2, 3 or 4.")
        if question.number is None:
            return Answer.error(422, f"The execution ID [{text}] is out of range.")
        return self._status(question.number, question.level)

    def _status(self, execution_id: int, level: int) -> Answer:
        if not self.company.exists(execution_id):
            text = f"INC_05291904: The LOAD_PLAN of ID [{execution_id}] cannot be found."
            return Answer.error(404, text)
        if self.company.is_hidden(execution_id):
            return Answer.error(403, "You have no View access to any schema of the load plan.")
        return Answer.of(200, cut(self.company.next_tree(execution_id), level))
