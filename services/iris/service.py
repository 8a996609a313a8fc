"""A page that tells which iris it is, by a model of nearest neighbours, and a notebook server to make better ones."""

from modelyard import ArtifactAccess, Egress, HttpMetrics, ModelService, NotebookServer, Probes, Resources

from cdktf import TerraformOutput

from stacks.service import ServiceStack

from .settings import IrisSettings


class Iris(ServiceStack):
    """Four sliders, a species and its picture; the model is in the image, or in the artifact store."""

    requires = ("monitoring", "polyaxon")
    example = "python3 -m webbrowser {url}"
    settings: IrisSettings

    def declare(self) -> None:
        """The page, which reaches nothing but its model; the notebook server; the image that trains."""
        page = self._serve_page()
        if self.settings.notebook:
            NotebookServer(
                self,
                "notebook",
                image=self.image("runtime", target="notebook"),
                namespace=page.namespace,
                # The server takes 120 MB, a kernel with the example 240 MB.
                resources=Resources(cpu="100m", memory="1Gi", cpu_limit="1"),
                exposure=self.exposure,
                protected=self.is_protected,
                password_revision=self.settings.notebook_password_revision,
            )
        training = self.image("runtime", target="training")
        TerraformOutput(self, "training_image", value=training, description="For `polyaxon run --param image=…`.")

    def _serve_page(self) -> ModelService:
        model = self.settings.model
        return ModelService(
            self,
            "service",
            image=self.image("runtime"),
            port=8501,
            # Twenty visitors at once took 268 MB; what reads a bucket takes up to 51 more.
            resources=Resources(cpu="100m", memory="384Mi", cpu_limit="1"),
            exposure=self.exposure,
            replicas=self.settings.replicas,
            # Ready is: the model is loaded. Streamlit's own page of health knows nothing of it.
            probes=Probes(alive_path="/_stcore/health", startup_seconds=60),
            metrics=HttpMetrics(
                requests="iris_answers_total",
                outcome="outcome",
                success="ok",
                duration="iris_answer_duration_seconds",
                in_flight="iris_answers_in_progress",
            ),
            egress=Egress.none(),
            environment={"MODEL": self.artifacts.url(model) if model else "iris-model.zip"},
            access=self._reads_artifacts() if model else None,
            # Streamlit closes its websockets at once; browsers connect to the successor and keep their sliders.
            shutdown_seconds=5,
        )

    def _reads_artifacts(self) -> ArtifactAccess:
        return self.artifacts.grant(
            self, "artifacts", namespace=self.service_name, service_account=self.service_name, mode="read"
        )
