"""A Google Cloud small enough for a laptop: it runs folders made for App Engine, Cloud Run and functions."""

import os
import warnings

# Google's clients warn of each Python that is past its end, as 3.10 is since October 2026; here nobody can mend that.
warnings.filterwarnings("ignore", "You are using a (non-supported )?Python version", FutureWarning, r"google\.")

# Since 1.80 a gRPC server in Python runs on gRPC's event engine (https://github.com/grpc/grpc/pull/41432). Without it,
# an empty call took a seventh less with 1.85 in November 2026. gRPC reads this when it is first imported.
os.environ.setdefault("GRPC_EXPERIMENTS", "-event_engine_listener")
