import datetime
import json

import pytest
import typer
from rich.console import Console
from typer.testing import CliRunner

from commands.app import app
from commands.cost import tell
from costs.estimate import Estimate, estimate
from costs.report import as_json, is_above, remarks, table
from costs.usage import in_store
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from stacks.settings import CloudSettings
from tests.command_line import refusal
from tests.conftest import Stacks
from tests.test_costs import IOWA, all_resources, of

TODAY = datetime.date(2026, 11, 22)


@pytest.fixture
def found(stacks: Stacks) -> Estimate:
    return estimate(all_resources(stacks), IOWA)


def said(found: Estimate, *, cap: int | None = None, today: datetime.date = TODAY) -> str:
    return "\n".join(remarks(found, cap=cap, today=today))


def test_the_command_reckons_without_cloud_and_terraform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    settings = load_settings("gke-dev")
    assert isinstance(settings, CloudSettings)

    done = CliRunner().invoke(app, ["cost", "gke-dev", "--json"])

    assert done.exit_code == 0, done.output
    report = json.loads(done.stdout)
    assert report["monthly"]["high"] <= report["cap"] == settings.monthly_cap_usd
    assert {line["stack"] for line in report["lines"]} == report["stacks"].keys()
    assert sum(line["monthly"]["high"] for line in report["lines"]) == pytest.approx(report["monthly"]["high"])
    assert all(line["price"]["source"] and line["price"]["date"] for line in report["lines"])


@pytest.mark.parametrize("is_json", [True, False])
def test_above_its_cap_it_ends_with_1(is_json: bool, settings: GkeSettings, capsys: pytest.CaptureFixture[str]) -> None:
    small = settings.model_copy(update={"monthly_cap_usd": 100})

    with pytest.raises(typer.Exit) as ended:
        tell(small, is_json=is_json)

    assert ended.value.exit_code == 1
    assert ('"is_above_cap": true' if is_json else "above the cap: $") in capsys.readouterr().out


def test_an_environment_without_cloud_is_refused() -> None:
    assert "mend: name an environment that is in a cloud" in refusal("cost", "local")


def test_the_high_end_counts_against_the_cap(found: Estimate) -> None:
    high = int(found.monthly.high)

    assert is_above(found, high)
    assert not is_above(found, high + 1)
    assert not is_above(found, None)
    assert "above the cap" in said(found, cap=high)
    assert "within the cap" in said(found, cap=high + 1)
    assert "monthly_cap_usd is not set" in said(found)


def test_an_old_price_is_said_to_be_old(found: Estimate) -> None:
    assert found.oldest is not None
    read = found.oldest.date

    assert f"the oldest price is of {read}" in said(found)
    assert "old[/]" not in said(found, today=read + datetime.timedelta(days=365))
    assert f"{found.oldest.item} of {read}, more than a year ago" in said(
        found, today=read + datetime.timedelta(days=366)
    )
    assert as_json(found, name="gke-dev", cap=None, today=read + datetime.timedelta(days=366))["old_prices"]


def test_the_table_has_every_line_under_its_stack(found: Estimate) -> None:
    console = Console(width=300)
    with console.capture() as capture:
        console.print(table(found, "gke-dev"))

    shown = capture.get()
    assert all(line.what in shown for line in found.lines)
    assert all(stack in shown for stack in found.by_stack())


def test_what_is_unpriced_is_said_beside_the_sum() -> None:
    found = of("google_sql_database_instance", {})

    assert "google_sql_database_instance (dev-cluster google_sql_database_instance.it)" in said(found)
    assert "$0 a month[/], without 1 unpriced" in said(found)


def test_use_is_assumed_from_a_table_with_reasons() -> None:
    assert in_store("prod-state").high < in_store("prod-artifacts").high
