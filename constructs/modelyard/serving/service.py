"""One line from a fitted model to an endpoint."""

import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from modelyard.errors import ConfigurationError
from modelyard.names import dns_label
from modelyard.quantities import mebibytes, millicores
from modelyard.serving.manifest import LONGEST_NAME

if TYPE_CHECKING:
    from modelyard.serving.endpoint import Endpoint

_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|_+")


def serve(
    model: object,
    *,
    name: str | None = None,
    namespace: str | None = None,
    example: object = None,
    cpu: str = "100m",
    memory: str = "512Mi",
    replicas: int = 1,
    timeout_seconds: float = 600,
    progress: bool = True,
) -> "Endpoint":
    """Serves a fitted model on the cluster of the current kubeconfig.

    Called again, it puts the model in the place of the one of that name; requests go on being answered. The same model
    changes nothing. One that does not come up leaves its predecessor answering.

    Args:
        model: Of scikit-learn, XGBoost, Keras 3, PyTorch or ONNX.
        name: Of the endpoint, a DNS label of at most 40 characters; by default after the model's class, as
            `random-forest-classifier`.
        namespace: Where; by default the kubeconfig context's if it takes models, else the only one that does.
        example: A batch of inputs. PyTorch's models need one; of others the saved model's answers to it are compared
            with the model's own.
        cpu: What each replica is sure to get; it may use a whole CPU.
        memory: Of each replica.
        replicas: How many answer.
        timeout_seconds: How long to wait until it does.
        progress: Whether to print what is being done.

    Raises:
        ConfigurationError: With what is wrong, and what to do.
    """
    name = dns_label(name or default_name(model), what="the endpoint's name", longest=LONGEST_NAME)
    millicores(cpu)
    mebibytes(memory)
    if replicas < 1:
        raise ConfigurationError(f"replicas = {replicas}", mend="write at least 1; endpoint.delete() takes it away")

    # They take a second to import, for which `from modelyard.serving import serve` is not the time.
    from modelyard.serving import formats  # noqa: PLC0415 - see above
    from modelyard.serving.cluster import Cluster  # noqa: PLC0415 - see above
    from modelyard.serving.deployment import Size, deploy  # noqa: PLC0415 - see above
    from modelyard.serving.destination import find_destination  # noqa: PLC0415 - see above
    from modelyard.serving.progress import Progress  # noqa: PLC0415 - see above

    printing = Progress(shown=progress)
    cluster = Cluster()
    destination = find_destination(cluster, namespace)
    with tempfile.TemporaryDirectory() as folder:
        saved = formats.save(model, Path(folder) / "model", example=example)
        printing.done(f"saved as {saved.format}, version {saved.version}")
        return deploy(
            saved,
            cluster=cluster,
            destination=destination,
            name=name,
            size=Size(cpu=cpu, memory=memory, replicas=replicas),
            timeout_seconds=timeout_seconds,
            progress=printing,
        )


def default_name(model: object) -> str:
    """The model's class in words: `XGBClassifier` is `xgb-classifier`."""
    words = [word.lower() for word in _WORDS.split(type(model).__name__) if word]
    return "-".join(words)[:LONGEST_NAME].strip("-")
