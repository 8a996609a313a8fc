import json

import pytest

from preview.changes import changes
from preview.comment import comment, report
from preview.comment_format import LONGEST, MARKER
from preview.outcome import EnvironmentPreview, StackPreview, Status
from preview.record import record, text
from preview.redaction import Redactor
from preview.untrusted_comment import harmless
from preview.verdicts import findings, unprotected
from tests.plans import Values, plan_of, resource_change


def _stack(id_: str, *entries: Values, status: Status = Status.PLANNED, says: str = "") -> StackPreview:
    found = changes(id_, plan_of(*entries))
    return StackPreview(
        id_,
        file="services/x/service.py",
        status=status,
        says=says,
        changes=found,
        findings=[finding for change in found for finding in findings(change, {})],
        construct_paths={change.address: f"{id_}/service" for change in found},
    )


def _update(name: str, value: str) -> Values:
    return resource_change(f"kubernetes_deployment_v1.{name}", before={"a": "old"}, after={"a": value})


def _comment(*environments: EnvironmentPreview, secrets: tuple[str, ...] = ()) -> str:
    return comment(environments, Redactor(secrets), base="b" * 40, head="h" * 40)


def _report(*environments: EnvironmentPreview) -> str:
    return report(environments, Redactor(), base="b" * 40, head="h" * 40)


def test_the_first_line_is_the_marker_and_both_commits_are_named() -> None:
    lines = _comment(EnvironmentPreview("dev")).splitlines()

    assert lines[0] == MARKER
    assert lines[1] == "## Preview: nothing changes"
    assert "h" * 40 in lines[3]
    assert "b" * 40 in lines[3]


def test_dangers_come_first_with_construct_and_file() -> None:
    bucket = resource_change("google_storage_bucket.b", actions=("delete",), before={"a": 1}, after=None)

    written = _comment(EnvironmentPreview("dev", stacks=[_stack("dev-x", bucket)]))

    danger = "- **data loss** · `google_storage_bucket.b` (`dev-x/service`, services/x/service.py): destroyed; lost: "
    assert danger in written
    assert written.index(danger) < written.index("### dev")


def test_the_same_danger_of_many_stacks_is_said_once() -> None:
    bucket = resource_change("google_storage_bucket.b", actions=("delete",), before={"a": 1}, after=None)

    written = _comment(EnvironmentPreview("dev", stacks=[_stack(f"dev-{i}", bucket) for i in range(14)]))

    assert written.count("**data loss**") == 1
    assert "and 4 more" in written


def test_five_thousand_resources_fit_and_the_report_has_all_of_them() -> None:
    def entries(stack: int) -> list[Values]:
        buckets = [
            resource_change(
                f"google_storage_bucket.r{stack}_{i}", actions=("delete",), before={"name": "x" * 50}, after=None
            )
            for i in range(10)
        ]
        return [*(_update(f"r{stack}_{i}", f"value-{stack}-{i}") for i in range(40)), *buckets]

    estate = EnvironmentPreview("dev", stacks=[_stack(f"dev-{n}", *entries(n)) for n in range(100)])

    written, whole = _comment(estate), _report(estate)

    assert len(written) <= LONGEST
    assert "This is not all" in written
    assert "**data loss**" in written
    assert "5,000 changes in 100 stacks, ⚠️ 1,000 dangers" in written
    assert all(f"value-{n}-{i}" in whole for n in range(100) for i in range(40))
    assert "This is not all" not in whole


def test_a_comment_that_is_cut_keeps_its_folds_closed() -> None:
    stacks = [_stack(f"dev-{n}", *(_update(f"r{i}", "v" * 150) for i in range(60))) for n in range(20)]

    written = _comment(EnvironmentPreview("dev", stacks=stacks))

    assert len(written) <= LONGEST
    assert written.count("<details>") == written.count("</details>") > 0
    assert written.count("```") % 2 == 0


def test_a_value_cannot_end_its_block() -> None:
    written = _comment(EnvironmentPreview("dev", stacks=[_stack("dev-x", _update("a", "```\n</details># Approved"))]))

    block = written[written.index("<details>") :]
    assert block.count("````") == 2
    assert "\n</details># Approved" not in block


def test_who_posts_it_has_nothing_left_to_make_harmless() -> None:
    value = "@octocat closes #1 <img src=//x> https://example.com/a ![x](y)\u202e [a](//b)"
    stacks = [_stack("dev-x", *(_update(f"r{i}", f"{value}{i}") for i in range(2000)))]

    written = _comment(EnvironmentPreview("dev", error=value), EnvironmentPreview("lab", stacks=[*stacks, *stacks]))

    assert harmless(written) == written
    assert "@octocat" not in written
    assert len(written) <= LONGEST


