"""What the line costs, measured side by side with its peers. `make bench` runs all of it."""
