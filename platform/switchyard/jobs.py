"""
Commands that run inside the cluster: a Job made from a CronJob's template, its output shown while it runs.

Where a platform's own tools stand behind a network and a volume, this is the door to them: the right image, account and
secrets are the template's, who ran what is in the API server's audit, and nothing else of the platform has to be alive.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import click

from switchyard.errors import JobFailed, Misconfigured
from switchyard.kinds import PODS, Kind
from switchyard.kube import Kube
from switchyard.labels import RUN_ID
from switchyard.objects import Json, dig
from switchyard.operating import open_session
from switchyard.settings import Settings
from switchyard.waiting import wait_until
from switchyard.yard import Job

__all__ = ["inside", "run"]

CRON_JOBS: Final = Kind("batch", "v1", "CronJob", "cronjobs")
JOBS: Final = Kind("batch", "v1", "Job", "jobs")
START_S: Final = 180.0
"""Until the container runs: scheduling, mounts and the image's start, on a busy machine."""
KEPT_S: Final = 600
"""A Job whose caller was killed is removed by the cluster after so long."""
STARTED: Final = frozenset({"Running", "Succeeded", "Failed"})
ENDED: Final = STARTED - {"Running"}


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("environment")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def inside(ctx: click.Context, environment: str, arguments: tuple[str, ...]) -> None:
    """
    Run a command of the platform's own inside ENVIRONMENT; `... ENVIRONMENT --help` tells which there are.

    Ends with the exit code of what ran.
    """
    settings: Settings = ctx.obj
    session = open_session(settings)
    name = str(ctx.info_name)
    job = session.yard.jobs.get(name)
    where = str(session.yard.path)
    if job is None:
        raise Misconfigured(where=where, key=f"jobs.{name}", wanted="what this command runs", got=None)
    if environment not in session.yard.environments:
        raise Misconfigured(
            where=where, key="environments", wanted=f"one of {', '.join(session.yard.environments)}", got=environment
        )
    ctx.exit(run(session.kube, job=job, environment=environment, arguments=arguments, tell=click.echo))


def run(
    kube: Kube, *, job: Job, environment: str, arguments: Sequence[str], tell: Callable[[str], None], run_id: str = ""
) -> int:
    """
    Make the Job, tell its output line by line, remove it, and return its exit code.

    Args:
        run_id: Whose it is, as the label that tidying goes by.

    Raises:
        NotFound: There is no such CronJob.
        Late: Its pod does not start.
        JobFailed: It ended without an exit code: evicted, out of time, or its pod was deleted.
    """
    namespace = job.namespace.replace("{env}", environment)
    cron = kube.get(CRON_JOBS, job.cronjob, namespace=namespace)
    name = f"{job.cronjob}-{uuid.uuid4().hex[:8]}"
    kube.create(JOBS, _body(cron, name=name, command=[*job.command, *arguments], run_id=run_id), namespace=namespace)
    try:
        pod = _Pod(kube, namespace, name)
        pod.await_start()
        for line in kube.log(pod.name, namespace=namespace, for_s=job.deadline_s):
            tell(line)
        return pod.exit_code()
    finally:
        kube.delete(JOBS, name, namespace=namespace, propagation="Background")


def _body(cron: Json, *, name: str, command: Sequence[str], run_id: str) -> Json:
    template = dig(cron, "spec", "jobTemplate")
    pod = template["spec"]["template"]
    container, *others = pod["spec"]["containers"]
    containers = [{**container, "args": list(command)}, *others]
    spec: Json = {
        **template["spec"],
        "ttlSecondsAfterFinished": KEPT_S,
        "template": {**pod, "spec": {**pod["spec"], "containers": containers}},
    }
    labels = dig(template, "metadata", "labels") or {}
    return {"metadata": {"name": name, "labels": {**labels, **({RUN_ID: run_id} if run_id else {})}}, "spec": spec}


@dataclass
class _Pod:
    """The one pod of a Job."""

    kube: Kube
    namespace: str
    job: str
    name: str = ""

    def await_start(self) -> None:
        found = wait_until(
            self._find,
            what=f"the pod of {self.namespace}/{self.job} runs",
            ready=lambda pod: dig(pod, "status", "phase") in STARTED,
            within_s=START_S,
        )
        self.name = str(found["metadata"]["name"])

    def exit_code(self) -> int:
        found = wait_until(
            self._find,
            what=f"the pod {self.namespace}/{self.name} has ended",
            ready=lambda pod: not pod or dig(pod, "status", "phase") in ENDED,
            within_s=START_S,
        )
        statuses: Sequence[Json] = dig(found, "status", "containerStatuses") or ({},)
        code = dig(statuses[0], "state", "terminated", "exitCode")
        if not isinstance(code, int):
            said = dig(found, "status", "message") or dig(found, "status", "reason") or "no pod any more"
            raise JobFailed(f"{self.namespace}/{self.job}: wanted an exit code, got {said}")
        return code

    def _find(self) -> Json:
        found = self.kube.list(PODS, namespace=self.namespace, selector=f"job-name={self.job}").items
        return found[0] if found else {}
