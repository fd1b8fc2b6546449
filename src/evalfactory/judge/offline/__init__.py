"""The offline judge: lexical, deterministic, of any script; for demos and for trying the line out."""

from .judge import OfflineJudge

__all__ = ["OfflineJudge"]
