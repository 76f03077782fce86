"""A Google Cloud small enough for a laptop: it runs App Engine, Cloud Run and Cloud Run functions folders as they are."""
