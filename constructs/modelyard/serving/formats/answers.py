"""Whether what was saved answers as the model in memory does."""

from collections.abc import Sequence
from typing import Any

from modelyard.errors import ConfigurationError

import numpy as np

#: How far two libraries' sums of float32 may differ, as a share of the largest number.
TOLERANCE = 1e-4
_HALF_TOLERANCE = 1e-2


def require_equal(saved: Sequence[Any], own: Sequence[Any]) -> None:
    """Compares outputs in order.

    Raises:
        ConfigurationError: They differ.
    """
    difference = _difference([np.asarray(each) for each in saved], [np.asarray(each) for each in own])
    if difference:
        raise ConfigurationError(
            f"the saved model answers the example otherwise than the model itself: {difference}",
            mend="give an example that the model takes as it is; else its export is wrong, and it cannot be served",
            where="model",
        )


def _difference(saved: list[Any], own: list[Any]) -> str | None:
    if len(saved) != len(own):
        return f"{len(saved)} outputs instead of {len(own)}"
    for one, other in zip(saved, own, strict=True):
        if one.shape != other.shape:
            return f"shape {list(one.shape)} instead of {list(other.shape)}"
        if other.dtype.kind not in "fc":
            if not np.array_equal(one, other):
                return f"{np.count_nonzero(one != other)} of {one.size} values are others"
            continue
        largest = np.nanmax(np.abs(other), initial=0)
        share = _HALF_TOLERANCE if other.dtype.itemsize < 4 else TOLERANCE
        if not np.allclose(one, other, rtol=0, atol=share * largest, equal_nan=True):
            return f"by up to {np.nanmax(np.abs(one - other)):.3g}, of {largest:.3g}"
    return None
