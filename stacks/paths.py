"""Where the parts of the repo are that are no Python packages."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ENVIRONMENTS = ROOT / "environments"
SERVICES = ROOT / "services"
#: Logs and bills of materials of images that were built here, by the images' names.
IMAGES = ROOT / ".images"
