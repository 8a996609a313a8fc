"""The runner, with checks that end well, badly, not at all, and that need each other."""

import threading
import time
from typing import get_args

from modelyard.errors import ConfigurationError

import pytest
from hypothesis import given
from hypothesis import strategies as st

from doctor.check import Check, Finding, State, fail, ok, run, skipped, warn
from doctor.report import as_json, has_failed, lines, summary

SECRET = "ya29.of-nobody"  # noqa: S105 - of nobody


def said(state: State) -> Finding:
    return Finding(state, f"it is {state}", "mend it" if state in ("warn", "fail") else "")


def check(name: str, look: object = None, *needs: str, seconds: float = 5) -> Check:
    finding = look if isinstance(look, Finding) else ok("fine")
    call = look if callable(look) else lambda: finding
    return Check(name=name, group="g", about="a", look=call, needs=needs, seconds=seconds)


@st.composite
def estates(draw: st.DrawFn) -> list[Check]:
    """Checks of which each needs some of those before it, in any order."""
    states = draw(st.lists(st.sampled_from(get_args(State)), min_size=1, max_size=8))
    made = [
        check(
            str(number),
            said(state),
            *draw(st.lists(st.sampled_from([str(each) for each in range(number)]), max_size=3)) if number else [],
        )
        for number, state in enumerate(states)
    ]
    return draw(st.permutations(made))


@given(estates())
def test_each_check_is_told_once_and_skipped_only_for_what_it_needs(checks: list[Check]) -> None:
    results = run(checks)

    assert [result.check for result in results] == checks
    states = {result.check.name: result.finding.state for result in results}
    for result in results:
        missing = [need for need in result.check.needs if states[need] in ("fail", "skipped")]
        if missing:
            assert result.finding == skipped(f"needs {', '.join(missing)}")
        else:
            assert result.finding == result.check.look()


def test_checks_are_made_side_by_side() -> None:
    together = threading.Barrier(12, timeout=5)

    def meet() -> Finding:
        together.wait()
        return ok("met")

    results = run([check(str(number), meet) for number in range(12)])

    assert {result.finding.found for result in results} == {"met"}


def test_one_that_hangs_is_given_up_and_keeps_nobody() -> None:
    let_go = threading.Event()

    def hang() -> Finding:
        let_go.wait(30)
        return ok("late")

    clock = time.monotonic()
    hanging, needing, other = run([check("hangs", hang, seconds=0.2), check("needs it", None, "hangs"), check("other")])
    let_go.set()

    assert time.monotonic() - clock < 5
    assert (hanging.finding.state, hanging.finding.found) == ("fail", "no answer within 0.2 s")
    assert hanging.finding.mend.startswith("run it again; look at the network")
    assert needing.finding == skipped("needs hangs")
    assert other.finding.state == "ok"


def test_an_error_for_people_is_a_failure_with_its_mend() -> None:
    def refuse() -> Finding:
        raise ConfigurationError("nobody is logged in", mend="log in", where="environments/x.toml: key")

    (result,) = run([check("login", refuse)])

    assert result.finding == fail("environments/x.toml: key: nobody is logged in", "log in")


def test_one_that_breaks_says_so_without_what_it_held() -> None:
    def break_off() -> Finding:
        raise ValueError(f"Bearer {SECRET}")

    broken, other = run([check("broken", break_off), check("other")])

    assert (broken.finding.state, other.finding.state) == ("fail", "ok")
    assert broken.finding.found == "the check itself broke: ValueError"
    assert SECRET not in str(broken.finding)


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([check("one"), check("one")], "two checks have the same name"),
        ([check("one", None, "other")], "no check is called other"),
        ([check("one", None, "two"), check("two", None, "one")], "these checks need each other: one, two"),
    ],
)
def test_what_cannot_be_run_is_a_fault_of_the_program(checks: list[Check], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        run(checks)


def test_people_read_lines_and_programs_json() -> None:
    results = run(
        [
            check("login", warn("expires [soon]", "log in\nanew")),
            check("quotas", fail("one\ntwo", "ask for more")),
            check("cluster", None, "quotas"),
            check("git", ok("2.39")),
        ]
    )

    assert has_failed(results)
    assert summary(results) == "1 failed, 1 to look at, 1 ok, 1 skipped"
    assert "\n".join(lines(results)) == (
        "[bold]g[/]\n"
        "  [yellow]![/] login    expires \\[soon]\n"
        "             [bold]mend:[/] log in anew\n"
        "  [red]✗[/] quotas   one\n"
        "             two\n"
        "             [bold]mend:[/] ask for more\n"
        "  [dim]-[/] cluster  [dim]skipped: needs quotas[/]\n"
        "  [green]✓[/] git      2.39"
    )
    told = as_json(results, "gke-dev")
    assert (told["environment"], told["failed"]) == ("gke-dev", True)
    first = {**told["checks"][0], "seconds": 0}
    assert first == {
        "group": "g",
        "name": "login",
        "state": "warn",
        "found": "expires [soon]",
        "mend": "log in\nanew",
        "seconds": 0,
    }
