"""Polyaxon's stack."""

from modelyard import GeneratedSecret, HelmChart, Manifests, PublishedChart, add_claim, add_namespace

from stacks.add_on import AddOnStack
from stacks.add_ons.polyaxon import database, network
from stacks.add_ons.polyaxon.artifacts import add_artifacts
from stacks.add_ons.polyaxon.settings import PolyaxonSettings
from stacks.add_ons.polyaxon.values import AGENT, API, OPERATOR, values

#: The newest that its repository is known to have.
CHART: PublishedChart = {"repository": "https://charts.polyaxon.com", "chart": "polyaxon", "version": "2.15.1"}


class PolyaxonStack(AddOnStack):
    """The community edition: API with UI and streams behind a gateway, agent, operator, PostgreSQL."""

    settings: PolyaxonSettings

    def declare(self) -> None:
        """The chart, and what it reads or stores."""
        # The chart can switch root and privileges off, but not capabilities and system calls.
        namespace = add_namespace(self, "namespace", service=self, pod_security="baseline").metadata.name
        secret = GeneratedSecret(
            self,
            "secret",
            name="polyaxon-database",
            namespace=namespace,
            keys=[database.PASSWORD_KEY],
            revision=self.settings.secrets_revision,
        )
        self.add_pods(database.PODS)
        claim = add_claim(
            self,
            "database_volume",
            metadata={"name": database.HOST, "namespace": namespace, "labels": self.labels},
            size="8Gi",
            protected=self.is_protected,
        )
        below = Manifests(
            self,
            "database",
            name="polyaxon-postgresql",
            namespace=namespace,
            manifests=[
                *database.manifests(
                    credentials=secret.name, claim=claim.metadata.name, pod_annotations=secret.annotations
                ),
                *network.manifests(environment=self.labels["app.kubernetes.io/part-of"]),
            ],
        )
        artifacts = add_artifacts(self, self.platform, namespace=namespace)
        HelmChart(
            self,
            "chart",
            # Polyaxon's command line looks for this name.
            name="polyaxon",
            **CHART,
            namespace=namespace,
            values=values(
                credentials=secret.name,
                pod_annotations=secret.annotations,
                artifacts_store=artifacts.connection,
            ),
            pods=[API, AGENT, OPERATOR],
            depends_on=[below.release, *artifacts.grants],
        )


#: What `stacks.add_ons` looks for.
STACK = PolyaxonStack
