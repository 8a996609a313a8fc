"""Whether the nodes that an environment may have can hold all that it declares."""

from collections.abc import Sequence

from modelyard import ConfigurationError, ServiceScope

from stacks.add_on import AddOnStack
from stacks.platform import Platform


def check_capacity(platform: Platform, stacks: Sequence[ServiceScope]) -> None:
    """Refuses add-ons that do not fit beside the services.

    It adds up: what does not fit in all, fits in no order. That each pod fits a node is checked where it is declared.

    Args:
        platform: Gives the nodes.
        stacks: Services and add-ons.

    Raises:
        ConfigurationError: With the sum.
    """
    add_ons = [stack for stack in stacks if isinstance(stack, AddOnStack)]
    node, limit = platform.cluster.node_capacity, platform.nodes
    asked = [_total(stack) for stack in stacks]
    cpu, memory = sum(each[0] for each in asked), sum(each[1] for each in asked)
    offered = limit.count * node.cpu_millicores, limit.count * node.memory_mebibytes
    if not add_ons or (cpu <= offered[0] and memory <= offered[1]):
        return
    rows = [
        *((stack.node.id, *total, ", ".join(map(str, stack.pods))) for stack, total in zip(stacks, asked, strict=True)),
        ("in all", cpu, memory, ""),
        (f"{limit.count} x {node.machine_type}", *offered, f"each {node.cpu_millicores}m {node.memory_mebibytes}Mi"),
    ]
    enough = max(-(-cpu // node.cpu_millicores), -(-memory // node.memory_mebibytes))
    how_many, how_large = limit.keys
    off = " and ".join(f"[add_ons.{stack.service_name}] deployed = false" for stack in add_ons)
    raise ConfigurationError(
        f"what services and add-ons request does not fit the nodes ({node.arithmetic}):\n{_table(rows)}",
        mend=f"write {how_many} = {enough} or more, or a larger {how_large}, or leave out what an add-on brings: {off}",
        where=f"environments/{platform.settings.name}.toml: {how_many}",
    )


def _total(stack: ServiceScope) -> tuple[int, int]:
    """Thousandths of a core, and MiB."""
    return sum(each.cpu_millicores for each in stack.pods), sum(each.memory_mebibytes for each in stack.pods)


def _table(rows: Sequence[tuple[str, int, int, str]]) -> str:
    width = max(len(row[0]) for row in rows)
    lines = (f"    {name:{width}} {f'{cpu}m':>8} {f'{memory}Mi':>9}  {why}" for name, cpu, memory, why in rows)
    return "\n".join(line.rstrip() for line in lines)
