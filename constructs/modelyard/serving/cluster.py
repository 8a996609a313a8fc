"""Kubernetes as the caller reaches it: by their kubeconfig, or as the pod that they run in."""

import asyncio
import json
import queue
import threading
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar

from modelyard.errors import ConfigurationError

import httpx
import kr8s.asyncio
from httpx_ws import WebSocketUpgradeError
from kr8s.asyncio.objects import Pod, Service
from kr8s.asyncio.portforward import PortForward

Object = dict[str, Any]
_Result = TypeVar("_Result")

_ANSWER_SECONDS = 20
_APIS: Mapping[str, str] = MappingProxyType(
    {
        "configmaps": "/api/v1",
        "pods": "/api/v1",
        "secrets": "/api/v1",
        "services": "/api/v1",
        "namespaces": "/api/v1",
        "nodes": "/api/v1",
        "deployments": "/apis/apps/v1",
        "daemonsets": "/apis/apps/v1",
        "replicasets": "/apis/apps/v1",
        "statefulsets": "/apis/apps/v1",
        "cronjobs": "/apis/batch/v1",
        "jobs": "/apis/batch/v1",
        "ingresses": "/apis/networking.k8s.io/v1",
        "persistentvolumeclaims": "/api/v1",
        "persistentvolumes": "/api/v1",
        "inferenceservices": "/apis/serving.kserve.io/v1beta1",
        "clusterservingruntimes": "/apis/serving.kserve.io/v1alpha1",
    }
)
_FIELD_MANAGER = "modelyard-serve"


class ApiError(ConfigurationError):
    """The API server's refusal.

    Attributes:
        status: The HTTP code.
        said: What it answered.
    """

    def __init__(self, status: int, said: str) -> None:
        if status == 401:
            super().__init__(f"the cluster does not know who you are: {said}", mend=_LOG_IN)
        elif status == 403:
            super().__init__(
                said, mend="ask who runs the cluster for that right, or take a namespace where you have it"
            )
        else:
            super().__init__(f"the cluster refused with {status}: {said}", mend="mend what it says, and call again")
        self.status = status
        self.said = said


class NoAnswerError(ConfigurationError):
    """The API server is silent: perhaps it restarts, perhaps the network does not lead to it."""


_LOG_IN = "log in anew (gcloud auth login, az login), and try `kubectl get namespaces`"


