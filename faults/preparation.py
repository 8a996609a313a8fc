"""Deploys a lane's environment once, with a snapshot before each stack, and finds what can be updated."""

from dataclasses import dataclass, field

from estate.stacks import upstream
from faults.drift import Drift, find_drift
from faults.inventory import Inventory, take
from faults.lane import Lane
from terraform_cli.call import terraform

#: The snapshot of everything deployed.
ALL = "all"


@dataclass
class Prepared:
    """A lane that is ready for cases.

    Attributes:
        lane: With its snapshots.
        goal: The inventory of everything deployed.
        nothing: The snapshot of nothing deployed.
        stack_of: The first stack that has a resource of a type, by type.
        drifts: How a thing of a type is changed so that it is updated in place; why it cannot be, in words.
    """

    lane: Lane
    goal: Inventory
    nothing: str
    stack_of: dict[str, str] = field(default_factory=dict)
    drifts: dict[str, Drift | str] = field(default_factory=dict)

    def before(self, type_name: str) -> str:
        """The snapshot before anything of the type is there."""
        return f"before {self.stack_of[type_name]}"

    def after(self, type_name: str) -> str:
        """The snapshot of no more than the type needs."""
        return f"after {self.stack_of[type_name]}"


def prepare(lane: Lane, *, drifts: bool = True) -> Prepared:
    """Deploys stack after stack with plain Terraform, takes snapshots, proves that nothing is left to do.

    Args:
        lane: Nothing is deployed there yet.
        drifts: Whether to look for what can be updated.
    """
    lane.synthesise()
    estate = lane.estate
    order = sorted(estate, key=lambda stack: (len(upstream(estate, [stack])), stack))
    stack_of: dict[str, str] = {}
    with lane.providers() as providers:
        for stack in order:
            lane.save(f"before {stack}")
            folder = estate[stack].folder
            terraform(folder, providers.environment, "init", "-input=false")
            terraform(folder, providers.environment, "apply", "-auto-approve", "-input=false")
            lane.save(f"after {stack}")
            for address in estate[stack].resources:
                stack_of.setdefault(address.partition(".")[0], stack)
        lane.save(ALL)
        for stack in order:
            terraform(estate[stack].folder, providers.environment, "plan", "-input=false", "-detailed-exitcode")
        prepared = Prepared(lane, take(lane.rehearsal.world, lane.rehearsal.states), f"before {order[0]}", stack_of)
        for type_name, stack in stack_of.items() if drifts else ():
            prepared.drifts[type_name] = find_drift(lane, ALL, estate[stack], type_name, providers.environment)
    return prepared
