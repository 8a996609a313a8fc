"""Entry point of the command `modelyard`."""

import sys

from modelyard.errors import ConfigurationError

import typer

from commands import protection, state
from commands.adoption import adopt
from commands.comment import comment
from commands.cost import cost
from commands.deployment import up
from commands.doctor import doctor
from commands.drift import drift
from commands.identities import identities
from commands.images import images
from commands.lease import lease, leases
from commands.plugins import plugins
from commands.policies import policies
from commands.preview import preview
from commands.rehearse import RehearsalError, rehearse
from commands.report import report
from commands.suspend import resume, suspend
from commands.sweep import sweep
from commands.teardown import TeardownError, teardown
from terraform_cli.call import TerraformError

app = typer.Typer(
    help="Machine-learning services on Kubernetes: rehearsed, deployed, protected.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command()(rehearse)
app.command()(plugins)
app.command()(policies)
app.command()(preview)
app.command()(cost)
app.command()(report)
app.command()(images)
app.command()(doctor)
app.command()(up)
app.command()(teardown)
app.command()(adopt)
app.command()(lease)
app.command()(leases)
app.command()(suspend)
app.command()(resume)
app.command()(identities)
app.command()(comment)
app.command()(drift)
app.command()(sweep)
app.add_typer(state.app, name="state")
app.add_typer(protection.app, name="protection")


def main() -> None:
    """Run the command; what a person can mend is a message, not a stack trace."""
    try:
        app()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
    except (RehearsalError, TeardownError) as error:
        sys.exit(str(error))
    except TerraformError as error:
        sys.exit(f"error: {error}")
