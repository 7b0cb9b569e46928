"""Tells schemathesis to send lines of JSON as the text that they are."""

import schemathesis

schemathesis.serializer.alias("application/jsonl", "text/plain")
