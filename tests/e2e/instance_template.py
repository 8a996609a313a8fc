"""A resource for which google's plugin asks its cloud: an instance template that gets another image."""

from pathlib import Path

from tests.conftest import replace_in

_STATE = Path("stacks/gke/state.py")
_PROVIDER = '        GoogleProvider(self, "google", project=settings.project_id, region=settings.region)\n'
_TEMPLATE = """
        from cdktf_cdktf_provider_google.compute_instance_template import ComputeInstanceTemplate

        ComputeInstanceTemplate(
            self,
            "template",
            name="web",
            machine_type="e2-small",
            disk=[{{"sourceImage": {image!r}}}],
            network_interface=[{{"network": "default"}}],
        )
"""


def add_instance_template(checkout: Path, *, image: str) -> None:
    """Puts one into the stack `gke-dev-state` of a copy of the repo."""
    replace_in(checkout / _STATE, _PROVIDER, _PROVIDER + _TEMPLATE.format(image=image))
