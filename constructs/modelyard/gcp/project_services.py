"""The Google APIs that a stack's resources need."""

from collections.abc import Iterable

from cdktf_cdktf_provider_google.project_service import ProjectService
from constructs import Construct


def enable_services(scope: Construct, *, project_id: str, services: Iterable[str]) -> list[ProjectService]:
    """Enables APIs such as `container.googleapis.com`, to be waited for by what uses them.

    They stay enabled at destroy: other things in the project may use them, and an enabled API costs nothing.
    """
    return [
        ProjectService(
            scope,
            f"enable_{service.split('.')[0]}",
            project=project_id,
            service=service,
            disable_on_destroy=False,
        )
        for service in services
    ]
