"""A Google Cloud small enough for a laptop: it runs folders made for App Engine, Cloud Run and functions."""

import os
import warnings

# Google's clients warn of each Python that is past its end, as 3.10 is since October 2026; here nobody can mend that.
warnings.filterwarnings("ignore", "You are using a (non-supported )?Python version", FutureWarning, r"google\.")

# Since 1.80 a gRPC server in Python has an event engine, by whose threads each call goes once more: without it a call
# takes a seventh less (https://github.com/grpc/grpc/pull/41432). gRPC reads this when it is first imported.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")
