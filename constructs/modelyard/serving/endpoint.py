"""A model that is served."""

import json
import os
import time
from typing import TYPE_CHECKING, Any

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import Cluster, Forwarding, Object
from modelyard.serving.destination import Destination, find_destination
from modelyard.serving.manifest import COLUMNS_ANNOTATION, FRAMEWORK_LABEL, PORT, VERSION_LABEL
from modelyard.serving.picture import picture
from modelyard.serving.predictions import Predictor
from modelyard.serving.rollout import deployment_name

from rich.console import Console

if TYPE_CHECKING:
    from numpy.typing import NDArray

_DELETE_SECONDS = 120


class Endpoint:
    """A model that is served, as `serve()` gives it; in a notebook it shows itself.

    Args:
        cluster: Where it is.
        service: Its InferenceService.
        destination: Its namespace.
    """

    def __init__(self, cluster: Cluster, service: Object, destination: Destination) -> None:
        self._cluster = cluster
        self._service = service
        self._destination = destination
        self._forwarding: Forwarding | None = None
        self._predictor: Predictor | None = None

    @classmethod
    def from_name(cls, name: str, *, namespace: str | None = None) -> "Endpoint":
        """One that was served before, by whomever.

        Args:
            name: Of the endpoint.
            namespace: Where; as `serve()` finds it.

        Raises:
            ConfigurationError: There is none of that name, or no cluster.
        """
        cluster = Cluster()
        destination = find_destination(cluster, namespace)
        if service := cluster.get("inferenceservices", name, destination.namespace):
            return cls(cluster, service, destination)
        others = [each["metadata"]["name"] for each in cluster.list("inferenceservices", destination.namespace)]
        raise ConfigurationError(
            f"no model is served as {name!r} in {destination.namespace!r}",
            mend=f"take one of {', '.join(sorted(others))}" if others else "serve one: endpoint = serve(model)",
        )

    @property
    def name(self) -> str:
        """In its namespace."""
        return str(self._service["metadata"]["name"])

    @property
    def namespace(self) -> str:
        """Where it is."""
        return str(self._service["metadata"]["namespace"])

    @property
    def version(self) -> str:
        """Of the model's files: 12 digits of their sha256."""
        return str(self._service["metadata"].get("labels", {}).get(VERSION_LABEL, "unknown"))

    @property
    def framework(self) -> str:
        """The model's own, as `scikit-learn`."""
        return str(self._service["metadata"].get("labels", {}).get(FRAMEWORK_LABEL, "unknown"))

    @property
    def url(self) -> str:
        """Where it answers inside of the cluster."""
        return f"http://{deployment_name(self.name)}.{self.namespace}.svc.cluster.local"

    @property
    def dashboard(self) -> str | None:
        """Where its figures are to be seen, if the environment has dashboards."""
        return self._destination.dashboard_of(self.name)

    def predict(
        self,
        rows: Any,  # noqa: ANN401 - anything array-like
        *,
        method: str | None = None,
    ) -> "NDArray[Any] | dict[str, NDArray[Any]]":
        """What the model says of some rows.

        Outside of the cluster it asks through a port-forward, with the rights of the kubeconfig.

        Args:
            rows: An array, nested lists or a data frame, a row for each answer; a dict of them by the inputs' names for
                a model with several.
            method: Another than `predict`: scikit-learn's and XGBoost's classifiers have `predict_proba`.

        Returns:
            An array; a dict by the outputs' names if there are several.

        Raises:
            ConfigurationError: The model does not take them, or does not answer.
        """
        if self._predictor is None:
            columns = self._service["metadata"].get("annotations", {}).get(COLUMNS_ANNOTATION, "[]")
            self._predictor = Predictor(self.name, self._base, json.loads(columns))
        return self._predictor.predict(rows, method)

    def logs(self, *, follow: bool = False, tail: int = 100) -> None:
        """Prints what its pods have printed.

        Args:
            follow: Goes on until it is interrupted.
            tail: From how many lines back, of each pod.
        """
        options = {"tailLines": str(tail), **({"follow": "true"} if follow else {})}
        console = Console(markup=False, highlight=False, soft_wrap=True)
        for line in self._cluster.log(self._pods(), "kserve-container", **options):
            console.print(line)

    def delete(self) -> None:
        """Takes it away, and waits until it has gone; the model's files stay in the store."""
        if self._predictor:
            self._predictor.close()
        if self._forwarding:
            self._forwarding.close()
        self._predictor = self._forwarding = None
        self._cluster.delete("inferenceservices", self.name, self.namespace)
        until = time.monotonic() + _DELETE_SECONDS
        while self._cluster.get("inferenceservices", self.name, self.namespace):
            if time.monotonic() > until:
                raise ConfigurationError(
                    f"{self.name!r} is still being deleted after {_DELETE_SECONDS} s",
                    mend="look at KServe: kubectl logs --namespace kserve deployment/kserve-controller-manager",
                )
            time.sleep(0.5)

    def __repr__(self) -> str:
        return f"Endpoint({self.name!r}, namespace={self.namespace!r}, version={self.version!r})"

    def _repr_html_(self) -> str:
        """For notebooks."""
        facts = {"version": self.version, "framework": self.framework, "ready": self._ready(), "url": self.url}
        return picture(self.name, self.namespace, facts, dashboard=self.dashboard)

    def _ready(self) -> str:
        try:
            deployment = self._cluster.get("deployments", deployment_name(self.name), self.namespace)
        except ConfigurationError as error:
            return f"unknown: {error.what}"
        if deployment is None:
            return "deleted"
        return f"{deployment.get('status', {}).get('readyReplicas', 0)} of {deployment['spec']['replicas']} replicas"

    def _pods(self) -> list[Object]:
        selector = f"serving.kserve.io/inferenceservice={self.name}"
        return list(self._cluster.list("pods", self.namespace, labelSelector=selector))

    def _base(self) -> str:
        """Where this machine reaches it."""
        if "KUBERNETES_SERVICE_HOST" in os.environ:
            return self.url
        service = self._cluster.get("services", deployment_name(self.name), self.namespace)
        if service is None:
            raise ConfigurationError(
                f"{self.name!r} is not in {self.namespace!r} any more", mend="serve it again: endpoint = serve(model)"
            )
        if self._forwarding:
            self._forwarding.close()
        self._forwarding = self._cluster.forward(service, PORT)
        return f"http://127.0.0.1:{self._forwarding.port}"
