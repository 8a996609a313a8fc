"""Helm releases: of this repo's `charts/`, and of others' repositories."""

from collections.abc import Sequence
from pathlib import Path

from modelyard.names import dns_label
from modelyard.service_scope import ServiceScope

from cdktf import AssetType, ITerraformDependable, TerraformAsset
from cdktf_cdktf_provider_helm.release import Release
from constructs import Construct

_CHARTS = Path(__file__).parents[2] / "charts"
# https://helm.sh/docs/chart_template_guide/builtin_objects: what is left of 63 for the names that charts derive.
_LONGEST_RELEASE_NAME = 53
# Helm puts its own name there, by which it knows what it may change.
_HELMS_LABEL = "app.kubernetes.io/managed-by"


def add_release(
    scope: Construct,
    *,
    chart: str,
    name: str,
    namespace: str,
    values: Sequence[str],
    repository: str | None = None,
    version: str | None = None,
    timeout: int | None = None,
    wait_for_jobs: bool = False,
    atomic: bool = True,
    skip_crds: bool = False,
    depends_on: Sequence[ITerraformDependable] = (),
) -> Release:
    """A Helm release, the child `release` of `scope`. One that fails leaves what was there before.

    Args:
        scope: The construct that it is part of.
        chart: Its name in the repository, or its folder as of `local_chart`.
        name: The release's name, one of its own in the namespace.
        namespace: Which is there already.
        values: Documents of YAML, the later ones before the earlier.
        repository: The address of a chart repository.
        version: The chart's, in the repository.
        timeout: How long its objects may take to be ready, in seconds; by default Helm's 300.
        wait_for_jobs: Whether Jobs among them are ready only when they have succeeded.
        atomic: Whether a failure takes back what was made; else it stays, to be looked at, until the next deploy.
        skip_crds: Whether to leave out what is in the chart's folder `crds`.
        depends_on: What must be there before.

    Raises:
        ConfigurationError: A name that Helm would refuse.
    """
    checked = dns_label(name, what="the release's name", longest=_LONGEST_RELEASE_NAME)
    return Release(
        scope,
        "release",
        name=checked,
        repository=repository,
        chart=chart,
        version=version,
        namespace=namespace,
        values=list(values),
        # Without it, a first release that fails stays, unknown to Terraform, and its name is in use.
        atomic=atomic,
        # Each is a Secret with all manifests; Helm itself would keep every one there ever was.
        max_history=3,
        timeout=timeout,
        wait_for_jobs=wait_for_jobs or None,
        skip_crds=skip_crds or None,
        depends_on=list(depends_on) or None,
    )


def local_chart(scope: Construct, folder: str) -> str:
    """A copy of a folder of `charts/` beside the stack's configuration, the child `chart` of `scope`.

    Its path has a hash of the content: the same on every machine, and a changed chart changes the release.
    """
    return TerraformAsset(scope, "chart", path=str(_CHARTS / folder), type=AssetType.DIRECTORY).path


def release_labels(service: ServiceScope) -> dict[str, str]:
    """The service's labels, for objects in a release of it."""
    return {key: value for key, value in service.labels.items() if key != _HELMS_LABEL}