class Forwarding:
    """A port of this machine that leads to a pod.

    Args:
        loop: What it runs in.
        forwarding: kr8s' own, open.

    Attributes:
        port: Of this machine.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, forwarding: Any) -> None:  # noqa: ANN401 - no types
        self.port: int = forwarding.servers[0].sockets[0].getsockname()[1]
        self._loop = loop
        self._forwarding = forwarding

    def close(self) -> None:
        """Takes no more connections. Waits for nothing: a program that ends may have stopped the loop."""
        for server in self._forwarding.servers:
            self._loop.call_soon_threadsafe(server.close)


class Cluster:
    """The one that kubectl would talk to, unless it is told another.

    Args:
        kubeconfig: Its content.
        context: The one to use, instead of the kubeconfig's own choice.
        answer_seconds: How long one call of it may take, logging in included; but for a log that is followed.

    Raises:
        NoAnswerError: It does not answer in time; nor does any of the methods wait longer.
        ConfigurationError: There is none, or the login has expired.
    """

    def __init__(
        self,
        kubeconfig: Mapping[str, Any] | None = None,
        *,
        context: str | None = None,
        answer_seconds: float = _ANSWER_SECONDS,
    ) -> None:
        self._answer_seconds = answer_seconds
        # Notebooks have an event loop of their own, which waits while a cell runs.
        runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = runner.get_loop()
        self._loop.set_exception_handler(lambda *_: None)  # connections that break off: who uses them is told
        ended = asyncio.Event()
        threading.Thread(target=_live, args=(runner, ended), name="modelyard-kubernetes", daemon=True).start()
        try:
            self._api = self._run(_connected(kubeconfig, context))
        except ConfigurationError:
            # Who waits for a cluster makes many of these.
            self._loop.call_soon_threadsafe(ended.set)
            raise
        self._api.timeout = answer_seconds  # of port-forwards, which go on by themselves

    @property
    def context_namespace(self) -> str:
        """The kubeconfig context's, `default` where it names none."""
        return str(self._api.namespace)

    def get(self, resource: str, name: str, namespace: str | None = None) -> Object | None:
        """An object; None if it, its kind or its namespace is not there. Raises ApiError."""
        try:
            return self._request("GET", resource, namespace, name)
        except ApiError as error:
            if error.status == 404:
                return None
            raise

    def list(self, resource: str, namespace: str | None = None, **selectors: str) -> Sequence[Object]:
        """Objects of one namespace, or of all; selectors as the API's parameters. Raises ApiError."""
        items: Sequence[Object] = self._request("GET", resource, namespace, params=selectors)["items"]
        return items

    def apply(self, resource: str, namespace: str, manifest: Object) -> Object:
        """Creates or changes an object by server-side apply. Raises ApiError, 409 where others have set the fields."""
        return self._request(
            "PATCH",
            resource,
            namespace,
            manifest["metadata"]["name"],
            params={"fieldManager": _FIELD_MANAGER},
            content=json.dumps(manifest),
            headers={"Content-Type": "application/apply-patch+yaml"},
        )

    def patch(self, resource: str, name: str, namespace: str, changes: Object) -> Object:
        """Changes an object by a JSON merge patch: all of it or nothing. Raises ApiError."""
        return self._request(
            "PATCH",
            resource,
            namespace,
            name,
            content=json.dumps(changes),
            headers={"Content-Type": "application/merge-patch+json"},
        )

    def delete(self, resource: str, name: str, namespace: str) -> None:
        """Deletes an object and what it owns; one that is not there is fine. Raises ApiError."""
        try:
            self._request("DELETE", resource, namespace, name, params={"propagationPolicy": "Foreground"})
        except ApiError as error:
            if error.status != 404:
                raise

    def log(self, pods: Sequence[Object], container: str, **options: str) -> Iterator[str]:
        """The lines of a container in these pods, as they come; with the pod's name where there are several.

        Args:
            pods: Of one namespace.
            container: Its name.
            **options: Parameters of the API: follow, tailLines, previous.
        """
        lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        params = {"container": container, **options}
        prefixes = [f"{pod['metadata']['name']}: " if len(pods) > 1 else "" for pod in pods]
        reading = [
            asyncio.run_coroutine_threadsafe(self._read_log(pod, params, prefix, lines), self._loop)
            for pod, prefix in zip(pods, prefixes, strict=True)
        ]
        try:
            ended = 0
            while ended < len(reading):
                line = lines.get()
                ended += line is None
                if line is not None:
                    yield line
        finally:
            for each in reading:
                each.cancel()

    def forward(self, service: Object, port: int) -> "Forwarding":
        """Opens a port of this machine that leads to a ready pod of the service.

        Args:
            service: The object.
            port: Of its pods.

        Raises:
            ApiError: Not with the rights of this kubeconfig.
            ConfigurationError: No pod is ready.
        """
        pods = _Pods(service, api=self._api)
        self._run(self._try_forwarding(pods, port))
        forwarding: Any = _FreePortForward(pods, port, local_port="auto")
        self._run(forwarding.__aenter__())
        return Forwarding(self._loop, forwarding)

    async def _try_forwarding(self, pods: "_Pods", port: int) -> None:
        """kr8s tries for ever, and says nothing, where it is not allowed."""
        found = await pods.async_ready_pods()
        if not found:
            raise ConfigurationError(
                f"no pod of {pods.name!r} is ready", mend="look at `kubectl get pods`, and call again"
            )
        base = f"/api/v1/namespaces/{found[0].namespace}/pods/{found[0].name}"
        try:
            async with self._api.open_websocket(version="", base=base, url="portforward", params={"ports": str(port)}):
                pass
        except WebSocketUpgradeError as error:
            said = f"the API server does not open a port-forward (pods/portforward) in {found[0].namespace!r}"
            raise ApiError(error.response.status_code, said) from error

    def _request(
        self,
        method: str,
        resource: str,
        namespace: str | None,
        name: str = "",
        **options: Any,  # noqa: ANN401 - httpx's
    ) -> Object:
        place = f"/namespaces/{namespace}" if namespace else ""
        base, _, last = f"{_APIS[resource]}{place}/{resource}{'/' if name else ''}{name}".rpartition("/")

        async def request() -> Object:
            async with self._api.call_api(method, version="", base=base, url=last, **options) as response:
                found: Object = response.json()
                return found

        return self._run(request())

    async def _read_log(
        self, pod: Object, params: Mapping[str, str], prefix: str, lines: "queue.SimpleQueue[str | None]"
    ) -> None:
        base = f"/api/v1/namespaces/{pod['metadata']['namespace']}/pods/{pod['metadata']['name']}"
        # A pod that has nothing to say is no fault.
        patience = httpx.Timeout(self._answer_seconds, read=None if "follow" in params else self._answer_seconds)
        try:
            async with self._api.call_api(
                "GET", version="", base=base, url="log", params=params, stream=True, timeout=patience
            ) as response:
                async for line in response.aiter_lines():
                    lines.put(prefix + line)
        except kr8s.ServerError as error:
            lines.put(f"{prefix}({_refused(error).said})")
        except kr8s.APITimeoutError:
            lines.put(f"{prefix}(the cluster does not answer)")
        except httpx.TransportError:
            pass  # the pod has gone
        finally:
            lines.put(None)

    def _run(self, coroutine: Coroutine[Any, Any, _Result]) -> _Result:
        """Its result, as soon as it is there. Raises ConfigurationError, NoAnswerError once the time is over.

        Time-outs of httpx would not do: each is for one packet, and none for the login program.
        """
        future = asyncio.run_coroutine_threadsafe(coroutine, self._loop)
        try:
            return future.result(self._answer_seconds)
        except ConfigurationError:
            raise
        except TimeoutError as error:
            raise _unreachable(TimeoutError(f"nothing has come for {self._answer_seconds:g} s")) from error
        except Exception as error:  # of a login program, a broken kubeconfig, TLS: each has its own
            raise _unreachable(error) from error
        finally:
            future.cancel()  # unless it is done


