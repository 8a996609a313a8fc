"""Kubernetes objects of any kind, also of kinds that the cluster does not know yet when the stack is planned."""

from collections.abc import Mapping, Sequence

from modelyard.helm_release import add_release, local_chart, release_labels
from modelyard.manifest_checks import check_size, checked
from modelyard.manifest_text import chart_values
from modelyard.service_scope import service_of

from cdktf import ITerraformDependable
from constructs import Construct


class Manifests(Construct):
    """A Helm release of manifests, word for word: made, changed and removed together.

    `kubernetes_manifest` has to find each kind in the cluster when the stack is planned; a release is planned without
    asking. One that fails leaves what was there before, unless `atomic` is off.

    Args:
        scope: The service's stack, or a construct in it; gives the cluster, and labels to objects without them.
        id_: The construct's id; renaming it replaces every object.
        name: The release's name, one of its own in the namespace.
        namespace: Where objects go that need a namespace, best as a reference: `add_namespace(…).metadata.name`.
        manifests: Objects as the API takes them, as dicts. Texts stand for themselves, `{{…}}` and `${…}` too; tokens
            of other constructs may stand anywhere.
        jobs_timeout: How long its Jobs may take to succeed, in seconds; by default nobody waits for them.
        atomic: Whether a failure takes back what was made; else it stays, to be looked at, until the next deploy.
        depends_on: What must be there before, for example the `release` that has the CustomResourceDefinitions.

    Attributes:
        release: The Helm release.

    Raises:
        ConfigurationError: What Kubernetes or Helm would refuse, or a Secret with its data.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        namespace: str,
        manifests: Sequence[Mapping[str, object]],
        jobs_timeout: int | None = None,
        atomic: bool = True,
        depends_on: Sequence[ITerraformDependable] = (),
    ) -> None:
        super().__init__(scope, id_)
        service = service_of(scope)
        labels = release_labels(service)
        objects = checked(manifests, release=name, namespace=namespace)
        values = [chart_values(_labelled(each, labels)) for each in objects]
        check_size(values, release=name)
        self.release = add_release(
            self,
            chart=local_chart(self, "manifests"),
            name=name,
            namespace=namespace,
            values=values,
            timeout=jobs_timeout,
            wait_for_jobs=jobs_timeout is not None,
            atomic=atomic,
            depends_on=depends_on,
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
