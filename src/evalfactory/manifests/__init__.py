"""What Kubernetes is asked for, as plain dictionaries: functions of a run and its placement, and of nothing else."""
