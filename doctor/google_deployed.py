"""What an environment on GKE has deployed already, and whether it can be reached from here."""

from collections.abc import Iterator
from functools import partial
from typing import Final

from doctor.check import Check, Finding, fail, ok, warn
from doctor.declared import STACKS, Declared
from doctor.google_api import GoogleApi
from doctor.reach import find_login_program, is_signed_in, no_store, not_made, reach
from stacks.gke.settings import GkeSettings

GROUP: Final = "Google Cloud"
_PUSH_AND_PULL: Final = {
    "artifactregistry.repositories.uploadArtifacts": "push",
    "artifactregistry.repositories.downloadArtifacts": "pull",
}
_OBJECTS: Final = [f"storage.objects.{verb}" for verb in ("create", "delete", "get", "list")]
_LOGIN_PROGRAM: Final = (
    "gcloud components install gke-gcloud-auth-plugin, or "
    "https://cloud.google.com/kubernetes-engine/docs/how-to/cluster-access-for-kubectl"
)


class GoogleDeployed:
    """The checks of one environment.

    Args:
        settings: The environment.
        declared: What it declares.
        api: Google's APIs.
    """

    def __init__(self, settings: GkeSettings, declared: Declared, api: GoogleApi) -> None:
        self._settings = settings
        self._declared = declared
        self._api = api

    def checks(self) -> Iterator[Check]:
        """All of them; they need the check `project`."""
        check = partial(Check, group=GROUP)
        yield check(
            name="image registry",
            about="Artifact Registry lets whoever is logged in push and pull.",
            look=self._registry,
            needs=("project",),
        )
        yield check(
            name="registry login",
            about="Docker or buildah is signed in to the registry.",
            look=self._registry_login,
            needs=("image registry", STACKS),
            seconds=25,
        )
        yield check(
            name="state store",
            about="The bucket of the states is there, and may be read and written.",
            look=self._state,
            needs=("project",),
        )
        yield check(
            name="login program",
            about="The program that Terraform logs in to the cluster with is installed.",
            look=self._login_program,
            needs=(STACKS,),
        )
        yield check(
            name="cluster",
            about="The cluster answers from here.",
            look=self._cluster,
            needs=("project", "login program"),
            seconds=25,
        )

    def _registry(self) -> Finding:
        settings = self._settings
        name = f"projects/{settings.project_id}/locations/{settings.region}/repositories/{settings.name}"
        repositories = self._api.client("artifactregistry").projects().locations().repositories()
        if self._api.find(repositories.get(name=name)) is None:
            return not_made(settings, "registry")
        body = {"permissions": list(_PUSH_AND_PULL)}
        given = self._api.ask(repositories.testIamPermissions(resource=name, body=body)).get("permissions", ())
        if missing := [verb for right, verb in _PUSH_AND_PULL.items() if right not in given]:
            return fail(
                f"whoever is logged in may not {' or '.join(missing)} in {settings.name}",
                f"gcloud artifacts repositories add-iam-policy-binding {settings.name} --location {settings.region} "
                f"--project {settings.project_id} --member user:YOU --role roles/artifactregistry.writer",
            )
        return ok(f"{self._registry_host}/{settings.project_id}/{settings.name}: push and pull")

    @property
    def _registry_host(self) -> str:
        return f"{self._settings.region}-docker.pkg.dev"

    def _registry_login(self) -> Finding:
        return is_signed_in(self._declared.images, f"gcloud auth configure-docker {self._registry_host}")

    def _state(self) -> Finding:
        bucket = self._settings.state_bucket
        buckets = self._api.client("storage").buckets()
        found = self._api.find(buckets.testIamPermissions(bucket=bucket, permissions=_OBJECTS))
        if found is None:
            return no_store(self._settings, bucket)
        if missing := [each for each in _OBJECTS if each not in found.get("permissions", ())]:
            return fail(
                f"{bucket}: missing {', '.join(missing)}",
                f"gcloud storage buckets add-iam-policy-binding gs://{bucket} --member user:YOU "
                "--role roles/storage.objectUser",
            )
        return ok(f"gs://{bucket}: read and written")

    def _login_program(self) -> Finding:
        return find_login_program(self._declared.login, _LOGIN_PROGRAM)

    def _cluster(self) -> Finding:
        settings = self._settings
        name = f"projects/{settings.project_id}/locations/{settings.region}/clusters/{settings.name}"
        found = self._api.find(self._api.client("container").projects().locations().clusters().get(name=name))
        if found is None:
            return not_made(settings, "cluster")
        if "endpoint" not in found:
            return warn(f"{settings.name} is {found.get('status')}", "wait until GKE is done with it")
        certificate = found["masterAuth"]["clusterCaCertificate"]
        values = {"endpoint": found["endpoint"], "master_auth": [{"cluster_ca_certificate": certificate}]}
        return reach(values, self._declared.login, control_plane=settings.cluster.control_plane_ranges)
