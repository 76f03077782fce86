"""A visit to an app by its links and forms."""
