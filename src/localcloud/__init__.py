"""A Google Cloud small enough for a laptop: it runs folders made for App Engine, Cloud Run and functions."""
