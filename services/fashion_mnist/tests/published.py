"""The published data set, where Debian's package has brought it."""

from pathlib import Path

import pytest

PUBLISHED = Path("/usr/share/datasets/fashion-mnist")
needs_published_images = pytest.mark.skipif(
    not PUBLISHED.is_dir(), reason="needs the published images: apt-get install dataset-fashion-mnist"
)
