"""Models A and B on a real node: how they are asked.

TensorFlow Serving's own binary cannot be had everywhere: a stand-in loads the same models from the same image's layers
and speaks the same REST API.
"""

import json
from collections import Counter
from contextlib import AbstractContextManager
from pathlib import Path

import tomlkit
import urllib3

from tests.e2e.local_cluster import Local, kubectl, repeated

NAME = "rnn-forecaster"
STAND_IN = Path(__file__).parent / "model_server_stand_in"
STAND_IN_IMAGE = "localhost/e2e/model-server-stand-in:1"
# Of `modelyard up` and `images`.
BUILD_OPTIONS = ("--build-arg", f"SERVER={STAND_IN_IMAGE}")
SERIES = {"instances": [[100.0 + (day % 7) / 10 for day in range(100)]]}
PATH = f"v1/models/{NAME}:predict"
Answer = float | str


def configure(local: Local, **settings: object) -> None:
    file = local.checkout / "environments" / "local.toml"
    document = tomlkit.parse(file.read_text())
    document["services"] = {NAME: settings}
    file.write_text(tomlkit.dumps(document))


def up(local: Local) -> str:
    """Deploys, and gives what the command said."""
    done = local.modelyard("up", "local", *BUILD_OPTIONS)
    assert done.returncode == 0, done.stderr
    return done.stdout


def forecast(url: str) -> Answer:
    """On a connection of its own: what was answered, or how it failed."""
    try:
        with urllib3.PoolManager() as connections:
            headers = {"Connection": "close"}
            answer = connections.request("POST", url, json=SERIES, headers=headers, timeout=30, retries=False)
        return float(answer.json()["predictions"][0][0]) if answer.status == 200 else f"{answer.status} {answer.data!r}"
    except urllib3.exceptions.HTTPError as error:
        return str(error)


def forecast_of(kubeconfig: str, side: str) -> Answer:
    """As that side's own Service answers, asked from inside."""
    script = (
        "import urllib.request as r; print(r.urlopen(r.Request("
        f"'http://{NAME}-{side}:8501/{PATH}', b'{json.dumps(SERIES)}')).read().decode())"
    )
    pods = kubectl(kubeconfig, "get", "pods", "-n", NAME, "-o", "name", "-l", "modelyard/ab-test")
    printed = kubectl(kubeconfig, "exec", "-n", NAME, pods.split()[0], "--", "python3", "-c", script)
    return float(json.loads(printed)["predictions"][0][0])


def steady_stream(url: str) -> AbstractContextManager[list[Answer]]:
    """Asks again and again until the block ends."""
    return repeated(lambda: forecast(f"{url}{PATH}"))


def failures(answers: list[Answer]) -> set[str]:
    return {answer for answer in answers if isinstance(answer, str)}


def share(url: str, of: Answer, *, requests: int = 400) -> float:
    """Of so many requests, the part that was answered so, in per cent."""
    answers = Counter(forecast(f"{url}{PATH}") for _ in range(requests))
    assert failures([*answers]) == set(), answers
    return 100 * answers[of] / requests


def pods(kubeconfig: str) -> Counter[str]:
    """Those that run, by the Deployment's name."""
    listed = kubectl(kubeconfig, "get", "pods", "-n", NAME, "-o", "name", "-l", "modelyard/ab-test")
    return Counter(name.removeprefix("pod/").rsplit("-", 2)[0] for name in listed.split())
