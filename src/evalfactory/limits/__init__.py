"""One polite client: how the workers that share an endpoint's limits agree on who takes how much, through the store.

`docs/explanation/one-polite-client.md` states the protocol, proves its bounds and says what it cannot do.
"""
