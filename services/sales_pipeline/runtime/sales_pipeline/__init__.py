"""Trains two models of sales and keeps the better one: each step is a command with files in and files out."""
