"""A route of the cluster's gateway that divides requests by weights.

Source: https://gateway-api.sigs.k8s.io/guides/traffic-splitting/
"""

from collections.abc import Mapping, Sequence
from typing import Any

from modelyard.gateway import GATEWAY
from modelyard.manifests import Manifests

from cdktf import Fn, ITerraformDependable, TerraformOutput
from cdktf_cdktf_provider_kubernetes import data_kubernetes_service_v1 as k8s
from constructs import Construct


class WeightedRoute(Construct):
    """An HTTPRoute from `/NAME/` of the gateway to Services, and its address as the output `url`.

    The Services see paths without `/NAME`.

    Args:
        scope: The service's stack, or a construct in it.
        id_: The construct's id.
        name: Of the route, and the first part of its path.
        namespace: Of the route and the Services, best as a reference: `add_namespace(…).metadata.name`.
        weights: By the names of the Services; their share of all weights is their share of the requests.
        port: Of the Services.
        header: An HTTP header by which callers choose a Service themselves.
        header_values: What names each Service in it.
        depends_on: What must be there before.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        namespace: str,
        weights: Mapping[str, int],
        port: int,
        header: str | None = None,
        header_values: Mapping[str, str] | None = None,
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        backends = [{"name": service, "port": port, "weight": weight} for service, weight in weights.items()]
        rules = [_rule(name, backends)]
        if header:
            # A match with a header goes before one without, whatever the order.
            for service, value in (header_values or {}).items():
                rules.append(_rule(name, [{"name": service, "port": port}], {header: value}))
        self.release = Manifests(
            self,
            "manifests",
            name=f"{name}-route",
            namespace=namespace,
            manifests=[
                {
                    "apiVersion": "gateway.networking.k8s.io/v1",
                    "kind": "HTTPRoute",
                    "metadata": {"name": name},
                    "spec": {"parentRefs": [{"namespace": GATEWAY, "name": GATEWAY}], "rules": rules},
                }
            ],
            depends_on=depends_on,
        ).release
        # Read when this stack is planned: names only, nothing out of the other stack's state.
        found = k8s.DataKubernetesServiceV1(
            self,
            "gateway",
            metadata=k8s.DataKubernetesServiceV1Metadata(namespace=GATEWAY, name=GATEWAY),
        )
        address = found.status.get(0).load_balancer.get(0).ingress.get(0).ip
        # A plan that comes before the gateway, as a pull request's first one, finds no Service and no address.
        known = Fn.try_([address, "GATEWAY"])
        url = TerraformOutput(self, "url", value=f"http://{known}/{name}/", description=f"Where {name} answers.")
        url.override_logical_id("url")


def _rule(name: str, backends: list[dict[str, Any]], headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    match: dict[str, Any] = {"path": {"type": "PathPrefix", "value": f"/{name}"}}
    if headers:
        match["headers"] = [{"name": header, "value": value} for header, value in headers.items()]
    rewritten = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}}
    return {
        "matches": [match],
        "filters": [{"type": "URLRewrite", "urlRewrite": rewritten}],
        "backendRefs": backends,
    }
