"""Whether the pods of one revision have taken over, and if not, why."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from math import inf

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import Cluster, Object
from modelyard.serving.manifest import REVISION_LABEL
from modelyard.serving.progress import Progress

_LOOK_SECONDS = 1.0
_IMAGE_REASONS = ("ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull")
_CONFIG_REASONS = ("CreateContainerConfigError", "CreateContainerError", "RunContainerError")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What stands in the way.

    Attributes:
        what: In words.
        mend: What to do.
        patience_seconds: How long it may stand before nothing else is waited for.
    """

    what: str
    mend: str
    patience_seconds: float = 0


@dataclass(frozen=True, kw_only=True)
class Rollout:
    """What is waited for.

    Attributes:
        cluster: Where.
        namespace: The model's.
        name: The InferenceService's.
        revision: Its pods' label.
        replicas: How many there shall be.
    """

    cluster: Cluster
    namespace: str
    name: str
    revision: str
    replicas: int

    def wait(self, timeout_seconds: float, progress: Progress) -> Object:
        """Returns the InferenceService once all pods are of the revision, and ready.

        Raises:
            ConfigurationError: That will not happen, or not in time.
        """
        until = time.monotonic() + timeout_seconds
        trouble, since = None, time.monotonic()
        while True:
            service = self._service()
            deployment = self.cluster.get("deployments", deployment_name(self.name), self.namespace)
            if self._complete(deployment) and is_ready(service):
                return service
            now = time.monotonic()
            found = next(self._troubles(service, deployment), None)
            # Words change while it stays the same: of an image, that it failed, and that it is tried again later.
            if found is None or trouble is None or found.mend != trouble.mend:
                since = now
            trouble = found
            if trouble and now - since >= trouble.patience_seconds:
                raise ConfigurationError(trouble.what, mend=trouble.mend)
            if now >= until:
                raise self._too_late(timeout_seconds, deployment, trouble)
            progress.waiting(trouble.what if trouble else self._note(deployment))
            time.sleep(_LOOK_SECONDS)

    def _service(self) -> Object:
        service = self.cluster.get("inferenceservices", self.name, self.namespace)
        if service is None or service["metadata"].get("labels", {}).get(REVISION_LABEL) != self.revision:
            happened = "was deleted" if service is None else "was given another model"
            raise ConfigurationError(
                f"{self.name!r} in {self.namespace!r} {happened} by somebody else in the meantime",
                mend="agree with them, or serve yours under a name of its own: name='…'",
            )
        return service

    def _taken_up(self, deployment: Object | None) -> bool:
        return bool(deployment) and _labels_of_pods(deployment).get(REVISION_LABEL) == self.revision

    def _complete(self, deployment: Object | None) -> bool:
        """As `kubectl rollout status` sees it."""
        if deployment is None or not self._taken_up(deployment):
            return False
        status = deployment.get("status", {})
        counts = [status.get(key, 0) for key in ("replicas", "updatedReplicas", "availableReplicas")]
        seen = status.get("observedGeneration", 0) >= deployment["metadata"]["generation"]
        return bool(seen and deployment["spec"]["replicas"] == self.replicas and set(counts) == {self.replicas})

    def _note(self, deployment: Object | None) -> str:
        if deployment is None or not self._taken_up(deployment):
            return "waiting for KServe to take it up"
        pods = self._pods()
        ready = sum(_condition(pod, "Ready").get("status") == "True" for pod in pods)
        return f"{ready} of {self.replicas} pods ready"

    def _pods(self) -> list[Object]:
        selector = f"serving.kserve.io/inferenceservice={self.name},{REVISION_LABEL}={self.revision}"
        return list(self.cluster.list("pods", self.namespace, labelSelector=selector))

    def _troubles(self, service: Object, deployment: Object | None) -> Iterator[Trouble]:
        """The gravest first."""
        if not self._taken_up(deployment):
            yield from _not_taken_up(service)
            return
        assert deployment is not None  # noqa: S101 - for mypy: it was taken up
        pods = self._pods()
        for pod in pods:
            yield from _container_troubles(pod)
        failure = _condition(deployment, "ReplicaFailure")
        if failure.get("status") == "True" and len(pods) < self.replicas:
            yield _refused_pods(failure["message"])
        for pod in pods:
            scheduled = _condition(pod, "PodScheduled")
            if scheduled.get("reason") == "Unschedulable":
                yield Trouble(
                    what=f"no node has room for the pod: {scheduled['message']}",
                    mend="ask for less (cpu=…, memory=…), or have the environment's nodes enlarged",
                    patience_seconds=inf,  # an autoscaler may add one
                )

    def _too_late(
        self, timeout_seconds: float, deployment: Object | None, trouble: Trouble | None
    ) -> ConfigurationError:
        what = f"not ready after {timeout_seconds:g} s: {trouble.what if trouble else self._note(deployment)}"
        if trouble:
            return ConfigurationError(what, mend=trouble.mend)
        if self._taken_up(deployment):
            return ConfigurationError(what, mend="give it more time (timeout_seconds=…), or look at its logs()")
        return ConfigurationError(
            what, mend="look at KServe: kubectl logs --namespace kserve deployment/kserve-controller-manager"
        )


