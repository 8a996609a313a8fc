import shutil
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from stacks.paths import ROOT, SERVICES
from stacks.service_settings import service_settings
from stacks.settings import ServiceSettings, Settings
from tests.conftest import Stacks, Synthesise, resource, with_services

ECHO = """
from modelyard import ModelService, Resources

from stacks.service import ServiceStack


class Echo(ServiceStack):
    def declare(self) -> None:
        ModelService(
            self,
            "service",
            image=self.image("runtime"),
            port=8080,
            resources=Resources(cpu="100m", memory="64Mi"),
            exposure=self.exposure,
        )
"""


@pytest.fixture
def services(tmp_path: Path) -> Path:
    """A folder with one service, `echo_back`."""
    runtime = tmp_path / "services" / "echo_back" / "runtime"
    runtime.mkdir(parents=True)
    (runtime / "Dockerfile").write_text("FROM scratch\n")
    (runtime.parent / "service.py").write_text(ECHO)
    return tmp_path / "services"


@pytest.fixture
def bare(settings: Settings) -> Settings:
    """The environment without a word on any single service."""
    return settings.model_copy(update={"services": {}})


def test_a_copied_service_folder_becomes_a_stack(tmp_path: Path, settings: Settings, synthesise: Synthesise) -> None:
    shutil.copytree(SERVICES, tmp_path / "services", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    shutil.copytree(tmp_path / "services" / "image_classifier", tmp_path / "services" / "bird_classifier")

    stacks = synthesise(settings, tmp_path / "services")

    copied = stacks["gke-dev-bird-classifier"]
    assert resource(copied, "kubernetes_namespace_v1")["metadata"]["name"] == "bird-classifier"
    assert copied["terraform"]["backend"]["gcs"]["prefix"] == "gke-dev-bird-classifier"
    assert "gke-dev-image-classifier" in stacks


def image(stack: dict[str, object]) -> str:
    deployment = resource(stack, "kubernetes_deployment_v1")
    return str(deployment["spec"]["template"]["spec"]["container"][0]["image"])


def test_only_the_service_whose_code_changed_has_a_new_plan(
    services: Path, bare: Settings, synthesise: Synthesise
) -> None:
    shutil.copytree(services / "echo_back", services / "echo_forth")
    before = synthesise(bare, services)

    (services / "echo_forth" / "runtime" / "program.py").write_text("print('forth')")
    after = synthesise(bare, services)

    assert [id_ for id_ in after if after[id_] != before[id_]] == ["gke-dev-echo-forth"]
    assert image(after["gke-dev-echo-forth"]).startswith("us-central1-docker.pkg.dev/modelyard-dev/gke-dev/echo-forth:")


def test_an_environment_sets_replicas_and_exposure_of_one_service(
    services: Path, bare: Settings, synthesise: Synthesise
) -> None:
    chosen = ServiceSettings.model_validate_json('{"replicas": 3, "source_ranges": "internal"}')
    stacks = synthesise(bare.model_copy(update={"services": {"echo-back": chosen}}), services)

    service = resource(stacks["gke-dev-echo-back"], "kubernetes_service_v1")
    assert service["metadata"]["annotations"] == {"networking.gke.io/load-balancer-type": "Internal"}


@pytest.mark.parametrize("name", ["echo-bakc", "echo_back", "Echo-Back", ""])
def test_settings_for_a_service_that_is_not_there_are_refused(
    services: Path, bare: Settings, synthesise: Synthesise, name: str
) -> None:
    chosen = bare.model_copy(update={"services": {name: ServiceSettings()}})

    with pytest.raises(ConfigurationError) as error:
        synthesise(chosen, services)

    assert f"environments/gke-dev.toml: services.{name}" in str(error.value)
    assert "name one of echo-back, or remove the table" in str(error.value)


OWN_SETTINGS = """
from pydantic import Field

from stacks.settings import ServiceSettings


class EchoSettings(ServiceSettings):
    delay: int = Field(DEFAULT, ge=0, le=60, description="Before the answer, in seconds.", examples=[5])


MODEL = EchoSettings
"""


@pytest.fixture
def own_settings(services: Path) -> Path:
    """The settings of `echo_back`, which its program gets."""
    folder = services / "echo_back"
    program = ECHO.replace("from stacks", "from .settings import EchoSettings\n\nfrom stacks", 1)
    program = program.replace("ServiceStack):", "ServiceStack):\n    settings: EchoSettings\n", 1)
    delayed = 'exposure=self.exposure,\n            environment={"DELAY": str(self.settings.delay)},'
    (folder / "service.py").write_text(program.replace("exposure=self.exposure,", delayed))
    (folder / "settings.py").write_text(OWN_SETTINGS.replace("DEFAULT", "2"))
    return folder / "settings.py"


def delay(stacks: Stacks, service: str = "echo-back") -> str:
    deployment = resource(stacks[f"gke-dev-{service}"], "kubernetes_deployment_v1")
    (variable,) = deployment["spec"]["template"]["spec"]["container"][0]["env"]
    assert variable["name"] == "DELAY"
    return str(variable["value"])


@pytest.mark.usefixtures("own_settings")
def test_a_service_has_settings_of_its_own_with_defaults_and_in_a_copied_folder_too(
    services: Path, bare: Settings, synthesise: Synthesise
) -> None:
    shutil.copytree(services / "echo_back", services / "echo_forth")

    stacks = synthesise(with_services(bare, {"echo-back": {"delay": 7}}, services), services)

    assert delay(stacks) == "7"
    assert delay(stacks, "echo-forth") == "2"


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ("MODEL = EchoSettings", "", "MODEL = None is no class derived from ServiceSettings"),
        ("EchoSettings(ServiceSettings)", "EchoSettings", "is no class derived from ServiceSettings"),
        ("DEFAULT", "...", "delay: a key without default"),
    ],
)
def test_what_are_no_settings_of_a_service_is_said_with_its_file(
    own_settings: Path, line: str, instead: str, said: str
) -> None:
    own_settings.write_text(OWN_SETTINGS.replace(line, instead).replace("DEFAULT", "2"))

    with pytest.raises(ConfigurationError) as error:
        service_settings(own_settings.parent)

    assert str(error.value).startswith("services/echo_back/settings.py\n")
    assert said in str(error.value)
    assert "mend:" in str(error.value)


