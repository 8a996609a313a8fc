"""A small server with the models, flags and answers of TensorFlow Serving, for tests."""

import sys

# TensorFlow imports Keras where it finds it: half of the start and 60 MB that no exported model needs.
sys.modules["keras"] = None  # type: ignore[assignment]  # how Python is told that there is none
