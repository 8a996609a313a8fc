"""The construct library: `from modelyard import ModelService`.

Exports load on first use (__init__.pyi lists them), so that a module such as `modelyard.quantities` can be imported
without starting CDKTF.
"""

from modelyard import fast_start

import lazy_loader

fast_start.install()

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
