"""The report of an environment as this checkout declares it: who imports this starts CDKTF."""

import datetime

from estate.rehearsal import Rehearsal
from estate.synthesis import in_passing
from policies.kept import kept
from report.gather import Known, gather
from report.model import Report
from report.notes import image_folders, notes
from report.origins import origins, revision
from report.policing import last_verdict
from stacks.paths import IMAGES
from stacks.settings import Settings


def report_of(settings: Settings, now: datetime.datetime) -> Report:
    """What the page says.

    Args:
        settings: Of the environment.
        now: What ages are reckoned from, and leases held against; in UTC.

    Raises:
        ConfigurationError: Something cannot be deployed, or the policies' exceptions are wrong.
    """
    verdict = kept(Rehearsal.of(settings.name).verdict)
    with in_passing(settings) as (app, estate):
        return gather(
            Known(
                settings=settings,
                estate=estate,
                made_at=now,
                revision=revision(),
                policies=last_verdict(settings, estate, verdict),
                notes=notes(app),
                origins=origins(image_folders(app), IMAGES),
            )
        )
