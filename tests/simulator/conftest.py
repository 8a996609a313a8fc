"""Fixtures: real Terraform on the real simulator process."""

from collections.abc import Callable, Iterator

import pytest

from simulator import SimulatedProviders, World
from tests.simulator.estate import APIS, HOST, IMAGE, Config, Terraform, cluster, environment_with, image_repository

NewTerraform = Callable[[], Terraform]


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("world"))


@pytest.fixture(scope="session")
def providers(world: World) -> Iterator[SimulatedProviders]:
    with SimulatedProviders(world.folder) as running:
        yield running


@pytest.fixture(scope="session")
def new_terraform(providers: SimulatedProviders, tmp_path_factory: pytest.TempPathFactory) -> NewTerraform:
    """Makes an empty folder for a configuration of its own."""
    return lambda: Terraform(tmp_path_factory.mktemp("stack"), environment_with(providers))


@pytest.fixture
def terraform(new_terraform: NewTerraform) -> Terraform:
    return new_terraform()


@pytest.fixture(scope="session")
def enabled_apis(new_terraform: NewTerraform) -> None:
    terraform = new_terraform()
    terraform.write({"google_project_service": {api: {"service": f"{api}.googleapis.com"} for api in APIS}})
    terraform.apply()


@pytest.fixture(scope="session")
def kubernetes(enabled_apis: None, world: World, new_terraform: NewTerraform) -> Config:
    """A cluster with three nodes of 940 millicores, and an image; gives the configuration of provider kubernetes."""
    terraform = new_terraform()
    terraform.write(cluster("shared") | image_repository(), output={"host": {"value": HOST}})
    terraform.apply()
    world.set_built_images([*world.built_images(), IMAGE])
    return {"kubernetes": {"host": terraform.outputs()["host"]}}