@pytest.mark.parametrize(
    ("line", "instead", "said"),
    [
        ('cpu="100m"', 'cpu="2"', "2000m requested, 940m allocatable"),
        ('memory="64Mi"', 'memory="64 MB"', "'64 MB' is not a Kubernetes quantity"),
        ('self.image("runtime")', 'self.image("trainer")', "has no Dockerfile"),
        ('self.image("runtime")', 'self.image("runtime", target="trainer")', "has no stage 'trainer'"),
        ("port=8080", "port=80", "port = 80"),
        ("class Echo(ServiceStack)", "class Echo", "0 classes derived from ServiceStack"),
    ],
)
def test_what_is_wrong_in_a_service_is_said_with_its_file(  # noqa: PLR0917
    services: Path, bare: Settings, synthesise: Synthesise, line: str, instead: str, said: str
) -> None:
    (services / "echo_back" / "service.py").write_text(ECHO.replace(line, instead))

    with pytest.raises(ConfigurationError) as error:
        synthesise(bare, services)

    assert "services/echo_back/service.py" in str(error.value)
    assert said in str(error.value)
    assert "mend:" in str(error.value)


def test_a_folder_name_that_kubernetes_does_not_take_is_refused(
    services: Path, bare: Settings, synthesise: Synthesise
) -> None:
    (services / "echo_back").rename(services / "Echo")

    with pytest.raises(ConfigurationError, match="'Echo'"):
        synthesise(bare, services)


@pytest.mark.parametrize("runtime", sorted(SERVICES.glob("*/*/requirements.in")), ids=lambda file: file.parts[-3])
def test_the_tests_run_the_versions_that_the_image_runs(runtime: Path) -> None:
    installed = set((ROOT / "requirements.txt").read_text().splitlines())
    pinned = [line for line in runtime.read_text().splitlines() if "==" in line]

    assert pinned
    assert [line for line in pinned if line not in installed] == []
