"""Whether two folders give the same output: visitors, what happens to them, and what every page has to say.

It knows a URL, and what the world around an app can do to it (side.World); how that is done is each lane's business.
"""
