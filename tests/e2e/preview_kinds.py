"""Kinds of changes that pull requests bring, as edits of the repo's files, and what a preview has to say of each."""

from preview.changes import Action
from preview.verdicts import Danger
from tests.e2e.kind_of_change import Kind, added, copied, removed, text

CREATE, UPDATE, REPLACE, DELETE, FORGET = (
    Action.CREATE,
    Action.UPDATE,
    Action.REPLACE,
    Action.DELETE,
    Action.FORGET,
)
GKE, AKS = "environments/gke-dev.toml", "environments/aks-dev.toml"
ON_CLUSTER = (
    "argo-workflows",
    "fashion-mnist",
    "gateway",
    "image-classifier",
    "iris",
    "kserve",
    "monitoring",
    "polyaxon",
    "rnn-forecaster",
    "sales-pipeline",
)
_SERVICE = '''"""One more service."""

from modelyard import ModelService, Resources

from stacks.service import ServiceStack


class Greeter(ServiceStack):
    """Says hello."""

    example = "curl {url}"

    def declare(self) -> None:
        """One Deployment."""
        ModelService(
            self,
            "service",
            image="docker.io/library/hello:1.0.0",
            port=8080,
            resources=Resources(cpu="50m", memory="64Mi"),
            exposure=self.exposure,
        )
'''
KINDS = [
    Kind("words in a comment", (added("services/image_classifier/README.md", "\nMore words.\n"),)),
    Kind(
        "replicas",
        (text(GKE, "replicas = 1", "replicas = 2"),),
        actions={"image-classifier": {UPDATE: 1, CREATE: 1}},
    ),
    Kind(
        "the same on the other cloud",
        (text(AKS, "replicas = 1", "replicas = 2"),),
        environment="aks-dev",
        actions={"image-classifier": {UPDATE: 1, CREATE: 1}},
    ),
    Kind(
        "image",
        (added("services/image_classifier/runtime/Dockerfile", "\n# another layer\n"),),
        actions={"image-classifier": {UPDATE: 1}},
    ),
    Kind(
        "new service",
        (added("services/greeter/service.py", _SERVICE),),
        actions={"greeter": {CREATE: 5}},
    ),
    Kind(
        "removed service",
        (removed("services/image_classifier"), text(GKE, "[services.image-classifier]\nreplicas = 1\n", "")),
        left=("image-classifier",),
        dangers={"image-classifier": {Danger.LEFT_BEHIND}},
    ),
    Kind(
        "renamed service",
        (
            copied("services/image_classifier", "services/labeller"),
            removed("services/image_classifier"),
            text(GKE, "[services.image-classifier]", "[services.labeller]"),
        ),
        actions={"labeller": {CREATE: 6}},
        left=("image-classifier",),
        dangers={"image-classifier": {Danger.LEFT_BEHIND}},
    ),
    Kind(
        "machine type",
        (text(GKE, "n1-standard-1", "n1-standard-2"),),
        actions={"cluster": {UPDATE: 1}},
        dangers={"cluster": {Danger.INTERRUPTION}},
    ),
    Kind(
        "machines that are not preemptible",
        (text(GKE, "preemptible = true", "preemptible = false"),),
        actions={"cluster": {REPLACE: 1}},
        dangers={"cluster": {Danger.REPLACE}},
    ),
    Kind("more nodes", (text(GKE, "max_nodes = 6", "max_nodes = 8"),), actions={"cluster": {UPDATE: 1}}),
    Kind(
        "release channel",
        (text(GKE, '"REGULAR"', '"STABLE"'),),
        actions={"cluster": {UPDATE: 1}},
    ),
    Kind(
        "region",
        (text(GKE, 'region = "us-central1"', 'region = "europe-west1"'),),
        actions={"registry": {REPLACE: 1}, "artifacts": {REPLACE: 1}, "cluster": {REPLACE: 4}},
        dangers={
            "registry": {Danger.DATA_LOSS},
            "artifacts": {Danger.DATA_LOSS},
            "cluster": {Danger.DATA_LOSS, Danger.DESTROY, Danger.REPLACE},
        },
        waiting=ON_CLUSTER,
    ),
    Kind(
        "location of a protected state bucket",
        (text("environments/prod.toml", 'location = "US"', 'location = "EU"'),),
        environment="prod",
        actions={"state": {REPLACE: 1}},
        dangers={"state": {Danger.DATA_LOSS, Danger.REFUSED}},
    ),
    Kind(
        "name of a bucket",
        (text("stacks/gke/settings.py", '-artifacts"', '-models"'),),
        actions={
            "artifacts": {REPLACE: 1},
            "argo-workflows": {REPLACE: 1, UPDATE: 1},
            "polyaxon": {REPLACE: 2, UPDATE: 1},
            "sales-pipeline": {REPLACE: 1},
            "fashion-mnist": {REPLACE: 1, UPDATE: 1},
            "rnn-forecaster": {REPLACE: 1, UPDATE: 1},
        },
        dangers={
            "artifacts": {Danger.DATA_LOSS},
            **{
                name: {Danger.REPLACE}
                for name in ("argo-workflows", "polyaxon", "sales-pipeline", "fashion-mnist", "rnn-forecaster")
            },
        },
    ),
    Kind(
        "construct under another id",
        (text("stacks/gke/registry.py", '"registry", ref=', '"images", ref='),),
        actions={"registry": {CREATE: 2, DELETE: 2}},
        dangers={"registry": {Danger.DATA_LOSS, Danger.DESTROY}},
        renames=2,
    ),
    Kind(
        "the same, moved",
        (
            text("stacks/gke/registry.py", "ImageRegistry(self", "images = ImageRegistry(self"),
            text("stacks/gke/registry.py", '"registry", ref=', '"images", ref='),
            added(
                "stacks/gke/registry.py",
                """
        for resource in images.node.find_all():
            if isinstance(resource, TerraformResource):
                kind = resource.terraform_resource_type
                old = {"google_artifact_registry_repository": "registry_repository_BAFE171E"}.get(kind)
                resource.move_from_id(f"{kind}.{old or 'registry_enable_artifactregistry_986AEBE1'}")
""",
            ),
            text("stacks/gke/registry.py", "from cdktf import ", "from cdktf import TerraformResource, "),
        ),
        moved=2,
    ),
    Kind(
        "something that is there already, imported",
        (
            added(
                "stacks/gke/registry.py",
                """
        from cdktf_cdktf_provider_google.project_service import ProjectService
        there = ProjectService(self, "there", project=settings.project_id, service="bigquery.googleapis.com")
        there.import_from(f"{settings.project_id}/bigquery.googleapis.com")
""",
            ),
        ),
        imported=1,
    ),
    Kind(
        "something that is forgotten",
        (
            text("stacks/gke/registry.py", "        ImageRegistry(self", "        _ = (self"),
            added(
                "stacks/gke/registry.py",
                """
        old = ["repository.registry_repository_BAFE171E"]
        self.add_override(
            "removed",
            [{"from": f"google_artifact_registry_{each}", "lifecycle": [{"destroy": False}]} for each in old],
        )
""",
            ),
            text("stacks/gke/registry.py", "_ = (self", "_ = dict(scope=self"),
            text("stacks/gke/registry.py", '"registry", ref=', 'id="registry", ref='),
        ),
        actions={"registry": {FORGET: 1, DELETE: 1}},
        dangers={"registry": {Danger.LEFT_BEHIND, Danger.DESTROY}},
    ),
    Kind(
        "weights",
        (added(GKE, "\n[services.rnn-forecaster]\nweights = { a = 20, b = 80 }\n"),),
        actions={"rnn-forecaster": {UPDATE: 1}},
    ),
    Kind(
        "version of an add-on's chart",
        (text("stacks/add_ons/argo_workflows/stack.py", "0.47.5", "0.47.6"),),
        actions={"argo-workflows": {UPDATE: 1}},
    ),
    Kind(
        "private nodes",
        (text(GKE, "private_nodes = false", "private_nodes = true"),),
        actions={"cluster": {REPLACE: 2, CREATE: 2}},
        dangers={"cluster": {Danger.DATA_LOSS, Danger.REPLACE, Danger.DESTROY}},
    ),
    Kind(
        "services for everybody",
        (text(GKE, 'source_ranges = ["203.0.113.0/24"]', 'source_ranges = "world"'),),
        dangers={name: {Danger.EXPOSURE} for name in ("image-classifier", "iris", "gateway", "fashion-mnist")},
        actions={
            "image-classifier": {UPDATE: 2},
            "iris": {UPDATE: 4},
            "gateway": {UPDATE: 2},
            "fashion-mnist": {UPDATE: 2},
        },
    ),
    Kind(
        "protection of production lifted",
        (added("environments/prod.toml", '\n[protection_lifted]\non = 2026-11-20\nby = "a"\nreason = "b"\n'),),
        environment="prod",
        actions={"state": {UPDATE: 1}, "cluster": {UPDATE: 1}},
        dangers={name: {Danger.UNPROTECTED} for name in ("state", "artifacts", "cluster", "monitoring", "polyaxon")},
    ),
    Kind(
        "region of production",
        (
            text("environments/prod.toml", 'region = "us-central1"', 'region = "us-east1"'),
            text("environments/prod.toml", 'zones = ["us-central1-a", "us-central1-b"]', 'zones = ["us-east1-b"]'),
            text("environments/prod.toml", "min_nodes = 2", "min_nodes = 1"),
        ),
        environment="prod",
        waiting=ON_CLUSTER,
        actions={"registry": {REPLACE: 1}, "artifacts": {REPLACE: 1}, "cluster": {REPLACE: 6}},
        dangers={
            "registry": {Danger.DATA_LOSS},
            "artifacts": {Danger.DATA_LOSS, Danger.REFUSED},
            "cluster": {Danger.DATA_LOSS, Danger.REPLACE, Danger.DESTROY, Danger.REFUSED},
        },
    ),
    Kind(
        "versions that are not kept",
        (text("constructs/modelyard/gcp/private_bucket.py", "Versioning(enabled=True)", "Versioning(enabled=False)"),),
        actions={"state": {UPDATE: 1}, "artifacts": {UPDATE: 1}},
        dangers={"state": {Danger.UNPROTECTED}, "artifacts": {Danger.UNPROTECTED}},
    ),
    Kind(
        "machine type on the other cloud",
        (text(AKS, "Standard_D4s_v5", "Standard_D8s_v5"),),
        environment="aks-dev",
        actions={"cluster": {UPDATE: 1}},
        dangers={"cluster": {Danger.INTERRUPTION}},
    ),
    Kind(
        "location on the other cloud",
        (text(AKS, '"westeurope"', '"northeurope"'),),
        environment="aks-dev",
        actions={"state": {REPLACE: 5}, "registry": {REPLACE: 2}, "artifacts": {REPLACE: 5}, "cluster": {REPLACE: 6}},
        dangers={
            "state": {Danger.DATA_LOSS, Danger.REPLACE},
            "registry": {Danger.DATA_LOSS},
            "artifacts": {Danger.DATA_LOSS, Danger.REPLACE},
            "cluster": {Danger.DATA_LOSS, Danger.REPLACE, Danger.DESTROY},
        },
        waiting=("argo-workflows", "fashion-mnist", "rnn-forecaster", "sales-pipeline"),
    ),
    Kind(
        "uptime guarantee",
        (text(AKS, 'sku_tier = "Free"', 'sku_tier = "Standard"'),),
        environment="aks-dev",
        actions={"cluster": {UPDATE: 1}},
    ),
    Kind(
        "keys to the storage account",
        (
            text(
                "constructs/modelyard/azure/private_container.py",
                "shared_access_key_enabled=False",
                "shared_access_key_enabled=True",
            ),
        ),
        environment="aks-dev",
        actions={"state": {UPDATE: 1}, "artifacts": {UPDATE: 1}},
        dangers={"state": {Danger.EXPOSURE}, "artifacts": {Danger.EXPOSURE}},
    ),
    Kind(
        "no notebook",
        (added(GKE, "\n[services.iris]\nnotebook = false\n"),),
        actions={"iris": {DELETE: 6}},
        dangers={"iris": {Danger.DATA_LOSS, Danger.DESTROY}},
    ),
    Kind(
        "a variable of a container",
        (text("services/iris/service.py", '"iris-model.zip"', '"other-model.zip"'),),
        actions={"iris": {UPDATE: 1}},
    ),
    Kind(
        "other labels of the pods",
        (
            text(
                "constructs/modelyard/model_pods.py",
                '"app.kubernetes.io/name": pods.name',
                '"app.kubernetes.io/name": f"the-{pods.name}"',
            ),
        ),
        actions={
            "image-classifier": {REPLACE: 1, UPDATE: 3},
            "iris": {REPLACE: 2, UPDATE: 6},
            "rnn-forecaster": {REPLACE: 4, UPDATE: 6},
        },
        dangers={name: {Danger.REPLACE} for name in ("image-classifier", "iris", "rnn-forecaster")},
    ),
    Kind(
        "another project",
        (text(GKE, 'project_id = "modelyard-dev"', 'project_id = "modelyard-lab"'),),
        waiting=ON_CLUSTER,
        actions={"state": {REPLACE: 2}, "registry": {REPLACE: 2}, "artifacts": {REPLACE: 2}, "cluster": {REPLACE: 10}},
        dangers={
            "state": {Danger.DATA_LOSS, Danger.REPLACE},
            "registry": {Danger.STATE_MOVED, Danger.DATA_LOSS, Danger.REPLACE},
            "artifacts": {Danger.STATE_MOVED, Danger.DATA_LOSS, Danger.REPLACE},
            "cluster": {Danger.STATE_MOVED, Danger.DATA_LOSS, Danger.REPLACE, Danger.DESTROY},
            **{name: {Danger.STATE_MOVED} for name in ON_CLUSTER},
        },
    ),
    Kind(
        "new environment",
        (copied(GKE, "environments/gke-lab.toml"),),
        environment="gke-lab",
        actions={
            "state": {CREATE: 2},
            "registry": {CREATE: 2},
            "artifacts": {CREATE: 2},
            "cluster": {CREATE: 10},
            "argo-workflows": {CREATE: 4},
            "gateway": {CREATE: 6},
            "kserve": {CREATE: 9},
            "monitoring": {CREATE: 6},
            "polyaxon": {CREATE: 7},
            "image-classifier": {CREATE: 6},
            "sales-pipeline": {CREATE: 3},
            "fashion-mnist": {CREATE: 7},
            "iris": {CREATE: 12},
            "rnn-forecaster": {CREATE: 16},
        },
        dangers={"cluster": {Danger.EXPOSURE}},
    ),
    Kind(
        "add-on that nothing requires any more",
        (
            text(
                "services/rnn_forecaster/service.py",
                'requires = ("gateway", "monitoring")',
                'requires = ("monitoring",)',
            ),
        ),
        actions={"rnn-forecaster": {DELETE: 2, UPDATE: 4, CREATE: 1}},
        dangers={"rnn-forecaster": {Danger.DESTROY, Danger.UNPROTECTED}, "gateway": {Danger.LEFT_BEHIND}},
        left=("gateway",),
    ),
    Kind(
        "pods that all stop before a new one starts",
        (
            text("constructs/modelyard/model_pods.py", "    if pods.claims:", "    if pods.port:"),
            added("services/image_classifier/runtime/Dockerfile", "\n# another layer\n"),
        ),
        actions={"image-classifier": {UPDATE: 1}, "iris": {UPDATE: 1}, "rnn-forecaster": {UPDATE: 2}},
        dangers={"image-classifier": {Danger.INTERRUPTION}},
    ),
]
