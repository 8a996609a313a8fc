"""What `python -m bench` synthesizes: one of the committed environments, with as many services as are asked for.

`python -m bench.estate FOLDER ENVIRONMENT SERVICES [--all-clouds]` synthesizes it once, into `FOLDER/out`. The product
imports the code of the environment's cloud only; with `--all-clouds` it is all imported, as plain import statements do.
"""

import importlib
import sys
from pathlib import Path

import modelyard  # noqa: F401  # first, as in the product: prepares the fast start

from stacks.app import build_app
from stacks.clouds import CLOUDS
from stacks.environments import load_settings

# As services/image_classifier/service.py: a stack with its state, two providers, the cluster as data source, five
# resources and an output.
SERVICE = """
from modelyard import Egress, ModelService, Probes, Resources

from stacks.service import ServiceStack


class Sample(ServiceStack):
    def declare(self) -> None:
        ModelService(
            self,
            "service",
            image=self.image("runtime"),
            port=8080,
            resources=Resources(cpu="250m", memory="768Mi", cpu_limit="1"),
            exposure=self.exposure,
            replicas=self.settings.replicas,
            probes=Probes(startup_seconds=60),
            egress=Egress.internet(),
        )
"""


def write_services(folder: Path, count: int) -> None:
    """Writes `count` folders as services/ has them: a declaration and what its image is built from."""
    for number in range(count):
        runtime = folder / f"model_{number}" / "runtime"
        runtime.mkdir(parents=True)
        (runtime / "Dockerfile").write_text("FROM scratch\n")
        (runtime.parent / "service.py").write_text(SERVICE)


if __name__ == "__main__":
    base, environment, count = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if "--all-clouds" in sys.argv:
        for cloud in CLOUDS:
            importlib.import_module(f"stacks.{cloud}.platform")
    write_services(base / "services", count)
    settings = load_settings(environment).model_copy(update={"services": {}})
    build_app(settings, services=base / "services", outdir=str(base / "out")).synth()
