"""The model that judges: client, pacing, retries, usage; the offline judge; the simulator."""
