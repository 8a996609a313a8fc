"""A chart that others keep, in the version that was chosen."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from modelyard.helm_release import add_release
from modelyard.manifest_text import release_values
from modelyard.pod_requests import PodRequests
from modelyard.service_scope import ServiceScope

from cdktf import ITerraformDependable
from constructs import Construct

# Images of a gigabyte, on nodes that have to come up first, and hooks that wait for them.
_TIMEOUT_SECONDS = 900


class PublishedChart(TypedDict):
    """A chart's version, as `HelmChart` takes it."""

    repository: str
    chart: str
    version: str


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
        skip_crds: Whether to leave out the CustomResourceDefinitions of its folder `crds`, which Helm would make once,
            and neither change nor remove.
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
        skip_crds: bool = False,
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        for each in pods:
            scope.add_pods(each)
        self.release = add_release(
            self,
            repository=repository,
            chart=chart,
            version=version,
            name=name,
            namespace=namespace,
            values=[release_values(values)],
            timeout=_TIMEOUT_SECONDS,
            skip_crds=skip_crds,
            depends_on=depends_on,
        )
