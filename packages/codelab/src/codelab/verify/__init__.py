"""The proof that the codelabs are right, for their authors and for CI."""
