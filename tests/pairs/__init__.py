"""START and FINISH of each module in the same scenarios."""
