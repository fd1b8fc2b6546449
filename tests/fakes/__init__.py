"""Stand-ins for what the line talks to, proved by the same contract tests as the real ones."""
