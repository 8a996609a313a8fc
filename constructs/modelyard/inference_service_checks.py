"""What of an InferenceService KServe would take, and then ignore."""

from collections.abc import Mapping

from modelyard.errors import ConfigurationError

API_GROUP = "serving.kserve.io"
#: On an InferenceService: how KServe runs it; where there is none, as KServe is set.
MODE = "serving.kserve.io/deploymentMode"
#: Modes in which KServe divides traffic; `Serverless` is the old name.
KNATIVE = ("Knative", "Serverless")
#: Parts of an InferenceService, each of which may have a weight.
COMPONENTS = ("predictor", "transformer", "explainer")
#: The weight.
CANARY = "canaryTrafficPercent"


def check_canary(manifest: Mapping[str, object], where: str) -> None:
    """Refuses a canary's weight for a model that runs as a plain Deployment.

    KServe takes it, gives all traffic to the newest model at once, and says nothing:
    https://github.com/kserve/kserve/issues/5335

    Raises:
        ConfigurationError: With the field and the value.
    """
    if _inner(manifest, "metadata", "annotations").get(MODE) in KNATIVE:
        return
    for component in COMPONENTS:
        weight = _inner(manifest, "spec", component).get(CANARY)
        if weight is not None:
            raise ConfigurationError(
                f"spec.{component}.{CANARY} = {weight!r}: in Standard mode KServe ignores it, "
                "and gives all traffic to the newest model at once",
                mend="remove it, and make the new model an InferenceService of its own, "
                "to be called beside the old one until that is removed",
                where=where,
            )


def _inner(manifest: object, *keys: str) -> Mapping[str, object]:
    """A mapping in a manifest; empty if there is none, or a token."""
    for key in keys:
        manifest = manifest.get(key) if isinstance(manifest, Mapping) else None
    return manifest if isinstance(manifest, Mapping) else {}
