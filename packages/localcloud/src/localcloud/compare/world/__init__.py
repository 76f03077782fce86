"""What happens to an app beside its requests, and runs that show it."""