def deployment_name(name: str) -> str:
    """What KServe calls the Deployment, and the Service, of a model."""
    return f"{name}-predictor"


def is_ready(service: Object) -> bool:
    """Whether KServe says so."""
    return _condition(service, "Ready").get("status") == "True"


def _condition(thing: Object, kind: str) -> Object:
    for condition in thing.get("status", {}).get("conditions", []):
        if condition["type"] == kind:
            found: Object = condition
            return found
    return {}


def _labels_of_pods(deployment: Object | None) -> dict[str, str]:
    return deployment["spec"]["template"]["metadata"].get("labels", {}) if deployment else {}


def _not_taken_up(service: Object) -> Iterator[Trouble]:
    failure = service.get("status", {}).get("modelStatus", {}).get("lastFailureInfo", {})
    condition = _condition(service, "PredictorReady")
    said = failure.get("message") or (condition.get("message") if condition.get("status") == "False" else "")
    if said:
        yield Trouble(
            what=f"KServe does not take it up: {said}",
            mend="look at KServe: kubectl logs --namespace kserve deployment/kserve-controller-manager",
            # It tries again after conflicts; what it says may be of the version before.
            patience_seconds=20,
        )


def _refused_pods(said: str) -> Trouble:
    if "exceeded quota" in said:
        return Trouble(
            what=f"the namespace's quota has no room for the pod: {said.partition('exceeded quota: ')[2] or said}",
            mend="delete() an endpoint that is not needed, ask for less (cpu=…, memory=…), or have the quota raised",
            patience_seconds=5,
        )
    return Trouble(what=f"the cluster refuses the pod: {said}", mend="mend what it says", patience_seconds=20)


def _container_troubles(pod: Object) -> Iterator[Trouble]:
    status = pod.get("status", {})
    for container in [*status.get("initContainerStatuses", []), *status.get("containerStatuses", [])]:
        yield from _start_troubles(container)
        yield from _end_troubles(pod, container)


def _start_troubles(container: Object) -> Iterator[Trouble]:
    waiting = container["state"].get("waiting", {})
    reason, said = waiting.get("reason", ""), waiting.get("message", "")
    if reason in _IMAGE_REASONS:
        yield Trouble(
            what=f"the image {container['image']} cannot be pulled: {said or reason}",
            mend="see that it is in the registry, and that the nodes may read there: deploy the add-on `kserve` again",
            patience_seconds=20,
        )
    if reason in _CONFIG_REASONS:
        yield Trouble(
            what=f"the container {container['name']!r} cannot be started: {said or reason}",
            mend="deploy the namespace's service, and the add-on `kserve`, again",
            patience_seconds=10,
        )


def _end_troubles(pod: Object, container: Object) -> Iterator[Trouble]:
    ended = container["state"].get("terminated") or container["lastState"].get("terminated")
    if not ended or ended["exitCode"] == 0:
        return
    name, loads = container["name"], container["name"] == "kserve-container"
    if ended.get("reason") == "OOMKilled":
        limits = [each["resources"]["limits"]["memory"] for each in _containers(pod) if each["name"] == name]
        yield Trouble(
            what=f"{'the model' if loads else name} needs more memory than the {limits[0]} that it may have",
            mend="give it more: memory='1Gi', for example"
            if loads
            else "raise the limit of KServe's storage initializer",
        )
        return
    # Once may be a cloud that does not know the pods' service account yet.
    if container["restartCount"] >= 2 or (loads and container["restartCount"]):
        words = last_words(ended.get("message", "")) or f"exit code {ended['exitCode']}"
        if loads:
            yield Trouble(what=f"the model does not load: {words}", mend="mend what it says; logs() has the rest")
        else:
            yield Trouble(
                what=f"the model cannot be fetched from the store: {words}",
                mend="deploy the namespace's service again: its service account has to be allowed to read there",
            )


def _containers(pod: Object) -> list[Object]:
    return [*pod["spec"].get("initContainers", []), *pod["spec"]["containers"]]


def last_words(message: str) -> str:
    """The last line of a container's that says anything."""
    lines = [line.strip() for line in message.splitlines() if line.strip()]
    return lines[-1] if lines else ""
