"""AlexNet on ImageNet behind POST /predict."""

from modelyard import Egress, ModelService, Resources

from stacks.service import ServiceStack


class ImageClassifier(ServiceStack):
    """Labels the image at a URL, or one that is uploaded."""

    def declare(self) -> None:
        """One Deployment; it fetches images from the internet."""
        ModelService(
            self,
            "service",
            image=self.image("runtime"),
            port=8080,
            resources=Resources(cpu="250m", memory="1Gi"),
            exposure=self.exposure,
            replicas=self.settings.replicas,
            egress=Egress.internet(),
        )
