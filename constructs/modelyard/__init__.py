"""The construct library: `from modelyard import ModelService`.

Exports load on first use (__init__.pyi lists them), so that a module such as `modelyard.quantities` can be imported
without starting CDKTF.
"""

from modelyard import bindings, fast_start

import lazy_loader

fast_start.install()
# Goes before it: the names of one engine become those of the other, which start fast.
bindings.install()

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
