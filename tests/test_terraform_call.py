import json
import socket
from pathlib import Path

import pytest

from terraform_cli.call import TerraformError, terraform


def test_a_state_store_that_accepts_and_never_answers_ends_the_call(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        backend = {"terraform": {"backend": {"http": {"address": address}}}}
        (tmp_path / "main.tf.json").write_text(json.dumps(backend))

        with pytest.raises(TerraformError) as caught:
            terraform(tmp_path, {}, "init", "-input=false", timeout=1)

    assert str(caught.value) == f"terraform init in {tmp_path.name} failed:\nit was not done after 1 s"
