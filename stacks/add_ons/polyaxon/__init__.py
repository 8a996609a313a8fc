"""Polyaxon's community edition: tracks runs, and runs what polyaxonfiles describe."""
