"""What is deployed, and what its end saves a month."""

import json
from collections.abc import Collection

from rich.table import Table

from costs.charges import NOTHING, Range
from costs.difference import Difference, difference
from costs.estimate import SHARED, estimate
from costs.place import place_of
from costs.report import money
from costs.resources import Resource, declared
from estate.states import States
from stacks.settings import CloudSettings, Settings


def saving(settings: CloudSettings, states: States, going: Collection[str]) -> Difference:
    """What a month costs now, and once some stacks are gone, by what the deployed stacks declare.

    Args:
        settings: Of the environment.
        states: What is deployed.
        going: The ids of the stacks that go.
    """
    place = place_of(settings)
    now = [each for id_ in states for each in _declared(states, id_)]
    then = [each for id_ in states if id_ not in going for each in _declared(states, id_)]
    return difference(estimate(now, place), estimate(then, place))


def table(settings: Settings, states: States, going: Collection[str]) -> Table:
    """The stacks that go, the last deployed first, with what each saves."""
    shown = Table("stack", title=f"what goes of {settings.name}", title_justify="left")
    shown.add_column("resources", justify="right")
    saved: dict[str, Range] = {}
    if isinstance(settings, CloudSettings):
        shown.add_column("saves a month", justify="right")
        saved = saving(settings, states, going).stacks
    for id_ in reversed([id_ for id_ in states if id_ in going]):
        shown.add_row(id_, str(states[id_].count), *_cell(settings, saved.get(id_)))
    if SHARED in saved:
        shown.add_row("load balancers together", "", *_cell(settings, saved[SHARED]))
    return shown


def _cell(settings: Settings, change: Range | None) -> list[str]:
    if not isinstance(settings, CloudSettings):
        return []
    return [money(NOTHING - change) if change else ""]


def _declared(states: States, id_: str) -> list[Resource]:
    configuration = json.loads((states[id_].stack.folder / "cdk.tf.json").read_text())
    return declared(id_, configuration)
