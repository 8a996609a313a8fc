"""Compares two forecasters behind HTTP on one series: `python -m comparison --help`."""
