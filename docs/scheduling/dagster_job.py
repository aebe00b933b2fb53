"""incorta-loads in Dagster: an hourly job with a gate, and one that waits for an execution.

Set SOURCES__INCORTA__CLUSTER_URL, SOURCES__INCORTA__TENANT and SOURCES__INCORTA__TOKEN where the
code location runs; Dagster shows their names, never their values.
"""

import os
import subprocess

import dagster as dg

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


class IncortaLoads(dg.ConfigurableResource):
    """The installed command, with its settings."""

    cluster_url: str
    tenant: str
    token: str

    def call(self, context: dg.OpExecutionContext, *arguments: str) -> None:
        """Runs the command; what it prints is in the step's stdout and stderr."""
        settings = {
            "SOURCES__INCORTA__CLUSTER_URL": self.cluster_url,
            "SOURCES__INCORTA__TENANT": self.tenant,
            "SOURCES__INCORTA__TOKEN": self.token,
        }
        command = [COMMAND, *arguments]
        with subprocess.Popen(command, cwd=DIRECTORY, env=os.environ | settings) as process:
            try:
                code = process.wait()
            except BaseException:  # the run is being terminated
                process.terminate()
                raise
        if code == SOME_IDS_DID_NOT_LOAD:
            context.log.warning("Some ids did not load, see stderr; the next run asks again.")
        elif code:
            reason = (NO_USE_TO_RETRY | RETRY).get(code, "interrupted or unknown")
            raise dg.Failure(
                f"incorta-loads {arguments[0]} ended with {code}: {reason}",
                allow_retries=code not in NO_USE_TO_RETRY,
            )


class Execution(dg.Config):
    """What the call that started the load plan returned."""

    execution_id: int


AGAIN = dg.RetryPolicy(max_retries=3, delay=600)
AFTER = {"after": dg.In(dg.Nothing)}


@dg.op(out=dg.Out(dg.Nothing), retry_policy=AGAIN)
def watch(context: dg.OpExecutionContext, config: Execution, incorta_loads: IncortaLoads) -> None:
    """Waits until an execution is final, and loads it."""
    incorta_loads.call(
        context, "watch", str(config.execution_id), "--every", "30", "--timeout", "3600"
    )


@dg.op(ins=AFTER, out=dg.Out(dg.Nothing), retry_policy=AGAIN)
def run(context: dg.OpExecutionContext, incorta_loads: IncortaLoads) -> None:
    """Fetches what is due, analyses and publishes it."""
    incorta_loads.call(context, "run")


@dg.op(ins=AFTER, out=dg.Out(dg.Nothing), retry_policy=AGAIN)
def gate(context: dg.OpExecutionContext, incorta_loads: IncortaLoads) -> None:
    """Lets nothing behind it start while a table always fails or is broken."""
    incorta_loads.call(context, "health", "--fail-on-any", "--limit", "10")


@dg.job
def incorta_loads_hourly() -> None:
    """What the schedule starts."""
    gate(run())


@dg.job
def incorta_loads_after_execution() -> None:
    """What to start with the id of an execution."""
    run(watch())


definitions = dg.Definitions(
    jobs=[incorta_loads_hourly, incorta_loads_after_execution],
    schedules=[dg.ScheduleDefinition(job=incorta_loads_hourly, cron_schedule="17 * * * *")],
    resources={
        "incorta_loads": IncortaLoads(
            cluster_url=dg.EnvVar("SOURCES__INCORTA__CLUSTER_URL"),
            tenant=dg.EnvVar("SOURCES__INCORTA__TENANT"),
            token=dg.EnvVar("SOURCES__INCORTA__TOKEN"),
        )
    },
)
