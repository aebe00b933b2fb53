"""incorta-loads in Airflow 3: an hourly run with a gate, and one that waits for an execution.

The connection `incorta` has the cluster's URL as host, the tenant as schema and the token as
password; Airflow stores it encrypted and masks the password in logs.
"""

import os
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from airflow.providers.standard.hooks.subprocess import SubprocessHook
from airflow.sdk import DAG, BaseHook, BaseOperator, Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException

COMMAND = "/opt/incorta-loads/bin/incorta-loads"
DIRECTORY = "/var/lib/incorta-loads"  # of the warehouse and the published files

SOME_IDS_DID_NOT_LOAD = 3
NO_USE_TO_RETRY = {
    2: "the configuration needs a person: a setting, the tenant or an expired token",
    4: "tables fail now",
    5: "the execution finished with errors",
    6: "the execution did not succeed",
}
RETRY = {1: "failed", 7: "the execution is not final yet", 8: "the warehouse is busy"}


class IncortaLoads(BaseOperator):
    """One command of incorta-loads; what it prints is in the task's log."""

    template_fields = ("arguments",)

    def __init__(self, *, arguments: Sequence[str], **options: Any) -> None:
        super().__init__(**options)
        self.arguments = arguments
        self.process = SubprocessHook()

    def execute(self, context: Any) -> None:  # noqa: ARG002 (Airflow's signature)
        """Fails for good where it is of no use to try again."""
        connection = BaseHook.get_connection("incorta")
        settings = {
            "SOURCES__INCORTA__CLUSTER_URL": connection.host,
            "SOURCES__INCORTA__TENANT": connection.schema,
            "SOURCES__INCORTA__TOKEN": connection.password,
        }
        code = self.process.run_command(
            [COMMAND, *self.arguments], env=os.environ | settings, cwd=DIRECTORY
        ).exit_code
        if code == SOME_IDS_DID_NOT_LOAD:
            self.log.warning("Some ids did not load, see above; the next run asks for them again.")
        elif code:
            reason = (NO_USE_TO_RETRY | RETRY).get(code, "interrupted or unknown")
            error = AirflowFailException if code in NO_USE_TO_RETRY else AirflowException
            raise error(f"incorta-loads {self.arguments[0]} ended with {code}: {reason}")

    def on_kill(self) -> None:
        """Ends the command too; what was fetched is committed."""
        self.process.send_sigterm()


OPTIONS: dict[str, Any] = {
    "start_date": datetime(2026, 1, 1, tzinfo=UTC),
    "catchup": False,
    "max_active_runs": 1,
    "default_args": {"retries": 3, "retry_delay": timedelta(minutes=10)},
}

with DAG("incorta_loads_hourly", schedule="17 * * * *", **OPTIONS):
    run = IncortaLoads(task_id="run", arguments=["run"])
    gate = IncortaLoads(task_id="gate", arguments=["health", "--fail-on-any", "--limit", "10"])
    run >> gate  # what is put behind the gate starts only while no table is broken

EXECUTION = Param(type="integer", description="What the call that started the load plan returned.")
WATCH = ["watch", "{{ params.execution_id }}", "--every", "30", "--timeout", "3600"]

with DAG(
    "incorta_loads_after_execution", schedule=None, params={"execution_id": EXECUTION}, **OPTIONS
):
    watch = IncortaLoads(task_id="watch", arguments=WATCH)
    watch >> IncortaLoads(task_id="run", arguments=["run"])
