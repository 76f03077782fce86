"""Refuse calls of gRPC to Google at once, for an app with made-up credentials.

Without a token, gRPC reports such a call as UNAVAILABLE. Google's clients take that for an outage and repeat the call,
some for ten minutes. This says UNAUTHENTICATED, which they raise. Python's start-up file uses it in the app's process.
"""

_WHY = "localcloud refuses this call, because it would reach the real Google Cloud; use an emulator, or leave it out"


def change_grpc(grpc):
    """Change `grpc.secure_channel`, so that each call on a channel to Google is refused; other channels stay."""
    secure_channel = grpc.secure_channel

    class Refusal(grpc.RpcError, grpc.Call, grpc.Future):
        """A call that has ended with an error, and that error."""

        def __str__(self):
            return _WHY

        def code(self):
            return grpc.StatusCode.UNAUTHENTICATED

        def details(self):
            return _WHY

        def result(self, timeout=None):
            raise self

        def exception(self, timeout=None):
            return self

        def __iter__(self):
            return self

        def __next__(self):
            raise self

        def done(self):
            return True

        def add_done_callback(self, function):
            function(self)

        def _no(self, *_):
            return False

        def _none(self, *_):
            return None

        is_active = cancel = cancelled = running = add_callback = _no
        time_remaining = initial_metadata = trailing_metadata = traceback = _none

    class Refuser(
        grpc.UnaryUnaryClientInterceptor,
        grpc.UnaryStreamClientInterceptor,
        grpc.StreamUnaryClientInterceptor,
        grpc.StreamStreamClientInterceptor,
    ):
        """Refuses every call. No connection is opened for it."""

        def _refuse(self, continuation, details, request):
            return Refusal()

        intercept_unary_unary = intercept_unary_stream = _refuse
        intercept_stream_unary = intercept_stream_stream = _refuse

    def secure_channel_here(target, *rest, **options):
        channel = secure_channel(target, *rest, **options)
        host = target.rpartition("/")[2].partition(":")[0]
        return grpc.intercept_channel(channel, Refuser()) if host.endswith(".googleapis.com") else channel

    grpc.secure_channel = secure_channel_here
