"""The gateway in front of Triton: alias routing, reload, readiness, metrics."""
