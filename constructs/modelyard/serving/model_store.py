"""Where saved models are kept: a bucket, a container, or a store in the namespace."""

import os
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelyard.errors import ConfigurationError
from modelyard.serving.cluster import Cluster, Object
from modelyard.serving.destination import Destination, StoreService

from obstore import exceptions
from obstore.store import AzureStore, GCSStore, S3Store

if TYPE_CHECKING:
    from obstore.store import AzureBearerToken, GCSCredential, ObjectStore, RetryConfig

#: Written last: where it is, the folder is whole.
MARK = "model.json"
# A wrong name or a closed network is told in seconds; the default goes on for minutes.
_RETRIES: "RetryConfig" = {"max_retries": 3, "retry_timeout": timedelta(seconds=30)}
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/devstorage.read_write"
_AZURE_SCOPE = "https://storage.azure.com/.default"


def upload(cluster: Cluster, destination: Destination, folder: Path, path: str) -> int:
    """Brings a folder of files to `<models>/<path>/`, unless it is there.

    Returns:
        The bytes that went over the network.

    Raises:
        ConfigurationError: The store cannot be reached, or not by this person.
    """
    with _opened(cluster, destination) as store:
        try:
            if _exists(store, f"{path}/{MARK}"):
                return 0
            files = sorted(folder.iterdir(), key=lambda file: file.name == MARK)
            for file in files:
                store.put(f"{path}/{file.name}", file)
            return sum(file.stat().st_size for file in files)
        except (exceptions.BaseError, OSError) as error:  # what is missing or forbidden is Python's own
            raise _unusable(destination, error) from error


def _exists(store: "ObjectStore", path: str) -> bool:
    try:
        store.head(path)
    except (FileNotFoundError, exceptions.NotFoundError):
        return False
    return True


@contextmanager
def _opened(cluster: Cluster, destination: Destination) -> Iterator["ObjectStore"]:
    url, s3 = destination.models, destination.s3
    if s3 is None:
        if url.startswith("gs:"):
            yield GCSStore.from_url(url, credential_provider=_google_credentials(), retry_config=_RETRIES)
        else:
            yield AzureStore.from_url(url, credential_provider=_azure_credentials(), retry_config=_RETRIES)
        return
    keys, service = _in_the_namespace(cluster, s3, destination.namespace)
    with closing(cluster.forward(service, s3.port)) as forwarding:
        yield S3Store.from_url(
            url,
            endpoint=f"http://127.0.0.1:{forwarding.port}",
            access_key_id=keys["AWS_ACCESS_KEY_ID"],
            secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            region="us-east-1",
            client_options={"allow_http": True},
            retry_config=_RETRIES,
        )


def _in_the_namespace(cluster: Cluster, s3: StoreService, namespace: str) -> tuple[dict[str, str], Object]:
    secret = cluster.get("secrets", s3.secret, namespace)
    service = cluster.get("services", s3.service, namespace)
    if secret is None or service is None:
        missing = f"Secret {s3.secret!r}" if secret is None else f"Service {s3.service!r}"
        raise ConfigurationError(
            f"the store of {namespace!r} is not there: no {missing}", mend="deploy the service of that namespace again"
        )
    return {name: b64decode(value).decode() for name, value in secret["data"].items()}, service


def _google_credentials() -> Callable[[], "GCSCredential"]:
    """Application Default Credentials, of all kinds."""
    import google.auth  # noqa: PLC0415 - only where the store is Google's
    from google.auth.exceptions import GoogleAuthError  # noqa: PLC0415 - as above
    from google.auth.transport.requests import Request  # noqa: PLC0415 - as above

    def token() -> "GCSCredential":
        credentials.refresh(Request())
        return {"token": str(credentials.token), "expires_at": credentials.expiry.replace(tzinfo=UTC)}

    try:
        credentials: Any = google.auth.default(scopes=[_GOOGLE_SCOPE])[0]
        token()
    except GoogleAuthError as error:
        raise ConfigurationError(
            f"Google Cloud does not let you in: {_first_line(error)}", mend="run: gcloud auth application-default login"
        ) from error
    return token


def _azure_credentials() -> Callable[[], "AzureBearerToken"]:
    """`az login`'s, or a workload identity's."""
    from azure.core.exceptions import ClientAuthenticationError  # noqa: PLC0415 - only where the store is Azure's
    from azure.identity import AzureCliCredential, WorkloadIdentityCredential  # noqa: PLC0415 - as above

    # Not the library's own chain, whose failure is a page of what it has tried.
    in_the_cluster = "AZURE_FEDERATED_TOKEN_FILE" in os.environ
    credential = WorkloadIdentityCredential() if in_the_cluster else AzureCliCredential()

    def token() -> "AzureBearerToken":
        found = credential.get_token(_AZURE_SCOPE)
        return {"token": found.token, "expires_at": datetime.fromtimestamp(found.expires_on, UTC)}

    try:
        token()
    except ClientAuthenticationError as error:
        raise ConfigurationError(f"Azure does not let you in: {_first_line(error)}", mend="run: az login") from error
    return token


def _unusable(destination: Destination, error: Exception) -> ConfigurationError:
    place, said = destination.models, _words(error)
    if isinstance(error, PermissionError | exceptions.PermissionDeniedError | exceptions.UnauthenticatedError):
        role = {
            "gs": "the role Storage Object User on the bucket",
            "abfs": "the role Storage Blob Data Contributor on the container (operators_group_id's members have it)",
        }.get(place.partition(":")[0], f"keys that the store takes, in the Secret that {destination.namespace!r} names")
        return ConfigurationError(f"you may not write to {place}: {said}", mend=f"ask for {role}")
    if isinstance(error, FileNotFoundError | exceptions.NotFoundError):
        return ConfigurationError(f"{place} is not there: {said}", mend="deploy the environment's stack `artifacts`")
    return ConfigurationError(f"{place} cannot be written to: {said}", mend="look at your network, and call again")


def _words(error: Exception) -> str:
    """The store's own, of the XML that all of them answer with; else the client's."""
    message = re.search("<Message>(.*?)</Message>", str(error), re.DOTALL)
    return " ".join(message[1].split()) if message else _first_line(error)


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0]
