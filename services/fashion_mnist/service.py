"""Pieces of clothing told from each other by a model of three layers, served by KServe."""

from modelyard import InferenceService, ModelNamespace, Resources

from stacks.service import ServiceStack

from .settings import FashionMnistSettings


class FashionMnist(ServiceStack):
    """The declared model, and a namespace for those that `modelyard.serving.serve` brings."""

    requires = ("kserve", "monitoring")
    example = "curl {url}v1/models/fashion-mnist"
    settings: FashionMnistSettings

    def declare(self) -> None:
        """One InferenceService."""
        models = ModelNamespace(self, "models", artifacts=self.artifacts)
        given = self.settings.model
        InferenceService(
            self,
            "model",
            models=models,
            # Keras' models are saved as ONNX.
            model_format="onnx",
            model=given,
            image=None if given else self.image("model"),
            resources=Resources(cpu="100m", memory="512Mi", cpu_limit="1"),
            exposure=self.exposure,
            replicas=self.settings.replicas,
        )
