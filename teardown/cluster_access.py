"""The way into an environment's cluster, by what the state of its stack knows."""

from collections.abc import Mapping
from typing import Any

from modelyard.errors import ConfigurationError

import httpx
import kr8s

from estate.states import States
from stacks.settings import CloudSettings

# The Entra application of every AKS cluster's API server:
# https://learn.microsoft.com/azure/aks/kubelogin-authentication
_AKS_SERVER_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
_LOGINS = {
    "google_container_cluster": ["gke-gcloud-auth-plugin"],
    "azurerm_kubernetes_cluster": [
        "kubelogin",
        "get-token",
        "--login",
        "azurecli",
        "--server-id",
        _AKS_SERVER_APPLICATION,
    ],
}


def connect(settings: CloudSettings, states: States) -> kr8s.Api | None:
    """Asks the cluster for its version; None where none is deployed.

    Raises:
        ConfigurationError: It does not answer, or not to this login.
    """
    config = kubeconfig(settings, states)
    if config is None:
        return None
    try:
        api = kr8s.api(kubeconfig=config)  # type: ignore[arg-type]  # it takes the content as well as a path
        api.version()
    except (kr8s.ServerError, kr8s.APITimeoutError, httpx.HTTPError, OSError, RuntimeError, ValueError) as error:
        raise ConfigurationError(
            f"the cluster of {settings.name} does not answer: {error}",
            mend="log in (gcloud auth login, az login), from a network of cluster.control_plane_ranges",
        ) from error
    return api


def kubeconfig(settings: CloudSettings, states: States) -> dict[str, Any] | None:
    """The content of a kubeconfig for the cluster in the state of its stack; None where it holds none."""
    state = states.get(settings.stack_id("cluster"))
    for instance in state.managed() if state else ():
        if instance.type in _LOGINS:
            host, certificate = _endpoint(instance.type, instance.attributes)
            return _kubeconfig(settings.name, host, certificate, _LOGINS[instance.type])
    return None


def _endpoint(type_name: str, attributes: Mapping[str, Any]) -> tuple[str, str]:
    if type_name == "google_container_cluster":
        return f"https://{attributes['endpoint']}", attributes["master_auth"][0]["cluster_ca_certificate"]
    access = attributes["kube_config"][0]
    return access["host"], access["cluster_ca_certificate"]


def _kubeconfig(name: str, host: str, certificate: str, login: list[str]) -> dict[str, Any]:
    program, *arguments = login
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "clusters": [{"name": name, "cluster": {"server": host, "certificate-authority-data": certificate}}],
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": program,
                        "args": arguments,
                        "interactiveMode": "IfAvailable",
                    }
                },
            }
        ],
    }
