"""A pipeline from sales data to the better of two models, run by Argo Workflows."""

from modelyard import ArtifactAccess, Manifests, ObjectStore, PodRequests, add_namespace

from stacks.add_ons.argo_workflows.repository import StoreKind, artifact_repository, own_repository
from stacks.service import ServiceStack

from . import access
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
        repositories = []
        if self.artifacts.is_available:
            (kind,) = artifact_repository(self.artifacts)
            granted = self.artifacts.grant(self, "artifacts", namespace=NAME, service_account=NAME, mode="write")
        else:
            store = ObjectStore(self, "artifacts", namespace=namespace)
            granted = ArtifactAccess(egress=(), grants=(store.release,))
            repositories = [own_repository(store)]
        template = workflow_template(image=self.image("runtime"), store=kind, pod_labels=granted.pod_labels)
        schedule = self.settings.schedule
        Manifests(
            self,
            "workflow",
            name="workflow",
            namespace=namespace,
            manifests=[
                *access.manifests(account_annotations=granted.account_annotations, egress=granted.egress),
                *repositories,
                template,
                *([cron_workflow(schedule=schedule)] if schedule else []),
            ],
            depends_on=granted.grants,
        )
