"""What must not stand in an environment's file, generated from the settings' model."""

import datetime
from pathlib import Path
from typing import NamedTuple

from modelyard.errors import ConfigurationError

import pytest
import tomlkit

from stacks.clouds import CLOUDS
from stacks.environments import load_settings
from stacks.schema import allowed, as_toml, schema_of
from tests.settings_cases import (
    ABSENT,
    SERVICE,
    Document,
    Key,
    Wrong,
    all_keys,
    at,
    changed,
    complete,
    rules,
    wrong_values,
)

KEYS = all_keys()
COMPLETE = complete("gke")
TABLES = [
    *((cloud, ()) for cloud in CLOUDS),
    *((key.cloud, key.path) for key in KEYS if key.is_table and key.path != ("services",)),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the files that are written here, one over the other."""
    return tmp_path_factory.mktemp("environments")


def as_text(document: Document) -> str:
    """The file, its tables in braces: tomlkit takes ten times as long as the settings."""
    return "\n".join(f"{key} = {as_toml(value)}" for key, value in document.items())


def refusals(folder: Path, document: Document) -> list[list[str]]:
    """What a person reads, line by line, for each problem."""
    (folder / "broken.toml").write_text(as_text(document))
    with pytest.raises(ConfigurationError) as error:
        load_settings("broken", folder)
    return [problem.splitlines() for problem in str(error.value).split("\nerror: ")]


def assert_says(lines: list[str], folder: Path, *, key: str, given: str, allowed: str, mend: str) -> None:
    """File and key; the value given, and what is allowed; perhaps why; the mend: a line each."""
    place, what, *why, last = lines
    assert place == f"{folder / 'broken.toml'}: {key}"
    assert what.startswith(f"  {given}")
    assert what.endswith(f"; allowed: {allowed}")
    assert all(line.startswith("  ") for line in why)
    assert len(why) <= 1
    assert last.startswith("  mend: ")
    assert mend in last


def in_error(value: object) -> str:
    return f"given {as_toml(value)}"


def written(key: Key) -> str:
    """How the mend writes a key."""
    if key.is_table:
        return f"[{key.name}]"
    return f"{key.path[-1]} = {as_toml(key.example)}"


@pytest.mark.parametrize("cloud", CLOUDS)
def test_the_examples_that_errors_show_are_valid_together(folder: Path, cloud: str) -> None:
    (folder / "examples.toml").write_text(tomlkit.dumps(complete(cloud)))

    loaded = load_settings("examples", folder)

    assert loaded.services[SERVICE].replicas == complete(cloud)["services"][SERVICE]["replicas"]


@pytest.mark.parametrize("wrong", [each for each in wrong_values() if each.key.name != "cloud"], ids=str)
def test_a_wrong_value_is_refused(folder: Path, wrong: Wrong) -> None:
    (lines,) = refusals(folder, changed(complete(wrong.key.cloud), (wrong.key.path, wrong.value)))

    of_cloud = schema_of(wrong.key.cloud)
    key, value, schema = wrong.key.name, wrong.value, of_cloud.at(wrong.key.path)
    if "items" in schema and isinstance(value, list):
        # The entry that is wrong is named, and the list is what is written anew.
        key, value, schema = f"{key}[0]", value[0], of_cloud.at((*wrong.key.path, 0))
    assert_says(lines, folder, key=key, given=in_error(value), allowed=allowed(schema), mend=written(wrong.key))


@pytest.mark.parametrize("value", [ABSENT, "eks", "GKE", "", 5, ["gke"], True])
def test_a_cloud_that_is_none_is_refused_before_all_else(folder: Path, value: object) -> None:
    (lines,) = refusals(folder, changed(COMPLETE, (("cloud",), value), (("region",), "Iowa")))

    given = "is missing" if value is ABSENT else in_error(value)
    mend = 'write cloud = "aks" or another of these: it decides which other keys there are'
    assert_says(lines, folder, key="cloud", given=given, allowed='one of "aks", "gke", "local"', mend=mend)


@pytest.mark.parametrize("key", [key for key in KEYS if not key.is_table], ids=lambda key: key.id)
def test_what_is_allowed_names_the_models_limits(key: Key) -> None:
    words = allowed(schema_of(key.cloud).at(key.path))

    for limit in key.metadata:
        for bound in ("ge", "le"):
            assert str(getattr(limit, bound, "")) in words
    if "one of" in words:
        assert all(as_toml(choice) in words for choice in key.kind.__args__)


@pytest.mark.parametrize("key", [key for key in KEYS if not key.is_service], ids=lambda key: key.id)
def test_a_misspelt_key_beside_the_right_one_is_refused(folder: Path, key: Key) -> None:
    typo = f"{key.path[-1]}s"

    (lines,) = refusals(folder, changed(complete(key.cloud), ((*key.path[:-1], typo), 5)))

    assert_says(
        lines,
        folder,
        key=f"{key.name}s",
        given=f"given {typo} = 5, which is no key here",
        allowed=", ".join(sorted(at(complete(key.cloud), key.path[:-1]))),
        mend=f"write {key.path[-1]}, or remove it",
    )


@pytest.mark.parametrize(("cloud", "table"), TABLES)
def test_a_key_like_no_other_is_refused(folder: Path, cloud: str, table: tuple[str, ...]) -> None:
    (lines,) = refusals(folder, changed(complete(cloud), ((*table, "x"), "y")))

    known = ", ".join(sorted(at(complete(cloud), table)))
    given = 'given x = "y", which is no key here'
    assert_says(lines, folder, key=".".join((*table, "x")), given=given, allowed=known, mend="remove it")


@pytest.mark.parametrize("key", [key for key in KEYS if key.name != "cloud"], ids=lambda key: key.id)
def test_a_key_may_be_missing_only_where_the_model_has_a_default(folder: Path, key: Key) -> None:
    document = changed(complete(key.cloud), (key.path, ABSENT))
    if key.field.is_required():
        (lines,) = refusals(folder, document)
        words = allowed(schema_of(key.cloud).at(key.path))
        assert_says(lines, folder, key=key.name, given="is missing", allowed=words, mend=written(key))
    else:
        (folder / "short.toml").write_text(as_text(document))
        load_settings("short", folder)


NETWORKS = 'a list of one or more IPv4 networks, "internal" or "world"'
CONTROL_PLANE_NETWORKS = 'a list of one or more IPv4 networks or "world"'
# What no list of networks may be, whoever is let in by it: the value, why, and the mend.
RANGES = [
    (["0.0.0.0/0"], "0.0.0.0/0 is the whole internet", "write world if that is meant"),
    (["0.0.0.0/1", "128.0.0.0/1"], "0.0.0.0/1 with 128.0.0.0/1 is the whole internet", "name smaller networks"),
    (["203.0.113.7/24"], "'203.0.113.7/24' is not an IPv4 network: 203.0.113.7/24 has host bits set", "203.0.113.0/24"),
    (["203.0.113.0/33"], "'203.0.113.0/33' is not an IPv4 network", "write CIDR form"),
    (["2001:db8::/32"], "'2001:db8::/32' is not an IPv4 network", "write CIDR form"),
    (["world"], "'world' is not an IPv4 network", "write CIDR form"),
    (["203.0.113.0/24", "203.0.113.64/26"], "203.0.113.0/24 and 203.0.113.64/26 overlap", "name the larger"),
    (["203.0.113.0/24", "203.0.113.0/24"], "203.0.113.0/24 and 203.0.113.0/24 overlap", "name the larger"),
]
MINUTE = "a minute in UTC, as 2026-11-22T18:00:00Z, without quotes"
MOMENT = datetime.datetime(2026, 11, 22, 18)  # noqa: DTZ001 - a zone is what is missing
AN_HOUR_EAST = datetime.timezone(datetime.timedelta(hours=1))


class Case(NamedTuple):
    """The key that an error names, what stands there, what is allowed, the mend, and why if that is not said yet."""

    cloud: str
    key: str
    value: object
    allowed: str
    mend: str
    why: str = ""


def ranges(cloud: str, key: str, words: str) -> list[Case]:
    return [Case(cloud, key, value, words, mend, why) for value, why, mend in RANGES]


def machine_types(cloud: str, words: str, mend: str, *names: str) -> list[Case]:
    key = "cluster.node_pool.machine_type"
    what = {"gke": "machine type", "aks": "VM size"}[cloud]
    return [Case(cloud, key, name, words, mend, f"{what} '{name}' is not known here") for name in names]


def rules_of_every_environment(cloud: str) -> dict[tuple[str, str], list[Case]]:
    return {
        (f"{cloud}: source_ranges", "_exposure"): ranges(cloud, "source_ranges", NETWORKS),
    }


def rules_of_every_cloud(cloud: str, node_pool: str) -> dict[tuple[str, str], list[Case]]:
    return {
        (node_pool, "_min_is_not_above_max"): [
            Case(
                cloud,
                "cluster.node_pool.min_nodes",
                7,
                allowed="at most max_nodes, which is 6",
                mend="write min_nodes = 6 or less, or max_nodes = 7 or more",
            ),
        ],
        (f"{cloud}: cluster.control_plane_ranges", "_is_public"): [
            Case(
                cloud,
                "cluster.control_plane_ranges",
                "internal",
                allowed=CONTROL_PLANE_NETWORKS,
                mend="name the networks",
                why="the control plane's public address cannot be internal",
            ),
        ],
        (f"{cloud}: cluster.control_plane_ranges", "_exposure"): ranges(
            cloud, "cluster.control_plane_ranges", CONTROL_PLANE_NETWORKS
        ),
        (f"{cloud}: expires_at", "_is_utc"): [
            Case(cloud, "expires_at", value, MINUTE, "write it as 2026-11-22T18:00:00Z", "is no full minute in UTC")
            for value in (MOMENT, MOMENT.replace(second=1, tzinfo=datetime.UTC), MOMENT.replace(tzinfo=AN_HOUR_EAST))
        ],
        **rules_of_every_environment(cloud),
    }


def quantities(key: str) -> list[Case]:
    mend = "write a number and a suffix"
    return [
        Case("local", key, value, "a Kubernetes quantity", mend, f"'{value}' is not a Kubernetes quantity")
        for value in ("two", "2 Gi", "", "4gib")
    ]


# A test for each rule of the models that is code, by the table or key that has it.
RULES: dict[tuple[str, str], list[Case]] = {
    **rules_of_every_cloud("gke", "GkeNodePoolSettings"),
    **rules_of_every_cloud("aks", "AksNodePoolSettings"),
    **rules_of_every_environment("local"),
    (f"gke: services.{SERVICE}.source_ranges", "_exposure"): ranges(
        "gke", f"services.{SERVICE}.source_ranges", NETWORKS
    ),
    ("local: node.cpu", "millicores"): quantities("node.cpu"),
    ("local: node.memory", "mebibytes"): quantities("node.memory"),
    ("GkeSettings", "_zones_are_in_the_region"): [
        Case(
            "gke",
            "cluster.zones",
            ["us-central1-a", "europe-west1-b"],
            allowed="zones of region = us-central1, which europe-west1-b is not",
            mend="name zones of the region, for example us-central1-b, or change the region",
        ),
        Case(
            "gke",
            "cluster.zones",
            ["us-central10-a"],
            allowed="zones of region = us-central1, which us-central10-a is not",
            mend="name zones of the region",
        ),
    ],
    ("gke: cluster.zones", "_are_different"): [
        Case(
            "gke",
            "cluster.zones",
            ["us-central1-a", "us-central1-a"],
            allowed="a list of different zones of the region",
            mend="name each zone once",
            why="a zone stands there twice",
        ),
    ],
    ("gke: cluster.node_pool.machine_type", "node_capacity"): machine_types(
        "gke",
        "a machine type of Compute Engine that is known here",
        "n1-highmem-N",
        *("m7i.large", "", "n1-standard", "n1-standard-0"),
    ),
    ("aks: cluster.node_pool.machine_type", "node_capacity"): machine_types(
        "aks",
        "a VM size of Azure that is known here",
        "write Standard_D2s_v5 or the like",
        # Another cloud's, without prefix, a number that there is not, Arm, a version that there is not.
        *("n1-standard-1", "D2s_v5", "Standard_D3s_v5", "Standard_D2ps_v5", "Standard_D2s_v1", "Standard_F4s_v5", ""),
    ),
}


def test_every_rule_of_the_model_has_a_test() -> None:
    assert rules() == RULES.keys()


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, id=f"{rule}: {case[:3]}") for (_, rule), cases in RULES.items() for case in cases],
)
def test_a_value_against_a_rule_is_refused(folder: Path, case: Case) -> None:
    (lines,) = refusals(folder, changed(complete(case.cloud), (tuple(case.key.split(".")), case.value)))

    given = in_error(case.value)
    assert_says(lines, folder, key=case.key, given=given, allowed=case.allowed, mend=case.mend)
    why = "".join(lines[2:-1])
    assert (case.why in why, bool(why)) == (True, bool(case.why))


def test_all_that_is_wrong_is_said_at_once_each_as_if_it_were_alone(folder: Path) -> None:
    wrong = [
        (("region",), "Iowa"),
        (("cluster", "node_pool", "min_nodes"), 7),
        (("source_ranges",), ["203.0.113.7/24"]),
        (("cluster", "zone"), "a"),
        (("state",), 5),
    ]
    alone = [problem for change in wrong for problem in refusals(folder, changed(COMPLETE, change))]

    together = refusals(folder, changed(COMPLETE, *wrong))

    assert sorted(together) == sorted(alone)


def test_a_whole_table_in_the_wrong_place_is_shown_shortened(folder: Path) -> None:
    ((_, what, _),) = refusals(folder, changed(COMPLETE, (("clusters",), COMPLETE["cluster"])))

    assert "given clusters = { control_plane_ranges = [" in what
    assert len(what) < 300


@pytest.mark.parametrize("name", ["prod", 5])
def test_a_name_in_the_file_is_refused(folder: Path, name: object) -> None:
    (lines,) = refusals(folder, changed(COMPLETE, (("name",), name)))

    given, words = f"given name = {as_toml(name)}, which is no key here", "the file's own name, broken"
    assert_says(lines, folder, key="name", given=given, allowed=words, mend="rename the file")
