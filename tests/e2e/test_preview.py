"""The command `modelyard preview` in a clone: what it writes, to whom it says nothing, and what it does without."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from preview.comment_format import LONGEST, MARKER
from tests.conftest import command_environment, copy_of_the_repo, replace_in
from tests.e2e.conftest import Proof
from tests.e2e.instance_template import add_instance_template

_FILES = ("comment.md", "report.md", "report.json")
_CLASSIFIER = "environments/gke-dev.toml"


class Clone:
    """A clone with one commit, the base, and files that may be changed."""

    def __init__(self, folder: Path) -> None:
        self.folder = copy_of_the_repo(folder)
        self.git("init", "--quiet", "--initial-branch=main")
        self.commit("base")

    def git(self, *arguments: str) -> None:
        author = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"]
        subprocess.run(["git", *author, *arguments], cwd=self.folder, check=True)

    def commit(self, message: str) -> None:
        self.git("add", "--all", ".", ":!.venv", ":!node_modules")
        self.git("commit", "--quiet", "--allow-empty", "--message", message)

    def write(self, file: str, content: str) -> None:
        (self.folder / file).parent.mkdir(parents=True, exist_ok=True)
        (self.folder / file).write_text(content)

    def replace(self, file: str, old: str, new: str) -> None:
        replace_in(self.folder / file, old, new)

    def preview(
        self, *arguments: str, prefix: tuple[str, ...] = (), environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*prefix, sys.executable, "-m", "commands", "preview", *arguments],
            cwd=self.folder,
            env=command_environment(self.folder) if environment is None else environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=300,
        )


@pytest.fixture
def clone(tmp_path: Path) -> Iterator[Clone]:
    """Without its files afterwards: there are many."""
    (folder := tmp_path / "clone").mkdir()
    yield Clone(folder)
    shutil.rmtree(folder)


@pytest.fixture
def with_plugins(plugins: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The real plugins are where Terraform itself would look."""
    monkeypatch.delenv("TF_CLI_CONFIG_FILE", raising=False)
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(plugins))
    return plugins


def _written(folder: Path) -> dict[str, str]:
    return {name: (folder / name).read_text() for name in _FILES}


@pytest.mark.usefixtures("with_plugins")
def test_a_pull_request_is_previewed_in_every_environment(clone: Clone, tmp_path: Path) -> None:
    clone.replace(_CLASSIFIER, "replicas = 1", "replicas = 2")
    clone.commit("more replicas")

    done = clone.preview("--base", "HEAD^", "--output", str(tmp_path / "out"))

    assert done.returncode == 0, done.stderr
    written = _written(tmp_path / "out")
    lines = written["comment.md"].splitlines()
    assert lines[0] == MARKER
    assert lines[1].startswith("## Preview: 2 changes in 1 stack, no danger found")
    assert len(written["comment.md"]) <= LONGEST
    assert '!   spec[0].replicas: "1" → "2"' in lines
    report = json.loads(written["report.json"])
    assert {each["stack"] for each in report["changes"]} == {"gke-dev-image-classifier"}
    assert set(report["environments"]) == {"aks-dev", "gke-dev", "prod"}
    assert {each["file"] for each in report["changes"]} == {"services/image_classifier/service.py"}


