"""What a prediction costs on its way through the gateway, as ratios within one run: ``python -m bench``."""
