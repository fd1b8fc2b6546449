"""What a runner or a pod starts: one process that works on shards."""
