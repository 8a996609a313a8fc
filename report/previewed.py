"""The page of the estate that a preview has planned, with what changes."""

import datetime

from preview.outcome import EnvironmentPreview
from preview.redaction import Redactor
from preview.sides import Sides
from report.changes import changes
from report.gather import Known, gather
from report.page import page
from report.policing import of_preview


def page_of(
    preview: EnvironmentPreview, sides: Sides, redactor: Redactor, now: datetime.datetime, *, base: str, head: str
) -> str:
    """The page, without secrets.

    Args:
        preview: Of the environment.
        sides: Its stacks; those of the head are shown.
        redactor: Takes secrets out.
        now: In UTC.
        base: The commit that is deployed.
        head: The one to deploy.

    Raises:
        ConfigurationError: The policies' exceptions are not of their form.
    """
    known = Known(
        settings=sides.settings,
        estate=sides.head,
        made_at=now,
        revision=head,
        policies=of_preview(sides.settings, sides.head, preview.policies, now),
        changes=changes(preview, redactor, base=base, head=head),
    )
    # Once more over all of it: what stands in names and outputs was not looked at before.
    return redactor.known(page(gather(known)))
