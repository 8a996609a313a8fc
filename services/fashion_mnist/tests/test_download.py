import hashlib
from collections.abc import Iterator
from pathlib import Path

from modelyard.errors import ConfigurationError

import pytest

from services.fashion_mnist.tests.mirror import Mirror, running_mirror
from services.fashion_mnist.training.data_set import load_data_set
from services.fashion_mnist.training.download import FILES, MIRRORS, downloaded

CONTENTS = {"images.gz": b"images" * 1000, "labels.gz": b"labels"}
SHA256 = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENTS.items()}


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    with running_mirror() as running:
        running.files.update(CONTENTS)
        yield running


@pytest.fixture
def second_mirror() -> Iterator[Mirror]:
    with running_mirror() as running:
        running.files.update(CONTENTS)
        yield running


def fetch(cache: Path, *mirrors: Mirror) -> dict[str, bytes]:
    folder = downloaded(cache, files=SHA256, mirrors=[each.url for each in mirrors])
    assert folder == cache
    return kept(cache)


def kept(cache: Path) -> dict[str, bytes]:
    return {each.name: each.read_bytes() for each in cache.iterdir()}


def test_the_files_are_fetched_once(tmp_path: Path, mirror: Mirror) -> None:
    cache = tmp_path / "not" / "there"

    assert fetch(cache, mirror) == CONTENTS
    assert fetch(cache, mirror) == CONTENTS
    assert mirror.requests == list(CONTENTS)


@pytest.mark.parametrize("damaged", [b"", CONTENTS["images.gz"][:-1], b"other"], ids=["empty", "half", "other"])
def test_a_damaged_file_in_the_cache_is_fetched_again(tmp_path: Path, mirror: Mirror, damaged: bytes) -> None:
    (tmp_path / "images.gz").write_bytes(damaged)
    (tmp_path / "labels.gz").write_bytes(CONTENTS["labels.gz"])

    assert fetch(tmp_path, mirror) == CONTENTS
    assert mirror.requests == ["images.gz"]


def test_what_a_mirror_does_not_have_the_next_one_gives(tmp_path: Path, mirror: Mirror, second_mirror: Mirror) -> None:
    mirror.files["images.gz"] = b"damaged"
    del mirror.files["labels.gz"]

    assert fetch(tmp_path, mirror, second_mirror) == CONTENTS
    assert second_mirror.requests == list(CONTENTS)


def test_a_file_with_another_sha256_is_not_kept(tmp_path: Path, mirror: Mirror) -> None:
    mirror.files["labels.gz"] = b"others"

    with pytest.raises(ConfigurationError) as error:
        fetch(tmp_path, mirror)

    got = hashlib.sha256(b"others").hexdigest()
    assert (
        f"labels.gz of Fashion-MNIST can't be fetched ({mirror.url}: gave 6 bytes with sha256 {got}, "
        in error.value.what
    )
    assert f"not {SHA256['labels.gz']}" in error.value.what
    assert list(kept(tmp_path)) == ["images.gz"]


def test_of_a_connection_that_is_cut_nothing_is_kept(tmp_path: Path, mirror: Mirror) -> None:
    mirror.cut.add("images.gz")

    with pytest.raises(ConfigurationError, match=r"images.gz of Fashion-MNIST can't be fetched .*gave 3000 bytes"):
        fetch(tmp_path, mirror)

    assert kept(tmp_path) == {}
    mirror.cut.clear()
    assert fetch(tmp_path, mirror) == CONTENTS


def test_what_a_killed_process_left_does_not_count(tmp_path: Path, mirror: Mirror) -> None:
    left = tmp_path / "tmp1234"
    left.mkdir()
    (left / "images.gz").write_bytes(CONTENTS["images.gz"][:100])

    downloaded(tmp_path, files=SHA256, mirrors=[mirror.url])

    assert {name: (tmp_path / name).read_bytes() for name in CONTENTS} == CONTENTS


def test_without_a_network_the_error_names_the_package_that_has_the_data(tmp_path: Path) -> None:
    with running_mirror() as gone:
        pass

    with pytest.raises(ConfigurationError) as error:
        fetch(tmp_path, gone)

    assert error.value.what.startswith("images.gz of Fashion-MNIST can't be fetched (http://127.0.0.1:")
    assert "Connection refused" in error.value.what
    assert "apt-get install dataset-fashion-mnist, then /usr/share/datasets/fashion-mnist" in error.value.mend


def test_a_cache_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))

    with pytest.raises(ConfigurationError) as error:
        load_data_set()

    assert (
        error.value.what == f"Fashion-MNIST can't be kept in {tmp_path}/file/modelyard/fashion-mnist: Not a directory"
    )
    assert error.value.mend == "set XDG_CACHE_HOME to a folder of yours"


def test_all_of_the_published_files_are_pinned_and_come_encrypted() -> None:
    parts = {(part, kind) for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")}
    assert set(FILES) == {f"{part}-{kind}-ubyte.gz" for part, kind in parts}
    assert all(len(bytes.fromhex(sha256)) == 32 for sha256 in FILES.values())
    assert all(mirror.startswith("https://") and not mirror.endswith("/") for mirror in MIRRORS)
