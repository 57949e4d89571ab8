"""The speed figures: ratios, each measured side by side in one run."""
