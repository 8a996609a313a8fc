"""Measures the start of synth against stock CDKTF: `python -m bench`."""
