"""Send one event to an app, in the shape in which Google Cloud would.

`types`: the kinds of event, by Google's names. `command`: the options of `localcloud event`.
`messages`: events of Pub/Sub and Cloud Storage, as JSON. `documents`: events of Firestore and Datastore, as protobuf,
with `firestore_messages` for messages that no installed library has.
`event`: an event as the HTTP request of Eventarc, or of a background function's platform. `delivery`: sends it.

`docs/platform-facts.md` has the sources.
"""
