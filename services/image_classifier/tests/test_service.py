import contextlib
import json
import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.image_classifier.runtime.classifier.preprocessing import decode, preprocess
from services.image_classifier.tests.alexnet import CLASSES, Array, probabilities
from services.image_classifier.tests.image_host import Handler, ImageHost, image_host
from services.image_classifier.tests.pictures import encoded, picture, png_bomb
from services.image_classifier.tests.service_process import Service, running_service

_LABELS = (Path(__file__).parents[1] / "runtime/classifier/labels.txt").read_text().splitlines()
_MAX_BYTES = 200_000
_THREADS = 4
_JPEG = encoded(picture())


@pytest.fixture(scope="module")
def service(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service with few threads, little patience, small limits, and one open network: loopback over IPv4."""
    limits = {"MAX_IMAGE_BYTES": str(_MAX_BYTES), "MAX_IMAGE_PIXELS": "1000000", "THREADS": str(_THREADS)}
    patience = {"FETCH_SECONDS": "1", "REQUEST_SECONDS": "1"}
    folder = tmp_path_factory.mktemp("service")
    with running_service(model, folder, ALLOWED_NETWORKS="127.0.0.0/8", **limits, **patience) as running:
        running.wait_until_ready()
        yield running


def _multipart(*parts: tuple[str, bytes]) -> tuple[bytes, str]:
    """A form with these parts, each a name with its options and a content."""
    body = b"".join(
        b"--edge\r\nContent-Disposition: form-data; name=" + name.encode() + b"\r\n\r\n" + content + b"\r\n"
        for name, content in parts
    )
    return body + b"--edge--\r\n", "multipart/form-data; boundary=edge"


def test_a_picture_is_named_as_the_network_in_numpy_names_it(
    service: Service, host: ImageHost, weights: dict[str, Array]
) -> None:
    host.answers["/cat.jpg"] = lambda request: request.reply(_JPEG)
    expected = probabilities(weights, preprocess(decode(_JPEG, max_pixels=1_000_000)))
    labels = [line for line in _LABELS if not line.startswith("#")]
    best = sorted(zip(expected.tolist(), labels, strict=True), reverse=True)[:5]
    answers = [
        service.predict(_JPEG),
        service.predict(*_multipart(('"image"; filename="cat.jpg"', _JPEG))),
        service.predict_url(f"{host.url}/cat.jpg"),
        service.predict_url(f"{host.url}/redirect?/cat.jpg"),
    ]
    for status, _, body in answers:
        assert status == 200
        assert [entry["label"] for entry in body["top5"]] == [label for _, label in best]
        assert [entry["confidence"] for entry in body["top5"]] == pytest.approx([p for p, _ in best], abs=1e-5)
        assert (body["label"], body["confidence"]) == tuple(body["top5"][0].values())[::-1]


def test_clients_at_once_get_each_the_answer_to_its_own_picture(model: Path, tmp_path: Path) -> None:
    pictures = [encoded(picture(seed=seed)) for seed in range(8)]

    with running_service(model, tmp_path) as running, ThreadPoolExecutor(8) as clients:

        def named(jpeg: bytes) -> dict[str, float]:
            return {each["label"]: each["confidence"] for each in running.predict(jpeg).body["top5"]}

        running.wait_until_ready()
        alone = [named(each) for each in pictures]
        together = list(clients.map(named, pictures * 4))
    assert len({tuple(answer) for answer in alone}) == len(pictures)  # else a mix-up would not be seen
    assert together == [pytest.approx(answer, abs=1e-5) for answer in alone * 4]


def test_there_is_a_label_for_each_class() -> None:
    labels = [line for line in _LABELS if not line.startswith("#")]
    assert len(set(labels)) == CLASSES
    assert (labels[0], labels[281], labels[-1]) == ("tench", "tabby", "toilet tissue")


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "GIF"])
def test_other_formats_are_read_whatever_their_content_type_says(service: Service, kind: str) -> None:
    assert service.predict(encoded(picture(), kind), "image/jpeg").status == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (b"", 400, "invalid_json"),
        (b"{", 400, "invalid_json"),
        (b"\xff\xfe", 400, "invalid_json"),
        (b"[" * 10_000, 400, "invalid_json"),
        (b"NaN", 400, "invalid_request"),
        (b"null", 400, "invalid_request"),
        (b'"http://host/"', 400, "invalid_request"),
        (b'["http://host/"]', 400, "invalid_request"),
        (b"{}", 400, "invalid_request"),
        (b'{"url": null}', 400, "invalid_request"),
        (b'{"url": 7}', 400, "invalid_request"),
        (b'{"url": ["http://host/"]}', 400, "invalid_request"),
        (b'{"url": "http://host/", "image": "AAAA"}', 400, "invalid_request"),
        (b'{"url": ""}', 400, "invalid_url"),
        (b'{"url": "cat.jpg"}', 400, "invalid_url"),
        (b'{"url": "file:///etc/passwd"}', 400, "invalid_url"),
        (b'{"url": "http://user:secret@host/"}', 400, "invalid_url"),
        (b'{"url": "\\ud800"}', 400, "invalid_url"),
        (b'{"url": "http://169.254.169.254/latest/meta-data/"}', 422, "address_refused"),
        (b'{"url": "http://[::1]/"}', 422, "address_refused"),
        (b'{"url": "http://10.0.0.1/"}', 422, "address_refused"),
        (b'{"url": "http://nothing.invalid/"}', 422, "fetch_failed"),
        (b'{"url": "http://127.0.0.1:1/"}', 422, "fetch_failed"),
        (b" " * 20_000, 413, "too_large"),
    ],
)
def test_bad_json_is_a_clear_error(service: Service, body: bytes, status: int, code: str) -> None:
    answer = service.predict(body, "application/json; charset=utf-8")
    assert (answer.status, answer.code) == (status, code)
    assert answer.body["error"]["message"]


_FILE = '"image"; filename="cat.jpg"'
_BAD_FORMS: dict[str, tuple[list[tuple[str, bytes]], int, str]] = {
    "empty": ([], 400, "invalid_request"),
    "a field and no file": ([('"image"', _JPEG)], 400, "invalid_request"),
    "another name": ([('"file"; filename="cat.jpg"', _JPEG)], 400, "invalid_request"),
    "two pictures": ([(_FILE, _JPEG), (_FILE, _JPEG)], 400, "invalid_request"),
    "a picture and a URL": ([(_FILE, _JPEG), ('"url"', b"http://host/")], 400, "invalid_request"),
    "text": ([(_FILE, b"text")], 422, "not_an_image"),
    "too large": ([(_FILE, bytes(_MAX_BYTES + 1))], 413, "too_large"),
}


@pytest.mark.parametrize(("parts", "status", "code"), _BAD_FORMS.values(), ids=_BAD_FORMS)
def test_a_bad_form_is_a_clear_error(service: Service, parts: list[tuple[str, bytes]], status: int, code: str) -> None:
    answer = service.predict(*_multipart(*parts))
    assert (answer.status, answer.code) == (status, code)


_BAD_BODIES: dict[str, tuple[bytes, str, int, str]] = {
    "no type": (_JPEG, "", 415, "unsupported_media_type"),
    "no picture's type": (_JPEG, "application/octet-stream", 415, "unsupported_media_type"),
    "a form of text": (b"url=http://host/", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    "large and of a wrong type": (bytes(20_000_000), "text/plain", 415, "unsupported_media_type"),
    "a form without boundary": (_JPEG, "multipart/form-data", 400, "invalid_request"),
    "empty": (b"", "image/jpeg", 422, "not_an_image"),
    "svg": (b"<svg/>", "image/svg+xml", 422, "not_an_image"),
    "truncated": (_JPEG[:1000], "image/jpeg", 422, "not_an_image"),
    "bomb": (png_bomb(), "image/png", 413, "too_large"),
    "a little too large": (bytes(_MAX_BYTES + 1), "image/jpeg", 413, "too_large"),
    "much too large": (bytes(20_000_000), "image/jpeg", 413, "too_large"),
}


@pytest.mark.parametrize(("body", "kind", "status", "code"), _BAD_BODIES.values(), ids=_BAD_BODIES)
def test_a_bad_body_is_a_clear_error(service: Service, body: bytes, kind: str, status: int, code: str) -> None:
    answer = service.predict(body, kind)
    assert (answer.status, answer.code) == (status, code)


def test_bad_pictures_behind_urls_are_clear_errors(service: Service, host: ImageHost) -> None:
    host.answers["/page"] = lambda request: request.reply(b"<html>")
    host.answers["/bomb"] = lambda request: request.reply(png_bomb())
    host.answers["/large"] = lambda request: request.reply(bytes(_MAX_BYTES + 1))
    host.answers["/slow"] = lambda request: request.drip(b"HTTP/1.1 200 OK\r\n\r\n")
    host.answers["/gone"] = lambda request: request.reply(b"", status=410)
    cases = {
        "/page": (422, "not_an_image"),
        "/bomb": (413, "too_large"),
        "/large": (413, "too_large"),
        "/slow": (422, "fetch_too_slow"),
        "/gone": (422, "fetch_failed"),
        "/redirect?http://169.254.169.254/": (422, "address_refused"),
    }
    for path, expected in cases.items():
        answer = service.predict_url(f"{host.url}{path}")
        assert (answer.status, answer.code) == expected, path


def test_unknown_routes_and_wrong_methods_are_json_errors(service: Service) -> None:
    assert service.raw("GET", "/").code == "not_found"
    assert service.raw("POST", "/predict/").code == "not_found"
    answer = service.raw("GET", "/predict")
    assert (answer.status, answer.code) == (405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


@pytest.mark.parametrize(
    "message",
    [
        b"Content-Type: image/jpeg\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nno chunk\r\n",
        b"Content-Type: image/jpeg\r\nContent-Length: 1000\r\n\r\nhalf",
        b"Content-Type: multipart/form-data; boundary=edge\r\nContent-Length: 1000\r\n\r\n--edge\r\n",
    ],
    ids=["broken chunk", "half a body", "half a form"],
)
def test_a_body_that_ends_early_is_a_clear_error(service: Service, message: bytes) -> None:
    with service.connect() as connection:
        connection.sendall(b"POST /predict HTTP/1.1\r\nHost: test\r\n" + message)
        connection.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: connection.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 400 "), answer
    assert b'"incomplete_body"' in answer


def test_a_body_in_chunks_is_read_up_to_the_limit(service: Service) -> None:
    for body, status in ((_JPEG, b"200"), (bytes(20_000_000), b"413")):
        with service.connect() as connection:
            connection.sendall(b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: image/jpeg\r\n")
            connection.sendall(b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body + b"\r\n0\r\n\r\n")
            assert connection.recv(4096).split(maxsplit=2)[1] == status


_KINDS = st.sampled_from(
    ["application/json", "image/png", "multipart/form-data; boundary=edge", "multipart/form-data", "text/plain", ""]
)
_URLS = st.one_of(st.text(), st.from_regex(r"https?://(127\.0\.0\.1:1|\[::1\]|[@:%#?/\\.a]{0,9}\.invalid)/.{0,9}"))
_BODIES = st.one_of(
    st.binary(max_size=300),
    st.recursive(st.none() | st.floats() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner))
    .map(json.dumps)
    .map(str.encode),
    _URLS.map(lambda url: json.dumps({"url": url}).encode()),
    st.tuples(st.integers(0, len(_JPEG)), st.binary(min_size=1, max_size=8)).map(
        lambda damage: _JPEG[: damage[0]] + damage[1] + _JPEG[damage[0] + len(damage[1]) :]
    ),
    st.tuples(st.text(st.characters(codec="ascii"), max_size=30), st.binary(max_size=99)).map(
        lambda part: _multipart((part[0], part[1]))[0]
    ),
)


@settings(max_examples=60, deadline=None, database=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(body=_BODIES, kind=_KINDS)
def test_no_body_is_the_services_fault(service: Service, body: bytes, kind: str) -> None:
    answer = service.predict(body, kind)
    assert answer.status == 200 or (400 <= answer.status < 500 and answer.body["error"].keys() == {"code", "message"})


def test_requests_are_counted_and_timed_by_outcome(service: Service) -> None:
    def metrics() -> dict[str, float]:
        lines = service.raw("GET", "/metrics").body.splitlines()
        return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines if line[0] != "#")}

    before = metrics()
    service.predict(_JPEG)
    service.predict(b"")
    after = metrics()
    grown = {name for name in after if name.startswith("image_") and after[name] == before.get(name, 0) + 1}
    assert 'image_classifier_requests_total{outcome="ok"}' in grown
    assert 'image_classifier_requests_total{outcome="not_an_image"}' in grown
    assert "image_classifier_inference_duration_seconds_count" in grown
    name = "image_classifier_request_duration_seconds_count"
    assert after[name] == before[name] + 2
    assert after["image_classifier_predictions_in_progress"] == 0
    assert after["process_resident_memory_bytes"] > 0


def test_each_request_is_a_line_of_json_in_the_log_without_the_urls_query(service: Service, host: ImageHost) -> None:
    host.answers["/cat.jpg"] = lambda request: request.reply(_JPEG)
    label = service.predict_url(f"{host.url}/cat.jpg?signature=secret").body["label"]
    service.raw("GET", "/healthz")
    text = service.log.read_text()
    line = json.loads(text.splitlines()[-1])
    assert line.items() >= {"method": "POST", "path": "/predict", "status": 200, "outcome": "ok"}.items()
    assert (line["image_url"], line["label"]) == (f"{host.url}/cat.jpg", label)
    assert "secret" not in text


def test_onnx_runtime_keeps_no_identifier_for_telemetry(service: Service) -> None:
    assert service.predict(_JPEG).status == 200
    assert [path.name for path in service.log.parent.iterdir()] == [service.log.name]  # the service's home


def test_when_all_slots_are_taken_predictions_are_put_off_and_probes_answer(service: Service, host: ImageHost) -> None:
    arrived, go_on = threading.Semaphore(0), threading.Event()

    def wait(request: Handler) -> None:
        arrived.release()
        go_on.wait(10)
        request.reply(_JPEG)

    host.answers["/wait"] = wait
    with ThreadPoolExecutor() as clients:
        first = [clients.submit(service.predict_url, f"{host.url}/wait") for _ in range(_THREADS // 2)]
        assert all(arrived.acquire(timeout=10) for _ in first)
        refused = service.predict(_JPEG)
        probe = service.raw("GET", "/healthz")
        go_on.set()
        assert [answer.result().status for answer in first] == [200] * len(first)
    assert (refused.status, refused.code, refused.headers["Retry-After"]) == (503, "overloaded", "1")
    assert probe.status == 200
    assert service.predict(_JPEG).status == 200


def test_clients_that_send_a_byte_now_and_again_do_not_hold_the_threads(service: Service) -> None:
    over = threading.Event()

    def drip(start: bytes) -> None:
        with service.connect() as connection, contextlib.suppress(OSError):  # the service hangs up
            connection.sendall(start)
            while not over.wait(0.05):
                connection.sendall(b"x")

    head = b"POST /predict HTTP/1.1\r\nHost: test\r\nContent-Type: image/jpeg\r\n"
    with ThreadPoolExecutor() as clients:
        for start in [head + b"X-Slow: ", head + b"Content-Length: 9999\r\n\r\n"] * (_THREADS // 2):
            clients.submit(drip, start)
        try:
            assert service.raw("GET", "/readyz").status == 200
        finally:
            over.set()


def test_the_request_under_way_is_finished_when_the_service_is_told_to_end(model: Path, tmp_path: Path) -> None:
    with image_host() as host, running_service(model, tmp_path, ALLOWED_NETWORKS="127.0.0.0/8") as service:
        service.wait_until_ready()
        arrived = threading.Event()

        def end_then_answer(request: Handler) -> None:
            arrived.set()
            service.process.send_signal(signal.SIGTERM)
            while "Handling signal: term" not in service.log.read_text():
                time.sleep(0.02)
            request.reply(_JPEG)

        host.answers["/cat.jpg"] = end_then_answer
        assert service.predict_url(f"{host.url}/cat.jpg").status == 200
        assert arrived.is_set()
        assert service.process.wait(timeout=10) == 0


def _accepts(service: Service) -> bool:
    try:
        service.connect(timeout=1).close()
    except OSError:
        return False
    return True


def test_no_request_is_answered_before_the_model_is_loaded_and_a_broken_model_ends_the_service(tmp_path: Path) -> None:
    model = tmp_path / "broken.onnx"
    os.mkfifo(model)  # loading waits until somebody writes
    with running_service(model, tmp_path) as service:
        while not _accepts(service):
            assert service.process.poll() is None
            time.sleep(0.05)
        assert not service.is_ready(timeout=0.3)
        while service.process.poll() is None:
            with contextlib.suppress(OSError):  # nobody reads at the moment
                os.close(os.open(model, os.O_WRONLY | os.O_NONBLOCK))
            time.sleep(0.05)
        assert service.process.returncode != 0
        assert f"image_classifier: {model}: not a usable model" in service.log.read_text()


def test_a_wrong_setting_ends_the_service_with_one_line(model: Path, tmp_path: Path) -> None:
    with running_service(model, tmp_path, THREADS="many") as service:
        assert service.process.wait(timeout=10) == 1
        expected = "image_classifier: THREADS='many': give a whole number from 2 to 256, or leave it out\n"
        assert service.log.read_text() == expected
