"""Jobs of destroy.yml, run as they stand: the name twice, and only where workflows may act."""

import pytest

from tests.workflows.machine import GOOGLE, Machine, ran


@pytest.mark.parametrize(
    ("environment", "confirmation", "said"),
    [
        ("gke-dev", "gke-dev ", "The two names differ: nothing is destroyed."),
        ("gke-dev", "", "The two names differ: nothing is destroyed."),
        ("aks-dev", "aks-dev", "Workflows may act in no environment of this name"),
        ("local", "local", "Workflows may act in no environment of this name"),
        ('x" or true', 'x" or true', "Workflows may act in no environment of this name"),
    ],
)
def test_a_destroy_needs_the_name_twice_and_an_environment_that_is_set_up(
    machine: Machine, environment: str, confirmation: str, said: str
) -> None:
    machine.own_state("gke-dev", "remote")

    job = ran(machine.run("destroy", "confirm", inputs={"environment": environment, "confirmation": confirmation}))

    assert not job.succeeded
    assert f"::error::{said}" in job.output
    assert job.outputs == {"cloud": ""}


def test_a_destroy_takes_the_cluster_and_what_is_on_it(machine: Machine) -> None:
    machine.own_state("gke-dev", "remote")
    inputs = {"environment": "gke-dev", "confirmation": "gke-dev"}
    confirmed = ran(machine.run("destroy", "confirm", inputs=inputs))
    assert confirmed.outputs == {"cloud": "gke"}

    needs = {"confirm": {"outputs": confirmed.outputs}}
    job = ran(machine.run("destroy", "destroy", inputs=inputs, vars=GOOGLE, needs=needs))

    assert job.succeeded, job.output
    assert machine.called()[-1] == "modelyard teardown gke-dev --yes --keep-stores --volumes snapshot"
