"""What the comparison of plans says of what it found, and how it asks; tests/e2e/test_comparison.py runs it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

from comparison.changes import CHANGES, Change
from comparison.estate import without_reads
from comparison.report import DOCUMENT, Row, document, stacks_of

EMPTY = "# Plans\n<!-- written by make compare -->\n<!-- end of what make compare writes -->\n"


def rows_of(stack: str, *changes: Change, **of_first: Any) -> list[Row]:  # noqa: ANN401 - any field of a row
    new = Row(
        stack=stack,
        change=None,
        deployed=False,
        helm_releases=2,
        outcome="3 create",
        leaves=40,
        alone={},
        forwarded={},
    )
    after = [replace(new, deployed=True, change=change, outcome="update") for change in changes]
    return [replace(new, **of_first), replace(new, deployed=True, outcome="3 no-op"), *after]


def test_every_stack_stands_in_the_document_with_what_is_left_out_of_it() -> None:
    change = Change("gke-dev-one", "kubernetes_namespace_v1", "metadata.name", "other", "update")

    text = document(EMPTY, [*rows_of("gke-dev-one", change), *rows_of("aks-dev-two")])

    assert "| gke-dev-one | 3 create | 40 | 3 no-op | 40 | 0 | 0 | 2 |" in text
    assert '| gke-dev-one | `kubernetes_namespace_v1`: `metadata.name = "other"` | update | 40 | 0 | 0 |' in text
    assert stacks_of(text) == {"gke-dev-one", "aks-dev-two"}


def test_the_document_does_not_depend_on_the_order_of_the_stacks() -> None:
    one, two = rows_of("gke-dev-one"), rows_of("aks-dev-two")
    assert document(EMPTY, [*one, *two]) == document(EMPTY, [*two, *one])


def test_a_stack_that_is_no_more_and_a_new_difference_change_the_document() -> None:
    one, two = rows_of("gke-dev-one"), rows_of("gke-dev-two")
    text = document(EMPTY, [*one, *two])

    assert document(text, one) != text
    alone = {"kubernetes_namespace_v1.one.id": ("unknown", "one")}
    assert document(text, [*one, *rows_of("gke-dev-two", alone=alone)]) != text
    assert document(text, [*one, *two]) == text


def test_every_change_is_of_a_stack_that_the_document_names() -> None:
    assert {change.stack for change in CHANGES} <= stacks_of(DOCUMENT.read_text())


def test_what_was_read_at_the_deploy_stands_in_place_of_data_sources(tmp_path: Path) -> None:
    reads = {"one": {"host": "10.0.0.1"}, "one_more": {"host": "10.0.0.2"}}
    instances = [
        {"mode": "data", "type": "cloud_cluster", "name": name, "instances": [{"attributes": values}]}
        for name, values in reads.items()
    ]
    state = tmp_path / "deployed.tfstate"
    state.write_text(json.dumps({"resources": [*instances, {"mode": "managed", "type": "cloud_thing", "name": "one"}]}))
    content = {
        "data": {"cloud_cluster": {"one": {"name": "a"}, "one_more": {"name": "b"}}},
        "provider": {"kubernetes": [{"host": "${data.cloud_cluster.one_more.host}"}]},
        "resource": {"cloud_thing": {"one": {"host": "${data.cloud_cluster.one.host}"}}},
    }

    assert without_reads(content, state) == {
        "provider": {"kubernetes": [{"host": "${local.cloud_cluster_one_more.host}"}]},
        "resource": {"cloud_thing": {"one": {"host": "${local.cloud_cluster_one.host}"}}},
        "locals": {"cloud_cluster_one": reads["one"], "cloud_cluster_one_more": reads["one_more"]},
    }
