"""What modelyard costs in time and memory, beside what an engineer would run without it: `python -m bench`."""
