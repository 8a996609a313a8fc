"""Helm's way to a service's cluster: that of its Kubernetes provider."""

from modelyard.service_scope import ServiceScope

from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes, HelmProviderKubernetesExec
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProviderExec

_ID = "helm"


def connect_helm(scope: ServiceScope) -> None:
    """Configures the stack's Helm provider when it is first needed: without releases nobody downloads it."""
    if scope.node.try_find_child(_ID):
        return
    to = scope.kubernetes
    HelmProvider(
        scope,
        _ID,
        kubernetes=HelmProviderKubernetes(
            host=to.host,
            cluster_ca_certificate=to.cluster_ca_certificate,
            exec=_exec(to.exec),
            config_paths=to.config_paths,
            config_context=to.config_context,
        ),
    )


def _exec(blocks: object) -> HelmProviderKubernetesExec | None:
    """The program that gives a credential; Kubernetes' provider has a list of one, Helm's just the one."""
    match blocks:
        case [KubernetesProviderExec() as program]:
            return HelmProviderKubernetesExec(
                api_version=program.api_version, command=program.command, args=program.args
            )
    return None
