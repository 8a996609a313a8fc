from pathlib import Path

from modelyard import BuildContext, ConfigurationError

import pytest
from hypothesis import given
from hypothesis import strategies as st


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Dockerfile").write_text("FROM scratch\n")
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "program.py").write_text("print(1)\n")
    return tmp_path


def hash_of(folder: Path) -> str:
    return BuildContext(folder=folder, repository="registry/echo").content_hash


def test_the_reference_is_the_repository_and_the_hash(folder: Path) -> None:
    assert BuildContext(folder=folder, repository="registry/echo").image == f"registry/echo:{hash_of(folder)}"


def test_content_name_and_executable_bit_change_the_hash(folder: Path) -> None:
    program = folder / "package" / "program.py"
    hashes = [hash_of(folder)]

    program.write_text("print(2)\n")
    hashes.append(hash_of(folder))
    program.chmod(0o755)
    hashes.append(hash_of(folder))
    program.rename(program.with_name("renamed.py"))
    hashes.append(hash_of(folder))

    assert len(set(hashes)) == 4


def test_what_the_builder_never_sees_does_not_change_the_hash(folder: Path) -> None:
    (folder / ".dockerignore").write_text("# not for the image\ntests\n**/*.log\n!keep.log\n")
    before = hash_of(folder)

    for name in ("tests/deep/test_it.py", "package/run.log", "package/__pycache__/program.pyc"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("x")
    assert hash_of(folder) == before

    (folder / "keep.log").write_text("x")
    assert hash_of(folder) != before


def test_the_dockerfile_changes_the_hash_even_where_everything_is_ignored(folder: Path) -> None:
    (folder / ".dockerignore").write_text("*\n!package\n")
    before = hash_of(folder)

    (folder / "Dockerfile").write_text("FROM scratch\nUSER 10001\n")

    assert hash_of(folder) != before


def test_a_pattern_of_dockerignore_is_anchored_at_the_root(folder: Path) -> None:
    (folder / ".dockerignore").write_text("program.py\n")

    assert Path("package/program.py") in BuildContext(folder=folder, repository="r").files()


def test_a_folder_without_dockerfile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="has no Dockerfile"):
        BuildContext(folder=tmp_path, repository="registry/echo")


def test_each_stage_is_an_image_of_its_own(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch AS base\nfrom base as training\nFROM base\n")

    images = {BuildContext(folder=folder, repository="r", target=target).image for target in (None, "base", "training")}

    assert len(images) == 3


def test_a_stage_that_the_dockerfile_has_not_is_refused_with_those_it_has(folder: Path) -> None:
    (folder / "Dockerfile").write_text("FROM scratch AS base\nFROM base AS training\n# FROM base AS notebook\n")

    with pytest.raises(ConfigurationError, match="no stage 'notebook'") as error:
        BuildContext(folder=folder, repository="r", target="notebook")

    assert "base, training" in error.value.mend


@given(one=st.binary(max_size=40), two=st.binary(max_size=40), cut=st.integers(0, 40))
def test_bytes_moved_between_files_change_the_hash(
    tmp_path_factory: pytest.TempPathFactory, one: bytes, two: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("context")
    (folder / "Dockerfile").write_text("FROM scratch\n")
    whole = one + two

    def written(split: int) -> str:
        (folder / "a").write_bytes(whole[:split])
        (folder / "b").write_bytes(whole[split:])
        return hash_of(folder)

    assert (written(len(one)) == written(cut)) == (whole[: len(one)] == whole[:cut])
