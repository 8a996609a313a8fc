"""Where the parts of the repo are that are no Python packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "environments"
SERVICES = ROOT / "services"
