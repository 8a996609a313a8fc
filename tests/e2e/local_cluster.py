"""The environment `local` on a real node, and what tests do with it: ask, look inside, keep asking."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

from modelyard.build_context import BuildContext

import psutil
import urllib3

from services.image_classifier.tests.pictures import encoded, picture
from terraform_cli.call import terraform
from tests.conftest import command_environment, run_modelyard

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Local:
    """The environment `local` of a copied repo, set to the lab's node.

    Attributes:
        checkout: The copy.
        variables: What to use it with.
    """

    checkout: Path
    variables: dict[str, str]

    @property
    def runtime(self) -> Path:
        return self.checkout / "services" / "image_classifier" / "runtime"

    @property
    def service(self) -> Path:
        return self.checkout / "services" / "image_classifier" / "service.py"

    @property
    def image(self) -> str:
        return BuildContext(folder=self.runtime, repository="localhost/image-classifier").image

    def modelyard(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return run_modelyard(self.checkout, *arguments, **self.variables)

    @contextmanager
    def modelyard_under_way(self, *arguments: str) -> Iterator[psutil.Popen]:
        """The command as it runs; who leaves the block while it does kills it, with all that it has started."""
        command = [sys.executable, "-m", "commands", *arguments]
        with psutil.Popen(
            command,
            cwd=self.checkout,
            env=command_environment(self.checkout) | self.variables,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                if running.poll() is None:
                    kill(running)

    def synthesise(self) -> None:
        """Writes the stacks' configurations for these variables."""
        variables = command_environment(self.checkout) | self.variables | {"MODELYARD_ENV": "local"}
        subprocess.run([sys.executable, "main.py"], cwd=self.checkout, env=variables, check=True, timeout=60)

    def plan(self) -> str:
        """What Terraform would change in the classifier's stack, as it was synthesised last."""
        stack = self.checkout / "cdktf.out" / "stacks" / "local-image-classifier"
        return terraform(stack, self.variables, "plan", "-input=false")

    def change(self) -> None:
        """Another content of the image, which nobody has built."""
        package = self.runtime / "classifier" / "__init__.py"
        package.write_text(f"{package.read_text()}\n# {uuid4()}\n")


def predict(url: str) -> urllib3.BaseHTTPResponse:
    """Sends a picture; an address that was given a moment ago may take another to answer."""
    retries = urllib3.PoolManager(retries=urllib3.Retry(20, backoff_factor=0.1))
    headers = {"Content-Type": "image/jpeg"}
    return retries.request("POST", f"{url}predict", body=encoded(picture()), headers=headers, timeout=10)


@contextmanager
def repeated(ask: Callable[[], Answer], *, pause: float = 0.1) -> Iterator[list[Answer]]:
    """Asks again and again, `pause` seconds after each answer, until the block ends; gives the answers."""
    answers: list[Answer] = []
    ended = threading.Event()

    def send() -> None:
        while not ended.wait(pause):
            answers.append(ask())

    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(send)
        try:
            yield answers
        finally:
            ended.set()
        sending.result()


def steady_stream(url: str) -> AbstractContextManager[list[int | str]]:
    """Sends pictures one after another until the block ends, each on a connection of its own, none twice."""
    body, headers = encoded(picture()), {"Content-Type": "image/jpeg", "Connection": "close"}

    def send() -> int | str:
        try:
            answer = urllib3.request("POST", f"{url}predict", body=body, headers=headers, timeout=30, retries=False)
        except urllib3.exceptions.HTTPError as error:
            return str(error)
        return answer.status

    return repeated(send)


def kubectl(kubeconfig: str, *arguments: str) -> str:
    command = ["kubectl", "--kubeconfig", kubeconfig, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout


def pods_to_stay(kubeconfig: str) -> list[dict[str, Any]]:
    """The classifier's Pods without those that are ending."""
    listed = json.loads(kubectl(kubeconfig, "get", "pods", "-n", "image-classifier", "-o", "json"))
    return [dict(each) for each in listed["items"] if "deletionTimestamp" not in each["metadata"]]


def pod(kubeconfig: str) -> dict[str, Any]:
    """The one of them."""
    (found,) = pods_to_stay(kubeconfig)
    return found


def inside(kubeconfig: str, script: str) -> list[str]:
    printed = kubectl(
        kubeconfig,
        "exec",
        "-n",
        "image-classifier",
        "deploy/image-classifier",
        "--",
        "sh",
        "-c",
        f"({script}) 2>&1; true",
    )
    return printed.splitlines()


def kill(process: psutil.Process) -> None:
    """SIGKILL for a process and all that it has started, at once."""
    for each in [process, *process.children(recursive=True)]:
        with suppress(psutil.NoSuchProcess):
            each.kill()


def wait_until(what: str, holds: Callable[[], object], *, seconds: float = 60) -> None:
    """Asks again and again; fails with `what` when the time is over."""
    ended = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < ended, f"not within {seconds} s: {what}"
        time.sleep(0.2)
