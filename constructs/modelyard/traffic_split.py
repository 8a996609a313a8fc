"""How the requests of an A/B test are divided between its two sides."""

from collections.abc import Mapping

from modelyard.errors import ConfigurationError
from modelyard.names import dns_label

#: More pods than this for the sake of a ratio, nobody wants.
_MOST_REPLICAS = 20
_LONGEST_SIDE = 20


def check_weights(weights: Mapping[str, int]) -> None:
    """Refuses what is no division between two sides.

    Args:
        weights: Whole per cent by side.

    Raises:
        ConfigurationError: Other than two sides, a side's name that Kubernetes does not take, or another sum than 100.
    """
    if len(weights) != 2:
        raise ConfigurationError(
            f"{len(weights)} sides ({', '.join(weights)}): an A/B test has two",
            mend="name two sides, for example a and b",
        )
    for side in weights:
        dns_label(side, what="the side's name", longest=_LONGEST_SIDE)
    if any(not 0 <= weight <= 100 for weight in weights.values()) or sum(weights.values()) != 100:
        raise ConfigurationError(
            f"weights {_shown(weights)}: {sum(weights.values())} in all",
            mend="write two whole per cent from 0 to 100 that are 100 together, for example 75 and 25",
        )


def replicas_by_side(weights: Mapping[str, int], replicas: int) -> dict[str, int]:
    """The pods of each side if the ratio of pods is what divides the requests.

    One Service gives each of its pods the same share: so much of the pods is so much of the requests.

    Args:
        weights: Whole per cent by side, checked.
        replicas: Pods in all.

    Raises:
        ConfigurationError: So many pods cannot be divided so, to the whole per cent.
    """
    first, second = weights
    if (pods := _pods(weights[first], replicas)) is None:
        possible = [round(100 * each / replicas) for each in range(replicas, -1, -1)]
        enough = [each for each in range(2, _MOST_REPLICAS + 1) if _pods(weights[first], each) is not None]
        more = f", or replicas = {enough[0]}" if enough else ""
        raise ConfigurationError(
            f"weights {_shown(weights)}: without a gateway a ratio of pods divides requests, and that of {replicas} "
            f"pods is {', '.join(f'{each}:{100 - each}' for each in possible)}",
            mend=f"write one of these{more}, or let the environment have the add-on gateway, which takes any weights",
        )
    return {first: pods, second: replicas - pods}


def _pods(weight: int, replicas: int) -> int | None:
    """Of so many, the number that is so many per cent, rounded; None if there is none."""
    return next((pods for pods in range(replicas + 1) if round(100 * pods / replicas) == weight), None)


def _shown(weights: Mapping[str, int]) -> str:
    return ", ".join(f"{side} = {weight}" for side, weight in weights.items())
