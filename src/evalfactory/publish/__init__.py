"""Verdicts told elsewhere: a pull request on GitHub, a channel of Slack. What cannot be told is said, and changes nothing."""
