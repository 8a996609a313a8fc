"""What `cdktf deploy` synthesises for `python -m bench.deploys`: `python -m bench.deploy_app SERVICES SCRATCH`."""

import sys
from pathlib import Path

import modelyard  # noqa: F401  # first, as in the product: prepares the fast start

from bench.estate import write_services
from commands.rehearsal_app import synthesise
from stacks.app import build_app
from stacks.environments import load_settings

if __name__ == "__main__":
    count, scratch = int(sys.argv[1]), Path(sys.argv[2])
    services = scratch / f"services-{count}"
    if not services.exists():
        write_services(services, count)
        for declaration in services.glob("*/service.py"):
            # So small that the simulated nodes hold fifty.
            declaration.write_text(declaration.read_text().replace('"250m"', '"10m"').replace('"768Mi"', '"32Mi"'))
    app = build_app(load_settings("gke-dev").model_copy(update={"services": {}}), services=services)
    synthesise(app, world=scratch / "world", states=scratch / "states")
