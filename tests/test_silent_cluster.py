"""API servers that restart, hang or are gone, on ports of 127.0.0.1: every call ends, and patience finds them again."""

import functools
import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import ApiError, Cluster, NoAnswerError

import pytest

from estate.insist import Deadline, insist
from teardown.drain import drain
from tests.background_server import answering

pytestmark = pytest.mark.slow

ANSWER_SECONDS = 0.5
# The limit of one call, and what a busy machine adds to it.
ENDS_SECONDS = 5
Answer = Callable[[BaseHTTPRequestHandler], None]
Login = dict[str, object]


def answer(status: int, said: object = None) -> Answer:
    """One answer for all, unless another is given: a version, and a list."""
    body = json.dumps(said or {"gitVersion": "v1.33.0", "items": [], "message": "said"}).encode()

    def send(request: BaseHTTPRequestHandler) -> None:
        request.send_response(status)
        request.send_header("Content-Type", "application/json")
        request.send_header("Content-Length", str(len(body)))
        request.end_headers()
        request.wfile.write(body)

    return send


def begin(request: BaseHTTPRequestHandler) -> None:
    """More is to come."""
    request.send_response(200)
    request.send_header("Content-Type", "application/json")
    request.send_header("Content-Length", "100000")
    request.end_headers()
    request.wfile.write(b'{"items": [')


def hang(_: BaseHTTPRequestHandler) -> None:
    """Says nothing for longer than anybody waits here."""
    time.sleep(ENDS_SECONDS)


def begin_and_hang(request: BaseHTTPRequestHandler) -> None:
    """Half an answer, and no end of it."""
    begin(request)
    hang(request)


def begin_and_break_off(request: BaseHTTPRequestHandler) -> None:
    """Half an answer, and the end of the connection."""
    begin(request)
    request.close_connection = True


def drip(request: BaseHTTPRequestHandler) -> None:
    """A little at a time, which never ends and is never silent."""
    begin(request)
    end = time.monotonic() + ENDS_SECONDS
    while time.monotonic() < end:
        request.wfile.write(b" ")
        time.sleep(ANSWER_SECONDS / 5)


def talk_nonsense(request: BaseHTTPRequestHandler) -> None:
    """What is in between answers for it."""
    request.send_response(200)
    request.send_header("Content-Length", "6")
    request.end_headers()
    request.wfile.write(b"<html>")


def with_pods(*pods: dict[str, Any]) -> Answer:
    """An API server with these pods, to which it lets nobody forward a port."""
    kind = {"name": "pods", "singularName": "pod", "kind": "Pod", "namespaced": True, "verbs": ["list"]}
    by_path = {
        "/version": {"gitVersion": "v1.33.0"},
        "/api": {"versions": ["v1"]},
        "/api/v1": {"resources": [kind]},
        "/apis": {"groups": []},
        "/api/v1/namespaces/default/pods": {"kind": "PodList", "items": pods},
    } | {f"/api/v1/namespaces/default/pods/{each['metadata']['name']}": each for each in pods}

    def send(request: BaseHTTPRequestHandler) -> None:
        said = by_path.get(request.path.partition("?")[0].rstrip("/"))
        answer(200 if said else 403, said)(request)

    return send


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Asks again at once."""
    monkeypatch.setattr(Deadline, "wait", lambda _: time.sleep(0.05))


@contextmanager
def api_server(*answers: Answer, port: int = 0) -> Iterator[int]:
    """Gives these answers, the last one for ever."""
    left = list(answers)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"  # connections stay open, as an API server's do

        def do_GET(self) -> None:
            try:
                (left.pop(0) if len(left) > 1 else left[0])(self)
            except ConnectionError:
                self.close_connection = True  # the client has had enough

        def log_message(self, *_: object) -> None:
            """Logs nothing."""

    with answering(ThreadingHTTPServer(("127.0.0.1", port), Handler)) as chosen:
        yield chosen


@contextmanager
def deaf_server() -> Iterator[int]:
    """The kernel accepts its connections; it reads nothing of them, not even the beginning of TLS."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


def connect(port: int, *, scheme: str = "http", login: Login | None = None) -> Cluster:
    kubeconfig: dict[str, Any] = {
        "clusters": [
            {
                "name": "it",
                "cluster": {"server": f"{scheme}://127.0.0.1:{port}", "insecure-skip-tls-verify": scheme == "https"},
            }
        ],
        "users": [{"name": "me", "user": {"exec": login} if login else {}}],
        "contexts": [{"name": "it", "context": {"cluster": "it", "user": "me"}}],
        "current-context": "it",
    }
    return Cluster(kubeconfig, answer_seconds=ANSWER_SECONDS)