def test_a_secret_that_is_known_is_in_none_of_them() -> None:
    estate = EnvironmentPreview("dev", error="Error: wrong token canary-123 given")
    redactor = Redactor(["canary-123"])

    assert "canary" not in _comment(estate, secrets=("canary-123",))
    assert "canary" not in text(record([estate], redactor, base="b", head="h", live=False))


@pytest.mark.parametrize("status", [Status.FAILED, Status.NOT_PLANNABLE, Status.LEFT_BEHIND])
def test_what_has_no_plan_is_a_change_of_the_record(status: Status) -> None:
    estate = EnvironmentPreview("dev", stacks=[_stack("dev-x", status=status, says="why")])

    found = record([estate], Redactor(), base="b", head="h", live=False)

    assert [each["action"] for each in found["changes"]] == [status]
    assert estate.has_failed is (status is Status.FAILED)


def test_protection_that_is_lifted_is_a_change_though_nothing_is_planned() -> None:
    kept, free = ({"a.b": {"lifecycle": {"prevent_destroy": each}}} for each in (True, False))
    stack = StackPreview("dev-x", findings=unprotected("dev-x", kept, free))
    estate = EnvironmentPreview("dev", stacks=[stack])

    assert "0 changes in 1 stack, ⚠️ 1 danger" in _comment(estate)
    found = record([estate], Redactor(), base="b", head="h", live=False)
    assert [each["action"] for each in found["changes"]] == ["protection lifted"]


def test_the_record_is_json_and_empty_when_nothing_changes() -> None:
    found = json.loads(text(record([EnvironmentPreview("dev")], Redactor(), base="b", head="h", live=True)))

    assert found["changes"] == []
    assert found["live"] is True


def _leased(name: str, before: str | None, after: str | None, **more: str) -> Values:
    def labels(end: str | None) -> Values:
        return {"environment": "dev"} | ({"expires-at": end} if end else {})

    kept = {"labels": labels(before), "effective_labels": labels(before)}
    changed = {"labels": labels(after), "effective_labels": labels(after), **more}
    return resource_change(f"google_storage_bucket.{name}", before=kept, after=changed)


def test_a_lease_is_one_calm_line_beside_what_else_changes() -> None:
    end = "2126-11-22t18-00z"
    bare = [_stack("dev-state", _leased("a", None, end)), _stack("dev-cluster", _leased("b", None, end))]

    alone = _comment(EnvironmentPreview("dev", stacks=bare))
    beside = _comment(EnvironmentPreview("dev", stacks=[*bare, _stack("dev-x", _update("x", "new"))]))

    line = "⏳ lease: none → 2126-11-22 18:00 UTC, a label of 2 resources in 2 stacks\n"
    assert alone.splitlines()[1] == "## Preview: 2 changes in 2 stacks, no danger found"
    assert line in alone
    assert "google_storage_bucket" not in alone
    assert line in beside
    assert "| dev-x |" in beside
    assert "| dev-state |" not in beside
    assert "google_storage_bucket.a" in _report(EnvironmentPreview("dev", stacks=bare))


def test_what_changes_with_a_lease_is_shown_as_all_else_is() -> None:
    moved = _leased("a", "2126-11-22t18-00z", "2126-11-23t18-00z", location="EU")

    written = _comment(EnvironmentPreview("dev", stacks=[_stack("dev-state", moved)]))

    assert "| dev-state |" in written
    assert "⏳" not in written


def test_the_first_line_says_when_the_plans_are_the_simulator_s_alone() -> None:
    stacks = [_stack("dev-x", _update("a", "b"))]
    ours = EnvironmentPreview("dev", plans_by="the simulator's", has_real_plans=False, stacks=stacks)
    real = EnvironmentPreview("prod", plans_by="the simulator's", stacks=stacks)

    written = _comment(ours, real).splitlines()

    assert written[1].startswith(
        "## Preview: ❔ not the real providers' plans, so no update is called safe, 2 changes in"
    )
    assert "dev, prod: the simulator's." in written
    assert "not the real" not in _comment(real)


def test_an_error_of_terraform_s_is_open() -> None:
    written = _comment(EnvironmentPreview("dev", stacks=[_stack("dev-x", status=Status.FAILED, says="Error: no")]))

    assert "<details open><summary><code>dev-x</code>: failed</summary>\n\n```diff\n# Error: no\n```" in written
