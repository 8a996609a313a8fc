"""Terraform's command line: how it is called, and where it finds its plugins."""
