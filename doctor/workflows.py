"""Whether the repository that an environment trusts is the one that GitHub knows by that name."""

from collections.abc import Iterator
from functools import partial

from doctor.check import Check, Finding, fail, ok, skipped
from doctor.declared import Declared
from doctor.github_repository import look_up
from stacks.settings import CloudSettings


def checks(settings: CloudSettings, declared: Declared) -> Iterator[Check]:
    """One, of the environment's table `github`."""
    yield Check(
        name="workflows",
        group=declared.group,
        about="The repository whose workflows may act here has the numbers that the environment's file says.",
        look=partial(_look, settings),
    )


def _look(settings: CloudSettings) -> Finding:
    if settings.github is None:
        return skipped(f"no repository may act here: modelyard identities {settings.name} --repository OWNER/NAME")
    known, found = settings.github, look_up(settings.github.repository)
    if (found.id, found.owner_id) != (known.repository_id, known.repository_owner_id):
        return fail(
            f"{known.repository} is repository {found.id} of owner {found.owner_id}, and another one is trusted: "
            f"{known.repository_id} of {known.repository_owner_id}",
            f"modelyard identities {settings.name} --repository {known.repository}, if that is yours",
        )
    return ok(f"{found.name}, repository {found.id} of owner {found.owner_id}")
