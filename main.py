"""Makes the Terraform configuration of the chosen environment: `python main.py`, or `cdktf synth`."""

import sys

from modelyard import ConfigurationError


def main() -> None:
    """Synthesises; raises ConfigurationError."""
    # They import CDKTF, and without an engine say so.
    from commands.missing_images import refuse_missing_images  # noqa: PLC0415 - see above
    from stacks.app import build_app  # noqa: PLC0415 - see above
    from stacks.environments import chosen_environment, load_settings  # noqa: PLC0415 - see above

    settings = load_settings(chosen_environment())
    app = build_app(settings)
    refuse_missing_images(app, settings)
    app.synth()


if __name__ == "__main__":
    try:
        main()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
