"""The nouns that cross process boundaries: frozen, versioned, unknown keys refused."""
