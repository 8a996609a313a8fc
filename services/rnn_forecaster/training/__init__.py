"""Trains the forecasters A and B of rnn_forecaster: `python -m services.rnn_forecaster.training --help`."""
