"""GKE has no switch: the node pool gets no nodes and no autoscaler, or both again, by Terraform."""

from collections.abc import Callable

from modelyard.errors import ConfigurationError

from estate.synthesis import Synthesis
from runs.estate_run import Limits, run


def apply_cluster(synthesis: Synthesis, tell: Callable[[str], None], *, seconds: float) -> None:
    """Deploys the cluster's stack alone, as it was synthesised; what it stands on is taken as it is.

    Raises:
        ConfigurationError: Terraform fails.
        RunInterruptedError: Somebody has ended it.
    """
    cluster = synthesis.settings.stack_id("cluster")
    results = run(
        "apply",
        synthesis.estate,
        [cluster],
        limits=Limits(stack_seconds=seconds),
        variables=synthesis.variables,
        place=synthesis.place,
        tell=lambda stack, line: tell(f"{stack}: {line}" if stack else line),
    )
    if results[cluster].outcome != "done":
        raise ConfigurationError(
            f"{cluster} cannot be changed. Terraform says:\n\n{results[cluster].error}\n",
            mend="mend what it says, and run this again",
        )
