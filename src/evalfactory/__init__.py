"""evalfactory: the LLM test factory."""

__version__ = "0.1.0"
