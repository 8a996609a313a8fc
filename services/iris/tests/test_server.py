from pathlib import Path

import pytest

from services.iris.runtime.iris.errors import IrisError
from services.iris.runtime.iris.model_file import sha256
from services.iris.runtime.iris.server import serve
from services.iris.tests.program import free_port, get, serving


@pytest.mark.slow
def test_the_app_is_ready_as_soon_as_its_model_is_there(packed: bytes, tmp_path: Path) -> None:
    port, model = free_port(), tmp_path / "iris-model.zip"
    with serving(port, model):
        assert get(port, "/_stcore/health")[0] == 200
        assert get(port, "/readyz") == (503, f"{model} is not there\n")

        model.write_bytes(b"something else")
        status, said = get(port, "/readyz")
        assert (status, said.startswith(f"{model}: not a model of this program")) == (503, True)

        model.write_bytes(packed)
        assert get(port, "/readyz") == (200, f"{sha256(packed)}\n")
        assert get(port, "/")[0] == 200
        status, metrics = get(port, "/metrics")
        assert (status, "# TYPE iris_answers_total counter" in metrics) == (200, True)


@pytest.mark.parametrize("wrong", ["80", "70000", "http"])
def test_a_wrong_port_is_named_with_what_is_allowed(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    monkeypatch.setenv("PORT", wrong)

    with pytest.raises(IrisError, match=f"PORT = {wrong}: give a whole number from 1024 to 65535"):
        serve()
