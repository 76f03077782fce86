"""The distributions as users get them: each wheel alone in an environment of its own."""
