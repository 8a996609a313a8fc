"""From a fitted model to an endpoint: `from modelyard.serving import serve`.

Exports load on first use (__init__.pyi lists them): CDKTF, frameworks and the clients of clusters and stores take
seconds to import.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
