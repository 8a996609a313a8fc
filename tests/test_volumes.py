"""What `modelyard teardown` does about volumes; that it deletes them, and only then, is shown end to end."""

import io
import sys
from typing import Any

from modelyard.errors import ConfigurationError
from modelyard.volume import PATH_ANNOTATION

import pytest
import typer

from commands.volumes import confirm_deletion
from estate.volumes import volumes_in

CLAIM = {
    "mode": "managed",
    "type": "kubernetes_persistent_volume_claim_v1",
    "name": "notebook_claim",
    "instances": [
        {
            "attributes": {
                "metadata": [
                    {
                        "namespace": "iris",
                        "name": "iris-notebook",
                        "annotations": {PATH_ANNOTATION: "/home/notebook"},
                    }
                ],
                "spec": [{"resources": [{"requests": {"storage": "10Gi"}}]}],
            }
        }
    ],
}
STATE = {"resources": [{"mode": "managed", "type": "kubernetes_namespace_v1", "instances": []}, CLAIM]}


def test_a_volume_is_named_with_its_size_and_with_what_saves_it() -> None:
    (volume,) = volumes_in(STATE, {})

    assert str(volume) == "iris/iris-notebook (10Gi)"
    assert volume.save_command == (
        "kubectl exec --namespace iris deployment/iris-notebook -- "
        "tar --create --exclude ./lost+found --directory /home/notebook . > iris-notebook.tar"
    )


def test_a_volume_that_the_service_no_longer_declares_is_told_apart() -> None:
    declared: dict[str, Any] = {"resource": {"kubernetes_persistent_volume_claim_v1": {"notebook_claim": {}}}}

    assert [each.is_declared for each in volumes_in(STATE, declared)] == [True]
    assert [each.is_declared for each in volumes_in(STATE, {"resource": {}})] == [False]
    assert list(volumes_in({}, declared)) == []


class Terminal(io.StringIO):
    """Where somebody types."""

    def isatty(self) -> bool:
        return True


def test_somebody_is_asked_about_each_volume(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    volumes = [*volumes_in(STATE, {}), *volumes_in(STATE, {})]

    monkeypatch.setattr(sys, "stdin", Terminal("y\ny\n"))
    confirm_deletion(volumes, confirmed=False)
    assert capsys.readouterr().out.count("delete the volume iris/iris-notebook (10Gi)") == 2

    monkeypatch.setattr(sys, "stdin", Terminal("y\nn\n"))
    with pytest.raises(typer.Abort):
        confirm_deletion(volumes, confirmed=False)


def test_where_nobody_can_be_asked_only_the_flag_deletes_volumes() -> None:
    volumes = list(volumes_in(STATE, {}))

    with pytest.raises(ConfigurationError) as error:
        confirm_deletion(volumes, confirmed=False)
    assert "deletes what people saved on iris/iris-notebook (10Gi)" in str(error.value)
    assert "--volumes" in error.value.mend
    assert f"`{volumes[0].save_command}`" in error.value.mend

    confirm_deletion(volumes, confirmed=True)
    confirm_deletion([], confirmed=False)
