"""The build step of the image: `python -m export --weights-url URL --weights-sha256 SHA256 --output MODEL.onnx`."""

import argparse
import sys
import tempfile
from pathlib import Path

import onnx

from .checkpoint import read_checkpoint
from .download import download
from .errors import ExportError
from .graph import build_alexnet


def main() -> None:
    """Downloads, verifies and exports; ends with one line on stderr when that is impossible."""
    parser = argparse.ArgumentParser(prog="export", description="Exports AlexNet's PyTorch weights to ONNX.")
    parser.add_argument("--weights-url", required=True, help="where the .pth file is")
    parser.add_argument("--weights-sha256", required=True, help="its sha256, 64 hexadecimal digits")
    parser.add_argument("--output", required=True, type=Path, help="the ONNX file to write")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            weights = Path(folder, "weights.pth")
            download(arguments.weights_url, arguments.weights_sha256, weights)
            onnx.save(build_alexnet(read_checkpoint(weights)), arguments.output)
    except ExportError as error:
        sys.exit(f"export: {error}")


if __name__ == "__main__":
    main()
