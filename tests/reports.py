"""Reports to look at: of the repo's own environment, of one in which everything is wrong, and of a very large one."""

import copy
import datetime
import json
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from modelyard import Exposure

from costs.charges import Range
from estate.stacks import Estate, read
from estate.synthesis import in_passing
from policies.exceptions import PolicyException
from policies.findings import Finding
from policies.kept import KeptVerdict
from policies.verdict import Verdict
from preview.outcome import Status
from report.checkout import report_of
from report.model import Changes, Policies, Report, StackChange
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from stacks.settings import Suspended

NOW = datetime.datetime(2026, 11, 22, 9, 30, tzinfo=datetime.UTC)
#: What people could write into settings, code and exceptions.
EVIL = "<script>alert('evil')</script><img src=x onerror=alert(1)>&\"'`</title>{{ 7 * 7 }}"


def settings_of(name: str = "gke-dev", **changed: object) -> GkeSettings:
    loaded = load_settings(name)
    assert isinstance(loaded, GkeSettings)
    return loaded.model_copy(update=changed)


def loud_report() -> Report:
    """Open to the world, asleep, above its cap, near its end, denied by policies, changed, full of markup."""
    settings = settings_of(
        source_ranges=Exposure.world(),
        expires_at=NOW + datetime.timedelta(hours=3),
        monthly_cap_usd=20,
        suspended=Suspended(on=NOW.date(), by=EVIL),
    )
    found = report_of(settings, NOW)
    exception = PolicyException(check="MDY_5", resource="kubernetes_*", reason=EVIL, expires=datetime.date(2027, 1, 31))
    finding = Finding("MDY_5", "networks", "gke-dev-iris", f"kubernetes_service_v1.{EVIL}", detail=EVIL)
    verdict = Verdict([finding], [finding], [(finding, exception)], [(finding, exception)], [exception], 12)
    change = StackChange(
        "gke-dev-iris",
        Status.PLANNED,
        {"+": 1, "~": 2},
        says=(EVIL,),
        dangers=(f"public exposure: {EVIL}",),
        lines=("! kubernetes_service_v1.it", f"!   spec: {EVIL} → {'x' * 300}"),
        monthly=Range(Decimal(0), Decimal(25)),
    )
    gone = StackChange("gke-dev-old", Status.LEFT_BEHIND, {}, says=("left behind",), dangers=(), lines=(), monthly=None)
    assert found.lifted is not None
    return replace(
        found,
        lifted=found.lifted.model_copy(update={"reason": EVIL, "by": EVIL}),
        stacks=tuple(replace(stack, says=EVIL, runs=(*stack.runs, EVIL), commands=(EVIL,)) for stack in found.stacks),
        policies=Policies(KeptVerdict(NOW, "", verdict), "", is_whole=False, exceptions=(exception,)),
        changes=Changes(
            "a" * 40, "b" * 40, "the simulator's own plans", (change, gone), unchanged=13, monthly=change.monthly
        ),
    )


def large_estate(folder: Path, count: int) -> tuple[GkeSettings, Estate]:
    """gke-dev with many more services; each is the image classifier under another name, and every fifth needs less."""
    settings = settings_of()
    with in_passing(settings) as (_, estate):
        manifest: dict[str, Any] = {"stacks": {}}
        for id_, stack in estate.items():
            _write(folder, manifest, id_, stack.configuration, stack.upstream)
        pattern = estate["gke-dev-image-classifier"]
        for number in range(count):
            id_ = f"gke-dev-service-{number:03d}-with-quite-a-long-name"
            text = json.dumps(pattern.configuration).replace("image-classifier", id_.removeprefix("gke-dev-"))
            needs = pattern.upstream if number % 5 else pattern.upstream - {"gke-dev-monitoring"}
            _write(folder, manifest, id_, json.loads(text), needs)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return settings, read(folder)


def estate_of(folder: Path, stacks: dict[str, dict[str, Any]], needs: dict[str, set[str]] | None = None) -> Estate:
    """An estate of resources that are written down by hand: tables of `type.name` by the stacks' ids."""
    manifest: dict[str, Any] = {"stacks": {}}
    for id_, resources in stacks.items():
        content: dict[str, Any] = {"terraform": {}, "resource": {}}
        for address, block in copy.deepcopy(resources).items():
            kind, _, name = address.partition(".")
            content["resource"].setdefault(kind, {})[name] = block
        _write(folder, manifest, id_, content, frozenset((needs or {}).get(id_, ())))
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return read(folder)


def _write(folder: Path, manifest: dict[str, Any], id_: str, content: dict[str, Any], needs: frozenset[str]) -> None:
    place = folder / "stacks" / id_
    place.mkdir(parents=True)
    (place / "cdk.tf.json").write_text(json.dumps(content))
    manifest["stacks"][id_] = {"workingDirectory": f"stacks/{id_}", "dependencies": sorted(needs)}
