"""Argo Workflows' stack."""

from modelyard import ArtifactAccess, HelmChart, Manifests, PublishedChart, add_namespace

from stacks.add_on import AddOnStack
from stacks.add_ons.argo_workflows.repository import artifact_repository
from stacks.add_ons.argo_workflows.values import CONTROLLER, SERVER, values
from stacks.add_ons.network_policy import callers_policy

#: The last one of Argo Workflows 3.7; `values` names the images.
CHART: PublishedChart = {
    "repository": "https://argoproj.github.io/argo-helm",
    "chart": "argo-workflows",
    "version": "0.47.5",
}


class ArgoWorkflowsStack(AddOnStack):
    """Controller and server with UI; where there is an artifact store, it is every workflow's default."""

    def declare(self) -> None:
        """The chart, and a rule that nobody comes in but through the cluster's API (`kubectl port-forward`)."""
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        rules = Manifests(self, "network", name="network", namespace=namespace, manifests=[callers_policy("closed")])
        has_store = self.platform.artifacts.is_available
        access = self._reads() if has_store else ArtifactAccess(egress=(), grants=())
        HelmChart(
            self,
            "chart",
            name=self.service_name,
            **CHART,
            namespace=namespace,
            values=values(
                repository=artifact_repository(self.platform.artifacts) if has_store else {},
                account_annotations=access.account_annotations,
                pod_labels=access.pod_labels,
            ),
            pods=[CONTROLLER, SERVER],
            depends_on=[rules.release, *access.grants],
        )

    def _reads(self) -> ArtifactAccess:
        """The server shows artifacts and the logs of pods that are gone."""
        return self.platform.artifacts.grant(
            self, "server", namespace=self.service_name, service_account=SERVER.name, mode="read"
        )


#: What `stacks.add_ons` looks for.
STACK = ArgoWorkflowsStack
