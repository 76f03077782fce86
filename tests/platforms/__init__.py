"""The page of the platforms' records."""
