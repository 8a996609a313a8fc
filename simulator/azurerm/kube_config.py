"""The kubeconfig of an AKS cluster, as Azure hands it to users."""

from typing import Final

from simulator.azurerm.resource import NO_CREDENTIAL
from simulator.cluster import certificate
from simulator.world import Values

_RAW: Final = """\
apiVersion: v1
clusters:
- cluster:
    certificate-authority-data: {certificate}
    server: {host}
  name: {name}
contexts:
- context:
    cluster: {name}
    user: {user}
  name: {name}
current-context: {name}
kind: Config
preferences: {{}}
users:
- name: {user}
  user:
{credential}
"""
# The applications of AKS in Entra: its API servers, and kubelogin.
_KUBELOGIN: Final = """\
    exec:
      apiVersion: client.authentication.k8s.io/v1beta1
      args:
      - get-token
      - --environment
      - AzurePublicCloud
      - --server-id
      - 6dae42f8-4368-4678-94ff-3960e28e3630
      - --client-id
      - 80faf920-1908-4b52-b5ef-a8e7bedfc67a
      - --tenant-id
      - {tenant}
      - --login
      - devicecode
      command: kubelogin
      env: null
      provideClusterInfo: false"""
_KEYS: Final = f"""\
    client-certificate-data: {NO_CREDENTIAL}
    client-key-data: {NO_CREDENTIAL}
    token: {NO_CREDENTIAL}"""


def kube_config(cluster: Values, fqdn: str, *, with_keys: bool) -> list[Values]:
    """Gives the block of that name; a cluster with Entra has no keys, and a marker stands for those of others."""
    key = NO_CREDENTIAL if with_keys else ""
    return [
        {
            "host": _host(fqdn),
            "cluster_ca_certificate": certificate(cluster["id"]),
            "username": _user(cluster),
            "password": key,
            "client_certificate": key,
            "client_key": key,
        }
    ]


def kube_config_raw(cluster: Values, fqdn: str, tenant: str, *, with_keys: bool) -> str:
    """Gives the file."""
    return _RAW.format(
        certificate=certificate(cluster["id"]),
        host=_host(fqdn),
        name=cluster["name"],
        user=_user(cluster),
        credential=_KEYS if with_keys else _KUBELOGIN.format(tenant=tenant),
    )


def _host(fqdn: str) -> str:
    return f"https://{fqdn}:443"


def _user(cluster: Values) -> str:
    return f"clusterUser_{cluster['resource_group_name']}_{cluster['name']}"
