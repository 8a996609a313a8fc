"""Asks an image's registry whether it has the image, with the logins of docker and buildah."""

import os
from functools import partial
from pathlib import Path

from modelyard.errors import ConfigurationError

_TIMEOUT_SECONDS = 20
# What `buildah login` and `podman login` write; Docker's own file is read anyhow.
_BUILDAH_LOGINS = Path(os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")) / "containers" / "auth.json"


def is_pushed(image: str) -> bool | None:
    """Whether the registry in an image's name has it; None where it does not tell who asks.

    Args:
        image: With registry and tag, for example `localhost:5001/web:0123456789abcdef`.

    Raises:
        ConfigurationError: The registry does not answer.
    """
    # Half a second of imports, which only this question should cost.
    import requests  # noqa: PLC0415 - see above
    from oras.container import Container  # noqa: PLC0415 - see above
    from oras.defaults import default_manifest_accepted_media_types  # noqa: PLC0415 - see above
    from oras.provider import Registry  # noqa: PLC0415 - see above

    name = Container(image)
    registry = Registry(name.registry, insecure=name.registry.partition(":")[0] in ("localhost", "127.0.0.1"))
    registry.auth.load_configs(name, [str(_BUILDAH_LOGINS)] if _BUILDAH_LOGINS.exists() else [])
    session = registry.session
    session.request = partial(session.request, timeout=_TIMEOUT_SECONDS)  # it takes no timeout itself
    # As it is under its decorator, which would try for two minutes.
    ask = Registry.do_request.__wrapped__
    address = f"{registry.prefix}://{name.manifest_url()}"
    try:
        answer = ask(registry, address, "HEAD", headers={"Accept": ", ".join(default_manifest_accepted_media_types)})
    except (requests.exceptions.SSLError, ValueError):  # it is one that Docker was told to trust; or no login is known
        return None
    except (requests.ConnectionError, requests.Timeout) as error:
        raise ConfigurationError(
            f"the registry {name.registry} does not answer: {_cause(error)}",
            mend="deploy the stack that makes it, or make sure that it can be reached from here",
        ) from error
    if answer.status_code == requests.codes.not_found:
        return False
    return True if answer.ok else None


def _cause(error: BaseException) -> BaseException:
    return _cause(error.__context__) if error.__context__ else error
