"""A preview of one environment: its base on simulated providers, and the head planned against that."""

from collections.abc import Sequence
from pathlib import Path

from estate.in_order import in_order
from estate.stacks import downstream, upstream
from preview.outcome import EnvironmentPreview
from preview.recording import Recorder
from preview.redaction import Redactor
from preview.sides import Sides
from preview.simulation import Simulation
from simulator.fallbacks import fallbacks_told
from simulator.plugin_binaries import RECORDED_VERSIONS, forwarded_plugins
from terraform_cli.call import TerraformError
from terraform_cli.plugins import whose_plans


def preview(name: str, sides: Sides, folder: Path, plugins: Sequence[Path], redactor: Redactor) -> EnvironmentPreview:
    """Plans the stacks that differ, on simulated providers.

    Args:
        name: The environment's.
        sides: Its stacks.
        folder: Where to work; empty.
        plugins: Folders of real provider plugins, which then check and plan.
        redactor: Learns what must not be shown.

    Raises:
        TerraformError: The base cannot be deployed to the simulated providers.
    """
    real = forwarded_plugins(plugins).keys()
    recorder = Recorder(sides, redactor, frozenset(RECORDED_VERSIONS.keys() - real))
    found = recorder.difference
    for id_ in {*found.planned, *found.moved}:
        recorder.begin(id_)
    plans_by = whose_plans(list(plugins), sides.settings.cloud)
    if found.planned:
        with Simulation(folder, plugins) as simulation:
            _plan(simulation, recorder)
        if others := fallbacks_told(simulation.fallbacks()):
            plans_by += f", and for {others}"
    for id_ in found.removed:
        recorder.left_behind(id_)
    return EnvironmentPreview(
        name,
        plans_by=plans_by,
        has_real_plans=bool(real),
        stacks=recorder.in_order(),
        unchanged=len(sides.head) - len(recorder.previews.keys() & sides.head.keys()),
    )


def _plan(simulation: Simulation, recorder: Recorder) -> None:
    sides, found = recorder.sides, recorder.difference
    # What the head's stacks stand on is there as the base has it.
    standing = upstream(sides.base, found.changed) | upstream(sides.head, found.planned) | {*found.changed}
    simulation.deploy(sides.base, standing & sides.base.keys())

    def plan(id_: str) -> None:
        if recorder.is_without_cluster(id_):
            return
        stack = sides.head[id_]
        try:
            recorder.planned(id_, simulation.plan(stack), simulation.fallbacks())
        except TerraformError as error:
            recorder.not_planned(id_, error)
            return
        # A new stack takes nothing away: with it there, what stands on it can be planned, too.
        if id_ in found.added and downstream(sides.head, id_).intersection(found.planned):
            simulation.apply_plan(stack)

    in_order(sides.head, found.planned, plan)
