"""The construct library: `from modelyard import ModelService`.

Exports load on first use (__init__.pyi lists them), so that a module such as `modelyard.quantities` can be imported
without starting CDKTF.
"""

import os

from modelyard import fast_start

import lazy_loader

fast_start.install()
# Node 20 still does; jsii would say at every start, in twelve lines, that it has seen its last update.
os.environ.setdefault("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
