"""How Terraform's providers reach a cluster: one description for Kubernetes' and for Helm's."""

from dataclasses import dataclass

from cdktf import TerraformStack
from cdktf_cdktf_provider_helm.provider import HelmProvider, HelmProviderKubernetes, HelmProviderKubernetesExec
from cdktf_cdktf_provider_kubernetes.provider import KubernetesProvider, KubernetesProviderExec

_CREDENTIALS_API = "client.authentication.k8s.io/v1beta1"


@dataclass(frozen=True, kw_only=True)
class LoginProgram:
    """A program that gives a credential when Terraform runs.

    Attributes:
        command: Its name.
        arguments: What it is called with; None for nothing.
    """

    command: str
    arguments: list[str] | None = None


@dataclass(frozen=True, kw_only=True)
class ClusterAccess:
    """The way to a cluster: its address, certificate and login, or a kubeconfig.

    Attributes:
        host: The address of its API, with `https://`.
        cluster_ca_certificate: That of its authority, as PEM.
        login: What gives a credential.
        config_paths: Files of a kubeconfig.
        config_context: The context in there.
    """

    host: str | None = None
    cluster_ca_certificate: str | None = None
    login: LoginProgram | None = None
    config_paths: list[str] | None = None
    config_context: str | None = None

    def connect(self, stack: TerraformStack) -> None:
        """Configures both providers of a stack, Helm's whether or not the stack has releases.

        Without it Terraform 1.11 forgets a release that the configuration has no more, instead of uninstalling it: the
        plan says that there are no changes, and the next release of that name fails.
        """
        # Kubernetes' provider has a list of programs, Helm's just the one.
        login, only = None, None
        if self.login:
            program, arguments = self.login.command, self.login.arguments
            login = [KubernetesProviderExec(api_version=_CREDENTIALS_API, command=program, args=arguments)]
            only = HelmProviderKubernetesExec(api_version=_CREDENTIALS_API, command=program, args=arguments)
        KubernetesProvider(
            stack,
            "kubernetes",
            host=self.host,
            cluster_ca_certificate=self.cluster_ca_certificate,
            exec=login,
            config_paths=self.config_paths,
            config_context=self.config_context,
        )
        HelmProvider(
            stack,
            "helm",
            kubernetes=HelmProviderKubernetes(
                host=self.host,
                cluster_ca_certificate=self.cluster_ca_certificate,
                exec=only,
                config_paths=self.config_paths,
                config_context=self.config_context,
            ),
        )
