"""What the page says of an environment, and that it says it as text."""

import datetime
import json
from collections.abc import Iterator
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from commands.app import app
from costs.difference import difference
from estate.stacks import Estate
from policies.exceptions import PolicyException
from policies.findings import Finding as PolicyFinding
from policies.kept import KeptVerdict, fingerprint, keep, kept
from policies.verdict import Verdict
from preview.bill import Bill
from preview.changes import Action, Change, Leaf
from preview.outcome import EnvironmentPreview, StackPreview, Status
from preview.redaction import Redactor
from preview.verdicts import Danger, Finding
from report import views
from report.changes import changes
from report.checkout import report_of
from report.gather import Known, gather
from report.glance import Mood, glance
from report.model import Kind, Reach, Report, StackFacts
from report.page import page
from report.policing import last_verdict, of_preview
from stacks.environments import load_settings
from tests.reports import EVIL, NOW, estate_of, loud_report, settings_of


@pytest.fixture(scope="module")
def found() -> Report:
    return report_of(settings_of(), NOW)


@pytest.fixture(scope="module")
def loud() -> Report:
    return loud_report()


def stack(report: Report, name: str) -> StackFacts:
    return next(each for each in report.stacks if each.name == name)


def answers(report: Report) -> dict[str, tuple[str, Mood]]:
    return {tile.question: (tile.answer, tile.mood) for tile in glance(report)}


class _Elements(HTMLParser):
    """The elements of a page: their names and attributes, and the text of scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] == "script":
            self.scripts.append(data)

    def all(self, name: str) -> Iterator[tuple[str, str]]:
        """Every element's attribute of that name."""
        return ((tag, value) for tag, attributes in self.found if (value := attributes.get(name)) is not None)


