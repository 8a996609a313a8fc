"""A service's page in Grafana."""

from collections.abc import Mapping

from modelyard.http_metrics import MONITORING, HttpMetrics
from modelyard.service_dashboard import Workload, dashboard_uid, service_dashboard
from modelyard.service_scope import ServiceScope

from cdktf import TerraformOutput
from cdktf_cdktf_provider_kubernetes import config_map_v1 as k8s
from constructs import Construct

#: What `kubectl port-forward` makes of Grafana, which has no public address.
GRAFANA_URL = "http://localhost:3000"


class Dashboard(Construct):
    """A ConfigMap that Grafana of the add-on `monitoring` takes, and an output with the link to it.

    Args:
        scope: The construct that it is part of.
        id_: The construct's id.
        service: The stack, whose name the pods' namespace has; gives cluster and labels.
        name: What it is called; unique among the dashboards of a cluster.
        namespace: The pods', best as a reference: `add_namespace(…).metadata.name`.
        deployment: The name of the Deployment that the pods are of; `$name` in it stands for one of `choices`.
        metrics: What they tell of requests.
        choices: What is chosen on the page, queries of Grafana's by `name`.
        output: The name of the output.

    Attributes:
        url: Where it is, while Grafana's port is forwarded.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        service: ServiceScope,
        name: str,
        namespace: str,
        deployment: str,
        metrics: HttpMetrics,
        choices: Mapping[str, str] | None = None,
        output: str = "dashboard",
    ) -> None:
        super().__init__(scope, id_)
        # Not the reference: it could not stand in a link's query.
        workload = Workload(namespace=service.service_name, deployment=deployment, choices=choices or {})
        logs = service.cluster.logs_url(namespace=workload.namespace, pods=workload.pods_of_all_choices)
        shown = service_dashboard(name=name, workload=workload, metrics=metrics, logs_url=logs)
        k8s.ConfigMapV1(
            self,
            "config_map",
            metadata=k8s.ConfigMapV1Metadata(
                name=f"{name}-dashboard",
                namespace=namespace,
                labels={**service.labels, "app.kubernetes.io/name": name, "grafana_dashboard": "1"},
            ),
            # Grafana keeps those of all namespaces in one folder.
            data={f"{dashboard_uid(name)}.json": shown},
        )
        self.url = f"{GRAFANA_URL}/d/{dashboard_uid(name)}"
        described = f"After: kubectl port-forward --namespace {MONITORING} service/grafana 3000:80"
        link = TerraformOutput(self, "link", value=self.url, description=described)
        link.override_logical_id(output)
