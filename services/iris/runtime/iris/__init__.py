"""Trains, chooses and serves the nearest-neighbours model of Fisher's irises."""