class _FreePortForward(PortForward):
    """On a port that the system gives it."""

    def _find_available_port(self) -> int:
        """kr8s would guess one; it takes those that are the near end of a connection for free."""
        return 0


class _Pods(Service):
    """Those of a Service that will go on: kr8s takes the ones that are being ended for ready, too."""

    _failures = 0

    async def async_ready_pods(self) -> list[Pod]:
        """Called once for each connection that failed before; kr8s would call it without end."""
        self._failures += 1
        await asyncio.sleep(min(0.1 * (self._failures - 1), 1))
        ready = await super().async_ready_pods()
        return [pod for pod in ready if "deletionTimestamp" not in pod.metadata]


def _live(runner: asyncio.Runner, ended: asyncio.Event) -> None:
    with runner:
        runner.run(ended.wait())


async def _connected(kubeconfig: Mapping[str, Any] | None, context: str | None) -> kr8s.asyncio.Api:
    # It takes a file's content as well as its path.
    given: Any = dict(kubeconfig) if kubeconfig is not None else None
    return await kr8s.asyncio.api(kubeconfig=given, context=context)


def _refused(error: kr8s.ServerError) -> ApiError:
    assert error.response is not None  # noqa: S101 - kr8s sets it with every answer
    try:
        said = error.response.json()["message"]
    except (ValueError, KeyError, TypeError):
        said = error.response.text.strip() or str(error)
    return ApiError(error.response.status_code, " ".join(str(said).split()))


def _unreachable(error: BaseException) -> ConfigurationError:
    if isinstance(error, kr8s.ServerError):
        return _refused(error)
    said = (str(error) or type(error).__name__).strip().splitlines()
    if isinstance(error, RuntimeError | FileNotFoundError) and not isinstance(error, httpx.TransportError):
        # kr8s runs the login program that a kubeconfig names.
        return ConfigurationError(f"the login of the kubeconfig failed: {said[-1]}", mend=_LOG_IN)
    if isinstance(error, httpx.RequestError | kr8s.APITimeoutError | TimeoutError | json.JSONDecodeError):
        return NoAnswerError(
            f"the cluster does not answer: {said[0]}",
            mend="look at `kubectl config current-context` and at your network (a VPN?); `kubectl get nodes` must work",
        )
    return ConfigurationError(
        f"there is no cluster to talk to: {said[0]}",
        mend="get a kubeconfig (gcloud container clusters get-credentials, az aks get-credentials), or set KUBECONFIG",
    )
