"""The `search` service: indexes in memory."""

from __future__ import annotations

from typing import Any

from google.appengine.api.search import search_service_pb2 as pb
from google.appengine.api.search.expression_parser import ExpressionException
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

SHARED = True


def make_stub(caller: Caller, surroundings: Surroundings) -> SearchServiceStub:
    """Make the stub of an app."""
    return _Stub()


class _Stub(SearchServiceStub):  # type: ignore[misc]  # the SDK ships no types
    """Google's stub, which answers an expression that it cannot read as the cloud does."""

    def _Dynamic_Search(self, request: Any, response: Any) -> None:  # noqa: N802  # the stub's name for it
        try:
            super()._Dynamic_Search(request, response)
        except ExpressionException as error:
            response.Clear()
            response.matched_count = 0
            response.status.code = pb.SearchServiceError.INVALID_REQUEST
            response.status.error_detail = str(error)
