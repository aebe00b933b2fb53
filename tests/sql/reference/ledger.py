"""`status_ledger`, `coverage` and `gaps`: the completeness of the loaded history."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import groupby

from sql.base_rows import Fetch, Node
from sql.reference.keys import TENANT, Row, by, named

FetchesById = dict[int, list[Fetch]]
"""The ledger of a tenant, by execution id."""


def status_ledger(node_outcomes: Sequence[Row]) -> list[Row]:
    keys = (*TENANT, "type", "state_type", "job_status", "outcome")
    return [
        named(keys, values)
        | {"nodes": len(group), "tables": sum(node["role"] == "table" for node in group)}
        for values, group in by(node_outcomes, *keys).items()
    ]


def coverage(
    nodes: Sequence[Node], fetches: Sequence[Fetch], executions: Sequence[Row]
) -> list[Row]:
    by_tenant = by(executions, *TENANT)
    fetched = by([*(n._asdict() for n in nodes), *(f._asdict() for f in fetches)], *TENANT)
    return [
        named(TENANT, tenant)
        | _coverage(_fetches_by_id(fetches, tenant), by_tenant.get(tenant, []))
        | {
            "last_fetched_at": max(row["fetched_at"] for row in answers),
            "ids_restarted": _is_restarted(
                _fetches_by_id(fetches, tenant), by_tenant.get(tenant, [])
            ),
            "highest_asked_id": max(row["execution_id"] for row in answers),
        }
        for tenant, answers in fetched.items()
    ]


def gaps(fetches: Sequence[Fetch], executions: Sequence[Row]) -> list[Row]:
    found = []
    for tenant, loaded in by(executions, *TENANT).items():
        fetches_by_id = _fetches_by_id(fetches, tenant)
        for first_id, last_id, reason in _gaps({e["execution_id"] for e in loaded}, fetches_by_id):
            found.append(
                named(TENANT, tenant)
                | {
                    "first_id": first_id,
                    "last_id": last_id,
                    "ids": last_id - first_id + 1,
                    "reason": reason,
                }
            )
    return found


def _gaps(loaded: set[int], fetches_by_id: FetchesById) -> Iterator[tuple[int, int, str]]:
    """First and last id, both included, and the reason for the missing nodes."""

    def reason(id_: int) -> str | None:
        if id_ in loaded:
            return None
        return _last_fetch(fetches_by_id[id_]).outcome if id_ in fetches_by_id else "never_asked"

    for why, ids in groupby(range(min(loaded), max(loaded) + 1), key=reason):
        if why is not None:
            together = list(ids)
            yield together[0], together[-1], why


def _fetches_by_id(fetches: Sequence[Fetch], tenant: tuple[object, ...]) -> FetchesById:
    fetches_by_id: FetchesById = {}
    for fetch in fetches:
        if (fetch.cluster, fetch.tenant) == tenant:
            fetches_by_id.setdefault(fetch.execution_id, []).append(fetch)
    return fetches_by_id


def _coverage(fetches_by_id: FetchesById, executions: Sequence[Row]) -> Row:
    final = {row["execution_id"]: row["is_final"] for row in executions}
    ids = {*fetches_by_id, *final}
    last = Counter("loaded" if i in final else _last_fetch(fetches_by_id[i]).outcome for i in ids)
    outcomes = ("loaded", "not_found", "forbidden", "rejected", "unavailable", "invalid_payload")
    return (
        {"ids_asked": len(ids)}
        | {outcome: last[outcome] for outcome in outcomes}
        | {
            "lowest_loaded_id": min(final, default=None),
            "highest_loaded_id": max(final, default=None),
            "ids_missing": max(final) - min(final) + 1 - len(final) if final else 0,
            "executions_not_final": sum(not is_final for is_final in final.values()),
            "aged": sum(_is_aged(i, fetches_by_id, final) for i in fetches_by_id),
        }
    )


def _is_restarted(fetches_by_id: FetchesById, executions: Sequence[Row]) -> bool:
    """Whether the latest request found the highest loaded execution missing."""
    highest = max((row["execution_id"] for row in executions), default=None)
    return highest in fetches_by_id and _last_fetch(fetches_by_id[highest]).outcome == "not_found"


def _is_aged(execution_id: int, fetches_by_id: FetchesById, final: dict[int, bool]) -> bool:
    """Whether the id is skipped only because its requests span over 30 days."""
    if execution_id in final:
        if final[execution_id]:
            return False
    elif execution_id in _probed(fetches_by_id, final) or _is_settled(
        execution_id, fetches_by_id, final
    ):
        return False
    times = [fetch.fetched_at for fetch in fetches_by_id[execution_id]]
    return max(times) - min(times) >= timedelta(days=30)


def _probed(fetches_by_id: FetchesById, final: dict[int, bool]) -> set[int]:
    """The ids that every run probes: above the highest, up to 20 consecutive missing ones."""
    highest = max(final, default=0)
    probed: list[int] = []
    missing = 0
    while missing < 20 and len(probed) < 1000:
        probed.append(highest + 1 + len(probed))
        log = fetches_by_id.get(probed[-1])
        missing = missing + 1 if log is None or _last_fetch(log).outcome == "not_found" else 0
    return set(probed)


def _is_settled(execution_id: int, fetches_by_id: FetchesById, final: dict[int, bool]) -> bool:
    """Whether a run that started after one that loaded a higher id found this one missing."""
    last = _last_fetch(fetches_by_id[execution_id])
    return last.outcome == "not_found" and any(
        fetch.outcome == "loaded" and fetch.run_id < last.run_id
        for higher in final
        if higher > execution_id
        for fetch in fetches_by_id.get(higher, [])
    )


def _last_fetch(log: Sequence[Fetch]) -> Fetch:
    return max(log, key=lambda fetch: (fetch.fetched_at, fetch.run_id))
