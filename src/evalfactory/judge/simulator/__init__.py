"""A simulated judge: real HTTP, made-up answers that depend on the request alone, faults and limits on demand."""

from .arguments import add_arguments, options_from
from .options import NAME, How, Outage, SimulatorOptions
from .run import run_simulator

__all__ = ["NAME", "How", "Outage", "SimulatorOptions", "add_arguments", "options_from", "run_simulator"]
