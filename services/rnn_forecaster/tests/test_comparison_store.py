"""Where outcomes are kept: a server on loopback that speaks as much of S3 and Azure as uploads need, and folders."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

import pytest

from services.rnn_forecaster.comparison.comparison.errors import ComparisonError, UnavailableError
from services.rnn_forecaster.comparison.comparison.store import Store


class Uploads(BaseHTTPRequestHandler):
    """Gives tokens, and takes what comes with the right credentials, unless the server refuses all."""

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        asked = (self.path, form["client_id"], form["client_assertion"])
        if asked == ("/tenant/oauth2/v2.0/token", ["client"], ["signed by the cluster"]):
            self.answer(200, json.dumps({"access_token": "token", "expires_in": 3600}).encode())
        else:
            self.answer(401, b"")

    def do_PUT(self) -> None:
        bucket = cast("Bucket", self.server)
        content = self.rfile.read(int(self.headers["Content-Length"]))
        said = self.headers["Authorization"]
        refused = bucket.refusal if said == "Bearer token" or "Credential=id/" in said else b"who are you?"
        if not refused:
            bucket.objects[self.path] = content
        self.answer(403 if refused else 201, refused)

    def answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Sat, 01 Jan 2000 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class names it so
        pass


class Bucket(ThreadingHTTPServer):
    """What was uploaded, by its path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Uploads)
        self.objects: dict[str, bytes] = {}
        self.refusal = b""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bucket]:
    """A bucket, and the environment of a pod that has keys to it."""
    server = Bucket()
    thread = threading.Thread(target=server.serve_forever, args=[0.01])
    thread.start()
    for name, value in {
        "AWS_ENDPOINT_URL": server.url,
        "AWS_ALLOW_HTTP": "true",
        "AWS_ACCESS_KEY_ID": "id",
        "AWS_SECRET_ACCESS_KEY": "key",
    }.items():
        monkeypatch.setenv(name, value)
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_files_go_to_a_bucket_with_the_credentials_of_the_environment(bucket: Bucket) -> None:
    written = Store("s3://artifacts/kept/").write({"1/one.json": b"{}", "1/two.svg": b"<svg/>"})

    assert bucket.objects == {"/artifacts/kept/1/one.json": b"{}", "/artifacts/kept/1/two.svg": b"<svg/>"}
    assert written == ["s3://artifacts/kept/1/one.json", "s3://artifacts/kept/1/two.svg"]


def test_files_go_to_azure_as_the_workload_identity_of_the_pod(
    bucket: Bucket, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "token").write_text("signed by the cluster")
    for name, value in {
        # What AKS gives a pod.
        "AZURE_CLIENT_ID": "client",
        "AZURE_TENANT_ID": "tenant",
        "AZURE_FEDERATED_TOKEN_FILE": str(tmp_path / "token"),
        "AZURE_AUTHORITY_HOST": bucket.url,
        # That the account is here.
        "AZURE_STORAGE_ENDPOINT": bucket.url,
        "AZURE_ALLOW_HTTP": "true",
    }.items():
        monkeypatch.setenv(name, value)

    Store("abfs://artifacts@account.dfs.core.windows.net/kept").write({"one.json": b"{}"})

    assert bucket.objects == {"/artifacts/kept/one.json": b"{}"}


def test_a_store_that_refuses_is_quoted(bucket: Bucket) -> None:
    bucket.refusal = b"<Error><Code>AccessDenied</Code><Message>Not\nyours.</Message></Error>"

    with pytest.raises(
        UnavailableError, match=r"^s3://artifacts/one can't be written: Not yours\.: see that the store "
    ):
        Store("s3://artifacts").write({"one": b"1"})


def test_a_folder_that_is_not_writable_is_named(tmp_path: Path) -> None:
    store = Store(f"{tmp_path.as_uri()}/kept")
    (tmp_path / "kept" / "1").write_text("a file")

    with pytest.raises(UnavailableError, match=f"^{tmp_path.as_uri()}/kept/1/one can't be written: "):
        store.write({"1/one": b"1"})


@pytest.mark.parametrize(
    "url",
    [
        "gs://bucket/folder",
        "abfs://artifacts@account.dfs.core.windows.net/folder",
        "abfss://artifacts@account.dfs.core.windows.net/folder",
    ],
)
def test_the_stores_of_both_clouds_are_taken_without_asking_them(url: str) -> None:
    Store(url)


@pytest.mark.parametrize("url", ["", "kept", "memory:///", "https://host/folder", "gs://", "file:kept"])
def test_what_is_no_place_is_refused_with_examples(url: str) -> None:
    with pytest.raises(
        ComparisonError, match=r"give a place such as gs://bucket/folder, s3://bucket/folder, abfs://"
    ) as error:
        Store(url)
    assert error.value.exit_code == 2
