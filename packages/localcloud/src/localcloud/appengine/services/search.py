"""The `search` service: indexes in memory."""

from __future__ import annotations

from google.appengine.api.search import search_service_pb2 as pb
from google.appengine.api.search.simple_search_stub import SearchServiceStub

from localcloud.appengine.callers import Caller
from localcloud.appengine.services.stub_service import Messages, Surroundings

MESSAGES: Messages = {
    "IndexDocument": (pb.IndexDocumentRequest, pb.IndexDocumentResponse),
    "DeleteDocument": (pb.DeleteDocumentRequest, pb.DeleteDocumentResponse),
    "ListDocuments": (pb.ListDocumentsRequest, pb.ListDocumentsResponse),
    "ListIndexes": (pb.ListIndexesRequest, pb.ListIndexesResponse),
    "DeleteSchema": (pb.DeleteSchemaRequest, pb.DeleteSchemaResponse),
    "Search": (pb.SearchRequest, pb.SearchResponse),
}


def make_stub(caller: Caller, surroundings: Surroundings) -> SearchServiceStub:
    """Make the stub of an app."""
    return SearchServiceStub()