def login_of(*command: str) -> Login:
    name, *arguments = command
    return {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": name, "args": arguments}


@contextmanager
def ends_in_time() -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < ENDS_SECONDS


@pytest.mark.parametrize("trouble", [hang, drip])
def test_a_connection_ends_in_time(trouble: Answer) -> None:
    with api_server(trouble) as port, ends_in_time(), pytest.raises(NoAnswerError):
        connect(port)


@pytest.mark.parametrize("trouble", [hang, begin_and_hang, begin_and_break_off, drip, talk_nonsense])
def test_a_call_ends_in_time(trouble: Answer) -> None:
    with api_server(answer(200), trouble) as port:
        cluster = connect(port)
        with ends_in_time(), pytest.raises(NoAnswerError, match="does not answer"):
            cluster.list("nodes")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_waits_for_who_does_not_read(scheme: str) -> None:
    with deaf_server() as port, ends_in_time(), pytest.raises(NoAnswerError):
        connect(port, scheme=scheme)


def test_a_refused_connection_is_no_answer() -> None:
    with ends_in_time(), pytest.raises(NoAnswerError):
        connect(free_port())


def test_what_was_too_slow_once_is_asked_again() -> None:
    with api_server(answer(200), hang, answer(200)) as port:
        cluster = connect(port)
        with pytest.raises(NoAnswerError):
            cluster.list("nodes")
        assert cluster.list("nodes") == []


def test_a_login_program_that_waits_for_somebody_is_not_waited_for() -> None:
    # What a program has started holds its output open after it has been killed.
    login = login_of("sh", "-c", f"sleep {ENDS_SECONDS}; true")
    with api_server(answer(200)) as port, ends_in_time(), pytest.raises(NoAnswerError):
        connect(port, login=login)


def test_attempts_leave_nothing_behind() -> None:
    before = threading.active_count()
    for _ in range(5):
        with pytest.raises(NoAnswerError):
            connect(free_port())
    end = time.monotonic() + ENDS_SECONDS
    while threading.active_count() > before and time.monotonic() < end:
        time.sleep(0.02)
    assert threading.active_count() <= before


def test_a_log_ends_where_nobody_sends_it() -> None:
    with api_server(answer(200), hang) as port:
        cluster = connect(port)
        with ends_in_time():
            said = list(cluster.log([{"metadata": {"name": "it", "namespace": "default"}}], "main"))
    assert said == ["(the cluster does not answer)"]


def test_a_port_is_forwarded_to_ready_pods_only_and_where_it_is_allowed() -> None:
    service = {"metadata": {"name": "it", "namespace": "default"}, "spec": {"selector": {"app": "it"}}}
    ready = [{"type": "Ready", "status": "True"}, {"type": "ContainersReady", "status": "True"}]
    pod = {"metadata": {"name": "it-1", "namespace": "default"}, "status": {"phase": "Running", "conditions": ready}}

    with api_server(with_pods()) as port, pytest.raises(ConfigurationError, match="no pod of 'it' is ready"):
        connect(port).forward(service, 80)
    with api_server(with_pods(pod)) as port, pytest.raises(ApiError, match="does not open a port-forward") as refused:
        connect(port).forward(service, 80)
    assert refused.value.status == 403
    with api_server(answer(200), hang) as port, ends_in_time(), pytest.raises(NoAnswerError):
        connect(port).forward(service, 80)


@pytest.mark.usefixtures("hurried")
def test_a_busy_server_is_asked_again() -> None:
    with api_server(answer(503), answer(502), answer(200)) as port:
        assert insist(lambda: connect(port).list("nodes"), Deadline(20)) == []


@pytest.mark.usefixtures("hurried")
def test_patience_ends_with_its_deadline_on_a_server_that_stays_silent() -> None:
    with deaf_server() as port, ends_in_time(), pytest.raises(NoAnswerError):
        insist(lambda: connect(port), Deadline(1))


@pytest.mark.usefixtures("hurried")
def test_a_server_that_comes_back_is_found() -> None:
    port = free_port()
    over = threading.Event()

    def come_back() -> None:
        time.sleep(0.5)
        with api_server(answer(200), port=port):
            over.wait(20)

    coming = threading.Thread(target=come_back)
    coming.start()
    try:
        assert insist(lambda: connect(port).list("nodes"), Deadline(20)) == []
    finally:
        over.set()
        coming.join()


@pytest.mark.usefixtures("hurried")
def test_a_drain_waits_for_an_api_server_and_ends_with_its_limit() -> None:
    with api_server(answer(200), answer(503), hang, answer(200)) as port:
        assert drain(connect(port), print, limit_seconds=20) == []
    with api_server(answer(200), hang) as port, ends_in_time(), pytest.raises(NoAnswerError):
        drain(connect(port), print, limit_seconds=1)


def test_nobody_waits_for_a_right_or_a_login_that_is_missing() -> None:
    with api_server(answer(403)) as port:
        with pytest.raises(ApiError, match="said"):
            insist(lambda: connect(port), Deadline(20))
        for login in (login_of("no-such-login-program"), login_of(sys.executable, "-c", "raise SystemExit('no')")):
            with pytest.raises(ConfigurationError, match="login") as refused:
                insist(functools.partial(connect, port, login=login), Deadline(20))
            assert not isinstance(refused.value, NoAnswerError)
