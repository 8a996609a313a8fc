"""Helm's way to a service's cluster: that of its Kubernetes provider."""

from cdktf import TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes, HelmProviderKubernetesExec
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec


def connect_helm(stack: TerraformStack, to: KubernetesProvider) -> None:
    """Configures the stack's Helm provider, whether or not the stack has releases.

    Without it Terraform 1.11 forgets a release that the configuration has no more, instead of uninstalling it: the plan
    says that there are no changes, and the next release of that name fails.
    """
    HelmProvider(
        stack,
        "helm",
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
