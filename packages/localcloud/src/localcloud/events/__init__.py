"""Send one event, cron job or mail to an app, in the shape in which Google Cloud would.

`types`: the kinds of event, by Google's names. `command`: the options of `localcloud event`.
`messages`: events of Pub/Sub and Cloud Storage, as JSON. `documents`: events of Firestore and Datastore, as protobuf,
with `firestore_messages` for messages that no installed library has.
`event`: an event as the HTTP request of Eventarc, or of a background function's platform. `delivery`: sends it.
`app_engine`: cron jobs and mails, with their options in `app_engine_commands`.

`docs/platform-facts.md` has the sources.
"""
