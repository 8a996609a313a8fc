"""AlexNet on ImageNet behind POST /predict."""

from modelyard import Egress, HttpMetrics, ModelService, Probes, Resources

from stacks.service import ServiceStack


class ImageClassifier(ServiceStack):
    """Labels the image at a URL, or one that is uploaded."""

    requires = ("monitoring",)
    example = (
        "curl {url}predict --json "
        """'{{"url": "https://raw.githubusercontent.com/pytorch/hub/master/images/dog.jpg"}}'"""
    )

    def declare(self) -> None:
        """One Deployment; it fetches images from the internet."""
        ModelService(
            self,
            "service",
            image=self.image("runtime"),
            port=8080,
            # Twelve uploads of 25 megapixels at once took 679 MB.
            resources=Resources(cpu="250m", memory="768Mi", cpu_limit="1"),
            exposure=self.exposure,
            replicas=self.settings.replicas,
            probes=Probes(startup_seconds=60),
            metrics=HttpMetrics(
                requests="image_classifier_requests_total",
                outcome="outcome",
                success="ok",
                duration="image_classifier_request_duration_seconds",
                in_flight="image_classifier_predictions_in_progress",
            ),
            egress=Egress.internet(),
        )
