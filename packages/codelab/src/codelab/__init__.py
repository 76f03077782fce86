"""The codelabs: their README as data, the proof that it is right, and the coach of who follows it."""
