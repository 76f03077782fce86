from datetime import datetime, timezone

from google.cloud import datastore

client = datastore.Client()


def store_visit(remote_addr, name):
    """Create a new Visit entity in Datastore."""
    visit = datastore.Entity(client.key('Visit'), exclude_from_indexes=['visitor'])
    visit['visitor'] = '%s: %s' % (remote_addr, name)
    visit['timestamp'] = datetime.now(timezone.utc)
    client.put(visit, timeout=10)


def fetch_visits(limit):
    """Return the most recent visits, newest first."""
    query = client.query(kind='Visit', order=['-timestamp'])
    return list(query.fetch(limit, timeout=10))
