"""What an environment on GKE needs of Google Cloud."""

import datetime
from collections.abc import Iterator
from functools import partial
from typing import Any, Final

from modelyard.errors import ConfigurationError

from doctor.check import Check, Finding, fail, ok, skipped, warn
from doctor.declared import STACKS, Declared
from doctor.google_api import DisabledError, GoogleApi
from doctor.google_deployed import GROUP, GoogleDeployed
from doctor.google_permissions import permissions, unknown
from doctor.google_quotas import look_at_quotas
from doctor.refusals import RefusedError
from stacks.gke.settings import GkeSettings

_CONSOLE: Final = "https://console.cloud.google.com"


class Google:
    """The checks of one environment.

    Args:
        settings: The environment.
        declared: What it declares.
    """

    def __init__(self, settings: GkeSettings, declared: Declared) -> None:
        self._settings = settings
        self._declared = declared
        self._api = GoogleApi(settings.project_id)

    def checks(self) -> Iterator[Check]:
        """All of them."""
        check = partial(Check, group=GROUP)
        yield check(
            name="google login",
            about="Somebody is logged in, and the login is good still.",
            look=self._login,
            seconds=15,
        )
        yield check(
            name="project",
            about="The project is there, and not about to be deleted.",
            look=self._project,
            needs=("google login",),
        )
        yield check(
            name="billing", about="A billing account pays for the project.", look=self._billing, needs=("project",)
        )
        yield check(
            name="apis",
            about="The APIs that stacks enable are enabled, or can be.",
            look=self._apis,
            needs=("project", STACKS),
        )
        yield check(
            name="permissions",
            about="Whoever is logged in may make what the stacks declare.",
            look=self._permissions,
            needs=("project", STACKS),
        )
        yield check(
            name="quotas",
            about="The most nodes, disks and addresses that are declared are within the region's quotas.",
            look=lambda: look_at_quotas(self._api, self._settings, self._declared),
            needs=("project", STACKS),
            seconds=30,
        )
        yield from GoogleDeployed(self._settings, self._declared, self._api).checks()

    def _login(self) -> Finding:
        credentials = self._api.log_in()
        # Google's library has it without a zone, in UTC.
        until = credentials.expiry.replace(tzinfo=datetime.UTC) if credentials.expiry else None
        token = f", token until {until:%H:%M} UTC" if until else ""
        return ok(f"{self._who(credentials)}{token}")

    def _who(self, credentials: Any) -> str:  # noqa: ANN401 - of any of the library's classes
        if name := getattr(credentials, "service_account_email", None):
            return str(name)
        try:
            return str(self._api.ask(self._api.client("oauth2", "v2").userinfo().get())["email"])
        except (ConfigurationError, KeyError):
            return "a login that does not tell its name"

    def _project(self) -> Finding:
        project = self._settings.project_id
        try:
            found = self._api.ask(
                self._api.client("cloudresourcemanager", "v3").projects().get(name=f"projects/{project}")
            )
        except RefusedError as error:
            # Google answers the same for one that is not there and for one that is hidden.
            mend = f"write your project's id as project_id into environments/{self._settings.name}.toml"
            mend += f", or ask for roles/browser on it: {_CONSOLE}/home/dashboard?project={project}"
            return fail(f"{project}: {error.what}", mend)
        if found.get("state") != "ACTIVE":
            return fail(
                f"{project} is {found.get('state')}", f"gcloud projects undelete {project}, or name another one"
            )
        return ok(f"{project}, number {found['name'].partition('/')[2]}")

    def _billing(self) -> Finding:
        project = self._settings.project_id
        try:
            found = self._api.ask(
                self._api.client("cloudbilling").projects().getBillingInfo(name=f"projects/{project}")
            )
        except (DisabledError, RefusedError) as error:
            return skipped(f"{error.what} ({error.mend})")
        if not found.get("billingEnabled"):
            return fail(
                "no billing account pays for it", f"link one: {_CONSOLE}/billing/linkedaccount?project={project}"
            )
        return ok(f"paid by {found['billingAccountName']}")

    def _apis(self) -> Finding:
        project = self._settings.project_id
        wanted = sorted(
            {block["service"] for type_, block in self._declared.resources if type_ == "google_project_service"}
        )
        names = [f"projects/{project}/services/{each}" for each in wanted]
        found = self._api.ask(
            self._api.client("serviceusage").services().batchGet(parent=f"projects/{project}", names=names)
        )
        enabled = {
            each["name"].rpartition("/")[2] for each in found.get("services", ()) if each.get("state") == "ENABLED"
        }
        if missing := [each for each in wanted if each not in enabled]:
            return warn(
                f"not enabled yet: {', '.join(missing)}",
                f"nothing, a deploy enables them; or: gcloud services enable {' '.join(missing)} --project {project}",
            )
        return ok(", ".join(each.removesuffix(".googleapis.com") for each in wanted))

    def _permissions(self) -> Finding:
        project, wanted = self._settings.project_id, permissions(self._declared.types)
        projects = self._api.client("cloudresourcemanager", "v3").projects()
        # Up to a hundred may be asked for at once.
        request = projects.testIamPermissions(resource=f"projects/{project}", body={"permissions": wanted})
        given = self._api.ask(request).get("permissions", ())
        others = unknown(self._declared.types)
        more = f"; nobody knows here what it takes to make {', '.join(others)}" if others else ""
        if missing := [each for each in wanted if each not in given]:
            return fail(
                f"missing: {', '.join(missing)}{more}",
                f"ask who owns {project} for roles that have these, such as roles/owner: "
                f"{_CONSOLE}/iam-admin/iam?project={project}",
            )
        return ok(f"all {len(wanted)} that it takes to make what is declared{more}")
