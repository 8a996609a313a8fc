"""What `cdktf deploy` synthesises for `python -m bench.deploys`: `python -m bench.deploy_app SERVICES SCRATCH`."""

import sys
from pathlib import Path

import modelyard  # noqa: F401  # first, as in the product: prepares the fast start

from bench.estate import write_services
from commands.rehearsal_app import replace_backend
from simulator.world import World
from stacks.app import build_app
from stacks.environments import load_settings
from stacks.services import build_contexts

if __name__ == "__main__":
    count, scratch = int(sys.argv[1]), Path(sys.argv[2])
    services = scratch / f"services-{count}"
    if not services.exists():
        write_services(services, count)
        for declaration in services.glob("*/service.py"):
            # So small that the simulated nodes hold fifty.
            declaration.write_text(declaration.read_text().replace('"250m"', '"10m"').replace('"768Mi"', '"32Mi"'))
    app = build_app(load_settings("gke-dev").model_copy(update={"services": {}}), services=services)
    World(scratch / "world").set_built_images([context.image for context in build_contexts(app)])
    app.synth()
    for configuration in Path(app.outdir).glob("stacks/*/cdk.tf.json"):
        replace_backend(configuration, scratch / "states")
