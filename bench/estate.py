"""Services for measurements, and the program that synthesises them.

`python -m bench.estate FOLDER ENVIRONMENT BEGAN [--all-clouds]` synthesises one of the committed environments with the
services in `FOLDER/services` into `FOLDER/out`; `FOLDER/phases.json` says when each phase ended, in seconds since BEGAN
on the system's monotonic clock. The product imports the code of the environment's cloud only; with
`--all-clouds` it is all imported, as plain import statements do.
"""

import importlib
import json
import sys
import time
from pathlib import Path

# As services/image_classifier/service.py: a stack with its state, two providers, the cluster as data source, five
# resources and an output. So small that the nodes hold hundreds.
_SERVICE = '''"""One of many services."""

from modelyard import Egress, ModelService, Probes, Resources

from stacks.service import ServiceStack


class Sample(ServiceStack):
    """Answers requests."""

    def declare(self) -> None:
        """One Deployment."""
        ModelService(
            self,
            "service",
            image=self.image("runtime"),
            port=8080,
            resources=Resources(cpu="10m", memory="32Mi", cpu_limit="1"),
            exposure=self.exposure,
            replicas=self.settings.replicas,
            probes=Probes(startup_seconds=60),
            egress=Egress.internet(),
        )
'''


def write_services(folder: Path, count: int) -> None:
    """Writes `count` folders as services/ has them: a declaration and what its image is built from."""
    for number in range(count):
        runtime = folder / f"model_{number}" / "runtime"
        runtime.mkdir(parents=True)
        (runtime / "Dockerfile").write_text("FROM scratch\n")
        (runtime.parent / "service.py").write_text(_SERVICE)


def _synthesise(base: Path, environment: str, began: float, *, all_clouds: bool) -> None:
    """What `stacks.app.build_app` and `app.synth()` do, with a look at the clock between their steps."""
    ended: dict[str, float] = {}

    def note(phase: str) -> None:
        ended[phase] = time.monotonic() - began

    note("Python starts")
    import modelyard  # noqa: F401, PLC0415 - measured; first, as in the product: prepares the fast start

    from cdktf import App  # noqa: PLC0415 - measured

    from stacks.clouds import CLOUDS  # noqa: PLC0415 - measured
    from stacks.environments import load_settings  # noqa: PLC0415 - measured
    from stacks.platform import platform_of  # noqa: PLC0415 - measured
    from stacks.services import add_services, find_services  # noqa: PLC0415 - measured

    if all_clouds:
        for cloud in CLOUDS:
            importlib.import_module(f"stacks.{cloud}.platform")
    settings = load_settings(environment).model_copy(update={"services": {}})
    found, add_platform = find_services(base / "services"), platform_of(settings)
    note("Python imports")
    app = App(outdir=str(base / "out"))
    note("jsii starts in Node")
    add_services(app, add_platform(app), found)
    note("constructs")
    app.synth()
    note("synth")
    (base / "phases.json").write_text(json.dumps(ended))


if __name__ == "__main__":
    _synthesise(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]), all_clouds="--all-clouds" in sys.argv)
