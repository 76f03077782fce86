"""The samples in examples/ are checked and run."""