def test_the_command_asks_neither_cloud_nor_terraform(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    file = tmp_path / "there" / "page.html"

    done = CliRunner().invoke(app, ["report", "gke-dev", "--output", str(file)])

    assert done.exit_code == 0, done.output
    assert done.stdout == f"report: {file}\n"
    assert "<title>gke-dev: the estate</title>" in file.read_text()


def test_stacks_are_told_apart_and_stand_on_what_they_need(found: Report) -> None:
    assert [each.name for each in found.of_kind(Kind.FOUNDATION)] == ["state", "registry", "artifacts", "cluster"]
    assert "monitoring" in [each.name for each in found.of_kind(Kind.ADD_ON)]
    assert stack(found, "rnn-forecaster").needs == ("gke-dev-gateway", "gke-dev-monitoring")
    assert "gke-dev-rnn-forecaster" in stack(found, "gateway").needed_by
    assert stack(found, "image-classifier").says == "Labels the image at a URL, or one that is uploaded."


def test_ways_in_are_those_of_the_stacks(found: Report) -> None:
    ways = {(way.stack.name, way.door.what): way.door for way in views.ways_in(found)}

    assert ways["cluster", "Kubernetes API"].ranges == ("203.0.113.0/24",)
    assert ways["rnn-forecaster", "route rnn-forecaster of the gateway"].at == "/rnn-forecaster"
    assert {way.reach for way in ways.values()} == {Reach.NETWORKS}
    assert "sales-pipeline" in [each.name for each in views.inside_only(found)]
    assert answers(found)["Open to the world"] == ("nothing", Mood.GOOD)


def test_what_is_open_to_everybody_comes_first(loud: Report) -> None:
    first, *_, last = views.ways_in(loud)

    assert first.door.reach is Reach.WORLD
    assert first.stack.kind is Kind.SERVICE
    # Its own ranges are others.
    assert (last.door.what, last.door.reach) == ("Kubernetes API", Reach.NETWORKS)
    assert answers(loud)["Open to the world"] == ("6 of 7 ways in", Mood.ALERT)


def service(annotations: dict[str, str] | None = None, **spec: object) -> dict[str, object]:
    metadata = {"name": "it", "annotations": annotations}
    return {"kubernetes_service_v1.it": {"metadata": metadata, "spec": {"type": "LoadBalancer", **spec}}}


def release(kind: str, **spec: object) -> dict[str, object]:
    manifest = json.dumps({"kind": kind, "metadata": {"name": "it"}, "spec": spec})
    values = [json.dumps({"manifests": {"it": manifest}})]
    return {"helm_release.it": {"name": "it", "chart": "assets/it", "values": values}}


def chart(values: str) -> dict[str, object]:
    return {"helm_release.it": {"name": "it", "chart": "theirs", "values": [values]}}


NETWORK = "192.0.2.0/24"
ELSEWHERE = [{"name": "theirs", "namespace": "elsewhere"}]


@pytest.mark.parametrize(
    ("resources", "reach"),
    [
        (service(), Reach.WORLD),
        (service({"networking.gke.io/load-balancer-type": "Internal"}), Reach.INTERNAL),
        (service(load_balancer_source_ranges=[NETWORK]), Reach.NETWORKS),
        (service(load_balancer_source_ranges=[NETWORK, "0.0.0.0/0"]), Reach.WORLD),
        (service(load_balancer_source_ranges=["10.1.0.0/16", "192.168.0.0/24"]), Reach.INTERNAL),
        (service(load_balancer_source_ranges=["10.1.0.0/16", NETWORK]), Reach.NETWORKS),
        (service(load_balancer_source_ranges=["${var.network}"]), Reach.UNKNOWN),
        (service(type="ClusterIP"), None),
        (chart('{"service": {"type": "LoadBalancer"}}'), Reach.WORLD),
        (chart('{"service": {"type": "ClusterIP"}}'), None),
        (release("Service", type="LoadBalancer", loadBalancerSourceRanges=[NETWORK]), Reach.NETWORKS),
        (release("HTTPRoute", parentRefs=ELSEWHERE), Reach.UNKNOWN),
        (release("HTTPRoute", parentRefs=[{"name": "own"}]), None),
        ({"google_container_cluster.it": {"name": "it"}}, Reach.WORLD),
        (
            {"azurerm_kubernetes_cluster.it": {"api_server_access_profile": {"authorized_ip_ranges": [NETWORK]}}},
            Reach.NETWORKS,
        ),
        ({"azurerm_kubernetes_cluster.it": {"private_cluster_enabled": True}}, Reach.INTERNAL),
    ],
)
def test_who_gets_in_is_read_off_each_kind_of_resource(
    resources: dict[str, object], reach: Reach | None, tmp_path: Path
) -> None:
    (only,) = gathered(estate_of(tmp_path, {"gke-dev-it": resources})).stacks

    assert only.reach is reach


def test_what_else_is_open_is_said(tmp_path: Path) -> None:
    bucket = {"google_storage_bucket_iam_member.it": {"member": "allUsers", "role": "roles/storage.objectViewer"}}

    report = gathered(estate_of(tmp_path, {"gke-dev-it": bucket}))

    assert report.stacks[0].openings == ("google_storage_bucket_iam_member: allUsers get roles/storage.objectViewer",)
    assert "Open besides:" in page(report)


def gathered(estate: Estate) -> Report:
    settings = settings_of()
    policies = last_verdict(settings, estate, None)
    return gather(Known(settings=settings, estate=estate, made_at=NOW, revision="1a2b3c4", policies=policies))


def test_the_cost_is_that_of_modelyard_cost(found: Report) -> None:
    assert found.estimate is not None
    rows = views.cost_rows(found)

    assert sum(row.monthly.high for row in rows) == found.estimate.monthly.high
    assert rows[0].stack == "gke-dev-cluster"
    assert rows[-1].stack is None
    assert answers(found)["Costs a month"][1] is Mood.PLAIN


def test_a_month_above_the_cap_is_an_alert(loud: Report) -> None:
    assert answers(loud)["Costs a month"][1] is Mood.ALERT


@pytest.mark.parametrize(
    ("left", "is_protected", "answer", "note"),
    [
        ({"days": 3}, False, "in 3 days", "2026-11-25 09:30 UTC."),
        ({"hours": -2}, False, "over", "The lease ended 2 h ago."),
        ({"hours": -2}, True, "over", "The lease ended 2 h ago. It is protected, and stays."),
    ],
)
def test_a_lease_is_told_by_what_is_left_of_it(
    left: dict[str, int], is_protected: bool, answer: str, note: str, tmp_path: Path
) -> None:
    settings = settings_of(expires_at=NOW + datetime.timedelta(**left))
    if is_protected:
        settings = settings.model_copy(update={"protection_lifted": None})
    estate = estate_of(tmp_path, {"gke-dev-it": {}})
    policies = last_verdict(settings, estate, None)

    report = gather(Known(settings=settings, estate=estate, made_at=NOW, revision="", policies=policies))

    (tile,) = [tile for tile in glance(report) if tile.question == "Ends"]
    assert (tile.answer, tile.note) == (answer, note)


def test_a_cluster_that_is_there_already_has_neither_bill_nor_lease(tmp_path: Path) -> None:
    settings = load_settings("local")
    estate = estate_of(tmp_path, {"local-cluster": {}, "local-monitoring": {}})
    policies = last_verdict(settings, estate, None)

    report = gather(Known(settings=settings, estate=estate, made_at=NOW, revision="", policies=policies))

    # Nothing of ours is below services there, whatever a service's name.
    assert [each.kind for each in report.stacks] == [Kind.SERVICE, Kind.ADD_ON]
    assert answers(report).keys() == {"Runs", "Open to the world", "Policies"}
    assert 'id="cost"' not in page(report)


def test_what_nobody_knows_of_an_image_is_said_so(found: Report) -> None:
    rows = {row.image.name: row for row in views.image_rows(found)}

    own, others = rows["iris"], rows["postgres"]
    assert own.made_from == "services/iris/runtime"
    assert own.bill == "none here"
    assert (others.age, others.made_from, others.bill) == ("not known", "others' release", "none")


def test_policies_that_were_not_checked_are_not_said_to_be_kept(tmp_path: Path) -> None:
    unchecked = gathered(estate_of(tmp_path, {"gke-dev-it": {}}))

    assert answers(unchecked)["Policies"] == ("not checked", Mood.PLAIN)
    assert "Not checked in this run." in page(unchecked)


def test_the_last_verdict_counts_for_the_same_stacks_only(tmp_path: Path) -> None:
    settings = settings_of()
    estate = estate_of(tmp_path / "a", {"gke-dev-it": {"kubernetes_namespace_v1.it": {"metadata": {"name": "it"}}}})
    other = estate_of(tmp_path / "b", {"gke-dev-it": {"kubernetes_namespace_v1.it": {"metadata": {"name": "that"}}}})
    file = tmp_path / "policies.json"
    judged = fingerprint({id_: each.configuration for id_, each in estate.items()})

    exception = PolicyException(check="MDY_5", resource="it.it", reason="because it is", expires=NOW.date())
    finding = PolicyFinding("MDY_5", "networks", "gke-dev-it", "it.it")
    verdict = Verdict([], [], [], [(finding, exception)], [], 7)

    keep(file, KeptVerdict(NOW, judged, verdict))

    same, changed = (last_verdict(settings, each, kept(file)) for each in (estate, other))
    assert same.kept is not None
    assert same.kept.verdict == verdict
    assert changed.kept is None
    assert changed.why_not.startswith("not checked in this run: stacks or exceptions have changed")


def test_a_verdict_of_another_form_is_none(tmp_path: Path) -> None:
    (file := tmp_path / "policies.json").write_text('{"at": "yesterday"}')

    assert kept(file) is None
    assert kept(tmp_path / "missing.json") is None


def test_where_the_state_is_changes_no_fingerprint() -> None:
    def with_backend(path: str) -> dict[str, dict[str, object]]:
        return {"it": {"terraform": {"backend": {"local": {"path": path}}}, "resource": {}}}

    assert fingerprint(with_backend("a")) == fingerprint(with_backend("b"))


def test_whatever_people_write_stays_text(loud: Report) -> None:
    elements = _Elements(page(loud))

    assert [tag for tag, _ in elements.found if tag == "img"] == []
    assert [tag for tag, _ in elements.found].count("script") == 1
    assert "evil" not in "".join(elements.scripts)
    assert not any(name.startswith("on") for _, attributes in elements.found for name in attributes)
    assert "&lt;script&gt;alert(" in page(loud)
    assert "{{ 7 * 7 }}" in page(loud).replace("&#39;", "'")


def test_an_output_that_is_no_address_of_a_page_is_no_link(tmp_path: Path) -> None:
    estate = estate_of(tmp_path, {"gke-dev-it": {}})
    estate["gke-dev-it"].configuration["output"] = {"dashboard": {"value": "javascript:alert(1)"}}

    assert gathered(estate).stacks[0].links == ()


def test_the_page_names_nothing_to_load(loud: Report) -> None:
    elements = _Elements(page(loud))

    assert list(elements.all("src")) == []
    assert [value for tag, value in elements.all("href") if tag == "link"] == ["data:,"]
    policy = next(attributes["content"] for _, attributes in elements.found if attributes.get("http-equiv"))
    assert str(policy).startswith("default-src 'none'; style-src 'sha256-")
    # What the policy would stop.
    assert list(elements.all("style")) == []
    assert "url(" not in page(loud)


def test_every_link_within_the_page_leads_somewhere(loud: Report) -> None:
    elements = _Elements(page(loud))

    ids = [value for _, value in elements.all("id")]
    assert len(ids) == len(set(ids))
    assert {value[1:] for _, value in elements.all("href") if value.startswith("#")} <= set(ids)


def test_a_preview_is_told_without_secrets() -> None:
    secret = "correct-horse-battery"  # noqa: S105 - for the test
    change = Change(
        "gke-dev-it", "helm_release.it", "helm_release", Action.UPDATE, {}, {}, (Leaf("values[0]", secret, "b"),)
    )
    preview = EnvironmentPreview(
        "gke-dev",
        plans_by="the simulator's own",
        stacks=[
            StackPreview(
                "gke-dev-it",
                changes=[change],
                findings=[Finding(Danger.EXPOSURE, "gke-dev-it", "helm_release.it", f"lets {secret} in")],
            ),
            StackPreview("gke-dev-broken", status=Status.FAILED, says=f"Terraform says {secret}"),
        ],
    )

    told = changes(preview, Redactor([secret]), base="a", head="b")

    first, second = told.stacks
    assert first.counts == {"~": 1}
    assert first.dangers == ("public exposure: helm_release.it, lets (hidden) in",)
    assert first.lines == ("! helm_release.it", '!   values[0]: "(hidden)" → "b"')
    assert second.says == ("failed", "Terraform says (hidden)")
    assert (told.count, told.dangers) == (1, 1)


def test_a_preview_says_what_a_month_changes_by(found: Report) -> None:
    assert found.estimate is not None
    less = replace(found.estimate, lines=found.estimate.lines[1:])
    bill = Bill(difference(less, found.estimate), found.estimate, None)

    told = changes(EnvironmentPreview("gke-dev", bill=bill), Redactor(), base="a", head="b")

    assert told.monthly == found.estimate.lines[0].monthly


def test_a_preview_without_plans_has_checked_nothing(tmp_path: Path) -> None:
    told = of_preview(settings_of(), estate_of(tmp_path, {}), None, NOW)

    assert (told.kept, told.why_not) == (None, "not checked: no stack that changes has a plan")


def test_all_that_was_written_stands_on_the_page(loud: Report) -> None:
    assert loud.suspended is not None
    assert loud.suspended.by == EVIL
    assert "asleep" in answers(loud)["Runs"]
    assert page(loud).count("bbbbbbbbbb<") == 1
