"""The workflow: which step reads and writes what, with which resources, and how often it is tried.

Written with Hera, in the release whose models are those of Argo 3.7. `make workflow` writes it to workflow.json, which
is what is deployed: see template.py. Argo's executor carries the artifacts, as the service account; no step knows of a
store, or has a key to it.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from hera import workflows as argo
from hera.workflows import models as k8s

from services.sales_pipeline.steps import MODEL_KEY, NAME, RESOURCES, SALES_KEY

FILE = Path(__file__).with_suffix(".json")

# The program's code for input that it refuses.
_WRONG_INPUT = 2
_HOUR, _DAY = 3600, 86400
_USER = 10001


def workflow() -> str:
    """The WorkflowTemplate in JSON, without what differs between environments."""
    with argo.WorkflowTemplate(
        name=NAME,
        entrypoint="pipeline",
        arguments=[argo.Parameter(name="sales", value=SALES_KEY)],
        service_account_name=NAME,
        security_context=k8s.PodSecurityContext(
            run_as_non_root=True,
            run_as_user=_USER,
            run_as_group=_USER,
            fs_group=_USER,
            seccomp_profile=k8s.SeccompProfile(type="RuntimeDefault"),
        ),
        # Two runs at once would promote their models over each other.
        synchronization=k8s.Synchronization(mutexes=[k8s.Mutex(name=NAME)]),
        active_deadline_seconds=3 * _HOUR,
        archive_logs=True,
        # Pods of a run that failed stay until the run itself goes: somebody will want to look at them.
        pod_gc=k8s.PodGC(strategy="OnWorkflowSuccess", delete_delay_duration="1h"),
        # Artifacts expire in the store. Argo's own garbage collection puts a finalizer on each run, which it does not
        # take off where it can't make pods any more: a namespace with runs in it would never go.
        ttl_strategy=k8s.TTLStrategy(seconds_after_completion=7 * _DAY),
    ) as template:
        _add_steps()
    return json.dumps(template.to_dict(), indent=2) + "\n"


def _add_steps() -> None:
    # With names of their own in the store; the other artifacts have names that Argo makes.
    sales = argo.S3Artifact(name="sales", path="/inputs/sales", key="{{workflow.parameters.sales}}", archive=_AS_IT_IS)
    model = argo.S3Artifact(name="model", path="/outputs/model", key=MODEL_KEY, archive=_AS_IT_IS)
    preprocess = _step("preprocess", [sales], _outputs("x-train", "x-test", "y-train", "y-test"))
    forest = _step("train-forest", _inputs("x-train", "y-train"), _outputs("forest"))
    lasso = _step("train-lasso", _inputs("x-train", "y-train"), _outputs("lasso"))
    compare = _step("compare", _inputs("x-test", "y-test", "forest", "lasso"), [model])
    with argo.DAG(name="pipeline"):
        first = argo.Task(name="preprocess", template=preprocess)
        trained = _handed_on(first, "x-train", "y-train")
        left = argo.Task(name="train-forest", template=forest, arguments=trained)
        right = argo.Task(name="train-lasso", template=lasso, arguments=trained)
        tested = [*_handed_on(first, "x-test", "y-test"), *_handed_on(left, "forest"), *_handed_on(right, "lasso")]
        last = argo.Task(name="compare", template=compare, arguments=tested)
        first >> [left, right]
        left >> last
        right >> last


def _step(name: str, inputs: Sequence[argo.Artifact], outputs: Sequence[argo.Artifact]) -> argo.Container:
    """A step; each of its artifacts is a file, and an option of the program."""
    resources = RESOURCES[name]
    files = [f"--{each.name}={each.path}" for each in (*inputs, *outputs)]
    return argo.Container(
        name=name,
        # The environment says which.
        image="image",
        # The tag is the content's hash.
        image_pull_policy="IfNotPresent",
        command=["python", "-m", "sales_pipeline"],
        args=[name, *files],
        inputs=list(inputs),
        outputs=list(outputs),
        resources=k8s.ResourceRequirements(requests=resources.requests, limits=resources.limits),
        volumes=[argo.EmptyDirVolume(name="outputs", mount_path="/outputs", size_limit=k8s.Quantity(root="2Gi"))],
        security_context=k8s.SecurityContext(
            allow_privilege_escalation=False,
            read_only_root_filesystem=True,
            capabilities=k8s.Capabilities(drop=["ALL"]),
        ),
        # Of a step that could not say why it ended.
        termination_message_policy="FallbackToLogsOnError",
        # A node that goes, a store that does not answer, a crash: everything but wrong input.
        retry_strategy=argo.RetryStrategy(
            limit=3,
            expression=f"asInt(lastRetry.exitCode) != {_WRONG_INPUT}",
            backoff=k8s.Backoff(duration="10s", factor=3),
        ),
        active_deadline_seconds=_HOUR,
    )


# Arrays and models gain little from a compressed archive.
_AS_IT_IS = argo.NoneArchiveStrategy()


def _inputs(*names: str) -> list[argo.Artifact]:
    return [argo.Artifact(name=name, path=f"/inputs/{name}") for name in names]


def _outputs(*names: str) -> list[argo.Artifact]:
    return [argo.Artifact(name=name, path=f"/outputs/{name}", archive=_AS_IT_IS) for name in names]


def _handed_on(task: argo.Task, *names: str) -> list[argo.Artifact]:
    return [task.get_artifact(name) for name in names]


if __name__ == "__main__":
    FILE.write_text(workflow())
