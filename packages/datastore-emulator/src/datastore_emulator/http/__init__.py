"""An HTTP/1.1 server for programs on one machine: bad requests, requests of foreign web pages, limits.

- `listener.py`: `Listener` accepts connections and reads requests; `send_answer` sends a response.
- `service.py`: `HttpService`, a listener that answers whole requests with blocking code, and `Request`.
- `response.py`: `Response`, and errors as plain text.
- `guard.py`: `Guard` refuses requests that a web page of another site may have sent.
- `wire.py`: one connection, with h11's protocol on a non-blocking socket.
- `eventloop.py`, `workers.py`: an asyncio loop in a thread, and threads for blocking calls.
"""
