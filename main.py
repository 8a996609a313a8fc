"""Makes the Terraform configuration of the chosen environment: `python main.py`, or `cdktf synth`."""

import sys

from modelyard import ConfigurationError

from commands.missing_images import refuse_missing_images
from stacks.app import build_app
from stacks.environments import chosen_environment, load_settings

if __name__ == "__main__":
    try:
        settings = load_settings(chosen_environment())
        app = build_app(settings)
        refuse_missing_images(app, settings)
        app.synth()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
