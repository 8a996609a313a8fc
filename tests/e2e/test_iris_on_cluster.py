"""Iris on a real cluster: the page, the notebook server, and what becomes of people's files when all goes."""

import base64
import json
import re
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
import urllib3
from playwright.sync_api import Page, expect

from stacks.paths import SERVICES
from terraform_cli.call import terraform
from tests.docs.session import type_in
from tests.e2e.conftest import Proof
from tests.e2e.disks import disk
from tests.e2e.iris_page import slide, tell_virginica
from tests.e2e.local_cluster import Local, kubectl, wait_until

# Of the model that its README trains with 7 neighbours: the notebook's best one.
SHA256 = re.findall(r"sha256 ([0-9a-f]{64})", (SERVICES / "iris" / "README.md").read_text())[0]
NOTEBOOK = ["-n", "iris", "deployment/iris-notebook"]


@pytest.fixture(scope="module")
def volume(kubeconfig: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Of the notebook."""
    with disk(kubeconfig, tmp_path_factory.mktemp("disk"), namespace="iris", claim="iris-notebook"):
        yield


@pytest.fixture(scope="module")
def iris(base_images: None, volume: None, local_with: Callable[[str], Local]) -> Iterator[Local]:
    """The environment `local` with nothing but iris, deployed."""
    local = local_with("iris")
    yield local
    local.modelyard("teardown", "local", "--volumes", "delete")


@pytest.fixture(scope="module")
def urls(iris: Local) -> dict[str, str]:
    """Where the page and the notebook server answer."""
    done = iris.modelyard("up", "local")
    assert done.returncode == 0, done.stderr
    (page,) = re.findall(r"local-iris answers at (\S+)", done.stdout)
    (notebook,) = re.findall(r"notebook_url = (\S+)", done.stdout)
    assert re.search(r"training_image = localhost/iris-training:[0-9a-f]{16}$", done.stdout, re.MULTILINE)
    return {"page": page, "notebook": notebook}


@pytest.fixture
def password(urls: dict[str, str], kubeconfig: str) -> str:
    """As the README says to get it."""
    encoded = kubectl(
        kubeconfig, "get", "secret", "-n", "iris", "iris-notebook-password", "-o", "jsonpath={.data.password}"
    )
    return base64.b64decode(encoded).decode()


def plan(iris: Local) -> str:
    """What Terraform would change."""
    return terraform(iris.checkout / "cdktf.out" / "stacks" / "local-iris", iris.variables, "plan", "-input=false")


def log_in(page: Page, url: str, password: str) -> None:
    page.goto(url)
    page.get_by_label("Password:").fill(password)
    page.get_by_role("button", name="Log in").click()


def saved(kubeconfig: str) -> str:
    """The sha256 of each file that is on the volume."""
    return kubectl(kubeconfig, "exec", *NOTEBOOK, "--", "sh", "-c", "sha256sum /home/notebook/*.*")


def test_a_second_plan_is_empty(urls: dict[str, str], iris: Local) -> None:
    assert urls
    assert "No changes" in plan(iris)


def test_the_page_works_behind_a_load_balancer(
    page: Page, urls: dict[str, str], kubeconfig: str, screenshots: Path, proof: Proof
) -> None:
    screenshot = screenshots / "iris-on-cluster.png"
    tell_virginica(page, urls["page"], screenshot)

    pods = ["pods", "-n", "iris", "-l", "app.kubernetes.io/name=iris"]
    before = kubectl(kubeconfig, "get", *pods, "-o", "name")
    kubectl(kubeconfig, "rollout", "restart", "-n", "iris", "deployment/iris")
    kubectl(kubeconfig, "rollout", "status", "-n", "iris", "deployment/iris", "--timeout=50s")
    kubectl(kubeconfig, "wait", "-n", "iris", "--for=delete", "--timeout=50s", before.strip())

    expect(page.get_by_role("slider", name="Petal length (cm)")).to_be_enabled()
    slide(page, "Petal length (cm)", -42)
    expect(page.get_by_role("heading", name="Iris setosa")).to_be_visible()
    proof(f"iris on a real cluster: the same in a browser, and on the same page after a rollout; {screenshot}")


def test_who_has_no_password_gets_the_login_page_and_nothing_else(
    page: Page, urls: dict[str, str], proof: Proof
) -> None:
    url = urls["notebook"]
    for path in ("api/contents", "api/kernels", "api/terminals", "api/status", "metrics", "files/iris.ipynb"):
        answer = urllib3.request("GET", f"{url}{path}", redirect=False)
        assert answer.status in {302, 403}, path
        assert b"cells" not in answer.data

    log_in(page, url, "a guess")
    expect(page.get_by_text("Invalid credentials")).to_be_visible()
    proof("notebook: a wrong password is refused, and without one there is no file, kernel or terminal")


def test_the_example_runs_in_a_browser(  # noqa: PLR0917 - fixtures
    page: Page, urls: dict[str, str], password: str, kubeconfig: str, screenshots: Path, proof: Proof
) -> None:
    url, screenshot = urls["notebook"], screenshots / "iris-notebook.png"
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))

    log_in(page, f"{url}lab/tree/iris.ipynb", password)
    expect(page.get_by_text("Python 3 (ipykernel) | Idle")).to_be_visible()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    expect(page.get_by_text("best: n_neighbors 7: accuracy 1.0000")).to_be_visible()
    expect(page.get_by_text(f"sha256 {SHA256}")).to_be_visible()
    page.keyboard.press("Control+s")
    # All of it is shown then.
    page.set_viewport_size({"width": 1280, "height": 2900})
    page.screenshot(path=screenshot, animations="disabled")

    wait_until("the notebook is saved", lambda: '"execution_count": 4' in contents(kubeconfig))
    assert SHA256 in saved(kubeconfig)
    # It needs nobody but its own server.
    assert [each for each in asked if not each.startswith((url, "data:", "blob:"))] == []
    proof(f"notebook: in a browser the example trains the README's model, sha256 {SHA256[:12]}…; {screenshot}")


def contents(kubeconfig: str) -> str:
    """The example, as it is on the volume."""
    return kubectl(kubeconfig, "exec", *NOTEBOOK, "--", "cat", "/home/notebook/iris.ipynb")


def test_a_terminal_is_nobody_special(page: Page, urls: dict[str, str], password: str, kubeconfig: str) -> None:
    log_in(page, f"{urls['notebook']}lab", password)
    page.get_by_title("New Launcher (Ctrl+Shift+L)").click()
    page.locator(".jp-LauncherCard", has_text="Terminal").click()
    terminal = page.locator(".jp-Terminal textarea")
    terminal.press_sequentially("id -u > ~/who.txt; touch /app/it; echo $? >> ~/who.txt\n")

    def said() -> str:
        with suppress(subprocess.CalledProcessError):
            return kubectl(kubeconfig, "exec", *NOTEBOOK, "--", "cat", "/home/notebook/who.txt")
        return ""

    wait_until("the terminal answers: no root, and nothing to write in the image", lambda: said() == "10001\n1\n")


@pytest.mark.usefixtures("chromium")  # without it nobody has logged in
def test_the_password_is_in_no_argument_variable_or_log(password: str, kubeconfig: str, iris: Local) -> None:
    processes = kubectl(
        kubeconfig, "exec", *NOTEBOOK, "--", "sh", "-c", "cat /proc/*/cmdline /proc/*/environ | tr '\\0' ' '"
    )
    assert "jupyter-lab" in processes
    assert password not in processes
    log = kubectl(kubeconfig, "logs", *NOTEBOOK)
    assert "iris.ipynb" in log
    assert password not in log
    logs = list((iris.checkout / ".modelyard" / "local" / "runs").glob("*/local-iris.log"))
    assert logs
    written = [iris.checkout / "terraform.local-iris.tfstate", *logs]
    assert [file for file in written if password in file.read_text()] == []


def test_what_is_saved_outlives_the_pod(
    page: Page, urls: dict[str, str], password: str, kubeconfig: str, proof: Proof
) -> None:
    before = saved(kubeconfig)
    pod = kubectl(kubeconfig, "get", "pods", "-n", "iris", "-l", "app.kubernetes.io/name=iris-notebook", "-o", "name")
    kubectl(kubeconfig, "delete", "-n", "iris", pod.strip())
    kubectl(kubeconfig, "rollout", "status", "-n", "iris", "deployment/iris-notebook", "--timeout=50s")

    assert saved(kubeconfig) == before
    log_in(page, f"{urls['notebook']}lab/tree/iris.ipynb", password)
    expect(page.get_by_text("best: n_neighbors 7: accuracy 1.0000")).to_be_attached()
    proof(
        f"notebook: {len(before.splitlines())} files are the same after the pod was deleted, the run's output is there"
    )


def test_teardown_asks_about_the_volume(
    password: str, iris: Local, kubeconfig: str, tmp_path: Path, proof: Proof
) -> None:
    kept = saved(kubeconfig)
    file = iris.checkout / "environments" / "local.toml"
    before = file.read_text()
    file.write_text(before.replace("[services]\n", "[services.iris]\nnotebook = false\n"))
    assert file.read_text() != before
    refusals = [iris.modelyard("up", "local")]
    file.write_text(before)
    refusals.append(iris.modelyard("teardown", "local", "--yes"))
    for refused in refusals:
        assert refused.returncode == 1, refused.stdout
        assert "iris/iris-notebook (10Gi)" in refused.stderr
        assert "--volumes" in refused.stderr
    assert saved(kubeconfig) == kept

    # What the refusal says to do first, and the README, whose other command prints the password.
    (line,) = re.findall(r"`(kubectl .*)`", refusals[1].stderr)
    subprocess.run(line, shell=True, cwd=tmp_path, env=iris.variables, check=True, timeout=60)  # noqa: S602 - a person's shell
    (scratch := tmp_path / "session").mkdir()
    assert password in type_in(__file__, "services/iris/README.md", iris.checkout, iris.variables, scratch)
    for folder in (tmp_path, iris.checkout):
        with tarfile.open(folder / "iris-notebook.tar") as tar:
            assert {f"./{Path(line.split()[1]).name}" for line in kept.splitlines()} <= set(tar.getnames())

    done = iris.modelyard("teardown", "local", "--volumes", "delete")
    assert done.returncode == 0, done.stderr
    assert "namespace/iris" not in kubectl(kubeconfig, "get", "namespaces", "-o", "name").split()
    assert json.loads((iris.checkout / "terraform.local-iris.tfstate").read_text())["resources"] == []
    proof("modelyard teardown: the notebook's volume only with --volumes, also where the environment has given it up")
