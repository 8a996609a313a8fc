"""`python -m comparison`: the simulated plans of every stack and change beside the real providers'.

Exits with 1 if a plan with the real plugins behind the simulator differs from the real one.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from modelyard.errors import ConfigurationError

from comparison.report import DOCUMENT, Row, document, summary
from comparison.runs import compare
from simulator.plugin_binaries import FORWARDED
from terraform_cli.plugins import folder_with_all, plugin_folders


def _plugins(folders: list[Path]) -> Path:
    """The first folder that has all real plugins; raises ConfigurationError."""
    if found := folder_with_all(folders):
        return found.resolve()
    looked = ", ".join(map(str, folders)) or "TF_PLUGIN_CACHE_DIR and Terraform's CLI configuration, which name none"
    raise ConfigurationError(
        f"no folder has the real plugins of {', '.join(FORWARDED)} in the recorded versions; looked in {looked}",
        mend="make plugins",
    )


def main() -> None:
    """Prints a line for each plan, and a summary."""
    parser = argparse.ArgumentParser(prog="python -m comparison", description="Simulated plans beside real ones.")
    parser.add_argument("--plugins", type=Path, help="folder of the real plugins, instead of Terraform's own places")
    parser.add_argument("--write", action="store_true", help="write what was found into docs/plans.md")
    arguments = parser.parse_args()
    plugins = _plugins([arguments.plugins] if arguments.plugins else plugin_folders())
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for row in compare(Path(folder), plugins):
            rows.append(row)
            print(row, flush=True)  # noqa: T201 - what the command is for
    print(summary(rows))  # noqa: T201
    if arguments.write:
        DOCUMENT.write_text(document(DOCUMENT.read_text(), rows))
    sys.exit(any(row.forwarded for row in rows))


if __name__ == "__main__":
    try:
        main()
    except ConfigurationError as error:
        sys.exit(f"error: {error}")
