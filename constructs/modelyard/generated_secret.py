"""A Secret with random values that nobody outside of the cluster has seen."""

import json
import re
from collections.abc import Mapping, Sequence

from modelyard.errors import ConfigurationError
from modelyard.helm_release import add_release, local_chart, release_labels
from modelyard.service_scope import service_of

from constructs import Construct

# https://kubernetes.io/docs/concepts/configuration/secret/#restriction-names-data
_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


class GeneratedSecret(Construct):
    """Values of 40 random letters and digits (238 bits), made in the cluster: in no plan and in no state.

    Later deploys keep the values, and add those of new keys. Another `revision` makes all of them anew.

    Args:
        scope: The service's stack, or a construct in it.
        id_: The construct's id.
        name: The Secret's name.
        namespace: Where it goes, best as a reference: `add_namespace(…).metadata.name`.
        keys: Of the Secret; each gets a value of its own.
        revision: Which values these are, counted up by whoever rotates them.
        secret_annotations: Of the Secret itself, for programs that look for them there.

    Attributes:
        name: The Secret's name, as a reference: who uses it waits for the Secret.
        annotations: For the pods that read it: they are replaced when the values are.

    Raises:
        ConfigurationError: No keys, or one that Kubernetes would refuse.
    """

    def __init__(
        self,
        scope: Construct,
        id_: str,
        *,
        name: str,
        namespace: str,
        keys: Sequence[str],
        revision: int = 1,
        secret_annotations: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(scope, id_)
        service = service_of(scope)
        for key in keys or [""]:
            if not _KEY.fullmatch(key):
                raise ConfigurationError(
                    f"Secret {name!r}: {key!r} is no key for a value" if keys else f"Secret {name!r} has no keys",
                    mend="name each value with letters, digits, dots, dashes and underscores, for example password",
                )
        values = {
            "labels": release_labels(service),
            "annotations": dict(secret_annotations or {}),
            "keys": list(keys),
            "revision": str(revision),
        }
        release = add_release(
            self,
            chart=local_chart(self, "generated-secret"),
            name=name,
            namespace=namespace,
            values=[json.dumps(values)],
        )
        self.name = release.name
        self.annotations = {f"modelyard/secret-{name}": str(revision)}
