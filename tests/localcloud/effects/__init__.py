"""What apps do, collected."""
