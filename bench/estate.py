"""The sample that `python -m bench` synthesizes: a GKE estate with full services, as plain CDKTF is written.

`python -m bench.estate OUT_DIR SERVICES [--two-clouds]` synthesizes it once. With `--two-clouds` it also imports what
the AKS half of a repository for two clouds imports, and deploys none of it.
"""

import sys

import modelyard  # noqa: F401  # first, as in the product: prepares the fast start

from cdktf import App, TerraformStack
from cdktf_cdktf_provider_google.data_google_container_cluster import DataGoogleContainerCluster
from cdktf_cdktf_provider_google.provider import GoogleProvider
from cdktf_cdktf_provider_kubernetes.deployment_v1 import (
    DeploymentV1,
    DeploymentV1Metadata,
    DeploymentV1Spec,
    DeploymentV1SpecSelector,
    DeploymentV1SpecTemplate,
    DeploymentV1SpecTemplateMetadata,
    DeploymentV1SpecTemplateSpec,
    DeploymentV1SpecTemplateSpecContainer,
    DeploymentV1SpecTemplateSpecContainerPort,
    DeploymentV1SpecTemplateSpecContainerResources,
)
from cdktf_cdktf_provider_kubernetes.namespace_v1 import NamespaceV1, NamespaceV1Metadata
from cdktf_cdktf_provider_kubernetes.network_policy_v1 import (
    NetworkPolicyV1,
    NetworkPolicyV1Metadata,
    NetworkPolicyV1Spec,
    NetworkPolicyV1SpecPodSelector,
)
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec
from cdktf_cdktf_provider_kubernetes.service_account_v1 import ServiceAccountV1, ServiceAccountV1Metadata
from cdktf_cdktf_provider_kubernetes.service_v1 import (
    ServiceV1,
    ServiceV1Metadata,
    ServiceV1Spec,
    ServiceV1SpecPort,
)
from constructs import Construct


class ServiceStack(TerraformStack):
    """One service: the cluster as a data source, the provider built on it, and five Kubernetes resources."""

    def __init__(self, scope: Construct, id_: str) -> None:
        super().__init__(scope, id_)
        GoogleProvider(self, "google", project="bench", region="us-central1")
        cluster = DataGoogleContainerCluster(self, "cluster", name="bench", location="us-central1")
        certificate = cluster.master_auth.get(0).cluster_ca_certificate
        KubernetesProvider(
            self,
            "kubernetes",
            host=f"https://{cluster.endpoint}",
            cluster_ca_certificate=f"${{base64decode({certificate})}}",
            exec=[
                KubernetesProviderExec(
                    api_version="client.authentication.k8s.io/v1beta1", command="gke-gcloud-auth-plugin"
                )
            ],
        )
        namespace = NamespaceV1(self, "namespace", metadata=NamespaceV1Metadata(name=id_))
        name = namespace.metadata.name
        account = ServiceAccountV1(
            self,
            "service-account",
            metadata=ServiceAccountV1Metadata(name=id_, namespace=name),
            automount_service_account_token=False,
        )
        labels = {"app.kubernetes.io/name": id_}
        container = DeploymentV1SpecTemplateSpecContainer(
            name="server",
            image=f"us-central1-docker.pkg.dev/bench/models/{id_}:1",
            port=[DeploymentV1SpecTemplateSpecContainerPort(container_port=8080)],
            resources=DeploymentV1SpecTemplateSpecContainerResources(
                requests={"cpu": "500m", "memory": "1Gi"}, limits={"memory": "1Gi"}
            ),
        )
        DeploymentV1(
            self,
            "deployment",
            metadata=DeploymentV1Metadata(name=id_, namespace=name, labels=labels),
            spec=DeploymentV1Spec(
                replicas="1",
                selector=DeploymentV1SpecSelector(match_labels=labels),
                template=DeploymentV1SpecTemplate(
                    metadata=DeploymentV1SpecTemplateMetadata(labels=labels),
                    spec=DeploymentV1SpecTemplateSpec(
                        service_account_name=account.metadata.name, container=[container]
                    ),
                ),
            ),
        )
        ServiceV1(
            self,
            "service",
            metadata=ServiceV1Metadata(name=id_, namespace=name),
            spec=ServiceV1Spec(
                type="LoadBalancer",
                selector=labels,
                port=[ServiceV1SpecPort(port=80, target_port="8080")],
                load_balancer_source_ranges=["10.0.0.0/8"],
            ),
        )
        NetworkPolicyV1(
            self,
            "network-policy",
            metadata=NetworkPolicyV1Metadata(name=id_, namespace=name),
            spec=NetworkPolicyV1Spec(
                pod_selector=NetworkPolicyV1SpecPodSelector(match_labels=labels), policy_types=["Ingress"]
            ),
        )


def build_app(services: int, out_dir: str) -> App:
    """Build the app with one stack per service; the caller synthesizes it."""
    app = App(outdir=out_dir)
    for number in range(services):
        ServiceStack(app, f"service-{number}")
    return app


if __name__ == "__main__":
    if "--two-clouds" in sys.argv:
        from cdktf_cdktf_provider_azurerm.kubernetes_cluster import KubernetesCluster  # noqa: F401
        from cdktf_cdktf_provider_azurerm.provider import AzurermProvider  # noqa: F401
        from cdktf_cdktf_provider_azurerm.resource_group import ResourceGroup  # noqa: F401
    build_app(int(sys.argv[2]), sys.argv[1]).synth()
