"""Queries, from the request to the response: read, normalise, plan, execute, write.

- `requests`: read RunQuery and RunAggregationQuery requests. `gql`, `gql_values` and `gql_tokens` parse GQL.
- `filters`, `normal_form`: check a query and normalise it, with its total order. The result is frozen.
- `planner`, `scans`: choose indexes, and write one SELECT for each branch of the query.
- `executor`, `merge`: run the SELECTs, merge their rows, and fill the batch. `cursors` encodes positions.
- `aggregation`, `metadata`, `explain`: count, sum and average; queries on __kind__ and its like; the plan in words.
- `responses`: all of this for one request.

Below this room are `storage` and `encoding`; above it is the engine.
"""

from datastore_emulator.query.requests import QueryRequest, read_aggregation_query, read_query
from datastore_emulator.query.responses import Response, answer_query, fingerprint, repeat_query

__all__ = [
    "QueryRequest",
    "Response",
    "answer_query",
    "fingerprint",
    "read_aggregation_query",
    "read_query",
    "repeat_query",
]
