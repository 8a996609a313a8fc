"""What a rehearsal has written, and whether there is a credential in it."""

import re
from pathlib import Path

# What a credential looks like: tokens, keys, and what a kubeconfig lets people in with. A CA certificate is none, and
# the kubeconfig of an AKS cluster without local accounts holds none: it names a program that asks Entra.
CREDENTIAL = re.compile(
    r"ya29\.|eyJ[A-Za-z0-9_-]{10,}\.|PRIVATE KEY|client-(key|certificate)-data|AccountKey="
    r"|\"((access_|admin_)?token|client_key|client_certificate|password|admin_password)\": \"[^\"]|\btoken: \S"
)


def written(checkout: Path) -> list[Path]:
    """States and their backups, plans, configurations, logs, the page."""
    return [path for path in (checkout / ".rehearsal").rglob("*") if path.is_file()]


def with_credentials(checkout: Path) -> list[Path]:
    """Those of them that hold one."""
    return [path for path in written(checkout) if CREDENTIAL.search(path.read_bytes().decode(errors="replace"))]
