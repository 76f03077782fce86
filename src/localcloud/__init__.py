"""A Google Cloud small enough for a laptop: it runs folders made for App Engine, Cloud Run and functions."""

import warnings

# Google's clients warn of each Python that is past its end, as 3.10 is since October 2026; here nobody can mend that.
warnings.filterwarnings("ignore", "You are using a (non-supported )?Python version", FutureWarning, r"google\.")
