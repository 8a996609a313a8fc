"""A chart that others keep, in the version that was chosen."""

from collections.abc import Mapping, Sequence

from modelyard.helm_provider import connect_helm
from modelyard.manifest_text import release_values
from modelyard.names import dns_label
from modelyard.pod_requests import PodRequests
from modelyard.service_scope import ServiceScope

from cdktf import ITerraformDependable
from cdktf_cdktf_provider_helm.release import Release
from constructs import Construct

# https://helm.sh/docs/chart_template_guide/builtin_objects: what is left of 63 for the names that charts derive.
_LONGEST_RELEASE_NAME = 53
# Images of a gigabyte, on nodes that have to come up first, and hooks that wait for them.
_TIMEOUT_SECONDS = 900


class HelmChart(Construct):
    """A Helm release of a chart from its repository.

    A release that fails leaves what was there before.

    Args:
        scope: The stack; gives the cluster and what its nodes can hold.
        id_: The construct's id; renaming it replaces every object of the chart.
        name: The release's name, one of its own in the namespace.
        repository: The chart repository's address, or `oci://…` of the folder that the chart is in.
        chart: The chart's name.
        version: Its exact version: with another one, the plan of an unchanged commit would change.
        namespace: Where it goes, best as a reference: `add_namespace(…).metadata.name`.
        values: Of the chart. Not for secrets: they stand in plans and in the state.
        pods: What these values make it request; the chart itself is not looked into.
        depends_on: What must be there before.

    Attributes:
        release: The Helm release.

    Raises:
        ConfigurationError: Pods that no node could hold, or a name that Helm would refuse.
    """

    def __init__(
        self,
        scope: ServiceScope,
        id_: str,
        *,
        name: str,
        repository: str,
        chart: str,
        version: str,
        namespace: str,
        values: Mapping[str, object],
        pods: Sequence[PodRequests],
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        for each in pods:
            scope.add_pods(each)
        connect_helm(scope)
        self.release = Release(
            self,
            "release",
            name=dns_label(name, what="the release's name", longest=_LONGEST_RELEASE_NAME),
            repository=repository,
            chart=chart,
            version=version,
            namespace=namespace,
            values=[release_values(values)],
            # Without it, a first release that fails stays, unknown to Terraform, and its name is in use.
            atomic=True,
            # Each is a Secret with all manifests; Helm itself would keep every one there ever was.
            max_history=3,
            timeout=_TIMEOUT_SECONDS,
            depends_on=list(depends_on) or None,
        )
