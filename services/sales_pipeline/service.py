"""A pipeline from sales data to the better of two models, run by Argo Workflows."""

from modelyard import ArtifactAccess, GeneratedSecret, Manifests, PodRequests, add_claim, add_namespace

from cdktf import ITerraformDependable

from stacks.add_ons.argo_workflows.repository import StoreKind, artifact_repository
from stacks.local.artifacts import NoArtifacts
from stacks.service import ServiceStack

from . import access, local_store
from .settings import SalesPipelineSettings
from .steps import NAME, RESOURCES
from .template import cron_workflow, workflow_template


class SalesPipeline(ServiceStack):
    """A WorkflowTemplate, to be submitted by hand or by the clock."""

    requires = ("argo-workflows",)
    settings: SalesPipelineSettings

    def declare(self) -> None:
        """The template, and what its pods may do."""
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        # These two run at once.
        for trainer in ("train-forest", "train-lasso"):
            self.add_pods(PodRequests(name=trainer, resources=RESOURCES[trainer]))
        kind: StoreKind = "s3"
        if isinstance(self.artifacts, NoArtifacts):
            granted = ArtifactAccess(egress=(), grants=(self._add_store(namespace),))
        else:
            (kind,) = artifact_repository(self.artifacts)
            granted = self.artifacts.grant(self, "artifacts", namespace=NAME, service_account=NAME, mode="write")
        template = workflow_template(image=self.image("runtime"), store=kind, pod_labels=granted.pod_labels)
        schedule = self.settings.schedule
        Manifests(
            self,
            "workflow",
            name="workflow",
            namespace=namespace,
            manifests=[
                *access.manifests(account_annotations=granted.account_annotations, egress=granted.egress),
                template,
                *([cron_workflow(schedule=schedule)] if schedule else []),
            ],
            depends_on=granted.grants,
        )

    def _add_store(self, namespace: str) -> ITerraformDependable:
        """On a cluster of one's own."""
        credentials = GeneratedSecret(
            self,
            "credentials",
            name="artifacts",
            namespace=namespace,
            keys=[local_store.ACCESS_KEY, local_store.SECRET_KEY],
        )
        claim = add_claim(
            self,
            "volume",
            metadata={"name": local_store.NAME, "namespace": namespace, "labels": self.labels},
            size="10Gi",
            protected=False,
            path=local_store.FOLDER,
        )
        self.add_pods(local_store.PODS)
        store = Manifests(
            self,
            "store",
            name="store",
            namespace=namespace,
            manifests=local_store.manifests(
                namespace=NAME,
                claim=claim.metadata.name,
                credentials=credentials.name,
                pod_annotations=credentials.annotations,
            ),
        )
        return store.release
