"""What is declared otherwise while an environment is suspended: how many pods there are is nobody's business then."""

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cdktf import App

#: What the names of the annotations begin with that remember how much there was of a workload.
REMEMBERS: Final = "modelyard/suspended-"


def leave_replicas(app: "App") -> None:
    """Lets plans and deploys neither see nor mend that the workloads have no pods."""
    # The command that sets the annotations should not wait for CDKTF.
    from cdktf_cdktf_provider_kubernetes.deployment_v1 import DeploymentV1  # noqa: PLC0415 - see above
    from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider  # noqa: PLC0415 - see above
    from cdktf_cdktf_provider_kubernetes.stateful_set_v1 import StatefulSetV1  # noqa: PLC0415 - see above

    for each in app.node.find_all():
        if isinstance(each, DeploymentV1 | StatefulSetV1):
            each.add_override("lifecycle.ignore_changes", ["spec[0].replicas"])
        elif isinstance(each, KubernetesProvider):
            each.ignore_annotations = [f"^{REMEMBERS}"]
