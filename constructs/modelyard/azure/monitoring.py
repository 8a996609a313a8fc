"""Container Insights: where a cluster's logs and inventory go, and which of them.

Source: https://learn.microsoft.com/azure/azure-monitor/containers/kubernetes-monitoring-enable
"""

import base64
import gzip
import json
from collections.abc import Mapping
from urllib.parse import quote

from cdktf_cdktf_provider_azurerm import monitor_data_collection_rule as rule
from cdktf_cdktf_provider_azurerm.log_analytics_workspace import LogAnalyticsWorkspace
from cdktf_cdktf_provider_azurerm.monitor_data_collection_rule_association import MonitorDataCollectionRuleAssociation
from constructs import Construct

# Pod logs, events and inventory.
_STREAMS = ["Microsoft-ContainerInsights-Group-Default"]
_DESTINATION = "workspace"
# The add-on on the nodes looks for an extension and for an association of this name.
_EXTENSION = "ContainerInsightsExtension"


class ClusterLogs(Construct):
    """A Log Analytics workspace, to which only Entra identities write, and the rule of what is collected.

    Args:
        scope: The cluster's construct.
        id_: The construct's id.
        name: The cluster's.
        resource_group: The group's name.
        location: Where it is.
        retention_days: How long logs are kept; the first 31 days are free.
        daily_gigabytes: What is taken in a day; the rest of the day's logs are lost, and not billed.
        tags: For billing and clean-up.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        resource_group: str,
        location: str,
        retention_days: int,
        daily_gigabytes: int,
        tags: Mapping[str, str],
    ) -> None:
        super().__init__(scope, id_)
        self.workspace = LogAnalyticsWorkspace(
            self,
            "workspace",
            name=name,
            resource_group_name=resource_group,
            location=location,
            sku="PerGB2018",
            retention_in_days=retention_days,
            daily_quota_gb=daily_gigabytes,
            local_authentication_enabled=False,
            tags=dict(tags),
        )
        self._rule = rule.MonitorDataCollectionRule(
            self,
            "rule",
            name=f"{name}-containers",
            resource_group_name=resource_group,
            location=location,
            kind="Linux",
            destinations=rule.MonitorDataCollectionRuleDestinations(
                log_analytics=[
                    rule.MonitorDataCollectionRuleDestinationsLogAnalytics(
                        name=_DESTINATION, workspace_resource_id=self.workspace.id
                    )
                ]
            ),
            data_flow=[rule.MonitorDataCollectionRuleDataFlow(streams=_STREAMS, destinations=[_DESTINATION])],
            data_sources=rule.MonitorDataCollectionRuleDataSources(
                extension=[
                    rule.MonitorDataCollectionRuleDataSourcesExtension(
                        name=_EXTENSION,
                        extension_name="ContainerInsights",
                        streams=_STREAMS,
                        extension_json=json.dumps({"dataCollectionSettings": _SETTINGS}),
                    )
                ]
            ),
            tags=dict(tags),
        )

    def collect_from(self, cluster_id: str) -> None:
        """Applies the rule to a cluster whose monitoring add-on is on."""
        MonitorDataCollectionRuleAssociation(
            self,
            "association",
            name=_EXTENSION,
            target_resource_id=cluster_id,
            data_collection_rule_id=self._rule.id,
        )


def query_url(resource_id: str, query: str) -> str:
    """The portal's page that runs a query over a resource's logs of the last hour.

    It has the form of the links in Azure's alerts:
    https://learn.microsoft.com/azure/azure-monitor/alerts/alerts-common-schema
    """
    scope = quote(json.dumps({"resources": [{"resourceId": resource_id}]}, separators=(",", ":")), safe="")
    # Stored, not compressed: the same bytes from each version of zlib, so that no plan changes with it.
    packed = quote(base64.b64encode(gzip.compress(query.encode(), compresslevel=0, mtime=0)), safe="")
    blade = "https://portal.azure.com/#blade/Microsoft_Azure_Monitoring_Logs/LogsBlade"
    return f"{blade}/source/Alerts.EmailLinks/scope/{scope}/q/{packed}/prettify/1/timespan/PT1H"


# Every log line is billed by its size: AKS's own pods are left out, and inventory is taken every five minutes.
_SETTINGS = {
    "interval": "5m",
    "namespaceFilteringMode": "Exclude",
    "namespaces": ["kube-system"],
    "enableContainerLogV2": True,
}
