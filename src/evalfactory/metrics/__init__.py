"""DeepEval's metrics: what they are, what they need, and measuring with them. Nothing else imports DeepEval."""
