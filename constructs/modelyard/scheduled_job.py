"""A program that runs to its end, by the clock or when somebody asks for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.artifact_store import ArtifactAccess
from modelyard.egress import Egress
from modelyard.manifests import Manifests
from modelyard.names import dns_label
from modelyard.pod_requests import PodRequests
from modelyard.resources import Resources
from modelyard.restricted import restricted_container, restricted_pod
from modelyard.service_scope import service_of

from cdktf import ITerraformDependable, TerraformOutput
from constructs import Construct

_USER = 10001
# https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/: what the names of its Jobs add.
_LONGEST_NAME = 52
# Of a command line that was wrong, by custom.
_FINAL_EXIT_CODE = 2
_WEEK_SECONDS = 7 * 24 * 3600
# Has to be one; nobody looks at that of a CronJob that is suspended.
_NEVER = "0 0 1 1 *"


class ScheduledJob(Construct):
    """A CronJob with an account of its own; without a schedule, it waits for `kubectl create job --from`.

    Nobody reaches its pods. They reach DNS, the pods of their namespace, and what `egress` says.

    Args:
        scope: The service's stack, or a construct in it.
        id_: The construct's id; renaming it replaces every object.
        name: Of its objects, one of its own in the namespace.
        namespace: Where they go, best as a reference: `add_namespace(…).metadata.name`.
        image: The container image, by digest or by a tag that never moves.
        arguments: For the program that the image starts.
        resources: Requests and limits of its pod.
        deadline_seconds: How long a run may take, with what is repeated in it.
        schedule: When it runs, in cron's five fields, in UTC; by default never by itself.
        retries: How often a run that fails is repeated, unless its exit code is 2: no other try would mend that.
        environment: Environment variables. Not for secrets: they stand in plans and in the state.
        egress: What it may reach besides.
        access: What its service account, which has its name, was granted; adds to `egress`.
        depends_on: What must be there before.

    Attributes:
        release: The Helm release.

    Raises:
        ConfigurationError: A name that Kubernetes would refuse, or a pod that no node could hold.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        namespace: str,
        image: str,
        arguments: Sequence[str],
        resources: Resources,
        deadline_seconds: int,
        schedule: str | None = None,
        retries: int = 1,
        environment: Mapping[str, str] | None = None,
        egress: Egress | None = None,
        access: ArtifactAccess | None = None,
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        service = service_of(self)
        checked = dns_label(name, what="the job's name", longest=_LONGEST_NAME)
        service.add_pods(PodRequests(name=checked, resources=resources))
        access = access or ArtifactAccess(egress=(), grants=())
        labels = {"app.kubernetes.io/name": f"{service.service_name}-{checked}"}
        pod = _pod(checked, image, arguments, resources, environment or {})
        job = {
            "backoffLimit": retries,
            "activeDeadlineSeconds": deadline_seconds,
            "podFailurePolicy": {
                "rules": [{"action": "FailJob", "onExitCodes": {"operator": "In", "values": [_FINAL_EXIT_CODE]}}]
            },
            # Those that people made are nobody's to clean up.
            "ttlSecondsAfterFinished": _WEEK_SECONDS,
            "template": {"metadata": {"labels": {**labels, **access.pod_labels}}, "spec": pod},
        }
        cron_job = {
            "schedule": schedule or _NEVER,
            "suspend": schedule is None,
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 600,
            "successfulJobsHistoryLimit": 3,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"spec": job},
        }
        account = _object("v1", "ServiceAccount", checked, automountServiceAccountToken=False)
        account["metadata"]["annotations"] = dict(access.account_annotations)
        self.release = Manifests(
            self,
            "manifests",
            name=checked,
            namespace=namespace,
            manifests=[
                account,
                _object("networking.k8s.io/v1", "NetworkPolicy", checked, spec=_traffic(labels, egress, access)),
                _object("batch/v1", "CronJob", checked, spec=cron_job),
            ],
            depends_on=[*access.grants, *depends_on],
        ).release
        command = (
            f"kubectl create job --namespace {service.service_name} --from=cronjob/{checked} {checked}-$(date +%s)"
        )
        started = TerraformOutput(self, "command", value=command, description=f"What starts {checked} now.")
        started.override_logical_id(f"{checked.replace('-', '_')}_now")


def _pod(
    name: str, image: str, arguments: Sequence[str], resources: Resources, environment: Mapping[str, str]
) -> dict[str, Any]:
    container = {
        "name": name,
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "args": list(arguments),
        "env": [{"name": variable, "value": value} for variable, value in sorted(environment.items())],
        "resources": {"requests": resources.requests, "limits": resources.limits},
        "securityContext": restricted_container(),
        # What it said last is in the pod's status.
        "terminationMessagePolicy": "FallbackToLogsOnError",
        "volumeMounts": [{"name": "scratch", "mountPath": "/tmp"}],  # noqa: S108 - the pod's own volume
    }
    return {
        "serviceAccountName": name,
        "automountServiceAccountToken": False,
        "restartPolicy": "Never",
        "securityContext": restricted_pod(_USER),
        "containers": [container],
        "volumes": [{"name": "scratch", "emptyDir": {"sizeLimit": "128Mi"}}],
    }


def _object(api_version: str, kind: str, name: str, **fields: object) -> dict[str, Any]:
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": name}, **fields}


def _traffic(pods: Mapping[str, str], egress: Egress | None, access: ArtifactAccess) -> dict[str, Any]:
    dns = [{"port": 53, "protocol": protocol} for protocol in ("UDP", "TCP")]
    further = [each.rule() for each in (*([egress] if egress else []), *access.egress)]
    return {
        "podSelector": {"matchLabels": dict(pods)},
        "policyTypes": ["Ingress", "Egress"],
        "egress": [{"ports": dns}, {"to": [{"podSelector": {}}]}, *further],
    }
