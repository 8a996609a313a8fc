"""The synthesised stacks of what an environment has in its cluster."""

from pathlib import Path

from stacks.environments import load_settings
from stacks.paths import ROOT


def cluster_stacks(environment: str) -> list[Path]:
    """The folders of services and add-ons, written as the CDKTF CLI would; Terraform works in them.

    Raises:
        ConfigurationError: Something cannot be deployed.
    """
    # They import CDKTF and start Node, which no other command should wait for.
    from modelyard import ServiceScope  # noqa: PLC0415 - see above

    from stacks.app import build_app  # noqa: PLC0415 - see above

    output = ROOT / "cdktf.out"
    app = build_app(load_settings(environment), outdir=str(output))
    app.synth()
    return [output / "stacks" / stack.node.id for stack in app.node.children if isinstance(stack, ServiceScope)]
