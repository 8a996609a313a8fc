"""Environments that sleep: nothing runs in them, and what they were is remembered."""
