"""Cloud Storage."""

from simulator.google.resource import GoogleResource, project_number
from simulator.resource import CloudError
from simulator.world import Scope, Values, World

_WEEK_SECONDS = 604800


class Bucket(GoogleResource):
    """A bucket; its name is unique in the whole world."""

    id_template = "{name}"

    def customize(self, planned: Values, prior: Values | None) -> None:
        """Locations are written in capitals."""
        if isinstance(planned["location"], str):
            planned["location"] = planned["location"].upper()

    def computed(self, values: Values, scope: Scope, world: World) -> Values:
        """Gives addresses, and Google's defaults."""
        return {
            "self_link": f"https://www.googleapis.com/storage/v1/b/{values['name']}",
            "url": f"gs://{values['name']}",
            "project_number": int(project_number(values["project"])),
            "public_access_prevention": "inherited",
            "rpo": "DEFAULT",
            "soft_delete_policy": [
                {"retention_duration_seconds": _WEEK_SECONDS, "effective_time": "2026-01-01T00:00:00Z"}
            ],
        }

    def already_exists(self, values: Values) -> CloudError:
        """Gives Google's 409 for a bucket."""
        return CloudError(
            "googleapi: Error 409: Your previous request to create the named bucket succeeded and you already own it., "
            "conflict"
        )

    def check_delete(self, values: Values, scope: Scope, world: World) -> None:
        """Keeps a bucket that is not empty."""
        objects = [one for one in scope.all("google_storage_bucket_object").values() if one["bucket"] == values["name"]]
        if objects and not values["force_destroy"]:
            raise CloudError(f"Error trying to delete bucket {values['name']} without `force_destroy` set to true")


class BucketObject(GoogleResource):
    """An object in a bucket."""

    id_template = "{bucket}-{name}"

    def check(self, values: Values, scope: Scope, world: World) -> None:
        """Refuses an object without its bucket."""
        if scope.get("google_storage_bucket", values["bucket"]) is None:
            raise CloudError(
                "Error uploading object: googleapi: Error 404: The specified bucket does not exist., notFound"
            )


RESOURCES = {"google_storage_bucket": Bucket, "google_storage_bucket_object": BucketObject}
