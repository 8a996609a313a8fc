import pickle
import zipfile
from hashlib import sha256
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from services.image_classifier.runtime.export.checkpoint import read_checkpoint
from services.image_classifier.runtime.export.errors import ExportError
from services.image_classifier.runtime.export.graph import build_alexnet
from services.image_classifier.tests.alexnet import Array, probabilities, write_checkpoint
from services.image_classifier.tests.export_process import run_export
from services.image_classifier.tests.image_host import ImageHost


@pytest.mark.parametrize("count", [1, 3])
def test_the_exported_model_computes_what_the_network_in_numpy_does(
    model: Path, weights: dict[str, Array], count: int
) -> None:
    images = np.random.default_rng(1).normal(size=(count, 3, 224, 224)).astype(np.float32)
    [computed] = onnxruntime.InferenceSession(model).run(["probabilities"], {"image": images})
    for number in range(count):
        expected = probabilities(weights, images[number : number + 1])
        assert expected.max() > 3 * expected.mean()  # else the comparison would say little
        np.testing.assert_allclose(computed[number], expected, rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("parameters", [True, False], ids=["PyTorch 1.6", "PyTorch 2"])
def test_a_checkpoint_is_read_to_the_bit(tmp_path: Path, weights: dict[str, Array], parameters: bool) -> None:
    write_checkpoint(tmp_path / "weights.pth", weights, parameters=parameters)
    read = read_checkpoint(tmp_path / "weights.pth")
    assert list(read) == list(weights)
    assert all(np.array_equal(read[name], weights[name]) for name in weights)


def _archive(path: Path, pickled: bytes) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", pickled)
    return path


def test_a_pickle_that_would_run_a_command_is_refused_and_runs_nothing(tmp_path: Path) -> None:
    victim = tmp_path / "victim"

    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return Path.touch, (victim,)  # type: ignore[return-value]

    path = _archive(tmp_path / "evil.pth", pickle.dumps(Evil(), protocol=2))
    with pytest.raises(ExportError, match="never needs"):
        read_checkpoint(path)
    assert not victim.exists()


@pytest.mark.parametrize(
    "pickled",
    [b"", b"\x80\x02.", b"\x80\x02cbuiltins\neval\n.", b"\x80\x02(lp0\nI1\na.", b"\x80\x02X\x01\x00\x00\x00aQ."],
    ids=["empty", "nothing", "eval", "list", "strange storage"],
)
def test_what_is_no_state_of_tensors_is_refused(tmp_path: Path, pickled: bytes) -> None:
    with pytest.raises(ExportError):
        read_checkpoint(_archive(tmp_path / "strange.pth", pickled))


def test_a_storage_that_is_shorter_than_announced_is_refused(tmp_path: Path, weights: dict[str, Array]) -> None:
    write_checkpoint(tmp_path / "whole.pth", weights)
    with zipfile.ZipFile(tmp_path / "whole.pth") as whole, zipfile.ZipFile(tmp_path / "cut.pth", "w") as cut:
        for entry in whole.infolist():
            cut.writestr(entry.filename, whole.read(entry)[: 1000 if entry.filename.endswith("data/0") else None])
    with pytest.raises(ExportError, match="1000 bytes"):
        read_checkpoint(tmp_path / "cut.pth")


def test_a_file_of_an_old_format_is_refused_with_the_way_out(tmp_path: Path) -> None:
    (tmp_path / "old.pth").write_bytes(pickle.dumps(0x1950A86A20F9469CFC6C, protocol=2))
    with pytest.raises(ExportError, match="save it again"):
        read_checkpoint(tmp_path / "old.pth")


def test_missing_unknown_and_misshapen_tensors_are_named(weights: dict[str, Array]) -> None:
    with pytest.raises(ExportError, match=r"features\.3\.bias"):
        build_alexnet({name: tensor for name, tensor in weights.items() if name != "features.3.bias"})
    with pytest.raises(ExportError, match=r"fc\.weight"):
        build_alexnet(weights | {"fc.weight": weights["features.0.bias"]})
    with pytest.raises(ExportError, match=r"classifier\.4: weight \[32, 31\]"):
        build_alexnet(weights | {"classifier.4.weight": weights["classifier.4.weight"][:, :31]})


def test_weights_with_another_sha256_are_refused_in_one_line(tmp_path: Path, host: ImageHost) -> None:
    host.answers["/weights.pth"] = lambda request: request.reply(b"other weights")
    url = f"{host.url}/weights.pth"
    result = run_export(url, "0" * 64, tmp_path / "model.onnx")
    assert result.returncode == 1
    got = sha256(b"other weights").hexdigest()
    assert result.stderr == f"export: WEIGHTS_SHA256 does not match: url {url}, expected {'0' * 64}, got {got}\n"
    assert not (tmp_path / "model.onnx").exists()
