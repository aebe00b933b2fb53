"""A cluster whose answers a test decides, behind a real socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from incorta_simulator.company.company import Company
from incorta_simulator.faults.bodies import AS_DOCUMENTED, LOGIN_PAGE
from incorta_simulator.faults.faults import Exchange, Gap, RawBody, Refusal
from incorta_simulator.server.simulator import Simulator

Tree = dict[str, Any]

HIGHEST_ID = 18
MOST_UNAVAILABLE = 5  # more of them in a row would look like a cluster that is down


@dataclass(frozen=True)
class ObservedTable:
    """What the cluster answers for one id.

    Attributes:
        status: the HTTP status.
        body: of a 200.
        tree: what the body says, when it is a tree.
    """

    status: int
    body: bytes = b""
    tree: Tree | None = None

    @property
    def outcome(self) -> str:
        """What the ledger must say."""
        if self.status == 200:
            return "invalid_payload" if self.tree is None else "loaded"
        return {403: "forbidden", 404: "not_found", 422: "rejected"}.get(self.status, "unavailable")


GONE = ObservedTable(404)


@dataclass
class World:
    """The answers of all ids, 404 where nothing else is told; a fault of the simulator."""

    answers: dict[int, ObservedTable] = field(default_factory=dict)

    def tell(self, execution_id: int, told: ObservedTable) -> None:
        """From now on this is the answer, unless it made too many ids unavailable."""
        failing = sum(each.outcome == "unavailable" for each in self.answers.values())
        if told.outcome != "unavailable" or failing < MOST_UNAVAILABLE:
            self.answers[execution_id] = told

    def answer(self, execution_id: int) -> ObservedTable:
        """What the cluster says now."""
        return self.answers.get(execution_id, GONE)

    def write(self, exchange: Exchange) -> None:
        told = self.answer(exchange.question.number or 0)
        if told.status == 404:
            Gap().write(exchange)
        elif told.status == 200:
            RawBody(told.body).write(exchange)
        else:
            Refusal(told.status).write(exchange)


def serving(world: World, token: str) -> Simulator:
    """A simulator that answers as the world says, for every id that a run can ask for."""
    simulator = Simulator(Company(executions=0), token=token)
    for execution_id in range(3 * HIGHEST_ID):
        simulator.faults.plan(execution_id, world)
    return simulator


_TYPES = st.sampled_from(["LOAD_PLAN", "GROUP", "SCHEMA", "TABLE", " table\n", "VIEW", None])
_NAMES = st.sampled_from(["a", "b/c", "~d~1", "", "Größe", "it's", None])
_STATE_TYPES = st.sampled_from(
    ["Terminator State"] * 5 + [" terminator state\t", "Load State", "Limbo State", None]
)
_JOB_STATUSES = st.sampled_from(["Success", "Failed", "In Progress", None])
_NONE: Tree = {}
_MORE = st.sampled_from(
    [_NONE, _NONE, _NONE, {"id": 7}, {"tags": ["x", None], "nested": {"~": "1.10"}}]
)
_MORE_STATUS = st.sampled_from([_NONE, _NONE, {"progress": 50}])


def _without_none(**fields: Any) -> Tree:
    return {name: value for name, value in fields.items() if value is not None}


@st.composite
def _node(draw: Callable[[Any], Any], children: list[Tree]) -> Tree:
    status = _without_none(stateType=draw(_STATE_TYPES), jobStatus=draw(_JOB_STATUSES))
    status |= draw(_MORE_STATUS)
    node: Tree = _without_none(name=draw(_NAMES), type=draw(_TYPES)) | draw(_MORE)
    if status or draw(st.booleans()):
        node["status"] = status
    if children:
        node["childStatusDetails"] = children
    return node


_TREES = st.recursive(
    _node([]), lambda nodes: st.lists(nodes, max_size=3).flatmap(_node), max_leaves=6
)
_BODIES = st.sampled_from([b"", LOGIN_PAGE, AS_DOCUMENTED, b'{"name": 5}'])

ANSWERS = st.one_of(
    *[_TREES.map(lambda tree: ObservedTable(200, json.dumps(tree).encode(), tree))] * 4,
    _BODIES.map(lambda body: ObservedTable(200, body)),
    st.sampled_from(
        [
            ObservedTable(403),
            ObservedTable(404),
            ObservedTable(404),
            ObservedTable(422),
            ObservedTable(500),
            ObservedTable(503),
        ]
    ),
)

_IDS = st.integers(1, HIGHEST_ID)
BEGINNINGS = st.dictionaries(_IDS, ANSWERS, min_size=6, max_size=12)
CHANGES = st.dictionaries(_IDS, ANSWERS, max_size=5)
