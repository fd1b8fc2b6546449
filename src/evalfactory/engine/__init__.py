"""One process's share of a run: take shards, measure their slots, keep what is done, commit."""
