"""The page about a run: one HTML file that asks nothing of any network. Pure: text comes back."""
