"""Does the verdict keep its promises? Measured through the gate that ships; see docs/explanation/statistics.md."""
