"""The stack of monitoring."""

from modelyard import GeneratedSecret, HelmChart, Manifests, add_claim, add_namespace

from cdktf import TerraformOutput

from stacks.add_on import AddOnStack
from stacks.add_ons.monitoring import access, grafana, prometheus
from stacks.add_ons.monitoring.settings import MonitoringSettings


class MonitoringStack(AddOnStack):
    """Prometheus, which finds pods by their annotations, and Grafana, which finds dashboards in ConfigMaps."""

    settings: MonitoringSettings

    def declare(self) -> None:
        """Two charts, what they may read, and the volume of Prometheus."""
        namespace = add_namespace(self, "namespace", service=self).metadata.name
        secret = GeneratedSecret(
            self,
            "secret",
            name="grafana-admin",
            namespace=namespace,
            keys=[grafana.PASSWORD_KEY],
            revision=self.settings.secrets_revision,
        )
        claim = add_claim(
            self,
            "volume",
            metadata={"name": prometheus.SERVER.name, "namespace": namespace, "labels": self.labels},
            size=prometheus.VOLUME_SIZE,
            protected=self.is_protected,
        )
        may = Manifests(
            self,
            "access",
            name="access",
            namespace=namespace,
            manifests=access.manifests(namespace=self.service_name),
        )
        collects = HelmChart(
            self,
            "prometheus",
            name="prometheus",
            **prometheus.CHART,
            namespace=namespace,
            values=prometheus.values(claim=claim.metadata.name),
            pods=[prometheus.SERVER, prometheus.KUBE_STATE_METRICS],
            depends_on=[may.release],
        )
        HelmChart(
            self,
            "grafana",
            name="grafana",
            **grafana.CHART,
            namespace=namespace,
            values=grafana.values(credentials=secret.name, pod_annotations=secret.annotations),
            pods=[grafana.PODS],
            depends_on=[may.release, collects.release],
        )
        TerraformOutput(
            self,
            "grafana_port",
            value=f"kubectl port-forward --namespace {self.service_name} service/grafana 3000:80",
            description="What opens Grafana on http://localhost:3000.",
        )


#: What `stacks.add_ons` looks for.
STACK = MonitoringStack
