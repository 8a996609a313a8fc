"""The models of Azure's client libraries: what the tests' Azure has is what they know, field by field."""

from typing import Any

from azure.mgmt.compute import models as compute
from azure.mgmt.containerservice import models as containerservice
from azure.mgmt.loganalytics import models as loganalytics
from azure.mgmt.monitor import models as monitor
from azure.mgmt.network import models as network
from azure.mgmt.resource.resources import models as resources

#: By the type, in small letters. Of two kinds no library is in use any more or here: they are generic resources.
MODELS: dict[str, Any] = {
    "microsoft.compute/disks": compute.Disk,
    "microsoft.compute/locations/usages": compute.Usage,
    "microsoft.compute/skus": compute.ResourceSku,
    "microsoft.compute/snapshots": compute.Snapshot,
    "microsoft.compute/virtualmachines": compute.VirtualMachine,
    "microsoft.compute/virtualmachinescalesets": compute.VirtualMachineScaleSet,
    "microsoft.containerservice/managedclusters": containerservice.ManagedCluster,
    "microsoft.insights/datacollectionendpoints": monitor.DataCollectionEndpointResource,
    "microsoft.insights/datacollectionrules": monitor.DataCollectionRuleResource,
    "microsoft.managedidentity/userassignedidentities": resources.GenericResource,
    "microsoft.network/locations/usages": network.Usage,
    "microsoft.network/loadbalancers": network.LoadBalancer,
    "microsoft.network/natgateways": network.NatGateway,
    "microsoft.network/networkinterfaces": network.NetworkInterface,
    "microsoft.network/networksecuritygroups": network.NetworkSecurityGroup,
    "microsoft.network/privateendpoints": network.PrivateEndpoint,
    "microsoft.network/publicipaddresses": network.PublicIPAddress,
    "microsoft.network/routetables": network.RouteTable,
    "microsoft.network/virtualnetworks": network.VirtualNetwork,
    "microsoft.operationalinsights/workspaces": loganalytics.Workspace,
    "microsoft.operationsmanagement/solutions": resources.GenericResource,
    "microsoft.resources/providers": resources.Provider,
    "microsoft.resources/resourcegroups": resources.ResourceGroup,
}


def check(type_: str, body: dict[str, Any]) -> None:
    """ValueError where a resource has a field that its model does not know."""
    model = MODELS[type_.lower()]
    if hasattr(model, "_attribute_map"):  # the older form of these libraries
        known = {entry["key"].split(".")[0] for entry in model._attribute_map.values()}
        if unknown := body.keys() - known:
            raise ValueError(f"{model.__name__} has no {', '.join(unknown)}")
        model.from_dict(body)
    else:
        _check(model(body), body, model.__name__)


def _check(found: Any, body: dict[str, Any], where: str) -> None:  # noqa: ANN401 - a model of whichever library
    fields = {field._rest_name: name for name, field in type(found)._attr_to_rest_field.items()}
    if unknown := body.keys() - fields.keys():
        raise ValueError(f"{where} has no {', '.join(unknown)}")
    for key, value in body.items():
        model = getattr(found, fields[key])
        for number, each in enumerate(value if isinstance(value, list) else [value]):
            part = model[number] if isinstance(value, list) else model
            if isinstance(each, dict) and hasattr(part, "_attr_to_rest_field"):
                _check(part, each, f"{where}.{key}")
