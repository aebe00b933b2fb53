"""A cluster behind a real socket whose responses the test decides."""

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
MOST_UNAVAILABLE = 5  # more consecutive ones would look like a cluster that is down


@dataclass(frozen=True)
class Response:
    """The cluster's response for one id.

    Attributes:
        status: the HTTP status.
        body: the body, if the status is 200.
        tree: the tree in the body, if it is valid.
    """

    status: int
    body: bytes = b""
    tree: Tree | None = None

    @property
    def outcome(self) -> str:
        """The outcome that the ledger must record."""
        if self.status == 200:
            return "invalid_payload" if self.tree is None else "loaded"
        return {403: "forbidden", 404: "not_found", 422: "rejected"}.get(self.status, "unavailable")


GONE = Response(404)


@dataclass
class World:
    """The responses of all ids, 404 by default; a fault of the simulator."""

    responses: dict[int, Response] = field(default_factory=dict)

    def set_response(self, execution_id: int, response: Response) -> None:
        """Sets the response of an id from now on, unless too many ids would be unavailable."""
        failing = sum(each.outcome == "unavailable" for each in self.responses.values())
        if response.outcome != "unavailable" or failing < MOST_UNAVAILABLE:
            self.responses[execution_id] = response

    def response_to(self, execution_id: int) -> Response:
        """The cluster's current response."""
        return self.responses.get(execution_id, GONE)

    def write(self, exchange: Exchange) -> None:
        response = self.response_to(exchange.question.number or 0)
        if response.status == 404:
            Gap().write(exchange)
        elif response.status == 200:
            RawBody(response.body).write(exchange)
        else:
            Refusal(response.status).write(exchange)


def serving(world: World, token: str) -> Simulator:
    """A simulator that responds as the world decides, for every id that a run can request."""
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


TREES = st.recursive(
    _node([]), lambda nodes: st.lists(nodes, max_size=3).flatmap(_node), max_leaves=6
)
_BODIES = st.sampled_from([b"", LOGIN_PAGE, AS_DOCUMENTED, b'{"name": 5}'])

RESPONSES = st.one_of(
    *[TREES.map(lambda tree: Response(200, json.dumps(tree).encode(), tree))] * 4,
    _BODIES.map(lambda body: Response(200, body)),
    st.sampled_from(
        [
            Response(403),
            Response(404),
            Response(404),
            Response(422),
            Response(500),
            Response(503),
        ]
    ),
)

_IDS = st.integers(1, HIGHEST_ID)
BEGINNINGS = st.dictionaries(_IDS, RESPONSES, min_size=6, max_size=12)
CHANGES = st.dictionaries(_IDS, RESPONSES, max_size=5)
