"""What a comparison has found, for people and for programs."""
