"""JupyterLab for a team, in the namespace of a service."""

from modelyard.egress import Egress
from modelyard.exposure import Exposure
from modelyard.generated_secret import GeneratedSecret
from modelyard.model_service import ModelService
from modelyard.probes import Probes
from modelyard.resources import Resources
from modelyard.service_scope import ServiceScope
from modelyard.volume import Volume

_PART = "notebook"
_HOME = "/home/notebook"
_SECRETS = "/run/secrets/notebook"


class NotebookServer(ModelService):
    """One pod with a volume for what people save, behind an address of its own and a password.

    The image serves Jupyter on port 8888, asks for the password in /run/secrets/notebook/password, and keeps everything
    in its HOME, /home/notebook. The password is made in the cluster: the key `password` of the Secret
    `<service>-notebook-password`.

    Args:
        scope: The service's stack.
        id_: The construct's id.
        image: The container image.
        namespace: Where it goes: that of the service's ModelService, or `add_namespace(…).metadata.name`.
        resources: For everybody's kernels together.
        exposure: Who may reach the LoadBalancer. It speaks plain HTTP: not for networks where others listen.
        protected: Whether Terraform refuses to destroy the volume.
        volume_size: Can be made larger later.
        password_revision: Counted up, it makes another password and ends all sessions.
        egress: What notebooks may reach; by default DNS only.

    Raises:
        ConfigurationError: A declaration that no cluster of the environment could run.
    """

    def __init__(
        self,
        scope: ServiceScope,
        id_: str,
        *,
        image: str,
        namespace: str,
        resources: Resources,
        exposure: Exposure,
        protected: bool,
        volume_size: str = "10Gi",
        password_revision: int = 1,
        egress: Egress | None = None,
    ) -> None:
        password = GeneratedSecret(
            scope,
            f"{id_}_password",
            name=f"{scope.service_name}-{_PART}-password",
            namespace=namespace,
            keys=["password"],
            revision=password_revision,
        )
        super().__init__(
            scope,
            id_,
            image=image,
            part=_PART,
            namespace=namespace,
            port=8888,
            resources=resources,
            exposure=exposure,
            # The only page that asks for no password and does not redirect to one that does.
            probes=Probes(ready_path="/api", alive_path="/api"),
            egress=egress,
            # A file: kernels would inherit an environment variable, and notebooks print it.
            secrets={_SECRETS: password},
            volume=Volume(path=_HOME, size=volume_size, protected=protected),
            # Kernels are told to end, too.
            shutdown_seconds=15,
        )
