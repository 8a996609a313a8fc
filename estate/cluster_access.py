"""The way to an environment's cluster, as Terraform goes it: by stacks and state, with nothing set up by hand."""

import json
from collections.abc import Mapping
from typing import Any, Final

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import Cluster

from estate.synthesis import Synthesis
from stacks.local.settings import LocalSettings
from terraform_cli.call import terraform

_CLUSTERS: Final = ("google_container_cluster", "azurerm_kubernetes_cluster")


def cluster_of(synthesis: Synthesis) -> Cluster:
    """The cluster.

    Raises:
        ConfigurationError: None is deployed, or it does not let this person in.
        TerraformError: Its state cannot be read.
    """
    settings = synthesis.settings
    if isinstance(settings, LocalSettings):
        return Cluster(context=settings.context)
    return Cluster(kubeconfig(deployed_cluster(synthesis), _login(synthesis)))


def deployed_cluster(synthesis: Synthesis) -> Mapping[str, Any]:
    """The cluster's values in the state of its stack.

    Raises:
        ConfigurationError: None is there.
        TerraformError: The state cannot be read.
    """
    name = synthesis.settings.stack_id("cluster")
    folder, variables = synthesis.estate[name].folder, synthesis.variables
    terraform(folder, variables, "init", "-input=false")
    shown = json.loads(terraform(folder, variables, "show", "-json"))
    for resource in shown.get("values", {}).get("root_module", {}).get("resources", []):
        if resource["mode"] == "managed" and resource["type"] in _CLUSTERS:
            values: Mapping[str, Any] = resource["values"]
            return values
    raise ConfigurationError(
        f"{synthesis.settings.name} has no cluster that could sleep: {name} is not deployed",
        mend=f"modelyard up {synthesis.settings.name}",
    )


def _login(synthesis: Synthesis) -> Mapping[str, Any]:
    """The program that the stacks of services and add-ons log in with."""
    for stack in synthesis.estate.values():
        for provider in stack.configuration.get("provider", {}).get("kubernetes", []):
            (login,) = provider["exec"]
            found: Mapping[str, Any] = login
            return found
    raise ConfigurationError(
        f"{synthesis.settings.name} has neither services nor add-ons", mend="take it down: modelyard teardown"
    )


def kubeconfig(cluster: Mapping[str, Any], login: Mapping[str, Any]) -> dict[str, Any]:
    """A kubeconfig without secrets.

    Args:
        cluster: The values of the cluster's resource.
        login: The block `exec` of Terraform's provider.
    """
    if "endpoint" in cluster:
        server = f"https://{cluster['endpoint']}"
        certificate = cluster["master_auth"][0]["cluster_ca_certificate"]
    else:
        server, certificate = (cluster["kube_config"][0][key] for key in ("host", "cluster_ca_certificate"))
    program = {
        "apiVersion": login["api_version"],
        "command": login["command"],
        "args": login.get("args", []),
        "interactiveMode": "IfAvailable",
    }
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "it", "cluster": {"server": server, "certificate-authority-data": certificate}}],
        "users": [{"name": "me", "user": {"exec": program}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "current-context": "it",
    }
