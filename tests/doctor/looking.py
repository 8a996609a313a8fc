"""Checks of one cloud, all of them or one with what it needs; none of them may tell a token."""

from collections.abc import Iterable

from doctor.check import Check, Finding, ok, run
from doctor.declared import Declared
from doctor.google import Google
from stacks.environments import load_settings
from stacks.gke.settings import GkeSettings
from tests.doctor.kube import TOKEN

#: In the place of the check that synthesises, which was made once.
SYNTHESISED = Check(name="stacks", group="g", about="a", look=lambda: ok("synthesised"))
#: What stands in each of the tests' tokens and keys.
SECRETS = (TOKEN, "signed-by-nobody", "BEGIN PRIVATE KEY")


def synthesised(environment: str) -> Declared:
    """What an environment declares."""
    found = Declared(load_settings(environment))
    (stacks,) = run([each for each in found.checks() if each.name == "stacks"])
    assert stacks.finding.state == "ok", stacks
    return found


def findings(checks: Iterable[Check], *names: str) -> dict[str, Finding]:
    """What the named ones find, and those that they need; all of them where none is named."""
    known = {each.name: each for each in (SYNTHESISED, *checks)}
    wanted, left = set(), list(names or known)
    while left:
        wanted.add(each := left.pop())
        left += known[each].needs
    results = run([check for check in known.values() if check.name in wanted])
    assert [secret for secret in SECRETS if secret in str(results)] == []
    return {each.check.name: each.finding for each in results}


def examine(gke: Declared) -> dict[str, Finding]:
    """All checks of Google Cloud."""
    assert isinstance(gke.settings, GkeSettings)
    return findings(Google(gke.settings, gke).checks())


def look(name: str, gke: Declared, settings: GkeSettings | None = None) -> Finding:
    """What one check of Google Cloud finds."""
    known = settings or gke.settings
    assert isinstance(known, GkeSettings)
    return findings(Google(known, gke).checks(), name)[name]
