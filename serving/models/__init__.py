"""Packaging of the served models: how they are trained, what stands in Triton's repository, how it gets there."""
