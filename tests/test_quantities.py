from modelyard.errors import ConfigurationError
from modelyard.quantities import mebibytes, millicores
from modelyard.resources import Resources

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.mark.parametrize(("quantity", "expected"), [("250m", 250), ("1", 1000), ("1.5", 1500), ("0.0001", 1)])
def test_cpu_is_counted_in_thousandths_of_a_core(quantity: str, expected: int) -> None:
    assert millicores(quantity) == expected


@pytest.mark.parametrize(("quantity", "expected"), [("1Gi", 1024), ("512Mi", 512), ("1G", 954), ("1", 1)])
def test_memory_is_counted_in_mebibytes_rounded_up(quantity: str, expected: int) -> None:
    assert mebibytes(quantity) == expected


@pytest.mark.parametrize("quantity", ["", "1 Gi", "1gb", "-1", "Gi", "1e3x", "0x10"])
def test_what_kubernetes_would_refuse_is_refused(quantity: str) -> None:
    with pytest.raises(ConfigurationError, match="not a Kubernetes quantity"):
        mebibytes(quantity)


@given(st.integers(1, 10**6))
def test_a_core_is_a_thousand_of_its_thousandths(cores: int) -> None:
    assert millicores(str(cores)) == millicores(f"{cores * 1000}m")


def test_a_limit_below_the_request_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="cpu_limit 100m is below"):
        Resources(cpu="200m", memory="1Gi", cpu_limit="100m")
