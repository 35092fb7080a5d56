"""Batch jobs: they read through ports, and what they want done they submit as commands."""
