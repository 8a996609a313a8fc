"""Service accounts, roles of a project's own and grants (…_iam_member)."""

import re
from typing import Final

from simulator.google.federation import POOL
from simulator.google.resource import GoogleResource, project_number, resource_path
from simulator.resource import CloudError, digest, stable_number
from simulator.values import is_given
from simulator.world import Scope, Values, World

_CUSTOM_ROLE: Final = "google_project_iam_custom_role"
# Pods, through a service account that trusts them or as themselves.
_WORKLOADS = re.compile(
    r"(?:serviceAccount:|principal://iam\.googleapis\.com/projects/(?P<number>\d+)/locations/global/workloadIdentityPools/)"
    r"(?P<name>[^/\[]+\.svc\.id\.goog)[/\[]"
)
# Identities from outside of Google.
_FEDERATED = re.compile(
    r"principal(?:Set)?://iam\.googleapis\.com/(?P<pool>projects/\d+/locations/global/workloadIdentityPools/[^/.]+)/"
)


class ServiceAccount(GoogleResource):
    """A service account."""

    id_template = "projects/{project}/serviceAccounts/{account_id}@{project}.iam.gserviceaccount.com"
    api = "iam.googleapis.com"
    create_error = "Error creating service account"

    def customize(self, planned: Values, prior: Values | None) -> None:
        """Plans the email address where its parts are known."""
        if is_given(planned["account_id"]) and is_given(planned["project"]):
            planned["email"] = self.id(planned).rpartition("/")[2]
            planned["member"] = f"serviceAccount:{planned['email']}"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its email address."""
        email = self.id(values).rpartition("/")[2]
        return {
            "email": email,
            "member": f"serviceAccount:{email}",
            "name": self.id(values),
            "unique_id": str(stable_number(email, digits=21)),
        }

    def already_exists(self, values: Values) -> CloudError:
        """Gives Google's 409 for a service account."""
        return self.failed(
            f"googleapi: Error 409: Service account {values['account_id']} already exists within project "
            f"projects/{values['project']}., alreadyExists"
        )

    def find(self, import_id: str, scope: Scope) -> Values | None:
        """Finds by id or email address."""
        return next((one for one in scope.all(self.type_name).values() if import_id in (one["id"], one["email"])), None)


class IamMember(GoogleResource):
    """A role granted to a member; granting twice is no error."""

    # The resource that the grant is about: its type, and how its id is made of the grant's arguments.
    parent_type = ""
    parent_template = ""

    def parent(self, values: Values) -> str:
        """Gives the id of the resource that the grant is about."""
        return resource_path(self.parent_template.format_map(values))

    def id(self, values: Values) -> str:
        """Gives parent/role/member, and the condition's title."""
        titles = [condition["title"] for condition in values["condition"] or []]
        return "/".join([self.parent(values), values["role"], values["member"], *titles])

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives the policy's etag."""
        return {"etag": digest(self.parent(values), "etag")[:12]}

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses grants about what is missing and to who is missing."""
        if self.parent_type and scope.get(self.parent_type, self.parent(values)) is None:
            raise self._failed(values, f"googleapi: Error 404: {self.parent(values)} was not found., notFound")
        self._check_member(values, scope)

    def already_exists(self, values: Values) -> CloudError | None:
        """Granting what is granted changes nothing."""
        return None

    def find(self, import_id: str, scope: Scope) -> Values | None:
        """Finds by `PARENT ROLE MEMBER`."""
        return scope.get(self.type_name, import_id.replace(" ", "/"))

    def _check_member(self, values: Values, scope: Scope) -> None:
        member: str = values["member"]
        account = re.fullmatch(r"serviceAccount:([^@]+@([^.]+)\.iam\.gserviceaccount\.com)", member)
        if account:
            email, project = account.groups()
            own = {one["project"] for one in scope.all("google_project_service").values()} | {values.get("project")}
            if project in own and not scope.get(
                "google_service_account", f"projects/{project}/serviceAccounts/{email}"
            ):
                raise self._failed(values, f"googleapi: Error 400: Service account {email} does not exist., badRequest")
        workloads, federated = _WORKLOADS.match(member), _FEDERATED.match(member)
        if workloads and not any(
            config["workload_pool"] == workloads["name"]
            and workloads["number"] in (None, project_number(cluster["project"]))
            for cluster in scope.all("google_container_cluster").values()
            for config in cluster["workload_identity_config"] or []
        ):
            raise self._no_pool(values, workloads["name"])
        if federated and not any(federated["pool"] == pool["name"] for pool in scope.all(POOL).values()):
            raise self._no_pool(values, federated["pool"])

    def _no_pool(self, values: Values, name: str) -> CloudError:
        return self._failed(
            values,
            f"googleapi: Error 400: Identity Pool does not exist ({name}). Please check that you specified "
            "a valid resource name as returned in the `name` attribute in the configuration API., badRequest",
        )

    def _failed(self, values: Values, message: str) -> CloudError:
        return CloudError(f'Error applying IAM policy for "{self.parent(values)}": {message}')


class CustomRole(GoogleResource):
    """A role of a project's own."""

    id_template = "projects/{project}/roles/{role_id}"
    create_error = "Error creating the custom project role"

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives its name; one that was deleted is brought back by the provider itself."""
        return {"name": self.id(values), "deleted": False}

    def already_exists(self, values: Values) -> CloudError:
        """Gives Google's 409 for a role."""
        return self.failed(f"googleapi: Error 409: A role named {values['role_id']} in {values['project']} exists.")


class ProjectIamMember(IamMember):
    """A grant on a project."""

    parent_template = "{project}"

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses a role of its own that the project has not."""
        super().check(values, scope, world)
        if values["role"].startswith("projects/") and scope.get(_CUSTOM_ROLE, values["role"]) is None:
            raise self._failed(
                values,
                f"googleapi: Error 400: Role ({values['role']}) does not exist in the resource's hierarchy., "
                "badRequest",
            )


class BucketIamMember(IamMember):
    """A grant on a bucket."""

    parent_type = "google_storage_bucket"
    parent_template = "{bucket}"

    def id(self, values: Values) -> str:
        """Buckets stand below b/."""
        return f"b/{super().id(values)}"


class ServiceAccountIamMember(IamMember):
    """A grant on a service account."""

    parent_type = "google_service_account"
    parent_template = "{service_account_id}"


class RepositoryIamMember(IamMember):
    """A grant on a repository of images."""

    parent_type = "google_artifact_registry_repository"

    def parent(self, values: Values) -> str:
        """The repository may be given by name or by id."""
        repository = str(values["repository"])
        if "/" in repository:
            return resource_path(repository)
        return f"projects/{values['project']}/locations/{values['location']}/repositories/{repository}"


def members_with_role(scope: Scope, type_name: str, parent: str, role: str) -> set[str]:
    """Gives who was granted the role on the parent, as `serviceAccount:EMAIL`."""
    return {
        one["member"]
        for id_, one in scope.all(type_name).items()
        if id_.startswith(f"{parent}/") and one["role"] == role and is_given(one["member"])
    }


RESOURCES = {
    "google_service_account": ServiceAccount,
    _CUSTOM_ROLE: CustomRole,
    "google_project_iam_member": ProjectIamMember,
    "google_storage_bucket_iam_member": BucketIamMember,
    "google_service_account_iam_member": ServiceAccountIamMember,
    "google_artifact_registry_repository_iam_member": RepositoryIamMember,
}
