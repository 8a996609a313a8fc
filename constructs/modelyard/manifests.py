"""Kubernetes objects of any kind, also of kinds that the cluster does not know yet when the stack is planned."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from modelyard.helm_provider import connect_helm
from modelyard.manifest_checks import check_size, checked
from modelyard.manifest_text import chart_values
from modelyard.names import dns_label
from modelyard.service_scope import ServiceScope

from cdktf import AssetType, ITerraformDependable, TerraformAsset
from cdktf_cdktf_provider_helm.release import Release
from constructs import Construct

_CHART = Path(__file__).parents[2] / "charts" / "manifests"
# https://helm.sh/docs/chart_template_guide/builtin_objects: what is left of 63 for the names that charts derive.
_LONGEST_RELEASE_NAME = 53
# Helm puts its own name there, by which it knows what it may change.
_HELMS_LABEL = "app.kubernetes.io/managed-by"


class Manifests(Construct):
    """A Helm release of manifests, word for word: made, changed and removed together.

    `kubernetes_manifest` has to find each kind in the cluster when the stack is planned; a release is planned without
    asking. One that fails leaves what was there before.

    Args:
        scope: The service's stack; gives the cluster, and labels to objects that do not have them.
        id_: The construct's id; renaming it replaces every object.
        name: The release's name, one of its own in the namespace.
        namespace: Where objects go that need a namespace, best as a reference: `add_namespace(…).metadata.name`.
        manifests: Objects as the API takes them, as dicts. Texts stand for themselves, `{{…}}` and `${…}` too; tokens
            of other constructs may stand anywhere.
        depends_on: What must be there before, for example the `release` that has the CustomResourceDefinitions.

    Attributes:
        release: The Helm release.

    Raises:
        ConfigurationError: What Kubernetes or Helm would refuse, or a Secret with its data.
    """

    def __init__(
        self,
        scope: ServiceScope,
        id_: str,
        *,
        name: str,
        namespace: str,
        manifests: Sequence[Mapping[str, object]],
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        labels = {key: value for key, value in scope.labels.items() if key != _HELMS_LABEL}
        objects = checked(manifests, release=name, namespace=namespace)
        values = [chart_values(_labelled(each, labels)) for each in objects]
        check_size(values, release=name)
        connect_helm(scope)
        # A copy beside the stack's configuration, whose path has a hash of the content: the same on every machine, and
        # a changed chart changes the release.
        chart = TerraformAsset(self, "chart", path=str(_CHART), type=AssetType.DIRECTORY)
        self.release = Release(
            self,
            "release",
            name=dns_label(name, what="the release's name", longest=_LONGEST_RELEASE_NAME),
            namespace=namespace,
            chart=chart.path,
            values=values,
            # Without it, a first release that fails stays, unknown to Terraform, and its name is in use.
            atomic=True,
            # Each is a Secret with all manifests; Helm itself would keep every one there ever was.
            max_history=3,
            depends_on=list(depends_on) or None,
        )


def _labelled(manifest: dict[str, object], labels: Mapping[str, str]) -> dict[str, object]:
    match manifest["metadata"]:
        case {"labels": dict() as given, **others}:
            return {**manifest, "metadata": {**others, "labels": {**labels, **given}}}
        case {"labels": str()}:  # a token
            return manifest
        case dict() as metadata:
            return {**manifest, "metadata": {**metadata, "labels": dict(labels)}}
    return manifest
