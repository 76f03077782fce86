"""Which lines differ, and which of these differences are noise."""
