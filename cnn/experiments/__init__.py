"""Experiments on trained networks: how robust their answers are, and what they hang on."""
