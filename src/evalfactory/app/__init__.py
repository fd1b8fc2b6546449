"""The stories: plan, run, collect, compare, verify … each as one function that the command line and Python share."""