def test_without_plugins_no_update_is_called_safe(
    clone: Clone, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TF_PLUGIN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("TF_CLI_CONFIG_FILE", str(tmp_path / "none"))
    clone.replace(_CLASSIFIER, "max_nodes = 6", "max_nodes = 8")

    done = clone.preview("--base", "HEAD", "--env", "gke-dev")

    assert done.returncode == 0, done.stderr
    assert "the simulator's own, made from the recorded schemas" in done.stdout
    assert "so no update is called safe" in done.stdout.splitlines()[0]
    assert "1 update not known to be safe" in done.stdout


@pytest.mark.usefixtures("with_plugins")
def test_no_update_is_called_safe_that_the_real_plugin_could_not_plan(clone: Clone) -> None:
    add_instance_template(clone.folder, image="debian-cloud/debian-12")
    clone.commit("a template")
    clone.replace("stacks/gke/state.py", "debian-12", "debian-13")

    done = clone.preview("--base", "HEAD", "--env", "gke-dev")

    # The policies refuse such a template, too.
    assert "no danger found" in done.stdout.splitlines()[0]
    assert ", and for google_compute_instance_template (for which google asks its cloud)." in done.stdout
    assert "1 update not known to be safe" in done.stdout


@pytest.mark.usefixtures("with_plugins")
def test_the_same_commits_give_the_same_bytes(clone: Clone, tmp_path: Path) -> None:
    clone.replace(_CLASSIFIER, "private_nodes = false", "private_nodes = true")
    clone.replace(_CLASSIFIER, "replicas = 1", "replicas = 2")
    for name in ("one", "two"):
        clone.preview("--base", "HEAD", "--env", "gke-dev", "--output", str(tmp_path / name))

    assert _written(tmp_path / "one") == _written(tmp_path / "two")


def _without_network() -> tuple[str, ...]:
    """A command's beginning that leaves it nothing but the loopback interface."""
    begin = ("unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        pytest.skip("no unshare, or no ip: a fork's preview without a network was not tried")
    if subprocess.run([*begin, "true"], capture_output=True, check=False).returncode:
        pytest.skip("may not unshare the network: a fork's preview without one was not tried")
    return begin


def test_a_fork_s_preview_is_the_same(clone: Clone, with_plugins: Path, tmp_path: Path, proof: Proof) -> None:
    begin = _without_network()
    clone.replace(_CLASSIFIER, "n1-standard-1", "n1-standard-2")
    clone.replace(_CLASSIFIER, "max_nodes = 6", "max_nodes = 3")
    clone.commit("fewer and larger machines")
    arguments = ("--base", "HEAD^", "--output")
    bare = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": command_environment(clone.folder)["PYTHONPATH"],
        "HOME": "/dev/null/nobody",
        "TF_PLUGIN_CACHE_DIR": str(with_plugins),
    }

    own = clone.preview(*arguments, str(tmp_path / "own"))
    fork = clone.preview(*arguments, str(tmp_path / "fork"), prefix=begin, environment=bare)

    assert (own.returncode, fork.returncode) == (0, 0), own.stderr + fork.stderr
    assert _written(tmp_path / "own") == _written(tmp_path / "fork")
    assert "every node is made anew" in _written(tmp_path / "fork")["comment.md"]
    proof("a fork's preview (empty environment, no home, no network) is the same to the byte")


_LEAKY = '''"""Secrets wherever they can stand."""

import json

from modelyard import HelmChart, ModelService, Resources

from cdktf import TerraformOutput, TerraformVariable
from cdktf_cdktf_provider_kubernetes.config_map_v1 import ConfigMapV1
from cdktf_cdktf_provider_kubernetes.secret_v1 import SecretV1
from cdktf_cdktf_provider_helm.release import ReleaseSetSensitive

from stacks.service import ServiceStack


class Leaky(ServiceStack):
    """Do not do this."""

    example = "curl {url}"

    def declare(self) -> None:
        """Everything that is wrong."""
        secret = TerraformVariable(self, "given", type="string", sensitive=True, default="CANARY-variable-SIDE")
        service = ModelService(
            self,
            "service",
            image="docker.io/library/leaky:1.0.0",
            port=8080,
            resources=Resources(cpu="50m", memory="64Mi"),
            exposure=self.exposure,
            environment={"PLAIN": "CANARY-env-SIDE", "URL": "postgres://me:CANARY-url-SIDE@db/x"},
            arguments=["--password=CANARY-argument-SIDE", "--api-token", "CANARY-next-SIDE", "--verbose"],
        )
        metadata = {"namespace": service.namespace}
        SecretV1(self, "secret", metadata={"name": "s", **metadata}, data={"anything": "CANARY-data-SIDE"})
        SecretV1(self, "binary", metadata={"name": "b", **metadata}, binary_data={"x": "Q0FOQVJZLWJpbmFyeQ=="})
        ConfigMapV1(
            self,
            "map",
            metadata={
                "name": "m",
                "annotations": {"x/auth-token": "CANARY-annotation-SIDE", "x/v": secret.string_value},
                **metadata,
            },
            data={
                "db_password": "CANARY-config-SIDE",
                "app.json": json.dumps({"auth": {"clientSecret": "CANARY-json-SIDE"}, "n": "SIDE"}),
                "dsn": "mysql://root:CANARY-dsn-SIDE@db",
                "app.ini": "[db]\\nuser = me\\npassword = CANARY-ini-SIDE\\n",
                "key.pem": "-----BEGIN PRIVATE KEY-----\\nCANARY-pem-SIDE\\n-----END PRIVATE KEY-----",
            },
        )
        chart = HelmChart(
            self,
            "chart",
            name="leaky-chart",
            repository="https://charts.example.com",
            chart="leaky",
            version="1.0.0",
            namespace=service.namespace,
            values={
                "adminPassword": "CANARY-helm-SIDE",
                "env": [{"name": "A", "value": "CANARY-helm-env-SIDE"}],
                "config": "token: CANARY-helm-text-SIDE",
            },
            pods=[],
        )
        chart.release.put_set_sensitive([ReleaseSetSensitive(name="a.b", value="CANARY-set-SIDE")])
        TerraformOutput(self, "told", value="CANARY-output-SIDE", sensitive=True)
'''


@pytest.mark.usefixtures("with_plugins")
@pytest.mark.parametrize("kind", ["new", "changed", "gone"])
def test_no_secret_is_told(kind: str, clone: Clone, tmp_path: Path, proof: Proof) -> None:
    file = "services/leaky/service.py"
    if kind != "new":
        clone.write(file, _LEAKY.replace("SIDE", "before"))
    clone.commit("base")
    if kind == "gone":
        text = _LEAKY.replace("SIDE", "before")
        clone.write(
            file,
            text[: text.index("        metadata =")].replace('"--verbose"', '"-v"') + "        _ = (service, secret)\n",
        )
    else:
        clone.write(file, _LEAKY.replace("SIDE", "after"))
    secrets = {
        "GITHUB_TOKEN": "CANARY-github",
        "TF_VAR_given": "CANARY-tf-var",
        "GOOGLE_CREDENTIALS": '{"k": "CANARY-google"}',
    }

    done = clone.preview(
        "--base",
        "HEAD",
        "--env",
        "gke-dev",
        "--output",
        str(tmp_path / "out"),
        environment=command_environment(clone.folder) | secrets,
    )

    written = "".join(_written(tmp_path / "out").values())
    # Secrets in the open are what a policy denies.
    assert done.returncode == 1, done.stderr
    assert "❌ MDY_" in written
    assert "gke-dev-leaky" in written
    assert "(hidden)" in written
    told = [
        line for line in (written + done.stdout + done.stderr).splitlines() if "CANARY" in line or "Q0FOQVJZ" in line
    ]
    assert told == []
    proof(f"21 canary secrets, the stack {kind}: none in comment, report, record or log")


@pytest.mark.usefixtures("with_plugins")
def test_an_error_tells_no_secret(clone: Clone, tmp_path: Path) -> None:
    clone.replace(
        "main.py", "    try:\n", "    import os\n    sys.exit('wrong: ' + os.environ['GITHUB_TOKEN'])\n    try:\n"
    )
    environment = command_environment(clone.folder) | {"GITHUB_TOKEN": "CANARY-github"}

    done = clone.preview(
        "--base", "HEAD", "--env", "gke-dev", "--output", str(tmp_path / "out"), environment=environment
    )

    written = "".join(_written(tmp_path / "out").values())
    assert done.returncode == 1
    assert "the head does not synthesise" in written
    assert "wrong: (hidden)" in written
    assert "CANARY" not in written + done.stdout + done.stderr


def test_what_is_wrong_is_said_before_anything_runs(clone: Clone) -> None:
    nowhere = clone.preview("--base", "nowhere")
    no_base = clone.preview()
    nothing = clone.preview("--base", "HEAD", "--env", "gke-prod")

    assert "Git knows no commit 'nowhere'" in nowhere.stderr
    assert "name the commit that is deployed: --base origin/main" in no_base.stderr
    assert "there is no environment 'gke-prod'" in nothing.stderr
    assert {done.returncode for done in (nowhere, no_base, nothing)} == {1}
